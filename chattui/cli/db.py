"""``chattui db``: the database server itself."""

from __future__ import annotations

import os

import click

from chattui.cli.context import Context
from chattui.cli.lazy import LazyGroup
from chattui.config.log import start_log

VERBS = {
    "status": "chattui.cli.db_state:status",
    "health": "chattui.cli.db_state:health",
    "stats": "chattui.cli.db_stats:stats",
    "env": "chattui.cli.db_env:env",
    "schema": "chattui.cli.db_schema:schema",
    "migrate": "chattui.cli.db_schema:migrate",
    "upkeep": "chattui.cli.db_upkeep:upkeep",
    "reindex": "chattui.cli.upkeep:reindex",
    "check": "chattui.cli.upkeep:check",
    "backup": "chattui.cli.backing:backup",
    "backups": "chattui.cli.backing:backups",
    "verify": "chattui.cli.backing:verify",
    "move": "chattui.cli.restoring:move",
    "reset": "chattui.cli.restoring:reset",
    "restore": "chattui.cli.restoring:restore",
    "logs": "chattui.cli.serving:logs",
    "restart": "chattui.cli.serving:restart",
    "upgrade": "chattui.cli.serving:upgrade",
}


@click.group(cls=LazyGroup, verbs=VERBS)
def db() -> None:
    """Start, stop and look at the database."""


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print {started, kind, schema_version}.")
@click.pass_obj
def start(context: Context, as_json: bool) -> int:
    """Start the embedded server (or reach the other one) and bring its schema up to date."""
    from chattui.cli import output
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
    from chattui.cli import output
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
    from chattui.cli import output
    from chattui.server import conninfo

    settings = context.settings()
    shown = settings.database.redacted() if settings.database.kind == "url" else conninfo(settings)
    if as_json:
        output.print_json({"url": shown})
    else:
        click.echo(shown)
    return 0
