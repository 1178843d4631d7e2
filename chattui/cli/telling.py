"""What the verbs of backups share: options, questions before something is lost, progress, keys, and how a backup is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chattui.cli.context import Context
from chattui.config import Settings
from chattui.config.log import start_log
from chattui.domain.backup import Manifest, Progress, Tell
from chattui.domain.errors import ConfigError

if TYPE_CHECKING:
    from chattui.backup.sealing import Keys

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


def manifest_json(manifest: Manifest) -> dict[str, Any]:
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


def contents(manifest: Manifest) -> str:
    count = len(manifest.head.owners)
    text = f"{manifest.rows('chats'):,} chats, {manifest.rows('messages'):,} messages, {manifest.rows('files'):,} attachments"
    return text + (f" of {count} people" if count > 1 else "")


def conninfo_of(context: Context, settings: Settings) -> str:
    """The database, its server up, and its schema left as it is."""
    from chattui.server import open_database

    start_log(settings, verbose=context.verbose)
    return open_database(settings, notify=lambda sentence: print(sentence, file=sys.stderr)).conninfo


def keys_of(identities: tuple[Path, ...], passphrase_file: Path | None) -> Keys:
    from chattui.backup.sealing import Keys

    return Keys(identities, _asker(passphrase_file))


def _asker(passphrase_file: Path | None) -> Callable[[], str | None]:
    """Asks once, whoever asks how often."""
    known: list[str | None] = []

    def ask() -> str | None:
        if not known:
            if passphrase_file is not None:
                known.append(first_line(passphrase_file))
            elif sys.stdin.isatty():
                known.append(str(click.prompt("Passphrase", hide_input=True, err=True)))
            else:
                known.append(None)
        return known[0]

    return ask


def first_line(path: Path) -> str:
    try:
        line = path.read_text("utf-8").split("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The passphrase cannot be read from {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}."
        ) from error
    if not line:
        raise ConfigError(f"The first line of {path} is empty: it is to be the passphrase.")
    return line
