"""The facets above the hits: what the known ones have by source, project, role and month; each narrows by a number or a click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from chattui.domain.narrowing import Facet, with_field
from chattui.domain.visible import visible_line
from chattui.tui.pane.wrap import cells, clip

_ROWS = (("source", "project"), ("role", "on"))
_BETWEEN, _APART, _LEFT_OUT = "  ", "  │  ", " …"
_HINT = "Alt+N narrows"
_LONGEST, _NUMBER = 26, 2  # columns
NUMBERED = 9


@dataclass
class FacetPicked(Message):
    """A facet is to narrow the search."""

    facet: Facet


_Parts = list[Content | str | tuple[str, str]]


class FacetStrip(Static):
    """Two rows that hold the commonest values. A count says "+" while there may be more hits than are known."""

    DEFAULT_CSS = "FacetStrip { height: 2; }"

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__("", id=id, markup=False)
        self.wanted = True
        self.numbers = False
        self._facets: Sequence[Facet] = ()
        self._query, self._hits, self._partial = "", 0, False
        self._spans: list[tuple[int, int, int, Facet]] = []
        self._numbered: list[Facet] = []
        self._drawn: tuple[object, ...] = ()

    def show(self, facets: Sequence[Facet], query: str, hits: int, *, partial: bool) -> None:
        """The facets of so many known hits; ``partial``: there may be more."""
        self._facets, self._query, self._hits, self._partial = facets, query, hits, partial
        self._draw()

    def show_numbers(self, numbers: bool) -> None:
        """Whether a number is a key now; if not, it is told which one narrows."""
        if numbers != self.numbers:
            self.numbers = numbers
            self._draw()

    def facet(self, number: int) -> Facet | None:
        """The facet that a number is for."""
        return self._numbered[number - 1] if 0 < number <= len(self._numbered) else None

    def on_resize(self) -> None:
        """Other columns, other values."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Narrow by what was clicked."""
        x, y = event.x - self.gutter.left, event.y - self.gutter.top
        for row, start, end, facet in self._spans:
            if row == y and start <= x < end:
                self.post_message(FacetPicked(facet))
                return

    def _draw(self) -> None:
        width = self.content_size.width
        drawn = (width, self.numbers, self._query, self._hits, self._partial, *self._facets)
        if not width or drawn == self._drawn:
            return
        self._drawn = drawn
        self._spans, self._numbered = [], []
        parts: _Parts = []
        for row, fields in enumerate(_ROWS):
            line, used = self._row(row, fields, width)
            parts += ["\n", *line] if row else line
        if not self.numbers and used + cells(_HINT) + 2 <= width:
            parts.append((_HINT.rjust(width - used), "$foreground-muted"))
        self.update(Content.assemble(*parts), layout=False)

    def _row(self, row: int, fields: tuple[str, ...], width: int) -> tuple[_Parts, int]:
        """A row, and the columns that it takes."""
        groups, left_out = self._fitting(fields, width)
        parts: _Parts = []
        at = 0
        for group in groups:
            for nr, facet in enumerate(group):
                gap = _BETWEEN if nr else _APART if parts else ""
                number = ""
                if self._narrows(facet) and len(self._numbered) < NUMBERED:
                    self._numbered.append(facet)
                    number = f"{len(self._numbered)} " if self.numbers else ""
                value, count = self._written(facet)
                start = at + len(gap)
                at = start + cells(number + value + count)
                self._spans.append((row, start, at, facet))
                parts += [
                    (gap, "$foreground-disabled"),
                    (number, "bold $text-accent"),
                    value,
                    (count, "$foreground-muted"),
                ]
        if left_out:
            parts.append((_LEFT_OUT, "$foreground-muted"))
        return parts, at + cells(_LEFT_OUT) * left_out

    def _fitting(self, fields: tuple[str, ...], width: int) -> tuple[list[list[Facet]], bool]:
        """The values of each field that have room in a row, by turns, and whether some have none."""
        waiting = [[f for f in self._facets if f.field == field] for field in fields]
        found: list[list[Facet]] = [[] for _ in fields]
        room = width - cells(_LEFT_OUT)
        full = False
        while not full and any(waiting):
            for group, chosen in zip(waiting, found, strict=True):
                if group:
                    needed = (
                        _NUMBER
                        + cells("".join(self._written(group[0])))
                        + len(_BETWEEN if chosen else _APART * any(found))
                    )
                    if full := needed > room:
                        break
                    room -= needed
                    chosen.append(group.pop(0))
        return [group for group in found if group], any(waiting)

    def _written(self, facet: Facet) -> tuple[str, str]:
        return clip(visible_line(facet.value), _LONGEST), f" {facet.count:,}{'+' if self._partial else ''}"

    def _narrows(self, facet: Facet) -> bool:
        """Whether another search would come of it."""
        some = self._partial or facet.count < self._hits
        return some and with_field(self._query, facet.field, facet.value) != self._query
