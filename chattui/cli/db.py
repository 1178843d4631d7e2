"""``chattui db``: the database server itself."""

from __future__ import annotations

import os

import click

from chattui.cli import output
from chattui.cli.backing import backup, backups, verify
from chattui.cli.context import EXIT_UNREACHABLE, Context
from chattui.cli.restoring import move, reset, restore
from chattui.cli.serving import logs, restart, upgrade
from chattui.cli.upkeep import check, reindex
from chattui.config.log import start_log


@click.group()
def db() -> None:
    """Start, stop and look at the database."""


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print {started, kind, schema_version}.")
@click.pass_obj
def start(context: Context, as_json: bool) -> int:
    """Start the embedded server (or reach the other one) and bring its schema up to date."""
    from chattui.server import ping_socket
    from chattui.store import health

    settings = context.settings()
    was_up = ping_socket(settings)
    with context.store() as store:
        facts = health.health(store)
    if as_json:
        document = {"started": not was_up, "kind": settings.database.kind, "schema_version": facts.schema_version}
        output.print_json(document)
    else:
        click.echo(
            f"PostgreSQL {facts.server_version} is {'up already' if was_up else 'up'}: {settings.database.redacted()}"
        )
    return 0


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print {stopped: true|false}.")
@click.pass_obj
def stop(context: Context, as_json: bool) -> int:
    """Stop the embedded server."""
    from chattui.server import stop as stop_server

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    stopped = stop_server(settings)
    if as_json:
        output.print_json({"stopped": stopped})
    else:
        click.echo("Stopped." if stopped else "The embedded server was not running.")
    return 0


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
@click.pass_obj
def status(context: Context, as_json: bool) -> int:
    """Tell whether the server runs, where it is, and what it holds; starts nothing. Exit code 3 when it is down."""
    from chattui.server import conninfo
    from chattui.server import status as server_status
    from chattui.store.database import Database
    from chattui.store.health import counts, health

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    server = server_status(settings)
    facts = held = None
    if server.running:
        store = Database(conninfo(settings), pool_size=1)
        try:
            facts, held = health(store), counts(store)
        finally:
            store.close()
    document = {
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
        "schema_version": facts.schema_version if facts else None,
        "index_ready": facts.index_ready if facts else None,
        "chats": held.chats if held else None,
        "messages": held.messages if held else None,
        "text_bytes": held.bytes if held else None,
    }
    if as_json:
        output.print_json(document)
    else:
        for name, value in document.items():
            if value is not None:
                shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
                click.echo(f"{name.replace('_', ' '):<16} {shown}")
    return 0 if server.running else EXIT_UNREACHABLE


@db.command()
@click.pass_obj
def shell(context: Context) -> int:
    """Open psql on the database."""
    from chattui.server import shell_command

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    argv, env = shell_command(settings)
    os.execvpe(argv[0], argv, env)  # noqa: S606  the terminal goes to psql


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print {url}.")
@click.pass_obj
def url(context: Context, as_json: bool) -> int:
    """Print what other programs connect with (a password is left out)."""
    from chattui.server import conninfo

    settings = context.settings()
    shown = settings.database.redacted() if settings.database.kind == "url" else conninfo(settings)
    if as_json:
        output.print_json({"url": shown})
    else:
        click.echo(shown)
    return 0


for command in (restart, logs, reindex, check, backup, backups, verify, restore, move, reset, upgrade):
    db.add_command(command)
