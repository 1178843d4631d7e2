"""Backups as values: what a file holds of whom, how far one is, what a restore is to do and what it did."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FORMAT = 1
"""The layout of a backup's file. A program reads files of its own number and of smaller ones."""

DERIVED = frozenset({"day_counts", "words", "vocabularies"})
"""Tables that the database can make again from the others: no person wrote anything in them."""

OF_THE_PLACE = frozenset({"upkeep_runs"})
"""Tables that record what was done to a database: they stay with it, and are nothing that a person has."""

SEMANTIC = frozenset({"semantic_settings", "embedded_chats", "embeddings"})
"""Tables of the search by meaning, which are there only where it is on."""


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one table that belong to one owner, without the column owner.

    ``size`` is bytes of COPY text; ``digest`` is hexadecimal and does not depend on the order of the rows.
    """

    owner: str
    table: str
    rows: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is known before the first row: ``tables`` names the columns of each, in an order in which they can be loaded.

    ``database`` tells databases apart without naming them. ``everybody``: all owners were asked for, though there may be
    only one of them.
    """

    made_at: datetime
    program: str
    server_version: str
    schema_version: int
    database: str
    owners: tuple[str, ...]
    tables: dict[str, tuple[str, ...]]
    format: int = FORMAT
    everybody: bool = False

    def as_json(self) -> dict[str, Any]:
        """For ``head.json``."""
        return {
            "chattui": "backup",
            "format": self.format,
            "made_at": self.made_at.isoformat(),
            "program": self.program,
            "server_version": self.server_version,
            "schema_version": self.schema_version,
            "database": self.database,
            "owners": list(self.owners),
            "everybody": self.everybody,
            "tables": {name: list(columns) for name, columns in self.tables.items()},
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup's head and what came of it: the last thing that is written, so that a file without one is not whole."""

    head: Head
    sections: tuple[Section, ...]

    def rows(self, table: str) -> int:
        """How many rows of a table, of all owners."""
        return sum(s.rows for s in self.sections if s.table == table)

    @property
    def size(self) -> int:
        """Bytes of all rows."""
        return sum(s.size for s in self.sections)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something long is: ``done`` of ``total`` bytes (0: not known), ``rate`` bytes and ``remaining`` seconds."""

    step: str
    done: int
    total: int
    rate: float | None = None
    remaining: float | None = None

    @property
    def share(self) -> float | None:
        """0.0 … 1.0, None when the total is not known."""
        return min(1.0, self.done / self.total) if self.total else None


Tell = Callable[[Progress], None]


class Meter:
    """Counts bytes and tells of them a few times a second."""

    EVERY = 0.2

    def __init__(self, tell: Tell | None, step: str, total: int = 0) -> None:
        self._tell, self._step, self._total = tell, step, total
        self._began = time.perf_counter()
        self._told = 0.0
        self.done = 0

    def add(self, count: int) -> None:
        """So many bytes more."""
        self.at(self.done + count)

    def at(self, done: int) -> None:
        """So many bytes now."""
        self.done = done
        now = time.perf_counter()
        if self._tell is None or now - self._told < self.EVERY:
            return
        self._told = now
        elapsed = now - self._began
        rate = done / elapsed if elapsed > 0.5 else None
        left = max(0, self._total - done) / rate if rate and self._total else None
        self._tell(Progress(self._step, done, self._total, rate, left))


@dataclass(frozen=True, slots=True)
class Holding:
    """What a database holds of some owners: what a person is told before it is replaced or removed."""

    owners: tuple[str, ...]
    chats: int
    messages: int
    files: int
    others: int = 0

    def sentence(self) -> str:
        """ "1,204 chats with 90,211 messages and 12 attachments of ann"."""
        whose = ", ".join(self.owners[:5]) + (f" and {len(self.owners) - 5} more" if len(self.owners) > 5 else "")
        text = f"{self.chats:,} chats with {self.messages:,} messages and {self.files:,} attachments"
        return f"{text} of {whose}" if whose else text

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"owners": list(self.owners), "chats": self.chats, "messages": self.messages, "files": self.files}


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that is on disk: ``size`` is that of the file."""

    path: Path
    size: int
    manifest: Manifest
    seconds: float
    removed: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore or a move did; ``notes`` are sentences on what was left out."""

    manifest: Manifest
    owners: tuple[str, ...]
    replaced: Holding | None
    seconds: float
    index_seconds: float
    index_ready: bool
    notes: tuple[str, ...] = ()
    resumed: int = 0
