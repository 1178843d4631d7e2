"""``chattui db restart``, ``logs`` and ``upgrade``: the embedded server's own verbs. Of another one they say who can."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from chattui.cli import output
from chattui.cli.context import Context
from chattui.cli.telling import as_json_option, confirm, showing, size_text, yes_option
from chattui.config import Settings
from chattui.config.log import start_log
from chattui.domain.errors import ServerError
from chattui.domain.visible import visible_line

_TAIL = 1 << 20


@click.command()
@as_json_option
@click.pass_obj
def restart(context: Context, as_json: bool) -> int:
    """Stop the embedded server and start it again, with the settings for this machine written anew."""
    from chattui.server.api import open_database
    from chattui.server.api import stop as stop_server

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    was_up = stop_server(settings)
    open_database(settings, notify=lambda sentence: print(sentence, file=sys.stderr))
    if as_json:
        output.print_json({"restarted": was_up, "started": True})
    else:
        click.echo("Restarted." if was_up else "It was not running, and is up now.")
    return 0


@click.command()
@click.option(
    "-n", "--lines", "count", type=click.IntRange(0), default=40, show_default=True, help="So many of the last lines."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl+C.")
@click.option("--json", "as_json", is_flag=True, help="Print {path, lines}.")
@click.pass_obj
def logs(context: Context, count: int, follow: bool, as_json: bool) -> int:
    """Print the end of the embedded server's log. It never holds the text of a chat."""
    from chattui.server import log_path

    settings = context.settings()
    path = log_path(settings)
    if path is None:
        raise ServerError(
            f"The log of {settings.database.redacted()} is where that server runs: a container's is printed by "
            "`docker compose logs`, another one's by whoever runs it."
        )
    lines = _last_lines(path, count)
    if as_json:
        output.print_json({"path": str(path), "lines": lines})
        return 0
    if not path.exists():
        click.echo(f"There is no log yet: {path}.", err=True)
    for line in lines:
        click.echo(visible_line(line))
    if follow:
        for line in _coming(path):
            click.echo(visible_line(line))
            sys.stdout.flush()
    return 0


@click.command()
@click.option(
    "--old-bin", type=click.Path(path_type=Path), help="The programs of the PostgreSQL that made the database."
)
@click.option("--confirm", "confirms", is_flag=True, help="All is well: remove the old files, which an upgrade keeps.")
@click.option("--undo", is_flag=True, help="Go back to the old files. What was written since is lost.")
@yes_option
@as_json_option
@click.pass_obj
def upgrade(context: Context, old_bin: Path | None, confirms: bool, undo: bool, yes: bool, as_json: bool) -> int:
    """Bring the embedded database to the PostgreSQL that chattui brings along.

    It is backed up first, copied, and compared row by row; the old files are kept until --confirm.
    """
    from chattui.server import upgrade as upgrading
    from chattui.server.places import Places

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    _only_embedded(settings)
    if confirms and undo:
        raise click.UsageError("--confirm and --undo are two things.")
    places = Places(settings.data_dir)
    if confirms:
        removed = upgrading.confirm(places)
        if as_json:
            output.print_json({"removed_bytes": removed})
        else:
            click.echo(
                f"Removed the old files, {size_text(removed)}." if removed else "There are no old files of an upgrade."
            )
        return 0
    if undo:
        if not yes:
            from chattui.backup.upgrade import written_since

            confirm(written_since(settings), yes=False)
        major = upgrading.go_back(places)
        if as_json:
            output.print_json({"version": major})
        else:
            click.echo(f"The database is that of PostgreSQL {major} again.")
        return 0
    planned = upgrading.plan(places, settings.pg_bin, old_bin)
    if planned is None:
        if as_json:
            output.print_json({"upgraded": False})
        else:
            click.echo("There is nothing to upgrade.")
        return 0
    from chattui.backup.upgrade import upgrade as run

    with showing(as_json=as_json, lines=False) as tell:
        done = run(settings, planned, lambda sentence: print(sentence, file=sys.stderr), tell)
    if as_json:
        document = {"upgraded": True, "from": done.old, "to": done.new, "how": done.how, "kept": str(done.kept)}
        output.print_json(document | {"backup": str(done.saved.path) if done.saved else None})
    else:
        click.echo(f"PostgreSQL {done.old} → {done.new}; every row is as it was.")
        click.echo(f"The old files are in {done.kept}: `chattui db upgrade --confirm` removes them, --undo goes back.")
        if done.saved:
            click.echo(f"The backup from before is {done.saved.path}.")
    return 0


def _only_embedded(settings: Settings) -> None:
    if settings.database.kind == "url":
        raise ServerError(
            f"{settings.database.redacted()} is not a server that chattui has started: whoever runs it upgrades it. A container "
            "gets a new version with `chattui db backup`, the new image, and `chattui db restore`."
        )


def _last_lines(path: Path, count: int) -> list[str]:
    """Of the end of a log, a mebibyte at most."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ServerError(f"The log {path} cannot be read: {error.strerror}.") from error
    return lines[-count:] if count else []


def _coming(path: Path) -> Iterator[str]:
    """Lines as they are written; begins anew when the log does."""
    place = path.stat().st_size if path.exists() else 0
    rest = ""
    while True:
        time.sleep(0.25)
        try:
            size = path.stat().st_size
            if size < place:
                place, rest = 0, ""
            if size == place:
                continue
            with path.open("rb") as file:
                file.seek(place)
                read = file.read()
        except FileNotFoundError:
            continue
        place += len(read)
        *lines, rest = (rest + read.decode(errors="replace")).split("\n")
        yield from lines
