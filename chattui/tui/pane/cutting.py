"""The part of a line that is seen when long lines are not wrapped but scrolled sideways."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import split_graphemes
from rich.segment import Segment

from chattui.tui.pane.lines import Line
from chattui.tui.pane.lru import Lru
from chattui.tui.pane.wrap import cells

if TYPE_CHECKING:
    from chattui.tui.pane.laid import Laid
    from chattui.tui.pane.typeset import Typesetter

UNWRAPPED = 10_000
"""Columns of text that a line may take where lines are not wrapped; what is longer goes on in the next row."""

GOES_ON = "›"
_MOST_KNOWN = 400


class Cut(NamedTuple):
    """What is seen of a line."""

    line: Line
    skipped: int  # characters of the line before the cut
    beyond: int  # columns of the line after the cut, blanks at its end left out


class Cutter:
    """Cuts the rows of the window at the column that the reader has scrolled to."""

    def __init__(self, typeset: Typesetter) -> None:
        self.left = 0
        self._typeset = typeset
        self._known: Lru[tuple[int, int], tuple[Line, int, int, Cut]] = Lru(_MOST_KNOWN)

    def seen(self, laid: Laid, seq: int, row: int) -> Cut:
        """What is seen of a row: all of it where lines are wrapped, and where it is not text of the message."""
        line = laid.lines[row]
        if self._typeset.wraps or self._typeset.stands(laid, row):
            return Cut(line, 0, 0)
        left, room = self.left, self._typeset.width
        known = self._known.get((seq, row))
        if known is None or known[0] is not line or known[1:3] != (left, room):
            known = (line, left, room, cut(line, left, room))
            self._known.put((seq, row), known)
        return known[3]

    def skipped(self, laid: Laid | None, seq: int, row: int) -> int:
        """Characters of a row that are to the left of what is seen."""
        return self.seen(laid, seq, row).skipped if laid is not None and row < len(laid.lines) else 0

    def reveal(self, line: Line, start: int, end: int) -> bool:
        """Scroll so far that the characters ``start`` … ``end`` of a line are seen. False when they were."""
        if self._typeset.wraps:
            return False
        room = self._typeset.width
        first, last = cells(line.plain[:start]), cells(line.plain[:end])
        if self.left <= first and last <= self.left + room:
            return False
        self.left = max(0, first - room // 3) if last > room else 0
        return True


def cut(line: Line, left: int, room: int) -> Cut:
    """The columns ``left`` … ``left + room`` of a line. Of a wide character that lies across an edge blanks are seen."""
    parts: list[Segment] = []
    column = skipped = end = 0
    for text, style, _ in line.segments:
        start, column = column, column + cells(text)
        if text.strip():
            end = column if not text.endswith(" ") else start + cells(text.rstrip(" "))
        if column <= left:
            skipped += len(text)
        elif start < left + room:
            before, shown = _piece(text, left - start, left + room - start)
            skipped += before
            parts.append(Segment(shown, style))
    only_ornament = line.lead and line.lead >= len(line.plain)
    beyond = 0 if only_ornament else max(0, end - left - room)
    return Cut(Line(tuple(parts), max(0, line.lead - skipped), line.join, line.fill), skipped, beyond)


def _piece(text: str, left: int, right: int) -> tuple[int, str]:
    """(characters before column ``left``, what stands from there to ``right``)."""
    left = max(0, left)
    if text.isascii():
        return left, text[left:right]
    starts, columns = _edges(text)
    first = bisect_left(columns, left)
    last = bisect_right(columns, right) - 1
    blanks = min(right, columns[first]) - left
    if last < first:
        return starts[first], " " * (right - left)
    tail = 0 if last == len(starts) - 1 else right - columns[last]
    return starts[first] - blanks, " " * blanks + text[starts[first] : starts[last]] + " " * tail


@lru_cache(128)
def _edges(text: str) -> tuple[array[int], array[int]]:
    """Where its characters begin, as a person counts them: indices and columns, the text's end included."""
    starts, columns = array("I"), array("I")
    column = 0
    for start, _, size in split_graphemes(text)[0]:
        starts.append(start)
        columns.append(column)
        column += size
    starts.append(len(text))
    columns.append(column)
    return starts, columns
