"""Saved searches above the recents: a name and how many hits it has, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from chattui.domain.search import HitCount, SavedSearch
from chattui.domain.visible import visible_line
from chattui.tui.commands import bindings
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette

_MOST_ROWS = 8


@dataclass
class SavedPicked(Message):
    """A saved search is to be looked for."""

    search: SavedSearch


@dataclass
class SavedForgotten(Message):
    """A saved search is wanted no more."""

    search: SavedSearch


class SavedList(ItemList):
    """Item 0 is the heading. The list is as high as it is long, up to a few rows."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("saved")

    def __init__(self) -> None:
        super().__init__(id="saved")
        self._saved: Sequence[SavedSearch] = ()
        self._counts: dict[str, HitCount] = {}

    def set_saved(self, saved: Sequence[SavedSearch]) -> None:
        """Show other searches; the cursor stays in its place."""
        self._saved = saved
        self.tops = range(len(saved) + 2)
        self.styles.height = min(len(saved) + 1, _MOST_ROWS)
        self.display = bool(saved)
        self.replaced(max(1, self.cursor), more=False)

    def set_count(self, query: str, count: HitCount) -> None:
        """How many hits a search has."""
        if self._counts.get(query) != count:
            self._counts[query] = count
            self.repaint()

    def selectable(self, index: int) -> bool:
        """Searches are, the heading is not."""
        return index > 0

    @property
    def search(self) -> SavedSearch | None:
        """The search at the cursor."""
        return self._saved[self.cursor - 1] if 0 < self.cursor <= len(self._saved) else None

    def action_pick(self) -> None:
        """Look for the search at the cursor."""
        if self.search is not None:
            self.post_message(SavedPicked(self.search))

    def action_forget(self) -> None:
        """The search at the cursor is wanted no more."""
        if self.search is not None:
            self.post_message(SavedForgotten(self.search))

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:  # noqa: ARG002
        """The heading, or a name and a count."""
        if not index:
            return [Segment(clip(" Saved searches", width), palette.heading)]
        at_cursor = at_cursor and self.has_focus
        over = palette.over(focused=True) if at_cursor else Style.null()
        saved = self._saved[index - 1]
        count = self._counts.get(saved.query)
        side = f" {count if count is not None else '…'} "
        room = max(1, width - 1 - cells(side))
        name = clip(visible_line(saved.name), room)
        return [
            Segment(" ", palette.accent + over),
            Segment(name + " " * (room - cells(name)), (palette.strong if at_cursor else palette.text) + over),
            Segment(side, (palette.text if at_cursor else palette.faint) + over),
        ]
