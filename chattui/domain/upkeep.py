"""Upkeep of the database, as values: how far a rebuild is, what a check looked at, what a repair did."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Step(StrEnum):
    """Where the building of an index is."""

    WAITING = "waiting"  # for another program that builds it, or for transactions that began before
    BUILDING = "building"
    CHECKING = "checking"  # what was written meanwhile is added


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far an index is: ``share`` is 0.0 … 1.0 of it, ``rate`` messages a second, ``remaining`` seconds."""

    index: str
    step: Step
    share: float
    rate: float | None = None
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. ``cleared`` are the remains of one that was ended before; ``words`` is the new vocabulary."""

    indexes: tuple[str, ...]
    cleared: tuple[str, ...]
    words: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing that was checked.

    ``looked_at`` and ``wrong`` count ``things``; ``examples`` name a few of the wrong ones, never with the text of a chat.
    ``skipped`` says why it was not checked.
    """

    check: str
    things: str
    looked_at: int
    wrong: int = 0
    examples: tuple[str, ...] = ()
    can_repair: bool = False
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done about one check: ``changed`` things, or why not (``fault``)."""

    check: str
    said: str
    changed: int = 0
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Thinning:
    """Which snapshots of chats are kept that have no name: for how many days all of them, then the last of each hour, then the
    last of each day; None: for ever."""

    keep_all: int | None = 1
    keep_hourly: int | None = 7
    keep_daily: int | None = 30


@dataclass(frozen=True, slots=True)
class UpkeepRules:
    """What upkeep does. Days; None: not at all. ``every`` is how often the embedded server's watcher does it, in seconds.

    ``archive_after``: chats that were not opened, changed or written to for so long. ``purge_after``: chats that were
    deleted so long ago. ``keep_logs``: logs that were closed so long ago.
    """

    archive_after: int | None = None
    purge_after: int | None = None
    keep_logs: int | None = 30
    every: float | None = 86400.0
    snapshots: Thinning = field(default_factory=Thinning)


@dataclass(frozen=True, slots=True)
class Kept:
    """What one step of upkeep did: ``done`` of its ``things``, named by ``names`` where that helps; or why not (``fault``)."""

    step: str
    things: str
    done: int
    names: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of a schema that is not as the migrations make it. ``wanted``: None where they make no such thing;
    ``live``: None where it is missing."""

    kind: str
    name: str
    wanted: str | None
    live: str | None
