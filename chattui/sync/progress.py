"""How a sync is going, as values that a terminal, the app and a pipe can show."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """What a sync is doing."""

    LOOKING = "looking"
    READING = "reading"
    INDEXING = "indexing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a sync. Rates in messages per second, times in seconds; ``remaining`` is None while unknown."""

    phase: Phase
    files: int = 0
    files_done: int = 0
    bytes: int = 0
    bytes_done: int = 0
    messages: int = 0
    rate: float = 0.0
    remaining: float | None = None
    indexed: float = 0.0  # share of the search index that is built

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self) | {"phase": self.phase.value}


@dataclass(frozen=True, slots=True)
class FileFault:
    """A file or directory that could not be read (further), and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did."""

    found: int = 0  # history files looked at
    unchanged: int = 0
    read: int = 0
    messages: int = 0
    problems: int = 0  # records that could not be read
    faults: tuple[FileFault, ...] = field(default=())
    seconds: float = 0.0
    stopped: bool = False

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)
