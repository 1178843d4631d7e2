"""One drawn line of text: styled segments, and how it goes on from the line above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from rich.segment import Segment
from rich.style import Style

Run: TypeAlias = tuple[str, Style]


class Line(NamedTuple):
    """A row of a message, without its gutter.

    ``lead`` characters at the start are ornament (indentation of a continued item, the bar of a quotation) and are
    never copied or searched. ``join`` stands between this line and the one above in the text that both belong to: a
    line feed, or what the wrap took away: blanks, or nothing in the middle of a word.
    """

    segments: tuple[Segment, ...] = ()
    lead: int = 0
    join: str = "\n"
    fill: Style | None = None  # of the rest of the row; None is the message's own background

    @property
    def plain(self) -> str:
        """The characters of the row, ornament included."""
        return "".join([segment.text for segment in self.segments])

    @property
    def text(self) -> str:
        """The characters of the row without ornament."""
        return self.plain[self.lead :]


def line_of(runs: Iterable[Run], *, lead: int = 0, join: str = "\n", fill: Style | None = None) -> Line:
    """A line of these runs; empty ones are left out."""
    return Line(tuple([Segment(text, style) for text, style in runs if text]), lead, join, fill)


def offset_of(lines: Sequence[Line], row: int) -> int:
    """Characters of text before ``row``: a position that means the same place at another width."""
    return sum(len(line.join) + len(line.text) for line in lines[:row])


def row_at(lines: Sequence[Line], offset: int) -> int:
    """The row in which the text at ``offset`` is drawn."""
    ends = accumulate(len(line.join) + len(line.text) for line in lines)
    return next((row for row, end in enumerate(ends) if offset < end), max(0, len(lines) - 1))
