"""What the settings ask for: a value that is typed, a key that is pressed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.config.options import Takes, Value, mistake
from chattui.domain.visible import visible_line
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.screens.settings_items import Item
from chattui.tui.widgets.line_input import LineInput


class ValueDialog(Dialog[Value | None]):
    """Asks for a value and does not take a wrong one; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel")]

    def __init__(self, item: Item) -> None:
        super().__init__()
        self._item = item
        value = item.value
        hidden = item.option is not None and item.option.secret and item.is_set
        self._text = "" if hidden else ", ".join(value) if isinstance(value, tuple) else str(value)
        self._hint = "What is there is hidden, and stays when nothing is typed. " if hidden else ""

    def compose(self) -> ComposeResult:
        """A line to write on."""
        several = " Several have commas between them." if self._item.takes is Takes.TEXTS else ""
        with Vertical(classes="dialog"):
            yield Static(f"{self._item.table}.{self._item.key}", markup=False, classes="dialog-title")
            yield Static(self._hint + self._item.help + several, markup=False)
            yield LineInput(visible_line(self._text), id="value", compact=False)
            yield Static("", markup=False, id="save-fault")
            yield Static("Enter saves · Esc leaves it as it is", markup=False, classes="dialog-hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The value is given."""
        event.stop()
        value: Value = event.value.strip()
        if self._item.takes is Takes.NUMBER and event.value.strip().isdecimal():
            value = int(event.value)
        if self._hint and not value:
            self.dismiss(None)
            return
        if self._item.takes is Takes.TEXTS:
            value = tuple(filter(None, (part.strip() for part in event.value.split(","))))
        wrong = mistake(self._item.option, value) if self._item.option is not None else ""
        if wrong:
            self.query_one("#save-fault", Static).update(
                f"'{self._item.table}.{self._item.key}' {visible_line(wrong)}."
            )
        else:
            self.dismiss(value)


class KeyDialog(Dialog[str | None]):
    """Asks for a key; None when the question is dropped."""

    def __init__(self, does: str, keys: str) -> None:
        super().__init__()
        self._does = does
        self._keys = keys

    def compose(self) -> ComposeResult:
        """What is asked."""
        with Vertical(classes="dialog"):
            yield Static(f"Press the key for: {self._does}", markup=False, classes="dialog-title")
            yield Static(f"It is {self._keys} now. Esc leaves it so.", markup=False)

    def on_key(self, event: events.Key) -> None:
        """The key."""
        event.stop()
        event.prevent_default()
        self.dismiss(None if event.key == "escape" else event.key)
