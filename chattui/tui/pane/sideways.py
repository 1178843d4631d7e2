"""Long lines wrapped or not, and the keys and the wheel that scroll sideways where they are not."""

from __future__ import annotations

from itertools import islice

from textual import events

from chattui.tui.pane.keys import pane_key
from chattui.tui.pane.selecting import Selecting

SIDEWAYS = (
    pane_key("W", "wrap", "wrap", "Wrap", "Wrap long lines, or scroll them sideways"),
    pane_key("left", "sideways(-1)", "left", "Left", "Scroll to the left where lines are not wrapped"),
    pane_key("right", "sideways(1)", "right", "Right", "Scroll to the right where lines are not wrapped"),
    pane_key("0", "leftmost", "leftmost", "Leftmost", "Scroll back to the first column"),
)
"""Keys for lines that are wider than the pane."""

_LEAST = 8
_WHEEL = 6


class Sideways(Selecting):
    """The pane's moves to the left and to the right. What is in the gutter, and headlines, stay."""

    def action_wrap(self) -> None:
        """Wrap long lines, or do not; what is read stays where it is."""
        wraps = not self.typeset.wraps
        self.cutter.left = 0

        def change() -> None:
            self.typeset.wrap(wraps=wraps)

        self.lay_anew(change)
        said = "Long lines are wrapped." if wraps else "Long lines are not wrapped: ← → scroll sideways, 0 goes back."
        self.notify(said, timeout=3)

    def action_sideways(self, step: int) -> None:
        """Scroll by a quarter of the window."""
        self._across(step * max(_LEAST, self.typeset.width // 4))

    def action_leftmost(self) -> None:
        """Scroll back to the first column."""
        self._across(-self.cutter.left)

    def _across(self, columns: int) -> None:
        if columns > 0:
            columns = min(columns, self._beyond())
        left = max(0, self.cutter.left + columns)
        if left != self.cutter.left:
            self.cutter.left = left
            self._painter.clear()
            self.refresh()

    def _beyond(self) -> int:
        """Columns of the longest line in the window that are to the right of it."""
        beyond = 0
        for seq, row in islice(self.viewport.seen(), self.viewport.height):
            laid = self.typeset.laid(seq)
            if laid is not None and row < len(laid.lines):
                beyond = max(beyond, self.cutter.seen(laid, seq, row).beyond)
        return beyond

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """With Shift, the wheel scrolls to the right."""
        self._wheel(event, _WHEEL, sideways=event.shift)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """With Shift, the wheel scrolls to the left."""
        self._wheel(event, -_WHEEL, sideways=event.shift)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """A wheel of its own for this."""
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """A wheel of its own for this."""
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: events.MouseEvent, columns: int, *, sideways: bool = True) -> None:
        if sideways and not self.typeset.wraps:
            event.stop()
            event.prevent_default()
            self._across(columns)
