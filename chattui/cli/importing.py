"""``chattui import``: bring histories in, and tell how that stands."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.asked import Asked, asked
from chattui.cli.context import EXIT_ERROR, EXIT_INTERRUPTED, Context
from chattui.cli.revealing import mask_option
from chattui.domain.visible import visible_line
from chattui.sync.progress import FileFault, Phase, Progress, SyncReport

if TYPE_CHECKING:
    from chattui.cli.remote import Remote
    from chattui.store.database import Database
    from chattui.sync.engine import Sync
    from chattui.sync.looking import Looked
    from chattui.sync.preview import Preview


@click.command("import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--source", "names", multiple=True, metavar="NAME", help="Only this source; may be given several times.")
@click.option("--machine", metavar="NAME", help="The machine's name, of a host or of a tar on standard input (-).")
@mask_option
@click.option("--since", "since", metavar="DATE", help="Only chats with something since then: 2026-10-03, 2026-10, 3w.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be imported, with counts by source.")
@click.option("--status", is_flag=True, help="Only tell what was imported and which files had problems.")
@click.option("--no-index", is_flag=True, help="Leave the search index as it is.")
@click.option("--no-embed", is_flag=True, help="Do not embed what comes, where search by meaning is on.")
@click.option("--json", "as_json", is_flag=True, help="Print the report (or the status) as JSON.")
@click.option(
    "--progress", "lines", is_flag=True, help="Print progress as one JSON object a line, then the report as one."
)
@click.pass_obj
def import_(
    context: Context,
    paths: tuple[Path, ...],
    names: tuple[str, ...],
    machine: str | None,
    mask: bool | None,
    since: str | None,
    dry_run: bool,
    status: bool,
    no_index: bool,
    no_embed: bool,
    as_json: bool,
    lines: bool,
) -> int:
    """Import what is new from the usual places of every tool, or from PATHS.

    A path is a file of any format that is read, a folder that is looked through, the zip of an export,
    or - for standard input.

    ssh://[user@]host[:port][/path] reads from another machine, and a tar that comes through a pipe from a container
    or wherever: docker exec NAME tar -cf - -C /root .claude | chattui import --machine NAME -

    What was imported before is not read again; what its tool has deleted stays.
    """
    if status:
        with context.store() as db:
            _print_status(db, as_json=as_json)
        return 0
    from chattui.cli.remote import remote_of

    remote = remote_of(paths, machine)
    went_through = True
    with ExitStack() as stack, ThreadPoolExecutor(1) as opener:
        wanted = asked(stack, context.settings(), names, () if remote is not None else paths, since, mask=mask)
        wanted = replace(wanted, machine=remote.machine if remote is not None else None)
        opening = opener.submit(stack.enter_context, context.store())
        looked = (
            None
            if paths or remote is not None
            else _look_meanwhile(wanted, opening.done, ahead=not dry_run and since is None)
        )
        if dry_run:
            sync, state_dir, quiet = wanted.sync(opening.result()), context.settings().state_dir, as_json or lines
            told = (
                remote.preview(sync, wanted.sources, state_dir, quiet=quiet)
                if remote is not None
                else _preview(sync, wanted, looked)
            )
            _print_preview(told, wanted, looked, as_json=quiet)
            return 0
        if looked is not None and not (as_json or lines):
            from chattui.cli.found import print_found

            print_found(wanted.sources, looked)
        state_dir = context.settings().state_dir
        report = _run(
            opening.result(), wanted, looked, remote, state_dir, index=not no_index, lines=lines, quiet=as_json
        )
        if not report.stopped and not no_embed:
            from chattui.cli.semantic import embed_after_import

            went_through = embed_after_import(opening.result(), quiet=as_json or lines)
    wanted.left_out.save()
    if lines:
        click.echo(json.dumps(report.as_json()))
    elif as_json:
        output.print_json(report.as_json())
    else:
        _print_report(report, wanted.left_out.count)
    if report.stopped or not went_through:
        return EXIT_INTERRUPTED
    came_to_nothing = not report.read or (paths and not report.messages)
    return EXIT_ERROR if report.faults and came_to_nothing else 0


def _look_meanwhile(wanted: Asked, opened: Callable[[], bool], *, ahead: bool) -> Looked:
    """Look in the usual places while the database is being opened, and go on to read while it is being set up."""
    from chattui.sync.looking import look, read_ahead

    looked = look(wanted.sources, os.environ, Path.home())
    if ahead and not opened():
        read_ahead(looked, opened)
    return looked


def _run(
    db: Database,
    wanted: Asked,
    looked: Looked | None,
    remote: Remote | None,
    state_dir: Path,
    *,
    index: bool,
    lines: bool,
    quiet: bool,
) -> SyncReport:
    show = _line_printer if lines else show_bar if sys.stderr.isatty() and not quiet else None
    hurry()
    sync = wanted.sync(db, show)
    if remote is not None:
        report = remote.run(sync, wanted.sources, state_dir, index=index, quiet=quiet or lines, came=_stop_by_signals)
        if show is show_bar:
            click.echo("\r\x1b[K", err=True, nl=False)
        return report
    _stop_by_signals(sync)
    if wanted.paths:
        found = wanted.history()
        report = sync.run_work(wanted.work(sync, found), found=len(found), index=index)
        report = replace(
            report, faults=tuple(FileFault(wanted.named(f.path), wanted.named(f.reason)) for f in report.faults)
        )
    else:
        report = sync.run(os.environ, Path.home(), index=index, looked=looked)
    if show is show_bar:
        click.echo("\r\x1b[K", err=True, nl=False)
    return report


def _stop_by_signals(sync: Sync) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sync.stop())


def _preview(sync: Sync, wanted: Asked, looked: Looked | None) -> Preview:
    """What an import would bring; nothing is stored."""
    found = looked.found if looked is not None else wanted.history()
    return sync.preview(wanted.work(sync, found), len(found))


def _print_preview(told: Preview, wanted: Asked, looked: Looked | None, *, as_json: bool) -> None:
    if as_json:
        output.print_json(told.as_json())
        return
    for one in told.sources:
        click.echo(
            f"{one.label:<20} {one.new:>6,} new files, {one.changed:,} changed: {one.chats:,} chats, "
            f"{one.messages:,} messages"
        )
    click.echo(f"{told.found:,} files looked at, {told.unchanged:,} with nothing to bring. Nothing was imported.")
    for fault in [*(looked.faults if looked is not None else ()), *told.faults][:20]:
        click.echo(f"  {visible_line(wanted.named(fault.path))}: {visible_line(wanted.named(fault.reason))}", err=True)


def hurry() -> None:
    """Set this process up for reading gigabytes."""
    sys.setswitchinterval(0.0002)  # the thread that feeds the server must not wait 5 ms for its turn beside the parser
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # records come and go by the million and make no cycles


def _line_printer(progress: Progress) -> None:
    print(json.dumps(progress.as_json()), flush=True)


def show_bar(progress: Progress) -> None:
    """One line on a terminal, written over itself."""
    match progress.phase:
        case Phase.LOOKING:
            text = "Looking for histories …"
        case Phase.INDEXING:
            text = f"Building the search index … {progress.indexed:.0%}"
            if progress.remaining is not None:
                text += f" · {progress.remaining:,.0f} s left"
        case _:
            text = f"{progress.files_done:,} of {progress.files:,} files · {progress.messages:,} messages"
            if progress.rate:
                text += f" · {progress.rate:,.0f}/s"
            if progress.remaining is not None:
                text += f" · {progress.remaining:,.0f} s left"
    click.echo(f"\r{text}\x1b[K", err=True, nl=False)


def _print_report(report: SyncReport, left_out: int) -> None:
    click.echo(
        f"{report.found:,} files looked at, {report.read:,} read, {report.messages:,} messages in {report.seconds:.1f} s."
    )
    if left_out:
        click.echo(f"{left_out:,} file{'' if left_out == 1 else 's'} left out by rules of the configuration.")
    if report.problems:
        click.echo(
            f"{report.problems:,} records could not be read, or not whole: chattui import --status names them.",
            err=True,
        )
    for fault in report.faults[:20]:
        click.echo(f"  {visible_line(fault.path)}: {visible_line(fault.reason)}", err=True)
    if len(report.faults) > 20:
        click.echo(f"  … and {len(report.faults) - 20} more", err=True)


def _print_status(db: Database, *, as_json: bool) -> None:
    from chattui.store import imports, search_index

    sources, faults = imports.summaries(db), imports.faults(db)
    ready = search_index.is_ready(db)
    if as_json:
        output.print_json(
            {
                "index_ready": ready,
                "sources": [
                    {
                        "source": s.source,
                        "machine": s.machine,
                        "files": s.files,
                        "chats": s.chats,
                        "messages": int(s.messages),
                        "faults": s.faults,
                        "raw": s.raw,
                        "last_import": s.last_import.isoformat(),
                    }
                    for s in sources
                ],
                "faults": [
                    {
                        "path": f.path,
                        "source": f.source,
                        "outcome": f.outcome,
                        "error": f.error,
                        "problems": [{"line": n, "reason": r} for n, r in f.problems],
                        "problem_count": f.problem_count,
                    }
                    for f in faults
                ],
            }
        )
        return
    if not sources:
        click.echo("Nothing was imported yet.")
    for s in sources:
        when = s.last_import.astimezone().strftime("%Y-%m-%d %H:%M")
        click.echo(
            f"{s.source:<14} {s.machine}: {s.files:,} files, {s.chats:,} chats, {s.messages:,} messages, "
            + (f"{s.raw:,} record{'' if s.raw == 1 else 's'} not understood, " if s.raw else "")
            + f"last {when}"
        )
    for f in faults:
        click.echo(f"{f.outcome}: {visible_line(f.path)}" + (f": {visible_line(f.error)}" if f.error else ""))
        for line, reason in f.problems[:5]:
            click.echo(f"    line {line}: {visible_line(reason)}")
        if f.problem_count > min(5, len(f.problems)):
            click.echo(f"    … {f.problem_count} in all")
    if not ready:
        click.echo(
            "The search index is not built yet: searches look at the newest messages only. `chattui import` builds it."
        )
