"""The chain of records in a session file: which were met before, what each one answers, and on which thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chattui.sources.content import text_of
from chattui.sources.windows import Links, Seen, key_of

SEEN_RECORDS: Final = 16_384
LINKED_RECORDS: Final = 768
SIDECHAIN_RECORDS: Final = 512


@dataclass(slots=True)
class Place:
    """Where the messages of one record belong."""

    record_id: str
    key: str  # of the uuid; "" when the record has none
    parent: str | None
    thread: str | None
    at: datetime | None
    last: str | None = None  # source_id of the record's last message so far


class Chain:
    """Remembers enough of the records to resolve ``parentUuid`` to the source_id of a message.

    A record that yields no message passes its own parent on. A parent that is not in the file (or is too long ago) is
    taken to be the message before, which stitches compacted sessions together in file order.
    """

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.seen = Seen(SEEN_RECORDS, state.get("seen", ""))
        self.last: str | None = state.get("last")
        self.root: str = state.get("root", "")
        self._before: tuple[str, str] = ("", "")  # the record before and its key: mostly the parent
        self._links = Links(LINKED_RECORDS, state.get("links"))
        self._threads = Links(SIDECHAIN_RECORDS, state.get("threads"))

    def state(self) -> dict[str, Any]:
        """For the chunk's state."""
        return {
            "seen": self.seen.packed(),
            "last": self.last,
            "root": self.root,
            "links": self._links.packed(),
            "threads": self._threads.packed(),
        }

    def place(self, record: Mapping[str, Any], line_id: str, at: datetime | None, *, threads: bool) -> Place | None:
        """The record's place; None when its uuid was met before. ``threads``: side chains are threads of this chat."""
        uuid = record.get("uuid")
        key = ""
        if isinstance(uuid, str) and uuid:
            key = key_of(uuid)
            if key in self.seen:
                return None
            self.seen.add(key)
            if not self.root:
                self.root = uuid
        else:
            uuid = line_id
        thread = self._thread(record, uuid, key) if threads and record.get("isSidechain") is True else None
        place = Place(uuid, key, self._parent(record), thread, at)
        self._before = (uuid, key) if key else ("", "")
        return place

    def leave(self, place: Place) -> None:
        """All messages of the place are known now."""
        if place.last is None:
            if place.key:
                self._links.set(place.key, place.parent or "")
            return
        self.last = place.last
        if place.key and place.last != place.record_id:
            self._links.set(place.key, place.last)

    def _parent(self, record: Mapping[str, Any]) -> str | None:
        parent = record.get("parentUuid") or record.get("logicalParentUuid")
        if not isinstance(parent, str):
            return None if "parentUuid" in record else self.last
        key = self._before[1] if parent == self._before[0] else key_of(parent)
        link = self._links.get(key)
        if link is not None:
            return link or None
        return parent if key in self.seen else self.last

    def _thread(self, record: Mapping[str, Any], uuid: str, key: str) -> str:
        parent = record.get("parentUuid")
        known = self._threads.get(key_of(parent)) if isinstance(parent, str) else None
        thread = text_of(record.get("agentId")) or known or uuid
        if key:
            self._threads.set(key, thread)
        return thread
