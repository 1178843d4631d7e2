"""Selecting by keyboard: a cursor that moves by lines or by messages, and the selection from where it was set to it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from textual.geometry import Offset
from textual.selection import Selection

from chattui.tui.pane.keys import pane_key
from chattui.tui.pane.messages import CopyRequested, SelectionMoved
from chattui.tui.pane.selection import ROW
from chattui.tui.pane.taking import Taking

_FAR = 1 << 20
"""A character behind the end of any row."""

Place = tuple[int, int]
"""A message and its row."""

SELECTS = (
    pane_key("v", "select", "select", "Select", "Select lines: move to extend, y copies, Esc leaves"),
    pane_key("V", "select_messages", "select_messages", "Select messages", "Select whole messages"),
    replace(  # or Textual's own Escape would drop the selection first, and then ours go back to the list
        pane_key("escape", "leave_selection", "leave_selection", "End selection", "Leave the selection"), priority=True
    ),
)
"""Keys that begin and end a selection."""


class Selecting(Taking):
    """The pane's selection by keyboard. It is the native selection, so it looks and is copied like the mouse's."""

    _start: Place | None = None
    _cursor: Place = (1, 0)
    _whole = False

    @property
    def is_selecting(self) -> bool:
        """Whether keys extend a selection."""
        return self._start is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a selection by keyboard can be left."""
        return self.is_selecting if action == "leave_selection" else super().check_action(action, parameters)

    def action_select(self) -> None:
        """Begin at the first line of the current message that is seen; lines instead of messages; or leave."""
        self._select(whole=False)

    def action_select_messages(self) -> None:
        """Begin with the current message; messages instead of lines; or leave."""
        self._select(whole=True)

    def _select(self, *, whole: bool) -> None:
        if not self.viewport.heights.count:
            return
        if self._start is not None and self._whole == whole:
            self.action_leave_selection()
            return
        if self._start is None:
            seq = self.current_seq
            laid = self.typeset.laid(seq)
            first, row = self.viewport.anchor
            self.document.origin = seq
            self._start = self._cursor = (seq, max(laid.head if laid else 0, row if seq == first else 0))
        self._whole = whole
        self._extend(*self._cursor)
        self.refresh_bindings()

    def action_leave_selection(self) -> None:
        """Leave it, with nothing selected."""
        self._leave()
        self.drop_selection()

    def _leave(self) -> None:
        if self._start is not None:
            self._start = None
            self.post_message(SelectionMoved(0, 0))
            self.refresh_bindings()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text."""
        if not self.viewport.heights.count:
            return None
        heights = self.viewport.heights
        return self.document.extract(selection, heights.count, self.typeset.lines, heights.between), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint it. A selection that was dropped, by a click or because the text was laid out anew, is left."""
        super().selection_updated(selection)
        if self.text_selection is None:
            self._leave()

    def selected_messages(self) -> tuple[int, int] | None:
        """The first and the last message that a selection touches, also one by the mouse."""
        selection = self.text_selection
        count = self.viewport.heights.count
        if selection is None or not count:
            return None
        first = self.document.place(selection.start.y)[0] if selection.start is not None else 1
        last = self.document.place(selection.end.y)[0] if selection.end is not None else count
        return max(1, first), min(count, last)

    # Extending

    def extend_rows(self, rows: int) -> bool:
        """Move the cursor by rows, or by as many messages as that is, at least one; False when nothing is selected."""
        if not self.is_selecting:
            return False
        heights = self.viewport.heights
        seq, row = self._cursor
        if not self._whole:
            self._extend(*self.viewport.walk(seq, row, rows))
            return True
        far = self.viewport.walk(seq, 0, rows)[0] if abs(rows) > 1 else seq
        near = heights.after(seq) if rows > 0 else heights.before(seq)
        self._extend(far if far != seq else near, 0)
        return True

    def go_to_message(self, seq: int) -> None:
        """Choose a message; while something is selected, extend the selection to it."""
        if self.is_selecting:
            self._extend(seq, 0)
        else:
            super().go_to_message(seq)

    def extend_to_end(self) -> bool:
        """Move the cursor to the chat's last row; False when nothing is selected."""
        if self.is_selecting:
            last = self.viewport.heights.before(self.viewport.heights.count + 1)
            self._extend(last, self.measure(last) - 1)
        return self.is_selecting

    def _extend(self, seq: int, row: int) -> None:
        assert self._start is not None
        seq = self.viewport.heights.nearest(max(1, min(seq, self.viewport.heights.count)))
        if not self.document.reaches(seq):
            self.notify("That is too far to select up to. x exports the whole chat.", timeout=4)
            return
        self._cursor = (seq, row)
        first, last = sorted((self._start, self._cursor))
        if self._whole:
            first, last = (first[0], 0), (last[0], ROW - 1)
        start, end = Offset(0, self.document.y(*first)), Offset(_FAR, self.document.y(*last))
        self.screen.selections = {self: Selection(start, end)}
        self._follow(seq, row)
        self.post_message(SelectionMoved(first[0], last[0], whole=self._whole))

    def _follow(self, seq: int, row: int) -> None:
        """Bring the cursor into the window."""
        if self._whole:
            super().go_to_message(seq)
            return
        self.choose(seq)
        top = self.viewport.row_of(seq, row)
        if 0 <= top < self.viewport.height:
            self.moved()
            self.refresh()
        else:
            self.go(partial(self.viewport.place, seq, row, 0 if top < 0 else self.viewport.height - 1))

    def copy_selected(self) -> bool:
        """Ask for the selection to be copied, and leave it; False when nothing is selected by keyboard."""
        if not self.is_selecting:
            return False
        found = self.get_selection(self.text_selection) if self.text_selection is not None else None
        if found is not None:
            self.post_message(CopyRequested(found[0], "selection"))
        self.action_leave_selection()
        return True

    def action_copy(self) -> None:
        """Ask for the selection to be copied where there is one by keyboard, else for the current message."""
        if not self.copy_selected():
            super().action_copy()
