"""The questions of the search: under which name to keep it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.domain.visible import visible_line
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.widgets.line_input import LineInput


class SaveSearchDialog(Dialog[str | None]):
    """Asks for the name of a search; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel")]

    def __init__(self, query: str) -> None:
        super().__init__()
        self._query = visible_line(query).strip()

    def compose(self) -> ComposeResult:
        """A line to write on."""
        with Vertical(classes="dialog"):
            yield Static("Name of this search", markup=False, classes="dialog-title")
            yield LineInput(self._query, id="search-name", compact=False)
            yield Static("Enter keeps it above the list of chats · Esc cancels", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """What is typed takes the place of the proposed name."""
        self.query_one(LineInput).select_all()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The name is given."""
        event.stop()
        self.dismiss(event.value.strip() or None)
