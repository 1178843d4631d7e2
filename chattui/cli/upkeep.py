"""``chattui db reindex`` and ``chattui db check``: upkeep of what searches and counts rest on."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, Context
from chattui.domain.upkeep import Finding, IndexProgress, Repair, Step


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
        done = search_index.rebuild(db, _print_line if lines else show_index if shows else None)
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


@click.command()
@click.option("--all", "everything", is_flag=True, help="Look at everything instead of a sample. Takes long.")
@click.option(
    "--repair", "mends", is_flag=True, help="Mend what can be mended: counters, vocabulary, index, unused bytes."
)
@click.option("--json", "as_json", is_flag=True, help="Print {ok, everything, findings, repairs, left}.")
@click.pass_obj
def check(context: Context, everything: bool, mends: bool, as_json: bool) -> int:
    """Tell whether index and text, counters and messages, and all that belongs together agree. Exit code 1 when not."""
    from chattui.store.check import check as look
    from chattui.store.repair import repair

    shows = sys.stderr.isatty() and not as_json
    tell = _check_bar() if shows else None
    repairs: list[Repair] = []
    with context.store() as db:
        left = findings = look(db, everything=everything, tell=tell)
        if mends and any(f.wrong and f.can_repair for f in findings):
            repairs = repair(db, findings, show_index if shows else None)
            left = look(db, everything=everything, tell=tell)
    if shows:
        click.echo("\r\x1b[K", err=True, nl=False)
    is_right = not any(f.wrong for f in left)
    if as_json:
        document = {"ok": is_right, "everything": everything, "findings": [asdict(f) for f in findings]}
        output.print_json(
            document | {"repairs": [asdict(r) for r in repairs], "left": [asdict(f) for f in left if f.wrong]}
        )
        return 0 if is_right else EXIT_ERROR
    for finding in findings:
        click.echo(_finding_line(finding))
    for done in repairs:
        result = f"{done.said} ({done.changed:,})" if done.fault is None else f"{done.said}. {done.fault}"
        click.echo(f"{'mended' if done.fault is None else 'FAILED':<8} {done.check}: {result}")
    click.echo(_verdict(findings, left, everything=everything, mends=mends))
    return 0 if is_right else EXIT_ERROR


def _finding_line(finding: Finding) -> str:
    if finding.skipped is not None:
        return f"{'skipped':<8} {finding.check}: {finding.skipped}"
    if not finding.wrong:
        return f"{'right':<8} {finding.check}: {finding.things} ({finding.looked_at:,} looked at)"
    text = f"{'WRONG':<8} {finding.check}: {finding.things}, but not {finding.wrong:,} of {finding.looked_at:,}"
    return text + (f": {', '.join(finding.examples)}" if finding.examples else "")


def _verdict(findings: list[Finding], left: list[Finding], *, everything: bool, mends: bool) -> str:
    looked = "Everything was looked at" if everything else "A sample was looked at (--all looks at everything)"
    wrong = [f for f in left if f.wrong]
    if not wrong:
        return f"{looked}: " + ("all is right." if left is findings else "all is right again.")
    if mends:
        return f"{looked}: {', '.join(f.check for f in wrong)} could not be mended. A backup, or importing again, may help."
    can = [f.check for f in wrong if f.can_repair]
    return f"{looked}: not all is right." + (f" `chattui db check --repair` mends {', '.join(can)}." if can else "")


def _check_bar() -> Callable[[str, int, int], None]:
    """One line on a terminal that tells what is being checked, and how long it will take."""
    began: dict[str, float] = {}

    def show(name: str, done: int, total: int) -> None:
        now = time.perf_counter()
        started = began.setdefault(name, now)
        text = f"Checking {name} …"
        if not total:
            text += " reading every text"
        elif total > 1:
            text += f" {done:,} of {total:,} words"
            if done:
                text += f" · {(now - started) * (total - done) / done:,.0f} s left"
        click.echo(f"\r{text}\x1b[K", err=True, nl=False)

    return show


def _print_line(progress: IndexProgress) -> None:
    shown = {"index": progress.index, "step": progress.step.value, "share": round(progress.share, 4)}
    click.echo(json.dumps(shown | {"rate": progress.rate, "remaining": progress.remaining}))


def show_index(progress: IndexProgress) -> None:
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
