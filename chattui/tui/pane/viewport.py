"""Which rows are seen: an anchor message and line over the height index, measured as it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter

from chattui.tui.pane.heights import Heights

_AHEAD = 2
_NEAR = 3
"""Moves of up to this many pages walk from message to message; longer ones go by the index."""


class Viewport:
    """A window of ``height`` rows on the document.

    The anchor is the message and line in the window's first row: refining heights anywhere leaves what is seen in
    place and only changes ``y``. Every move measures the messages that it crosses and shows.
    """

    __slots__ = ("_measure", "anchor", "at_end", "height", "heights", "last")

    def __init__(self, measure: Callable[[int], int]) -> None:
        """``measure(seq)`` gives the best known rows of a message and has told ``heights`` about them."""
        self.heights = Heights()
        self.height = 0
        self.anchor = (1, 0)
        self.at_end = True  # the document's last row is in the window
        self.last = 0  # the last message in the window
        self._measure = measure

    def near(self, margin: int) -> list[int]:
        """The messages in the window, and ``margin`` of those above and below it that are shown."""
        heights, (first, _) = self.heights, self.anchor
        last = self.last
        for _ in range(margin):
            first, last = heights.before(first) or first, min(heights.after(last), heights.count)
        return list(heights.between(first, last))

    @property
    def y(self) -> int:
        """The document row at the top of the window."""
        seq, line = self.anchor
        return self.heights.top(seq) + line if self.heights.count else 0

    def messages(self) -> Iterator[int]:
        """The messages of which something is in the window."""
        return self.heights.between(self.anchor[0], self.last)

    def scroll(self, y: int) -> int:
        """Bring document row ``y``, in coordinates from before the move, to the top. Gives its refined coordinate."""
        if not self.heights.count or not self.height:
            return 0
        move = y - self.y
        if abs(move) <= _NEAR * self.height:
            self.anchor = self.walk(*self.anchor, move)
        elif y >= self.heights.total - self.height:
            return self.end()
        else:
            seq, line = self.heights.find(max(0, y))
            self.anchor = (seq, min(line, self._measure(seq) - 1))
        return self.fill()

    def place(self, seq: int, line: int, above: int) -> int:
        """Show a line of a message ``above`` rows below the top, or as near to that as the document allows."""
        if not self.heights.count or not self.height:
            return 0
        seq, line = self._nearest(seq, line)
        self.anchor = self.walk(seq, min(line, self._measure(seq) - 1), -above)
        return self.fill()

    def end(self) -> int:
        """Show the document's last row in the window's last."""
        seq, left = self.heights.count + 1, self.height
        while left > 0 and (before := self.heights.before(seq)):
            seq = before
            left -= self._measure(seq)
        self.anchor = (seq, -left) if left < 0 else (seq if seq <= self.heights.count else 1, 0)
        self.at_end = True
        self.last = self.heights.before(self.heights.count + 1)
        return self.y

    def fill(self) -> int:
        """Measure what the window shows; go up as far as needed for the window to be full. Gives ``y``."""
        seq, line = self._nearest(*self.anchor)
        line = min(line, self._measure(seq) - 1)
        self.anchor = (seq, line)
        left = self.height + line
        while seq <= self.heights.count and left > 0:
            left -= self._measure(seq)
            seq = self.heights.after(seq)
        if left > 0:
            return self.end()
        self.last = self.heights.before(seq)
        self.at_end = left == 0 and seq > self.heights.count
        return self.y

    def walk(self, seq: int, line: int, move: int) -> tuple[int, int]:
        """The message and line that are ``move`` rows further on, stopping at the document's first and last rows."""
        seq, line = self._nearest(seq, line)
        line += move
        while line < 0 and (before := self.heights.before(seq)):
            seq = before
            line += self._measure(seq)
        if line < 0:
            return seq, 0
        rows = self._measure(seq)
        while line >= rows and (after := self.heights.after(seq)) <= self.heights.count:
            line -= rows
            seq = after
            rows = self._measure(seq)
        return seq, min(line, rows - 1)

    def _nearest(self, seq: int, line: int) -> tuple[int, int]:
        """A message that is shown: another one is shown from its beginning."""
        near = self.heights.nearest(seq)
        return near, line if near == seq else 0

    def look_ahead(self, until: float) -> bool:
        """Measure the pages before and after the window; False when the time on the performance counter was over before."""
        for step, seq in ((self.heights.after, self.last), (self.heights.before, self.anchor[0])):
            left = _AHEAD * self.height
            at = step(seq)
            while 1 <= at <= self.heights.count and left > 0:
                if not self.heights.is_exact(at) and perf_counter() > until:
                    return False
                left -= self._measure(at)
                at = step(at)
        return True

    def seen(self) -> Iterator[tuple[int, int]]:
        """Message and line of each row from the top of the window on, without end at the window's."""
        seq, line = self.anchor
        count = self.heights.count
        while seq <= count:
            for row in range(line, self.heights.rows(seq)):
                yield seq, row
            seq, line = self.heights.after(seq), 0

    def row_of(self, seq: int, line: int = 0) -> int:
        """Where a message's line is, in rows below the window's top; negative above it."""
        return self.heights.top(seq) + line - self.y
