"""A list of items drawn line by line, with a cursor: any length costs what is seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from chattui.tui.pane.lru import Lru
from chattui.tui.pane.wrap import breaks, cells, clip
from chattui.tui.recents.list_palette import ListPalette, make_list_palette


class MoreWanted(Message):
    """The end of the list is near, and there are more items than it has. Sent once for each state of the list."""

    def __init__(self, wanted_by: ItemList) -> None:
        super().__init__()
        self.wanted_by = wanted_by

    @property
    def control(self) -> ItemList:
        """The list that asks."""
        return self.wanted_by


class ItemList(ScrollView, can_focus=True):
    """Scrolling, cursor, keys and mouse; a subclass says what the items are, how many rows they take and look like.

    ``tops`` holds the first row of each item and, last, the number of rows.
    """

    DEFAULT_CSS = """
    ItemList {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        background: $surface;
        color: $foreground;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="list.up", tooltip="Go to the item before"),
        Binding("down,j", "move(1)", "Down", show=False, id="list.down", tooltip="Go to the next item"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="list.page_up", tooltip="Go up one page"),
        Binding("pagedown,space", "page(1)", "Page down", show=False, id="list.page_down", tooltip="Go down one page"),
        Binding("home,g", "first", "First", show=False, id="list.home", tooltip="Go to the first item"),
        Binding("end,G", "last", "Last", show=False, id="list.end", tooltip="Go to the last item"),
        Binding("enter", "pick", "Open", id="list.pick", tooltip="Open the item"),
    ]

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name=name, id=id, classes=classes)
        self.cursor = -1
        self.tops: Sequence[int] = range(1)
        self.more = False
        self.fault = ""
        """Why there are no items, where reading them failed."""
        self._asked = False
        self._last_width = 0
        self._palette: ListPalette | None = None
        self._strips: Lru[tuple[int, int, bool], Strip] = Lru(2_000)

    # What a subclass says

    def selectable(self, index: int) -> bool:
        """Whether the cursor may be on the item."""
        raise NotImplementedError

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:
        """One row of an item, at most ``width`` columns."""
        raise NotImplementedError

    def measure(self, width: int) -> None:
        """The width has changed: set ``tops``."""

    def highlighted(self) -> None:
        """The cursor has moved."""

    def action_pick(self) -> None:
        """Choose the item at the cursor."""

    def hint(self) -> str:
        """What is shown in place of no items."""
        return ""

    # For the subclass

    @property
    def count(self) -> int:
        """Items in the list."""
        return len(self.tops) - 1

    @property
    def inner_width(self) -> int:
        """Columns of an item; while the list is hidden, those it had."""
        return self.scrollable_content_region.width or self._last_width

    def replaced(self, cursor: int, *, more: bool) -> None:
        """The items are other ones: the cursor's place among them, and whether there are more to come."""
        self.more, self._asked, self.fault = more, False, ""
        self._strips.clear()
        self.cursor = self.nearest(cursor) if self.count else -1
        self._resize_document()
        if self.cursor >= 0:
            self.show_cursor()
        self.refresh()
        self._ask_when_seen()

    def extended(self, *, more: bool) -> None:
        """Items were added at the end."""
        self.more, self._asked = more, False
        self._resize_document()
        if self.cursor < 0 and self.count:
            self.cursor = self.nearest(0)
        self.refresh()
        self._ask_when_seen()

    def nearest(self, index: int, step: int = 1) -> int:
        """The selectable item at ``index`` or next to it, first in the direction of ``step``; -1 for none."""
        index = max(0, min(index, self.count - 1))
        for direction in (step, -step):
            at = index
            while 0 <= at < self.count:
                if self.selectable(at):
                    return at
                at += direction
        return -1

    def repaint(self) -> None:
        """All rows look different."""
        self._strips.clear()
        self.refresh()

    def move_to(self, index: int, step: int = 1) -> None:
        """Put the cursor on an item, or on a selectable one next to it."""
        target = self.nearest(index, step) if self.count else -1
        if target < 0 or target == self.cursor:
            return
        self.cursor = target
        self.show_cursor()
        self.refresh()
        self.highlighted()
        self._ask_for_more()

    def show_cursor(self) -> None:
        """Scroll as far as it takes to see the item at the cursor, and what leads to it."""
        first, last = self.tops[self.cursor], self.tops[self.cursor + 1]
        above = self.cursor
        while above > 0 and not self.selectable(above - 1):
            above -= 1
        height = self.scrollable_content_region.height
        if not height:  # hidden
            return
        top = self.tops[above] if last - self.tops[above] <= height else first
        y = round(self.scroll_y)
        if top < y:
            self.scroll_to(y=top, animate=False)
        elif last > y + height:
            self.scroll_to(y=last - height, animate=False)

    def _resize_document(self) -> None:
        """Tell the scrollbar, which is always there, the size without laying out the screen."""
        size = Size(self.inner_width, self.tops[-1])
        if self.virtual_size != size:
            self.set_reactive(ItemList.virtual_size, size)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = size.height
                self.vertical_scrollbar.window_size = self.scrollable_content_region.height

    def _ask_when_seen(self) -> None:
        """Ask for more once these items are painted: reading the next ones would hold that up."""
        self.call_after_refresh(self._ask_for_more)

    def _ask_for_more(self) -> None:
        height = self.scrollable_content_region.height
        if self.more and not self._asked and height and round(self.scroll_y) + 3 * height >= self.tops[-1]:
            self._asked = True
            self.post_message(MoreWanted(self))

    # Keys and mouse

    def action_move(self, step: int) -> None:
        """Go to the previous or next item."""
        index = self.cursor + step
        while 0 <= index < self.count and not self.selectable(index):
            index += step
        if 0 <= index < self.count:
            self.move_to(index, step)

    def action_page(self, pages: int) -> None:
        """Go up or down by what is seen."""
        if self.cursor >= 0:
            height = max(1, self.scrollable_content_region.height - 1)
            self.move_to(self.index_at(self.tops[self.cursor] + pages * height), pages)

    def action_first(self) -> None:
        """Go to the first item."""
        self.move_to(0)
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        """Go to the last item."""
        self.move_to(self.count - 1, -1)

    def index_at(self, row: int) -> int:
        """The item at a row of the document, or the nearest."""
        return max(0, min(bisect_right(self.tops, row) - 1, self.count - 1))

    def on_click(self, event: events.Click) -> None:
        """Pick what was clicked."""
        row = round(self.scroll_y) + event.y
        if event.button == 1 and row < self.tops[-1] and self.selectable(index := self.index_at(row)):
            self.move_to(index)
            self.action_pick()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for more when the end comes near."""
        super().watch_scroll_y(old_value, new_value)
        self._ask_for_more()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the rows to the width."""
        event.stop()
        self._strips.clear()
        self._last_width = self.scrollable_content_region.width
        self.measure(self.inner_width)
        self._resize_document()
        if self.cursor >= 0:
            self.show_cursor()
        self._ask_for_more()

    def on_focus(self) -> None:
        """The cursor is brighter with the focus."""
        self.repaint()

    def on_blur(self) -> None:
        """The cursor is paler without it."""
        self.repaint()

    # Painting

    def palette(self) -> ListPalette:
        """The theme's styles."""
        if self._palette is None:
            self._palette = make_list_palette(self.app.theme_variables, ansi=self.app.native_ansi_color)
        return self._palette

    def notify_style_update(self) -> None:
        """Styles may have changed."""
        super().notify_style_update()
        self._palette = None
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the window."""
        row, width = round(self.scroll_y) + y, self.size.width
        palette = self.palette()
        if row >= self.tops[-1]:
            return self._below(y, row, width, palette)
        index = bisect_right(self.tops, row) - 1
        at_cursor = index == self.cursor
        key = (index, row - self.tops[index], at_cursor)
        strip = self._strips.get(key)
        if strip is None:
            segments = self.draw(*key[:2], self.inner_width, palette, at_cursor=at_cursor)
            lit = at_cursor and segments
            fill = palette.cursor_style(focused=self.has_focus) if lit else palette.text
            strip = _fit(segments, self.inner_width, fill).extend_cell_length(width, palette.text)
            self._strips.put(key, strip)
        return strip

    def _below(self, y: int, row: int, width: int, palette: ListPalette) -> Strip:
        text = ""
        first = min(1, self.scrollable_content_region.height - 1)
        if self.count == 0 and y >= first:
            says = self.fault or self.hint()
            rows = breaks(says, max(4, width - 2))
            text = says[slice(*rows[y - first])] if y - first < len(rows) else ""
        elif self.more and self.count and row == self.tops[-1]:
            text = "…"
        return Strip([Segment(" " + clip(text, width - 2), palette.muted)]).extend_cell_length(width, palette.text)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region, past Textual's cache of styled lines: there is no border to draw."""
        strips = [self.render_line(y) for y in crop.line_range]
        if filters := self.get_line_filters():
            background = self.background_colors[1]
            for line_filter in filters:
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips


def _fit(segments: list[Segment], width: int, fill: Style) -> Strip:
    used = sum(cells(segment.text) for segment in segments)
    strip = Strip(segments, used)
    return strip.crop(0, width) if used > width else strip.extend_cell_length(width, fill)
