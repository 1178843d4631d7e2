"""Tabs: the chats that are open side by side, in order, and those that were closed last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

CLOSED_KEPT = 50


@dataclass(slots=True)
class Tab:
    """A chat that is open, and where it was left: ``line`` of message ``seq`` on top, or its end.

    ``chat_id`` is None for a chat that has no message yet; ``query`` is what its matches are marked for.
    """

    key: int
    chat_id: int | None = None
    title: str = ""
    seq: int | None = None
    line: int | None = None
    query: str = ""
    pinned: bool = False


@dataclass(slots=True)
class Tabs:
    """At least one tab, one of them ``active``; the pinned ones come first."""

    all: list[Tab] = field(default_factory=list)
    active: int = 0
    _closed: list[tuple[int, Tab]] = field(default_factory=list)
    _keys: count[int] = field(default_factory=lambda: count(1))
    _behind: int = 0  # tabs opened from the active one since it was gone to: the next comes behind them

    def __post_init__(self) -> None:
        if not self.all:
            self.all.append(Tab(next(self._keys)))

    @property
    def current(self) -> Tab:
        """The tab that is seen."""
        return self.all[self.active]

    @property
    def _pinned(self) -> int:
        return sum(tab.pinned for tab in self.all)

    def add(self, chat_id: int | None = None, title: str = "", seq: int | None = None, query: str = "") -> int:
        """A new tab behind the active one and those that were opened from it; returns its index."""
        self._behind += 1
        at = max(self._pinned, min(self.active + self._behind, len(self.all)))
        self.all.insert(at, Tab(next(self._keys), chat_id, title, seq, query=query))
        return at

    def go(self, index: int) -> None:
        """Another one is seen."""
        self.active, self._behind = index % len(self.all), 0

    def index_of(self, key: int) -> int | None:
        """Where the tab of this key is; None when it was closed."""
        return next((nr for nr, tab in enumerate(self.all) if tab.key == key), None)

    def close(self, index: int) -> None:
        """Close a tab. The one after it is seen then, or the one before; the last one gives way to a new chat."""
        tab = self.all.pop(index)
        if tab.chat_id is not None:
            self._closed = [*self._closed, (index, replace(tab, pinned=False))][-CLOSED_KEPT:]
        if not self.all:
            self.all.append(Tab(next(self._keys)))
        if index < self.active:
            self.active -= 1
        self.active, self._behind = min(self.active, len(self.all) - 1), 0

    def reopen(self) -> bool:
        """The tab that was closed last is where it was, and seen; False when there is none."""
        if not self._closed:
            return False
        at, tab = self._closed.pop()
        at = max(self._pinned, min(at, len(self.all)))
        self.all.insert(at, tab)
        self.go(at)
        return True

    def move(self, step: int) -> bool:
        """Move the active tab among its like: pinned ones stay before the others. False at the end."""
        to = self.active + step
        if not 0 <= to < len(self.all) or self.all[to].pinned != self.current.pinned:
            return False
        self.all[self.active], self.all[to] = self.all[to], self.all[self.active]
        self.active = to
        return True

    def pin(self) -> bool:
        """Pin the active tab, behind those that are pinned already, or let it go; returns whether it is pinned now."""
        tab = self.all.pop(self.active)
        tab.pinned = not tab.pinned
        self.active = self._pinned
        self.all.insert(self.active, tab)
        return tab.pinned

    def rename(self, chat_id: int, title: str) -> None:
        """A chat has another title."""
        for tab in self.all:
            if tab.chat_id == chat_id:
                tab.title = title

    def forget(self, chat_id: int) -> None:
        """A chat is gone: its tabs are closed, but for the active one."""
        current = self.current
        self.all = [tab for tab in self.all if tab.chat_id != chat_id or tab is current]
        self._closed = [(at, tab) for at, tab in self._closed if tab.chat_id != chat_id]
        self.active, self._behind = self.all.index(current), 0

    # Kept from one start to the next

    def state(self) -> dict[str, Any]:
        """What ``restored`` makes tabs of, as JSON."""
        tabs = [
            {"chat": t.chat_id, "title": t.title, "seq": t.seq, "line": t.line, "query": t.query, "pinned": t.pinned}
            for t in self.all
        ]
        return {"tabs": tabs, "active": self.active}


def restored(state: Mapping[str, Any]) -> Tabs:
    """Tabs as ``state`` tells them; what makes no sense of it is left out."""
    kept = state.get("tabs")
    tabs = Tabs()
    if not isinstance(kept, Sequence) or isinstance(kept, str):
        return tabs
    active, found = state.get("active"), list[Tab]()
    for nr, told in enumerate(kept):
        if not isinstance(told, Mapping):
            continue
        if nr == active:
            tabs.active = len(found)
        found.append(
            Tab(
                next(tabs._keys),
                _whole(told.get("chat")),
                _text(told.get("title")),
                _whole(told.get("seq")),
                _whole(told.get("line")),
                _text(told.get("query")),
                told.get("pinned") is True,
            )
        )
    if not found:
        return tabs
    seen = found[min(tabs.active, len(found) - 1)]
    tabs.all = sorted(found, key=lambda tab: not tab.pinned)
    tabs.active = tabs.all.index(seen)
    return tabs


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
