"""``chattui db env``: what other programs need to reach the database, as a shell or a .env file takes it."""

from __future__ import annotations

import shlex

import click

from chattui.cli.context import Context

TEMPLATE: tuple[tuple[str, str, str], ...] = (
    (
        "CHATTUI_DATABASE_URL",
        "postgresql://chattui@127.0.0.1:5433/chattui",
        "Which database: a URL, libpq's key=value pairs, or the word embedded. Keep passwords in ~/.pgpass or a service file.",
    ),
    ("CHATTUI_HOME", "", "One directory for data, config, state and logs, in place of the system's usual ones."),
    ("CHATTUI_CONFIG", "", "The config file, in place of config.toml in the config directory."),
    (
        "CHATTUI_LINGER",
        "10m",
        "How long the embedded server stays up after its last client: 10m, 2h, forever; 0 stops it at once.",
    ),
    ("CHATTUI_PG_BIN", "", "The bin directory of a PostgreSQL 15 or newer, in place of the packaged one."),
    ("CHATTUI_LOG", "debug", "Logs every statement with its time."),
)
"""Every variable that the program reads, with an example and what it is for."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print {NAME: value, …}.")
@click.option("--template", is_flag=True, help="Print every variable that chattui reads, as comments for a .env file.")
@click.pass_obj
def env(context: Context, as_json: bool, template: bool) -> int:
    """Print the variables by which other programs find the database; a password is never among them.

    In a shell: eval "$(chattui db env)".
    """
    from chattui.cli import output

    if template:
        click.echo("# Every variable that chattui reads. Uncomment what you need.\n")
        for name, example, meaning in TEMPLATE:
            click.echo(f"# {meaning}\n#{name}={example}\n")
        return 0
    found = _variables(context)
    if as_json:
        output.print_json(found)
        return 0
    for name, value in found.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    return 0


def _variables(context: Context) -> dict[str, str]:
    from chattui.server import conninfo
    from chattui.server.shell import connection_variables

    settings = context.settings()
    found = connection_variables(conninfo(settings))
    return {"CHATTUI_DATABASE_URL": _address(found), **found} if found else found


def _address(found: dict[str, str]) -> str:
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGDATABASE": "dbname", "PGSSLMODE": "sslmode"}
    pairs = {names[name]: value for name, value in found.items() if name in names}
    escaped = {key: value.replace("\\", "\\\\").replace("'", "\\'") for key, value in pairs.items()}
    return " ".join(f"{key}='{value}'" for key, value in escaped.items())
