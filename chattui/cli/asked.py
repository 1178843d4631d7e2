"""What an import is asked for: which sources, which files, since when."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chattui.domain.errors import ConfigError, SourceError
from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.config import Settings
    from chattui.domain.history import HistoryFile
    from chattui.sources.protocol import Source
    from chattui.store.database import Database
    from chattui.sync.engine import Sync
    from chattui.sync.plan import Work
    from chattui.sync.progress import Progress
    from chattui.sync.ruled import LeftOutFiles

STANDARD_INPUT: Final = Path("-")


@dataclass(frozen=True, slots=True)
class Asked:
    """``paths``: none for the usual places. ``spooled``: the one of them in which standard input is kept for now."""

    sources: list[Source]
    paths: tuple[Path, ...]
    spooled: Path | None
    since: datetime | None
    left_out: LeftOutFiles
    machine: str | None = None

    def sync(self, db: Database, tell: Callable[[Progress], None] | None = None) -> Sync:
        """What imports it."""
        from chattui.sync.engine import Sync

        return Sync(db, self.sources, tell=tell, since=self.since, machine=self.machine)

    def history(self) -> Sequence[tuple[Source, HistoryFile]]:
        """The history files that the paths name. Raises ``SourceError`` when one of them is none."""
        from chattui.sync.choose import history_in

        try:
            return history_in(self.paths, self.sources)
        except SourceError as error:
            raise SourceError(self.named(str(error))) from error

    def work(self, sync: Sync, found: Sequence[tuple[Source, HistoryFile]]) -> list[Work]:
        """What of it is new or has changed."""
        return sync.compare(found, spooled=self.spooled)

    def named(self, sentence: str) -> str:
        """A sentence in which standard input is called so."""
        return sentence if self.spooled is None else sentence.replace(str(self.spooled), "standard input")


def asked(
    stack: ExitStack,
    settings: Settings,
    names: tuple[str, ...],
    paths: tuple[Path, ...],
    since: str | None,
    *,
    mask: bool | None = None,
) -> Asked:
    """The arguments understood. Standard input is read to its end, and kept as long as ``stack`` lasts.

    ``mask``: whether secrets are replaced before they are stored; None: as the configuration has it.
    """
    masks = settings.mask_at_import if mask is None else mask
    sources, left_out = _sources(settings, names, is_named=bool(paths), mask=masks)
    moment, spooled = _moment(since), None
    if STANDARD_INPUT in paths:
        from chattui.sync.spool import spooled as kept_in

        if sys.stdin.isatty():
            raise SourceError("Nothing is piped in: - stands for standard input.")
        folder = settings.state_dir / "standard-input"
        spooled = stack.enter_context(kept_in(sys.stdin.buffer, folder))
        paths = tuple(dict.fromkeys(spooled if path == STANDARD_INPUT else path for path in paths))
    return Asked(sources, paths, spooled, moment, left_out)


def _sources(
    settings: Settings, names: tuple[str, ...], *, is_named: bool, mask: bool
) -> tuple[list[Source], LeftOutFiles]:
    """The sources that are on; of files that are named, and with ``--source``, those too that are off."""
    from chattui.sources.plugins import faults
    from chattui.sources.registry import all_sources
    from chattui.sync.ruled import LeftOutFiles, ruled

    known = [s.name for s in all_sources()]
    if unknown := set(names) - set(known):
        raise ConfigError(f"There is no source {', '.join(sorted(unknown))}. The sources are: {', '.join(known)}.")
    for fault in faults():
        click.echo(visible_line(fault), err=True)
    left_out = LeftOutFiles(settings.state_dir / "left-out.json")
    wanted = names or (known if is_named else ())
    return ruled(settings.rules, settings.config_file, left_out, named=wanted, mask=mask), left_out


def _moment(since: str | None) -> datetime | None:
    """The first moment of the date that was typed, in this machine's zone."""
    if since is None:
        return None
    from chattui.domain.dates import EXAMPLES, period

    found = period(since.strip(), datetime.now().astimezone())
    if found is None:
        raise ConfigError(f"--since takes a date, as {EXAMPLES}, and not {since!r}.")
    return found[0]
