"""``chattui db status`` and ``chattui db health``: how the database is, in a moment. Nothing is started, nothing heavy imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from chattui.cli.context import EXIT_ERROR, EXIT_UNREACHABLE, Context
from chattui.config.log import start_log
from chattui.domain.visible import visible_json, visible_line

if TYPE_CHECKING:
    from chattui.domain.state import Check, Held
    from chattui.server import ServerStatus

_MARKS = {"good": "right", "warning": "look", "bad": "WRONG"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
@click.pass_obj
def status(context: Context, as_json: bool) -> int:
    """Tell whether the server runs, where it is, and what it holds; starts nothing. Exit code 3 when it is down."""
    server, held = _look(context, measured=True)
    if as_json:
        _print(_document(server, held))
    else:
        for name, value in _lines(server, held):
            click.echo(f"{name:<10} {visible_line(value)}")
    return 0 if server.running else EXIT_UNREACHABLE


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print {healthy, level, checks}.")
@click.option("--quiet", is_flag=True, help="Print only what is not right.")
@click.pass_obj
def health(context: Context, as_json: bool, quiet: bool) -> int:
    """Tell programs whether the database can be used: exit code 0 yes, 1 something is wrong, 3 no answer.

    A warning, such as an index that is being built, is no error. Starts nothing.
    """
    from chattui.domain.errors import ServerError, Unreachable
    from chattui.domain.state import Level, worst
    from chattui.store.migration_files import latest_version
    from chattui.store.verdict import unreachable, verdict

    code = 0
    try:
        server, held = _look(context, measured=False)
        if server.running and server.version is not None:
            checks = verdict(held, latest=latest_version(), free_bytes=_free(server))
        elif server.running:
            checks, code = (
                [unreachable("The embedded server does not answer, though it runs.", is_ours=True)],
                EXIT_UNREACHABLE,
            )
        else:
            checks, code = [unreachable("The embedded server is not running.", is_ours=True)], EXIT_UNREACHABLE
    except (Unreachable, ServerError) as error:
        checks, code = [unreachable(str(error), is_ours=isinstance(error, ServerError))], EXIT_UNREACHABLE
    level = worst(checks)
    code = code or (EXIT_ERROR if level is Level.BAD else 0)
    if as_json:
        _print({"healthy": code == 0, "level": level.value, "checks": [_check(c) for c in checks]})
        return code
    for check in checks:
        if not quiet or check.level is not Level.GOOD:
            advice = f" {check.advice}" if check.advice else ""
            click.echo(f"{_MARKS[check.level]:<8} {check.name}: {visible_line(check.said)}{advice}")
    return code


def _look(context: Context, *, measured: bool) -> tuple[ServerStatus, Held | None]:
    from chattui.server import Beside
    from chattui.server import status as server_status
    from chattui.store import held

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    beside = Beside(held.NOTING_TABLE, held.HELD_AND_NOTED, Beside(held.TABLE, held.HELD))
    server = server_status(settings, beside, measured=measured)
    return server, held.parse(server.said) if server.said else None


def _document(server: ServerStatus, held: Held | None) -> dict[str, Any]:
    return {
        "kind": server.kind,
        "running": server.running,
        "target": server.target,
        "version": server.version,
        "pid": server.pid,
        "data_dir": str(server.data_dir) if server.data_dir else None,
        "log": str(server.log) if server.log else None,
        "bytes_on_disk": server.size,
        "uptime_seconds": server.uptime,
        "clients": server.clients,
        "schema_version": held.schema_version if held else None,
        "index_ready": held.index_ready if held else None,
        "chats": held.chats if held else None,
        "messages": held.messages if held else None,
        "text_bytes": held.text_bytes if held else None,
        "archived": held.archived if held else None,
        "deleted": held.deleted if held else None,
        "read_only": held.read_only if held else None,
        "last_sync": held.last_sync.isoformat() if held and held.last_sync else None,
        "last_backup": held.last_backup.isoformat() if held and held.last_backup else None,
    }


def _lines(server: ServerStatus, held: Held | None) -> list[tuple[str, str]]:
    """The same for people."""
    from chattui.domain.state import size_words, span_words

    up = "" if server.running else ", not running"
    if server.uptime is not None:
        up = f", up for {span_words(server.uptime)}"
    of = f" {server.version}" if server.version else ""
    found = [("server", f"PostgreSQL{of}{up}"), ("target", server.target)]
    if server.pid is not None:
        found.append(("process", str(server.pid)))
    if server.data_dir is not None:
        found.append(("data", f"{server.data_dir}" + (f" ({size_words(server.size)})" if server.size else "")))
    elif server.size is not None:
        found.append(("data", size_words(server.size)))
    if server.log is not None:
        found.append(("log", str(server.log)))
    if server.clients is not None:
        found.append(("clients", str(server.clients)))
    if held is not None:
        aside = f" ({held.archived:,} archived, {held.deleted:,} deleted)" if held.archived or held.deleted else ""
        found.append(("chats", f"{held.chats:,}{aside}"))
        found.append(("messages", f"{held.messages:,} ({size_words(held.text_bytes)} of text)"))
        found.append(("schema", f"version {held.schema_version}" + (", read only" if held.read_only else "")))
        found.append(("index", "complete" if held.index_ready else "not complete: searches take longer"))
        for name, at in (("imported", held.last_sync), ("backed up", held.last_backup)):
            found.append((name, at.astimezone().strftime("%Y-%m-%d %H:%M") if at else "never"))
    elif server.running:
        found.append(("schema", "none yet: `chattui db migrate` makes it, and so does the app"))
    return found


def _check(check: Check) -> dict[str, str]:
    return {"check": check.name, "level": check.level.value, "said": check.said, "advice": check.advice}


def _free(server: ServerStatus) -> int | None:
    """Bytes that are free for the embedded server's data; None where its disk is somebody else's."""
    import shutil

    try:
        return shutil.disk_usage(server.data_dir).free if server.data_dir is not None else None
    except OSError:
        return None


def _print(document: dict[str, Any]) -> None:
    click.echo(visible_json(json.dumps(document, ensure_ascii=False, indent=2)))
