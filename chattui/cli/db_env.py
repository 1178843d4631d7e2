"""``chattui db env``: what other programs need to reach the database, as a shell or a .env file takes it."""

from __future__ import annotations

import shlex

import click

from chattui.cli.context import Context


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
        click.echo("# Every variable of chattui's own. Uncomment what you need; passwords are better in ~/.pgpass.\n")
        for name, meaning, usual in template_lines():
            click.echo(f"# {meaning}\n#{name}={usual}\n")
        return 0
    found = _variables(context)
    if as_json:
        output.print_json(found)
        return 0
    for name, value in found.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    return 0


def template_lines() -> list[tuple[str, str, str]]:
    """(variable, what it is for, what holds without it) of every variable of our own, from where options are declared."""
    from chattui.config.options import VARIABLES, defaults, option

    known = defaults()
    found = []
    for name, meaning in VARIABLES:
        if name.startswith("CHATTUI_"):
            named = meaning.partition(":")[0]
            is_option = named in known
            usual = known[named] if is_option else ""
            shown = str(int(usual)) if isinstance(usual, bool) else str(usual or "")
            found.append((name, option(named).help if is_option else meaning, shown))
    return found


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
