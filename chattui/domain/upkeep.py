"""Upkeep of the database, as values: how far a rebuild is, what a check looked at, what a repair did."""

from __future__ import annotations

from dataclasses import dataclass
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
