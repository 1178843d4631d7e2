"""The bar of the search: what is typed, what was looked for before, and the keys that work while one types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from chattui.tui.commands import bindings
from chattui.tui.widgets.search_bar import SearchBar


class QueryBar(SearchBar):
    """The search bar of the main screen. In the empty bar Up brings the last queries; Tab completes; Right behind the text
    shows all hits of a chat."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("search"),
        Binding("tab", "complete", "Complete", show=False, id="query.complete"),
    ]

    class CompletionWanted(Message):
        """What is being typed is to be completed."""

    def __init__(self, placeholder: str, id: str) -> None:  # noqa: A002
        super().__init__(placeholder, id)
        self.recents: Sequence[str] = ()
        """Queries, the newest first."""
        self._recalled = -1  # which of them is in the bar, untouched

    def write(self, text: str) -> None:
        """Put a text into the bar, the cursor behind it."""
        self.value = text
        self.cursor_position = len(self.value)

    def action_hits(self, action: str) -> None:
        """Ask for a move in the list of hits; Up from an untouched bar goes back in the queries instead."""
        if action == "move(-1)" and self._recall():
            return
        self._recalled = -1
        super().action_hits(action)

    def _recall(self) -> bool:
        if not self.value:
            self._recalled = -1
        elif not 0 <= self._recalled < len(self.recents) or self.value != self.recents[self._recalled]:
            return False
        if self._recalled + 1 < len(self.recents):
            self._recalled += 1
            self.write(self.recents[self._recalled])
        return bool(self.recents)

    def action_complete(self) -> None:
        """Complete what is being typed."""
        self.post_message(self.CompletionWanted())

    def action_cursor_right(self, select: bool = False) -> None:
        """Behind the text: all hits of the chat at the cursor of the list."""
        if not select and self.value and self.cursor_at_end and self.selection.is_empty:
            self.post_message(self.Moved("unfold"))
        else:
            super().action_cursor_right(select)
