"""The text area of the composer and its keys."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from chattui.domain.visible import visible


class Editor(TextArea):
    """The text area. Enter sends; Ctrl+J, Shift+Enter and Alt+Enter begin a new line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", show=True, priority=True, id="composer.send", tooltip="Send the message"),
        Binding(
            "ctrl+j,shift+enter,alt+enter",
            "newline",
            "New line",
            show=True,
            priority=True,
            id="composer.newline",
            tooltip="Begin a new line",
        ),
    ]

    class Sent(Message):
        """The text is to be saved."""

    def load_text(self, text: str) -> None:
        """Show another text. Control characters, as anywhere, become something that can be seen."""
        super().load_text(visible(text))

    def edit(self, edit: Edit) -> EditResult:
        """Insert or replace text: what is pasted can hold anything."""
        edit.text = visible(edit.text)
        return super().edit(edit)

    def action_send(self) -> None:
        """Save what was written, if it says anything."""
        if self.text.strip():
            self.post_message(self.Sent())

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")
