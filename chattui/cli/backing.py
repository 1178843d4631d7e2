"""``chattui db backup``, ``backups``, ``verify``, ``restore``, ``move`` and ``reset``: everything at once, whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chattui.cli import output
from chattui.cli.context import Context
from chattui.config import Settings
from chattui.config.log import start_log
from chattui.domain.backup import Manifest, Progress, Restored, Tell
from chattui.domain.errors import ConfigError
from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.backup.places import Keep
    from chattui.backup.sealing import Keys, Seal

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
lines_option = click.option(
    "--progress", "lines", is_flag=True, help="Print progress as one JSON object a line, then the result."
)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path), help="A file whose first line is the passphrase."
)
identity_option = click.option(
    "--identity",
    "identities",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file with an age or ssh key that opens the backup.",
)


@click.command()
@click.option("--to", "place", type=click.Path(path_type=Path), help="A file, or a directory to make one in.")
@click.option("--force", is_flag=True, help="Replace the file that is there.")
@click.option("--all-owners", is_flag=True, help="Everybody's chats, for who owns the tables. Otherwise one's own.")
@click.option("--no-embeddings", is_flag=True, help="Leave out what search by meaning has; it can be made again.")
@click.option("--encrypt", is_flag=True, help="Encrypt it with a passphrase, which is asked for.")
@click.option("--recipient", "recipients", multiple=True, metavar="KEY", help="Encrypt it for an age1… or ssh-… key.")
@passphrase_option
@click.option("--keep-last", type=click.IntRange(0), help="Then keep so many backups,")
@click.option("--keep-daily", type=click.IntRange(0), help="the newest of each of so many days,")
@click.option("--keep-weekly", type=click.IntRange(0), help="of so many weeks,")
@click.option("--keep-monthly", type=click.IntRange(0), help="and months, and remove the others in the directory.")
@click.option("--scheduled", is_flag=True, help="Only when [backup] in the config file says that it is time.")
@as_json_option
@lines_option
@click.pass_obj
def backup(
    context: Context,
    place: Path | None,
    force: bool,
    all_owners: bool,
    no_embeddings: bool,
    encrypt: bool,
    recipients: tuple[str, ...],
    passphrase_file: Path | None,
    keep_last: int | None,
    keep_daily: int | None,
    keep_weekly: int | None,
    keep_monthly: int | None,
    scheduled: bool,
    as_json: bool,
    lines: bool,
) -> int:
    """Write everything into one file: chats, messages, attachments, marks, searches, how far each import got.

    It is of one moment, others go on writing meanwhile, and the file is there whole or not at all. The search index is
    left out, and built again by a restore.
    """
    from chattui.backup import run

    settings = context.settings()
    if scheduled and not _is_due(settings):
        if as_json or lines:
            output.print_json({"path": None})
        return 0
    asked = (keep_last, keep_daily, keep_weekly, keep_monthly)
    seal = _seal(settings, encrypt=encrypt, recipients=recipients, passphrase_file=passphrase_file)
    target = (place or _directory(settings)).expanduser().absolute()
    is_directory = place is None or target.is_dir() or str(place).endswith(os.sep)
    keep = _keep(settings, asked, in_own=place is None)
    if keep and not is_directory:
        raise click.UsageError("--keep-… is for a directory: name one with --to, or leave it out.")
    wanted = run.Wanted(
        target,
        is_directory,
        all_owners=all_owners,
        embeddings=not no_embeddings,
        seal=seal,
        keep=keep,
        replace=force,
    )
    with showing(as_json=as_json, lines=lines) as tell:
        done = run.backup(_conninfo(context, settings), wanted, tell)
    if scheduled:
        from chattui.server.places import Places

        Places(settings.data_dir).backed_up.touch()
    document = {
        "path": str(done.path),
        "bytes": done.size,
        "encrypted": bool(seal),
        "seconds": round(done.seconds, 3),
        "removed": [str(path) for path in done.removed],
        **_manifest_json(done.manifest),
    }
    if lines:
        click.echo(json.dumps(document))
    elif as_json:
        output.print_json(document)
    else:
        click.echo(f"{done.path}: {_contents(done.manifest)}, {size_text(done.size)} in {done.seconds:.1f} s.")
        for path in done.removed:
            click.echo(f"Removed {path.name}, which need not be kept.")
    return 0


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@as_json_option
@click.pass_obj
def backups(context: Context, directory: Path | None, as_json: bool) -> int:
    """List the backups in the usual directory, or in DIRECTORY, the newest first."""
    from chattui.backup.places import backups_in

    where = (directory or _directory(context.settings())).expanduser().absolute()
    found = backups_in(where)
    if as_json:
        shown = [
            {
                "path": str(k.path),
                "made_at": k.made_at.isoformat(),
                "bytes": k.size,
                "encrypted": k.encrypted,
                "whole": k.manifest is not None if not k.encrypted else None,
                **(_manifest_json(k.manifest) if k.manifest else {}),
            }
            for k in found
        ]
        output.print_json({"directory": str(where), "backups": shown})
        return 0
    if not found:
        click.echo(f"There are no backups in {where}. `chattui db backup` makes one.")
    for k in found:
        about = _contents(k.manifest) if k.manifest else "encrypted" if k.encrypted else "DAMAGED: its end is missing"
        click.echo(f"{k.made_at.astimezone():%Y-%m-%d %H:%M}  {size_text(k.size):>9}  {k.path.name}  {about}")
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Only read the file through, without a database.")
@passphrase_option
@identity_option
@as_json_option
@lines_option
@click.pass_obj
def verify(
    context: Context,
    file: Path,
    quick: bool,
    passphrase_file: Path | None,
    identities: tuple[Path, ...],
    as_json: bool,
    lines: bool,
) -> int:
    """Restore a backup into a database that is thrown away again, and compare every row. Exit code 1 when it is not whole."""
    from chattui.backup import run
    from chattui.backup.scratch import scratch

    settings = context.settings()
    keys = _keys(identities, passphrase_file)
    start_log(settings, verbose=context.verbose)
    with showing(as_json=as_json, lines=lines) as tell:
        if quick:
            manifest = run.check_file(file, keys, tell)
        else:
            with scratch(settings) as conninfo:
                manifest = run.restore(conninfo, file, keys, index=False, tell=tell).manifest
    document = {"ok": True, "path": str(file), "restored": not quick, **_manifest_json(manifest)}
    if lines:
        click.echo(json.dumps(document))
    elif as_json:
        output.print_json(document)
    else:
        how = "every row is what its digest says" if quick else "restored, and every row came back as it was"
        click.echo(f"{file} is whole: {_contents(manifest)}; {how}.")
    return 0


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
    keys = _keys(identities, passphrase_file)
    conninfo = _conninfo(context, settings)
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
    there_settings = replace(settings, database=resolve_target({}, argument=target, configured=None, config_file=""))
    there_settings = replace(there_settings, database=replace(there_settings.database, origin="--to"))
    to = _conninfo(context, there_settings)
    if discard:
        gone = staging.discard(to)
        if as_json or lines:
            output.print_json({"discarded": gone})
        else:
            click.echo("Removed what was there of a move." if gone else "There is nothing of a move there.")
        return 0
    conninfo = _conninfo(context, settings)
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

    conninfo = _conninfo(context, context.settings())
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


def confirm(sentence: str, *, yes: bool) -> None:
    """Ask before something is lost. Raises UsageError where nobody can be asked, Exit with 1 when the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{sentence} Nobody can be asked here: --yes does it.")
    if not click.confirm(f"{sentence} Go on?", default=False, err=True):
        click.echo("Nothing was changed.", err=True)
        raise click.exceptions.Exit(1)


