"""Finds the marked matches in laid out messages, and brings them to light where they are folded or cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chattui.domain.chat import Message
from chattui.tui.pane.lru import Lru
from chattui.tui.pane.marks import Marks, MatchWalk, Span, find_spans, rows_of
from chattui.tui.pane.plain import window_at
from chattui.tui.pane.typeset import MOST_ROWS, Typesetter


class Found(NamedTuple):
    """The matches of a laid out message: by row, and the row in which each begins."""

    spans: dict[int, list[Span]]
    rows: list[int]


_NOTHING = Found({}, [])


class Finder:
    """The matches of the current marks, by message; nothing is looked for in messages that are not seen."""

    def __init__(self, typeset: Typesetter, forget: Callable[[int], None]) -> None:
        """``forget(seq)`` makes the pane lay a message out again, and calls ``drop``."""
        self.walk: MatchWalk | None = None
        self._typeset = typeset
        self._forget = forget
        self._found: Lru[int, Found] = Lru(400)
        self._searched: set[int] = set()

    def set(self, marks: Marks | None) -> None:
        """Look for something else, or for nothing."""
        self.walk = MatchWalk(marks, self.rows) if marks else None
        self._searched.clear()
        self.clear()

    def clear(self) -> None:
        """All lines have changed."""
        self._found.clear()

    def drop(self, seq: int) -> None:
        """The lines of a message have changed."""
        self._found.drop(seq)

    def found(self, seq: int) -> Found:
        """The matches of a message; none while it is not loaded."""
        if self.walk is None:
            return _NOTHING
        found = self._found.get(seq)
        if found is None:
            laid = self._typeset.laid(seq)
            if laid is None:
                return _NOTHING
            spans = find_spans(laid.lines, self.walk.marks.pattern)
            found = Found(spans, rows_of(spans))
            self._found.put(seq, found)
        return found

    def rows(self, seq: int) -> list[int]:
        """Rows in which the matches of a message begin; none while it is not loaded."""
        return self.found(seq).rows

    def here(self, seq: int) -> int:
        """The number of the reader's match, when it is in this message; else -1."""
        return self.walk.number if self.walk is not None and self.walk.seq == seq else -1

    def reveal(self, seq: int) -> int:
        """The row of the current match in message ``seq``, which is opened, and shown in part, as that needs."""
        walk, message = self.walk, self._message(seq)
        laid = self._typeset.laid(seq)
        if walk is None or message is None or laid is None:
            return 0
        if self._typeset.is_folded(seq):
            self._typeset.look(seq).opened = True
            self._forget(seq)
            self._forget(self._typeset.after(seq))
            laid = self._typeset.laid(seq) or laid
        if (laid.after >= 0 or laid.before >= 0) and not self.rows(seq):
            self._typeset.look(seq).rows = MOST_ROWS
            self._forget(seq)
            if not self.rows(seq) and seq not in self._searched:
                self._searched.add(seq)
                if found := walk.marks.pattern.search(message.content):
                    self._show_part(message, found.start())
        rows = self.rows(seq)
        return rows[walk.number] if rows else laid.head

    def next_part(self, step: int) -> bool:
        """After the last match in the shown part of a long message, show the part that holds the next, if one does."""
        walk = self.walk
        message = self._message(walk.seq) if walk and walk.seq else None
        if walk is None or message is None or step < 0 or walk.number + 1 < len(self.rows(message.seq)):
            return False
        laid = self._typeset.laid(message.seq)
        found = walk.marks.pattern.search(message.content, laid.end) if laid and laid.after >= 0 else None
        if found is None:
            return False
        self._show_part(message, found.start())
        walk.start(message.seq)
        return True

    def _show_part(self, message: Message, offset: int) -> None:
        look = self._typeset.look(message.seq)
        look.rows, look.start = MOST_ROWS, window_at(message.content, offset)
        self._forget(message.seq)

    def _message(self, seq: int) -> Message | None:
        return self._typeset.feed.get(seq) if self._typeset.feed is not None else None
