"""The search bar: what is typed, and the keys that move through the hits below without leaving it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from chattui.tui.widgets.line_input import LineInput


class SearchBar(LineInput):
    """One line at the top. Up, Down and the page keys move in the list of hits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "hits('move(1)')", "Next hit", show=False, id="search.down"),
        Binding("up", "hits('move(-1)')", "Previous hit", show=False, id="search.up"),
        Binding("pagedown", "hits('page(1)')", "Next page of hits", show=False, id="search.page_down"),
        Binding("pageup", "hits('page(-1)')", "Previous page of hits", show=False, id="search.page_up"),
    ]

    class Moved(Message):
        """The cursor in the list of hits is to move: ``action`` is an action of the list."""

        def __init__(self, action: str) -> None:
            self.action = action
            super().__init__()

    def __init__(self, placeholder: str, id: str) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, id=id)

    def action_hits(self, action: str) -> None:
        """Ask for a move in the list of hits."""
        self.post_message(self.Moved(action))
