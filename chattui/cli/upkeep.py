"""``chattui db reindex`` and ``chattui db check``: upkeep of what searches and counts rest on."""

from __future__ import annotations

import json
import sys
import time

import click

from chattui.cli import output
from chattui.cli.context import Context
from chattui.domain.upkeep import IndexProgress, Step


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print {indexes, cleared, words, seconds}.")
@click.option("--progress", "lines", is_flag=True, help="Print progress as one JSON object a line, then the result.")
@click.pass_obj
def reindex(context: Context, as_json: bool, lines: bool) -> int:
    """Build the search index anew, beside the old one, which serves searches until the new one is complete.

    Programs that write go on writing. May be interrupted at any time; the old index stays, the remains are cleared.
    """
    from chattui.store import search_index

    began = time.perf_counter()
    shows = sys.stderr.isatty() and not (as_json or lines)
    with context.store() as db:
        done = search_index.rebuild(db, _print_line if lines else _bar if shows else None)
    if shows:
        click.echo("\r\x1b[K", err=True, nl=False)
    document = {
        "indexes": list(done.indexes),
        "cleared": list(done.cleared),
        "words": done.words,
        "seconds": round(time.perf_counter() - began, 3),
    }
    if lines:
        click.echo(json.dumps(document))
    elif as_json:
        output.print_json(document)
    else:
        if done.cleared:
            click.echo(f"Cleared what an earlier rebuild had left: {', '.join(done.cleared)}.")
        click.echo(
            f"Rebuilt {', '.join(done.indexes)} in {document['seconds']:.1f} s; the vocabulary has {done.words:,} words."
        )
    return 0


def _print_line(progress: IndexProgress) -> None:
    shown = {"index": progress.index, "step": progress.step.value, "share": round(progress.share, 4)}
    click.echo(json.dumps(shown | {"rate": progress.rate, "remaining": progress.remaining}))


def _bar(progress: IndexProgress) -> None:
    """One line on a terminal, written over itself."""
    match progress.step:
        case Step.WAITING:
            text = f"{progress.index}: waiting for other programs …"
        case Step.BUILDING:
            text = f"{progress.index}: {progress.share:.0%}"
            if progress.rate is not None:
                text += f" · {progress.rate:,.0f} messages/s"
            if progress.remaining is not None:
                text += f" · {progress.remaining:,.0f} s left"
        case Step.CHECKING:
            text = f"{progress.index}: {progress.share:.0%} · adding what came meanwhile …"
    click.echo(f"\r{text}\x1b[K", err=True, nl=False)
