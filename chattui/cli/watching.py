"""``chattui watch``: bring in what is new, then each change as it is written; and the service that does so by itself."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chattui.cli.context import Context
from chattui.cli.revealing import mask_option
from chattui.domain.visible import visible_line
from chattui.sync.progress import Phase, Progress

if TYPE_CHECKING:
    from chattui.store.database import Database
    from chattui.sync.told import Brought, Stands, Told
    from chattui.sync.watch import Wanted, Watch


@click.command()
@click.option("--once", is_flag=True, help="Bring in what is new, and end; nothing, where another chattui watches.")
@click.option("--quiet", is_flag=True, help="Print only what is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print what happens as one JSON object a line.")
@click.option("--no-embed", is_flag=True, help="Do not embed what comes, where search by meaning is on.")
@mask_option
@click.option("--attached", is_flag=True, help="End when standard input ends: for a program that starts it.")
@click.option("--install", is_flag=True, help="Write a service of yours that watches; nothing is started.")
@click.option("--uninstall", is_flag=True, help="Remove that service again.")
@click.pass_obj
def watch(
    context: Context,
    once: bool,
    quiet: bool,
    as_json: bool,
    no_embed: bool,
    mask: bool | None,
    attached: bool,
    install: bool,
    uninstall: bool,
) -> int:
    """Bring in what is new, and then each message as its tool writes it, until it is ended.

    Of several that run, one does the work, and another takes over when it ends.
    """
    if install or uninstall:
        from chattui.cli import service

        if mask is not None:
            raise click.UsageError(
                "The service goes by the config file: write at-import = true or false under [secrets] there."
            )
        return service.install(context.settings()) if install else service.uninstall()
    from chattui.sync.watch import Watch

    settings = context.settings()
    tell = _json_line if as_json else _Lines(quiet=quiet)
    made = Watch(
        context.store,
        lambda: _wanted(context, mask),
        os.environ,
        Path.home(),
        tell=_hiding(tell) if settings.mask_secrets else tell,
        upkeep=(lambda _db: None) if no_embed else _embedder(context),
        config_file=settings.config_file,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: made.end())
    if attached:
        threading.Thread(target=_end_with_input, args=(made,), name="chattui-attached", daemon=True).start()
    from chattui.cli.importing import hurry

    hurry()
    made.run(once=once)
    return 0


def _wanted(context: Context, mask: bool | None) -> Wanted:
    from chattui.sync.ruled import LeftOutFiles, ruled
    from chattui.sync.watch import Wanted

    settings = context.settings()
    left_out = LeftOutFiles(settings.state_dir / "left-out.json")
    masks = settings.mask_at_import if mask is None else mask
    return Wanted(ruled(settings.rules, settings.config_file, left_out, mask=masks), left_out)


def _end_with_input(watch: Watch) -> None:
    try:
        while sys.stdin.buffer.read(4096):
            pass
    except (OSError, ValueError):  # there is none
        pass
    watch.end()


def _embedder(context: Context) -> Callable[[Database], None]:
    """Starts the embedding of what came, in a process of its own, where it is on."""
    from chattui.tui.data.background_embedding import BackgroundEmbedding

    target = context.settings().database
    embedding = BackgroundEmbedding(target.conninfo if target.kind == "url" else None)

    def upkeep(db: Database) -> None:
        from chattui.store.embeddings import is_on

        if is_on(db):
            embedding.start()

    return upkeep


def _hiding(tell: Callable[[Told], None]) -> Callable[[Told], None]:
    """The same without the secrets in titles."""
    from chattui.domain.secrets import masked_chat
    from chattui.sync.told import Brought

    def hiding(told: Told) -> None:
        tell(replace(told, chats=tuple(map(masked_chat, told.chats))) if isinstance(told, Brought) else told)

    return hiding


def _json_line(told: Told) -> None:
    from chattui.sync.told import Brought, Stands

    event = {Stands: "state", Brought: "brought", Progress: "progress"}[type(told)]
    print(json.dumps({"event": event} | told.as_json()), flush=True)


class _Lines:
    """What a person reads: a line for each time that something came."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._shows = sys.stderr.isatty() and not quiet

    def __call__(self, told: Told) -> None:
        from chattui.sync.told import Brought, Stands

        if isinstance(told, Progress):
            if self._shows:
                self._bar(told)
        elif isinstance(told, Stands):
            self._stands(told)
        elif isinstance(told, Brought):
            self._brought(told)

    @staticmethod
    def _bar(progress: Progress) -> None:
        from chattui.cli.importing import show_bar

        if progress.phase is Phase.DONE:
            click.echo("\r\x1b[K", err=True, nl=False)
        else:
            show_bar(progress)

    def _stands(self, told: Stands) -> None:
        from chattui.sync.told import State

        if told.sentence and (told.state is not State.STANDING_BY or not self._quiet):
            click.echo(f"chattui: {visible_line(told.sentence)}", err=True)
        elif told.state is State.FOLLOWING and not self._quiet:
            click.echo("Watching. Ctrl+C ends it.", err=True)

    def _brought(self, told: Brought) -> None:
        report = told.report
        for fault in report.faults[:20]:
            click.echo(f"chattui: {visible_line(fault.path)}: {visible_line(fault.reason)}", err=True)
        if report.problems:
            click.echo(
                f"chattui: {report.problems:,} records could not be read, or not whole: chattui import --status names them.",
                err=True,
            )
        if self._quiet or not (report.messages or told.first):
            return
        when = datetime.now().strftime("%H:%M:%S")
        count = f"{report.messages:,} message{'' if report.messages == 1 else 's'}"
        if told.first:
            click.echo(f"{when}  {count} new in {report.read:,} of {report.found:,} files")
            return
        names = "; ".join(f"{visible_line(c.title)[:60] or '(untitled)'} [{c.source} {c.id}]" for c in told.chats)
        click.echo(f"{when}  {count}  {names}")