class showing:  # noqa: N801 - reads as the statement that it is
    """``with showing(…) as tell``: progress on one line of a terminal, as JSON lines, or none."""

    def __init__(self, *, as_json: bool, lines: bool) -> None:
        self._bar = sys.stderr.isatty() and not (as_json or lines)
        self._lines = lines

    def __enter__(self) -> Tell | None:
        return _print_line if self._lines else _show_bar if self._bar else None

    def __exit__(self, *_: object) -> None:
        if self._bar:
            click.echo("\r\x1b[K", err=True, nl=False)


def size_text(size: int) -> str:
    """42 kB, 1.3 GB."""
    number = float(size)
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def _show_bar(progress: Progress) -> None:
    text = f"{progress.step[:1].upper()}{progress.step[1:]} …"
    if progress.share is not None:
        text += f" {progress.share:.0%}"
    if progress.rate is not None:
        text += f" · {progress.rate / 1e6:,.0f} MB/s"
    if progress.remaining is not None:
        text += f" · {progress.remaining:,.0f} s left"
    click.echo(f"\r{text}\x1b[K", err=True, nl=False)


def _print_line(progress: Progress) -> None:
    shown: dict[str, Any] = {"step": progress.step, "share": progress.share and round(progress.share, 4)}
    click.echo(json.dumps(shown | {"rate": progress.rate and round(progress.rate), "remaining": progress.remaining}))


