"""The state of a database as values: what it holds, how it is doing, and what to do where something is not right."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How much something matters."""

    GOOD = "good"
    WARNING = "warning"  # works, and somebody should look at it
    BAD = "bad"  # something does not work


@dataclass(frozen=True, slots=True)
class Held:
    """What a database holds for the caller, and what can be asked of it in a few milliseconds.

    ``text_bytes`` is the text of the caller's messages in UTF-8, ``database_bytes`` everything of everybody on disk.
    """

    schema_version: int
    index_ready: bool
    read_only: bool
    chats: int
    archived: int
    deleted: int
    messages: int
    text_bytes: int
    database_bytes: int
    connections: int
    max_connections: int
    last_sync: datetime | None = None
    last_backup: datetime | None = None  # that is recorded in the database


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ``said`` is how it is, ``advice`` what to do, "" where nothing is to be done."""

    name: str
    level: Level
    said: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or an index (``table`` is its table's name, of a table its own).

    ``rows`` and ``dead`` are the server's estimates, ``spare`` bytes that a rebuild would give back, as estimated.
    """

    name: str
    table: str
    is_index: bool
    bytes: int
    rows: int = 0
    dead: int = 0
    changed: int = 0  # rows since the last analyze
    scans: int = 0
    spare: int = 0
    is_valid: bool = True
    last_vacuum: datetime | None = None
    last_analyze: datetime | None = None


@dataclass(frozen=True, slots=True)
class SlowStatement:
    """A statement and how long it takes. ``text`` has no values in it."""

    text: str
    calls: int
    mean_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Replica:
    """A server that follows this one; ``lag_seconds`` behind, None where it is not known."""

    name: str
    state: str
    lag_seconds: float | None


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """All that `chattui db stats` tells. ``days`` are (ISO date, messages of that day), the newest first."""

    version: str
    started_at: datetime
    held: Held
    relations: tuple[Relation, ...]
    days: tuple[tuple[str, int], ...]
    cache_hits: float | None
    connections: dict[str, int] = field(default_factory=dict)
    slow: tuple[SlowStatement, ...] = ()
    slow_from: str = "log"
    last_upkeep: datetime | None = None
    last_backup: datetime | None = None
    replicas: tuple[Replica, ...] = ()
    standby_lag: float | None = None
    longest_transaction: float | None = None
    oldest_xid_share: float = 0.0


def size_words(size: float) -> str:
    """Bytes as people say them: ``34 KB``, ``1.2 GB``."""
    for unit, each in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= each:
            return f"{size / each:.1f} {unit}" if size < 10 * each else f"{size / each:,.0f} {unit}"
    return f"{size:.0f} bytes"


def span_words(seconds: float) -> str:
    """A time span as people say it: ``3 minutes``, ``2 days``."""
    for unit, each in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= each:
            count = int(seconds // each)
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{int(seconds)} second{'' if int(seconds) == 1 else 's'}"


def worst(checks: list[Check]) -> Level:
    """The level of the worst of them."""
    levels = [check.level for check in checks]
    return Level.BAD if Level.BAD in levels else Level.WARNING if Level.WARNING in levels else Level.GOOD
