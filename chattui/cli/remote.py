"""``chattui import ssh://host`` and ``… | chattui import --machine NAME -``: histories of other machines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chattui.domain.errors import ConfigError
from chattui.domain.visible import visible_line
from chattui.sync.progress import SyncReport

if TYPE_CHECKING:
    from chattui.sources.protocol import Source
    from chattui.sync.engine import Sync
    from chattui.sync.preview import Preview
    from chattui.sync.remote import Fetched
    from chattui.sync.unpack import Tell

    Fetch = Callable[[Sequence[Source], Path, Tell], AbstractContextManager[Fetched]]


@dataclass(frozen=True, slots=True)
class Remote:
    """A machine by name, and how what sources read comes from there into a directory."""

    machine: str
    fetch: Fetch

    def run(
        self,
        sync: Sync,
        sources: Sequence[Source],
        state_dir: Path,
        *,
        index: bool,
        quiet: bool,
        came: Callable[[Sync], None],
    ) -> SyncReport:
        """Import what the machine holds, by a sync in its name. ``came`` is called when all is here.

        Raises ``SourceError`` when nothing comes.
        """
        tell = _teller(self.machine) if sys.stderr.isatty() and not quiet else _nothing
        with self.fetch(sources, state_dir / "fetched", tell) as fetched:
            came(sync)
            report = sync.run_work(sync.compare(fetched.found), found=len(fetched.found), index=index)
            sync.apply_titles(fetched.sources, {}, fetched.directory)
        return replace(report, faults=tuple(map(fetched.named, (*fetched.faults, *report.faults))))

    def preview(self, sync: Sync, sources: Sequence[Source], state_dir: Path, *, quiet: bool) -> Preview:
        """What an import from the machine would bring; nothing is stored, and what was fetched is gone afterwards.

        Raises ``SourceError`` when nothing comes.
        """
        tell = _teller(self.machine) if sys.stderr.isatty() and not quiet else _nothing
        with self.fetch(sources, state_dir / "fetched", tell) as fetched:
            told = sync.preview(sync.compare(fetched.found), len(fetched.found))
        return replace(told, faults=list(map(fetched.named, (*fetched.faults, *told.faults))))


def remote_of(paths: Sequence[Path], machine: str | None) -> Remote | None:
    """The machine that is meant; None where files or places of this one are. Raises ``ConfigError``."""
    from chattui.sync.remote import from_stream, host_of, over_ssh

    hosts = [host for path in paths if (host := host_of(str(path))) is not None]
    if machine is not None and not machine.strip():
        raise ConfigError("--machine needs a name.")
    if hosts:
        if len(paths) > 1:
            raise ConfigError("Name one host alone: an import takes one machine at a time.")
        return Remote(machine or hosts[0].name, lambda *to: over_ssh(hosts[0], *to))
    if machine is None:
        return None
    if [str(path) for path in paths] != ["-"]:
        raise ConfigError(
            "--machine names the machine of a host or of a tar that comes through a pipe: import --machine NAME -"
        )
    return Remote(machine, lambda *to: from_stream(sys.stdin.buffer, machine, *to))


def _teller(name: str) -> Tell:
    """A line on a terminal that says how much has come."""
    told = 0

    def tell(size: int) -> None:
        nonlocal told
        if size - told >= 1_000_000:
            told = size
            click.echo(f"\rReading from {visible_line(name)} … {size / 1e6:,.0f} MB\x1b[K", err=True, nl=False)

    return tell


def _nothing(_size: int) -> None:
    pass
