"""``chattui db restore``, ``move`` and ``reset``: what changes a whole database, all of it or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import click

from chattui.cli import output
from chattui.cli.context import Context
from chattui.cli.telling import (
    as_json_option,
    confirm,
    conninfo_of,
    contents,
    identity_option,
    keys_of,
    lines_option,
    manifest_json,
    passphrase_option,
    showing,
    size_text,
    yes_option,
)
from chattui.domain.backup import Restored
from chattui.domain.visible import visible_line


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--replace", "replaces", is_flag=True, help="Put it in the place of what is there, once all of it has come."
)
@click.option("--owner", metavar="NAME", help="Whose it becomes, of a backup of one person. Otherwise one's own.")
@click.option("--no-index", is_flag=True, help="Build the search index later: the app does it in the background.")
@passphrase_option
@identity_option
@yes_option
@as_json_option
@lines_option
@click.pass_obj
def restore(
    context: Context,
    file: Path,
    replaces: bool,
    owner: str | None,
    no_index: bool,
    passphrase_file: Path | None,
    identities: tuple[Path, ...],
    yes: bool,
    as_json: bool,
    lines: bool,
) -> int:
    """Bring a backup into the database: all of it, every row compared, or nothing.

    A database that holds something is refused without --replace. Until the last moment what is there stays as it is.
    """
    from chattui.backup import run

    settings = context.settings()
    keys = keys_of(identities, passphrase_file)
    conninfo = conninfo_of(context, settings)
    if replaces:
        head, there = run.needs(conninfo, file, keys, owner)
        if there.owners:
            when = f"{head.made_at.astimezone():%Y-%m-%d %H:%M}"
            confirm(f"This replaces {visible_line(there.sentence())} with the backup of {when}.", yes=yes)
    with showing(as_json=as_json, lines=lines) as tell:
        done = run.restore(conninfo, file, keys, owner=owner, replace=replaces, index=not no_index, tell=tell)
    _print_restored(done, "Restored", as_json=as_json, lines=lines)
    return 0


@click.command()
@click.option("--to", "target", metavar="URL", required=True, help="The database that gets everything, or: embedded.")
@click.option("--all-owners", is_flag=True, help="Everybody's chats, for who owns the tables. Otherwise one's own.")
@click.option("--owner", metavar="NAME", help="Whose it becomes there. Otherwise that of the user in the URL.")
@click.option("--replace", "replaces", is_flag=True, help="Put it in the place of what is there.")
@click.option("--discard", is_flag=True, help="Only remove what an interrupted move has left there.")
@yes_option
@as_json_option
@lines_option
@click.pass_obj
def move(
    context: Context,
    target: str,
    all_owners: bool,
    owner: str | None,
    replaces: bool,
    discard: bool,
    yes: bool,
    as_json: bool,
    lines: bool,
) -> int:
    """Copy everything to another server and compare every row there. What is here stays as it is.

    Interrupted at any moment, it goes on when it is run again, and nothing is seen of it there until all of it is.
    """
    from chattui.backup import run
    from chattui.config.target import resolve_target
    from chattui.store import staging

    settings = context.settings()
    there_settings = settings._replace(database=resolve_target({}, argument=target, configured=None, config_file=""))
    there_settings = there_settings._replace(database=there_settings.database._replace(origin="--to"))
    to = conninfo_of(context, there_settings)
    if discard:
        gone = staging.discard(to)
        if as_json or lines:
            output.print_json({"discarded": gone})
        else:
            click.echo("Removed what was there of a move." if gone else "There is nothing of a move there.")
        return 0
    conninfo = conninfo_of(context, settings)
    _, there = run.move_needs(conninfo, to, all_owners=all_owners, owner=owner)
    if replaces and there.owners:
        confirm(
            f"This replaces {visible_line(there.sentence())} in {there_settings.database.redacted()}.",
            yes=yes,
        )
    with showing(as_json=as_json, lines=lines) as tell:
        done = run.move(conninfo, to, all_owners=all_owners, owner=owner, replace=replaces, tell=tell)
    _print_restored(done, "Moved", as_json=as_json, lines=lines)
    if not (as_json or lines):
        if done.resumed:
            click.echo(f"{size_text(done.resumed)} had come before and were not brought again.")
        click.echo(
            f"{settings.database.redacted()} is as it was. To use the new one: CHATTUI_DATABASE_URL, or url under "
            f"[database] in {settings.config_file}."
        )
    return 0


@click.command()
@click.option("--all-owners", is_flag=True, help="Everybody's chats, for who owns the tables. Otherwise one's own.")
@yes_option
@as_json_option
@click.pass_obj
def reset(context: Context, all_owners: bool, yes: bool, as_json: bool) -> int:
    """Remove everything from the database, and begin again with an empty one. Histories on disk are left alone."""
    from chattui.store import reset as resetting

    conninfo = conninfo_of(context, context.settings())
    there = resetting.there_is(conninfo, all_owners=all_owners)
    if there.owners:
        confirm(
            f"This removes {visible_line(there.sentence())} for good. `chattui db backup` keeps them.",
            yes=yes,
        )
    gone = resetting.reset(conninfo, all_owners=all_owners)
    if as_json:
        output.print_json({"removed": gone.as_json()})
    elif gone.owners:
        click.echo(f"Removed {visible_line(gone.sentence())}. The next import reads the histories again.")
    else:
        click.echo("The database was empty, and its tables are made anew.")
    return 0


def _print_restored(done: Restored, verb: str, *, as_json: bool, lines: bool) -> None:
    document = {
        **manifest_json(done.manifest),
        "owners": list(done.owners),
        "replaced": done.replaced.as_json() if done.replaced else None,
        "seconds": round(done.seconds, 3),
        "index_ready": done.index_ready,
        "resumed_bytes": done.resumed,
        "notes": list(done.notes),
    }
    if lines:
        click.echo(json.dumps(document))
        return
    if as_json:
        output.print_json(document)
        return
    whose = visible_line(", ".join(done.owners[:5]))
    click.echo(f"{verb} {contents(done.manifest)} for {whose} in {done.seconds:.1f} s; every row was compared.")
    if not done.index_ready:
        click.echo("Searches are slower until the index is built: the app or the next import does it.")
    for note in done.notes:
        click.echo(note, err=True)
