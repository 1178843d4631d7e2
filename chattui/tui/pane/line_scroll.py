"""A scroll view over a document of messages that is measured only where it is seen."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from chattui.tui.pane.viewport import Viewport


class LineScroll(ScrollView, can_focus=True):
    """Scrolling, sizes and repainting; what the rows look like is a subclass's business.

    A *goal* is a function that places the viewport: at the end, at a match, at a line. As long as the reader has not
    moved away it is applied again whenever heights change; without a goal, the row at the top stays where it is.
    Heights above it change ``scroll_y``, never what is seen.
    """

    DEFAULT_CSS = """
    LineScroll {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        background: $background;
        color: $foreground;
    }
    """

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name=name, id=id, classes=classes)
        self.viewport = Viewport(self.measure)
        self._goal: Callable[[], object] | None = None
        self._told = 0  # the position that Textual knows; heights may have changed since

    def measure(self, seq: int) -> int:
        """The best known rows of a message, told to the heights when exact."""
        raise NotImplementedError

    def paint(self, top: int, rows: int, *, stamp: bool = False) -> list[Strip]:
        """The strips of ``rows`` rows of the window; ``stamp`` them with document offsets for selection."""
        raise NotImplementedError

    def moved(self) -> None:
        """The window shows other rows, or others may be needed."""

    def resized(self, width: int) -> None:
        """The window has another width."""

    def go(self, goal: Callable[[], object] | None) -> None:
        """Place the window by a goal, and again when heights change; by None, leave it where it is."""
        self._goal = goal
        self.settle()

    def scroll_rows(self, rows: int) -> None:
        """Move by rows, as a reader does."""
        self.viewport.scroll(self.viewport.y + rows)
        self._goal = self.viewport.end if self.viewport.at_end else None
        self._show()

    def settle(self) -> None:
        """Heights have changed: go to the goal, or stay on the same row, and repaint."""
        if self.viewport.heights.count and self.viewport.height:
            (self._goal or self.viewport.fill)()
            if self._goal is None and self.viewport.at_end:
                self._goal = self.viewport.end
        self._show()

    def _show(self) -> None:
        self.sync()
        self.moved()
        self.refresh()

    def sync(self) -> None:
        """Make scroll position and scrollbar agree with the viewport, without repainting."""
        self._sync_size()
        self._told = self.viewport.y
        y = float(self._told)
        self.set_reactive(LineScroll.scroll_y, y)
        self.set_reactive(LineScroll.scroll_target_y, y)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = y

    def _sync_size(self) -> None:
        """Tell the scrollbar the document's size without laying out the screen, which setting ``virtual_size`` does."""
        size = Size(self.scrollable_content_region.width, self.viewport.heights.total)
        if self.virtual_size != size:
            self.set_reactive(LineScroll.virtual_size, size)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = size.height
                self.vertical_scrollbar.window_size = self.viewport.height

    def validate_scroll_y(self, value: float) -> float:
        """All scrolling that Textual does (wheel, scrollbar, dragging a selection) comes through here.

        The fraction is kept: dragging scrolls by less than a row at a time.
        """
        if not self.viewport.heights.count or not self.viewport.height:
            return 0.0
        row = round(value)
        if row == self._told:
            return max(0.0, value)
        y = self._told = self.viewport.scroll(self.viewport.y + row - self._told)
        self._goal = self.viewport.end if self.viewport.at_end else None
        self._sync_size()
        self.moved()
        self.refresh()
        return float(y) if self.viewport.at_end or y == 0 else max(0.0, y + value - row)

    def validate_scroll_target_y(self, value: float) -> float:
        """Anything: the position itself is checked."""
        return max(0.0, value)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:  # noqa: ARG002
        """Keep scrollbar and target with the position."""
        self.set_reactive(LineScroll.scroll_target_y, new_value)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew for another width; for another height only show more or fewer rows."""
        event.stop()
        region = self.scrollable_content_region
        self.viewport.height = region.height
        self.resized(region.width)

    def render_line(self, y: int) -> Strip:
        """One row, for hit tests."""
        return self.paint(y, 1, stamp=True)[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region, past Textual's cache of styled lines: there is no border to draw, strips are cached."""
        strips = self.paint(crop.y, crop.height)
        left, right = crop.column_span
        filters = self.get_line_filters()
        if filters:
            background = self.background_colors[1]
            for line_filter in filters:
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if (left, right) != (0, self.size.width):
            strips = [strip.crop(left, right) for strip in strips]
        return strips
