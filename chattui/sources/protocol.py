"""What a source is: one history format, found, read from any position, and continued in its own tool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from chattui.domain.history import Chunk, HistoryFile

Report = Callable[[Path, str], None]
"""Called with a path that could not be looked at, and why."""


class Source(Protocol):
    """One history format. Bytes in, chunks out; a source never writes and never talks to a database."""

    @property
    def name(self) -> str:
        """The name in the database and in ``--source``: ``claude-code``."""

    @property
    def label(self) -> str:
        """The name people read: ``Claude Code``."""

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """Directories in which this tool keeps its history; they need not exist."""

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        """Every history file below ``root``, in any order, without opening it. Unreadable places go to ``report``."""

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The file from a position that an earlier chunk gave, as chunks of bounded size.

        Reading in one go or in any number of steps yields the same messages. A chunk may hold no messages (only the
        position moved). Raises ``SourceError`` when the file cannot be opened or is not of this format at all.
        """

    def titles(self, root: Path) -> Mapping[str, str]:
        """Titles kept outside the history files: chat ``source_id`` to title. Empty when the tool has no such place."""

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        """The command that continues the chat in its own tool, run in the chat's project directory."""
