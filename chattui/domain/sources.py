"""How it stands with each source: switched on or off, where it is found, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source, with what came from it to this database from all ``machines``.

    ``places`` are those of its places on this machine that exist; one that ``is_named`` has no usual places. ``faults``
    counts files that had problems, ``raw`` records that were not understood and are kept.
    """

    name: str
    label: str
    enabled: bool
    places: tuple[str, ...]
    files: int = 0
    chats: int = 0
    messages: int = 0
    faults: int = 0
    machines: int = 0
    last_import: datetime | None = None
    is_named: bool = False
    raw: int = 0
