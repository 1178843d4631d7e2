"""``chattui db backup``, ``backups`` and ``verify``: everything in one file, whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import Context
from chattui.cli.telling import (
    as_json_option,
    conninfo_of,
    contents,
    first_line,
    identity_option,
    keys_of,
    lines_option,
    manifest_json,
    passphrase_option,
    showing,
    size_text,
)
from chattui.config import Settings
from chattui.config.log import start_log
from chattui.domain.errors import ConfigError

if TYPE_CHECKING:
    from chattui.backup.places import Keep
    from chattui.backup.sealing import Seal


@click.command()
@click.option("--to", "place", metavar="PATH", help="A file, or a directory to make one in.")
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
    place: str | None,
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
    target = (Path(place) if place else _directory(settings)).expanduser().absolute()
    is_directory = place is None or target.is_dir() or place.endswith(os.sep)
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
        done = run.backup(conninfo_of(context, settings), wanted, tell)
    if scheduled:
        from chattui.server.places import Places

        Places(settings.data_dir).backed_up.touch()
    document = {
        "path": str(done.path),
        "bytes": done.size,
        "encrypted": bool(seal),
        "seconds": round(done.seconds, 3),
        "removed": [str(path) for path in done.removed],
        **manifest_json(done.manifest),
    }
    if lines:
        click.echo(json.dumps(document))
    elif as_json:
        output.print_json(document)
    else:
        click.echo(f"{done.path}: {contents(done.manifest)}, {size_text(done.size)} in {done.seconds:.1f} s.")
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
                **(manifest_json(k.manifest) if k.manifest else {}),
            }
            for k in found
        ]
        output.print_json({"directory": str(where), "backups": shown})
        return 0
    if not found:
        click.echo(f"There are no backups in {where}. `chattui db backup` makes one.")
    for k in found:
        about = contents(k.manifest) if k.manifest else "encrypted" if k.encrypted else "DAMAGED: its end is missing"
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
    keys = keys_of(identities, passphrase_file)
    start_log(settings, verbose=context.verbose)
    with showing(as_json=as_json, lines=lines) as tell:
        if quick:
            manifest = run.check_file(file, keys, tell)
        else:
            with scratch(settings) as conninfo:
                manifest = run.restore(conninfo, file, keys, index=False, tell=tell).manifest
    document = {"ok": True, "path": str(file), "restored": not quick, **manifest_json(manifest)}
    if lines:
        click.echo(json.dumps(document))
    elif as_json:
        output.print_json(document)
    else:
        how = "every row is what its digest says" if quick else "restored, and every row came back as it was"
        click.echo(f"{file} is whole: {contents(manifest)}; {how}.")
    return 0


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

    if wrong := next((p for p in settings.problems if "backup.recipients" in p.sentence), None):
        raise ConfigError(wrong.sentence)  # rather none than one that anybody can read
    wanted = recipients or (() if encrypt or passphrase_file else settings.backup.recipients)
    for text in wanted:
        recipient(text)
    passphrase = None
    if passphrase_file is not None:
        passphrase = first_line(passphrase_file)
    elif encrypt:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "Nobody can be asked for a passphrase here: --passphrase-file names a file that holds it."
            )
        passphrase = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True))
    return Seal(wanted, passphrase)
