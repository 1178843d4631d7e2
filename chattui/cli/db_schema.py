"""``chattui db schema`` and ``chattui db migrate``: the schema as it is, as it should be, and from one version to the next."""

from __future__ import annotations

import subprocess
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, Context
from chattui.cli.telling import confirm
from chattui.config.log import start_log
from chattui.domain.errors import ServerError
from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.domain.upkeep import Difference
    from chattui.store.migrations import Migration, StepBack


@click.command()
@click.option(
    "--diff",
    "compares",
    is_flag=True,
    help="Tell what is not as the migrations make it. Exit code 1 when something is.",
)
@click.option("--distributed", is_flag=True, help="Print the schema for Citus, distributed by owner; asks no database.")
@click.option(
    "--no-triggers", is_flag=True, help="With --distributed: needs no setting of Citus, and is for reading only."
)
@click.option(
    "--partitions",
    type=click.IntRange(2, 1024),
    metavar="N",
    help="Print the schema with the messages in N partitions by owner (2 to 1024); asks no database.",
)
@click.option("--json", "as_json", is_flag=True, help="With --diff: print {same, differences}.")
@click.pass_obj
def schema(
    context: Context, compares: bool, distributed: bool, no_triggers: bool, partitions: int | None, as_json: bool
) -> int:
    """Print the live schema as SQL, without any data; or hold it against the migrations; or the one for a large team."""
    if as_json and not compares:
        raise click.UsageError("--json goes with --diff: the schema itself is SQL.")
    if compares + distributed + (partitions is not None) > 1:
        raise click.UsageError("Only one of --diff, --distributed and --partitions can be given.")
    if no_triggers and not distributed:
        raise click.UsageError("--no-triggers goes with --distributed.")
    if distributed:
        from chattui.store.distributed import distributed_schema

        click.echo(distributed_schema(triggers=not no_triggers), nl=False)
        return 0
    if partitions is not None:
        from chattui.store.partitioned import partitioned_schema

        click.echo(partitioned_schema(partitions), nl=False)
        return 0
    if not compares:
        return _dump(context)
    from chattui.store.catalogue import differences
    from chattui.store.connection import connect

    with connect(_opened(context), autocommit=True) as conn:
        found = differences(conn)
    if as_json:
        output.print_json({"same": not found, "differences": [asdict(d) for d in found]})
    else:
        for one in found:
            click.echo(_difference(one))
        click.echo("The schema is as the migrations make it." if not found else _count(found))
    return EXIT_ERROR if found else 0


@click.command()
@click.option("--plan", "plans", is_flag=True, help="Only tell which migrations would be run.")
@click.option("--dry-run", is_flag=True, help="Run them for a try, and roll everything back.")
@click.option("--down", is_flag=True, help="Take the last migration back, for an older program.")
@click.option("--yes", is_flag=True, help="With --down: do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print {from, to, migrations, …}.")
@click.pass_obj
def migrate(context: Context, plans: bool, dry_run: bool, down: bool, yes: bool, as_json: bool) -> int:
    """Bring the schema up to date: all of it in one transaction, or nothing. Every verb and the app do so by themselves."""
    if plans and (down or dry_run):
        raise click.UsageError("--plan runs nothing: it goes with neither --down nor --dry-run.")
    from chattui.store.connection import connect
    from chattui.store.migrations import current_version, pending, step_back
    from chattui.store.migrations import migrate as run

    with connect(_opened(context), autocommit=True) as conn:
        version = current_version(conn)
        if down:
            lost = step_back(conn, dry_run=True)
            if not dry_run:
                _ask(lost, yes=yes)
                step_back(conn)
            return _say_back(lost, dry_run=dry_run, as_json=as_json)
        if plans:
            return _say_plan(version, pending(version), as_json=as_json)
        began = time.perf_counter()
        done = run(conn, dry_run=dry_run, tell=None if as_json else _say_step)
    seconds = round(time.perf_counter() - began, 3)
    to = done[-1].version if done else version
    if as_json:
        output.print_json(
            {"from": version, "to": to, "migrations": _named(done), "dry_run": dry_run, "seconds": seconds}
        )
    elif not done:
        click.echo(f"The schema is up to date: version {version}.")
    elif dry_run:
        click.echo(
            f"All went well in {seconds:.1f} s, and nothing was changed: the schema is at version {version or 0}."
        )
    else:
        click.echo(f"The schema is at version {to} now, after {seconds:.1f} s.")
    return 0


