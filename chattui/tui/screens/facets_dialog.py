"""The facets of a search: what its hits have by source, project, role and month; choosing one narrows the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from chattui.domain.narrowing import Facet
from chattui.domain.visible import visible_line
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.results.facet_strip import FacetPicked
from chattui.tui.screens.dialogs import Dialog

_HEADINGS = {"source": "Source", "project": "Project", "role": "Role", "on": "Month"}


class FacetList(ItemList):
    """Facets under the names of their fields."""

    DEFAULT_CSS = "FacetList { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="facets")
        self._entries: list[Facet | str] = []

    def set_facets(self, facets: Sequence[Facet]) -> None:
        """Show other facets; the cursor stays on its own."""
        before = self.facet
        self._entries = []
        field = ""
        for facet in facets:
            if facet.field != field:
                self._entries += [*([""] if field else []), _HEADINGS[facet.field]]
                field = facet.field
            self._entries.append(facet)
        self.tops = range(len(self._entries) + 1)
        named = before and (before.field, before.value)
        same = (nr for nr, e in enumerate(self._entries) if isinstance(e, Facet) and (e.field, e.value) == named)
        self.replaced(next(same, 0), more=False)

    @property
    def facet(self) -> Facet | None:
        """The facet at the cursor."""
        entry = self._entries[self.cursor] if 0 <= self.cursor < len(self._entries) else None
        return entry if isinstance(entry, Facet) else None

    def selectable(self, index: int) -> bool:
        """Facets are, headings are not."""
        return isinstance(self._entries[index], Facet)

    def hint(self) -> str:
        """In place of none."""
        return "No hits, no facets."

    def action_pick(self) -> None:
        """Narrow by the facet at the cursor."""
        if self.facet is not None:
            self.post_message(FacetPicked(self.facet))

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:  # noqa: ARG002
        """A heading, or a value and its count."""
        entry = self._entries[index]
        if isinstance(entry, str):
            return [Segment(clip(f" {entry}", width), palette.heading)]
        over = palette.over(focused=True) if at_cursor else Style.null()
        count = f" {entry.count:,} "
        room = max(4, width - 2 - cells(count))
        value = clip(visible_line(entry.value), room)
        return [
            Segment("▌ " if at_cursor else "  ", palette.accent + over),
            Segment(value + " " * (room - cells(value)), palette.text + over),
            Segment(count, palette.aside(at_cursor=at_cursor) + over),
        ]


class FacetsDialog(Dialog[Facet | None]):
    """Shows facets of the hits that are known, and of more when they are read; answers with the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close", id="dialog.close")]

    def __init__(self, query: str, facets: Sequence[Facet], hits: int) -> None:
        super().__init__()
        self.query_text = query
        self._first = (facets, hits)
        self._title = Static("", markup=False, classes="dialog-title")
        self._list = FacetList()

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical(classes="dialog tall"):
            yield self._title
            yield self._list
            yield Static("Enter narrows the search · Esc closes", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """What is known at once."""
        self._list.focus()
        self.show(*self._first, all_of_them=False)

    def show(self, facets: Sequence[Facet], hits: int, *, all_of_them: bool) -> None:
        """Facets of so many hits."""
        of = f"of the {hits:,} hits" if all_of_them else f"of the newest {hits:,} hits"
        self._title.update(f"Facets {of}")
        self._list.set_facets(facets)

    def on_facet_picked(self, event: FacetPicked) -> None:
        """A facet was chosen."""
        event.stop()
        self.dismiss(event.facet)
