"""The bar of the search: what is typed, what was looked for before, and the keys that work while one types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from chattui.tui.commands import bindings
from chattui.tui.widgets.query_colours import QueryColours
from chattui.tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from chattui.domain.completion import Completion, Values


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
        self._colours = QueryColours()
        super().__init__(placeholder, id)
        self.highlighter = self._colours
        self.recents: Sequence[str] = ()
        """Queries, the newest first."""
        self._recalled = -1  # which of them is in the bar, untouched
        self._round: tuple[str, Completion, int, str] | None = None  # what Tab goes through, and what it has made

    def notify_style_update(self) -> None:
        """The theme may be another one."""
        super().notify_style_update()
        self._colours.use(self.app)

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

    def complete(self, values: Values) -> bool:
        """Complete what is begun before the cursor, again for the next that begins so; False when there is nothing."""
        from chattui.domain.completion import complete

        if self._round is not None and self._round[3] == self.value:
            text, found, at, _ = self._round
            at = (at + 1) % len(found.texts)
        else:
            text, at = self.value, 0
            begun = complete(text, self.cursor_position, values)
            if begun is None:
                return False
            found = begun
        before = text[: found.start] + found.texts[at]
        self.value = before + text[found.end :]
        self.cursor_position = len(before)
        self._round = (text, found, at, self.value) if len(found.texts) > 1 else None
        return True

    def action_complete(self) -> None:
        """Complete what is being typed."""
        self.post_message(self.CompletionWanted())

    def action_cursor_right(self, select: bool = False) -> None:
        """Behind the text: all hits of the chat at the cursor of the list."""
        if not select and self.value and self.cursor_at_end and self.selection.is_empty:
            self.post_message(self.Moved("unfold"))
        else:
            super().action_cursor_right(select)