def _opened(context: Context) -> str:
    """The address of the server, started where it is ours; its schema is left as it is."""
    from chattui.server import open_database

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    return open_database(settings, notify=lambda sentence: click.echo(sentence, err=True)).conninfo


def _dump(context: Context) -> int:
    from chattui.server.shell import clean_environment, dump_programs

    settings = context.settings()
    public, env = clean_environment(settings, _opened(context))
    options = ["--schema-only", "--schema=chattui", "--no-owner", *(["-d", public] if public else [])]
    said: list[str] = []
    for program in dump_programs(settings):
        done = subprocess.run([program, *options], env=env, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            kept = (line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))
            click.echo("\n".join(kept))
            return 0
        said = [line for line in done.stderr.splitlines() if line.strip()]
        if not any("server version mismatch" in line for line in said):
            break
    else:
        raise ServerError(
            "The pg_dump that is here is older than the server. Name the bin directory of the server's own version in "
            "CHATTUI_PG_BIN."
        )
    if any("no matching schemas" in line for line in said):
        raise ServerError("The database has no chattui tables. `chattui db migrate` makes them.")
    raise ServerError(f"pg_dump could not read the schema: {visible_line(said[0]) if said else 'it said nothing'}.")


def _ask(back: StepBack, *, yes: bool) -> None:
    sentence = f"Taking back {_name(back.migration)}.{_losses(back)}"
    if yes:
        click.echo(sentence, err=True)
    confirm(sentence, yes=yes)


def _losses(back: StepBack) -> str:
    lost = [f"{name} ({rows:,} row{'' if rows == 1 else 's'})" for name, rows in back.lost]
    return f" This is lost: {', '.join(lost)}." if lost else " No data is lost."


def _say_back(back: StepBack, *, dry_run: bool, as_json: bool) -> int:
    to = back.migration.version - 1
    if as_json:
        lost = [{"what": name, "rows": rows} for name, rows in back.lost]
        output.print_json(
            {
                "from": back.migration.version,
                "to": to,
                "lost": lost,
                "dry_run": dry_run,
                "migration": back.migration.name,
            }
        )
    elif dry_run:
        click.echo(f"{_name(back.migration)} can be taken back.{_losses(back)}")
    else:
        click.echo(
            f"The schema is at version {to}. This program brings it up to date again when it is started; an older one does not."
        )
    return 0


def _say_plan(version: int | None, wanted: list[Migration], *, as_json: bool) -> int:
    if as_json:
        to = wanted[-1].version if wanted else version
        output.print_json({"from": version, "to": to, "migrations": _named(wanted)})
        return 0
    at = f"The schema is at version {version}." if version is not None else "There is no schema yet."
    click.echo(f"{at} {'Nothing is to be done.' if not wanted else 'To be run, in one transaction:'}")
    for one in wanted:
        click.echo(f"  {_name(one)}{'' if one.way_back else '  (no way back)'}")
    return 0


def _say_step(migration: Migration) -> None:
    click.echo(f"  {_name(migration)} …", err=True)


def _named(migrations: list[Migration]) -> list[dict[str, object]]:
    return [{"version": m.version, "name": m.name, "way_back": m.way_back is not None} for m in migrations]


def _name(migration: Migration) -> str:
    return f"{migration.version:04d}_{migration.name}"


def _difference(one: Difference) -> str:
    name = visible_line(one.name)
    if one.live is None:
        return f"missing    {one.kind} {name}"
    if one.wanted is None:
        return f"besides    {one.kind} {name}"
    live, wanted = visible_line(one.live)[:500], visible_line(one.wanted)[:500]
    return f"different  {one.kind} {name}\n    is        {live}\n    should be {wanted}"


def _count(found: list[Difference]) -> str:
    many = f"{len(found)} thing{'' if len(found) == 1 else 's'}"
    return f"{many} differ{'s' if len(found) == 1 else ''} from what the migrations make."