def _print_restored(done: Restored, verb: str, *, as_json: bool, lines: bool) -> None:
    document = {
        **_manifest_json(done.manifest),
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
    click.echo(f"{verb} {_contents(done.manifest)} for {whose} in {done.seconds:.1f} s; every row was compared.")
    if not done.index_ready:
        click.echo("Searches are slower until the index is built: the app or the next import does it.")
    for note in done.notes:
        click.echo(note, err=True)


def _manifest_json(manifest: Manifest) -> dict[str, Any]:
    head = manifest.head
    return {
        "made_at": head.made_at.isoformat(),
        "owners": list(head.owners),
        "server_version": head.server_version,
        "schema_version": head.schema_version,
        "chats": manifest.rows("chats"),
        "messages": manifest.rows("messages"),
        "files": manifest.rows("files"),
        "digests": {owner: {s.table: s.digest for s in manifest.sections if s.owner == owner} for owner in head.owners},
    }


def _contents(manifest: Manifest) -> str:
    count = len(manifest.head.owners)
    text = f"{manifest.rows('chats'):,} chats, {manifest.rows('messages'):,} messages, {manifest.rows('files'):,} attachments"
    return text + (f" of {count} people" if count > 1 else "")


def _conninfo(context: Context, settings: Settings) -> str:
    """The database, its server up, and its schema left as it is."""
    from chattui.server import open_database

    start_log(settings, verbose=context.verbose)
    return open_database(settings, notify=lambda sentence: print(sentence, file=sys.stderr)).conninfo


def _directory(settings: Settings) -> Path:
    return settings.backup.directory or settings.data_dir / "backups"


def _is_due(settings: Settings) -> bool:
    """Whether [backup] asks for backups, and the last one of the schedule is as old as it says."""
    from chattui.server.linger import backup_is_due
    from chattui.server.places import Places

    every = settings.backup.every
    return every is not None and backup_is_due(Places(settings.data_dir), every)


def _keep(settings: Settings, asked: tuple[int | None, ...], *, in_own: bool) -> Keep:
    """What was asked for; else, in the usual directory, what the config file says."""
    from chattui.backup.places import Keep

    if any(number is not None for number in asked):
        last, daily, weekly, monthly = (number or 0 for number in asked)
        return Keep(last, daily, weekly, monthly)
    rules = settings.backup
    return Keep(rules.keep_last, rules.keep_daily, rules.keep_weekly, rules.keep_monthly) if in_own else Keep()


def _seal(settings: Settings, *, encrypt: bool, recipients: tuple[str, ...], passphrase_file: Path | None) -> Seal:
    from chattui.backup.sealing import Seal, recipient

    wanted = recipients or (() if encrypt or passphrase_file else settings.backup.recipients)
    for text in wanted:
        recipient(text)
    passphrase = None
    if passphrase_file is not None:
        passphrase = _first_line(passphrase_file)
    elif encrypt:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "Nobody can be asked for a passphrase here: --passphrase-file names a file that holds it."
            )
        passphrase = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True))
    return Seal(wanted, passphrase)


def _keys(identities: tuple[Path, ...], passphrase_file: Path | None) -> Keys:
    from chattui.backup.sealing import Keys

    return Keys(identities, _asker(passphrase_file))


def _asker(passphrase_file: Path | None) -> Callable[[], str | None]:
    """Asks once, whoever asks how often."""
    known: list[str | None] = []

    def ask() -> str | None:
        if not known:
            if passphrase_file is not None:
                known.append(_first_line(passphrase_file))
            elif sys.stdin.isatty():
                known.append(str(click.prompt("Passphrase", hide_input=True, err=True)))
            else:
                known.append(None)
        return known[0]

    return ask


def _first_line(path: Path) -> str:
    try:
        line = path.read_text("utf-8").split("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The passphrase cannot be read from {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}."
        ) from error
    if not line:
        raise ConfigError(f"The first line of {path} is empty: it is to be the passphrase.")
    return line
