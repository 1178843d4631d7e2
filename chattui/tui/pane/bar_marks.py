"""Marks on the scroll bar: the rows of it behind which there are matches."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBar, ScrollBarRender

from chattui.tui.pane.heights import Heights

MARK = "━"


class BarMarks:
    """Which rows of the scroll bar are marked: those behind which a matching message begins, as far as heights are known.

    Rows are asked, not matches: a bar of 40 rows costs 80 look-ups in the heights and 40 in the matches, whether there
    are five of them or fifty thousand, and only when one or the other has changed.
    """

    def __init__(self, heights: Callable[[], Heights], style: Callable[[], Style]) -> None:
        self._heights = heights
        self.style = style
        self._seqs: Sequence[int] = ()
        self._bar: ScrollBar | None = None
        self._known: tuple[object, ...] = ()
        self._rows: tuple[int, ...] = ()

    def attach(self, bar: ScrollBar) -> None:
        """Let a scroll bar show them."""
        self._bar = bar
        bar.renderer = partial(_MarkedBar, self)  # type: ignore[misc, assignment]  # as Textual's docstring tells to

    def show(self, seqs: Sequence[int]) -> None:
        """Mark these messages, ascending."""
        if not seqs and not self._seqs:
            return
        self._seqs, self._known = seqs, ()
        if self._bar is not None:
            self._bar.refresh()

    def rows(self, size: int) -> tuple[int, ...]:
        """The marked ones of ``size`` rows."""
        heights = self._heights()
        if not self._seqs or not heights.count or heights.total <= size:
            return ()
        known = (id(heights), heights.total, heights.count, size)
        if known != self._known:
            self._known, self._rows = known, tuple(self._marked(heights, size))
        return self._rows

    def _marked(self, heights: Heights, size: int) -> list[int]:
        firsts = [_first_from(heights, heights.total * row // size) for row in range(size)] + [heights.count + 1]
        marked = []
        for row in range(size):
            at = bisect_left(self._seqs, firsts[row])
            if at < len(self._seqs) and self._seqs[at] < firsts[row + 1]:
                marked.append(row)
        return marked


def _first_from(heights: Heights, y: int) -> int:
    """The first message that begins at document row ``y`` or below."""
    seq, line = heights.find(y)
    return seq + 1 if line else seq


class _MarkedBar(ScrollBarRender):
    def __init__(self, marks: BarMarks, **given: Any) -> None:
        super().__init__(**given)
        self._marks = marks

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        style = self._marks.style()
        for bar in super().__rich_console__(console, options):
            if isinstance(bar, Segments):
                for row in self._marks.rows(len(bar.segments)):
                    text, under, _ = bar.segments[row]
                    bar.segments[row] = Segment(MARK * len(text), _over(under or Style.null(), style))
            yield bar


def _over(under: Style, mark: Style) -> Style:
    """The mark's colour on what is under it; the mouse does there what it does beside it."""
    on = under.color if under.reverse else under.bgcolor
    return Style(color=mark.color, bgcolor=on, bold=True, meta=under.meta)
