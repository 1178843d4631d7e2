"""Asks under which name and in which directory a code block or an attachment is to be saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.domain.visible import visible_line
from chattui.export.names import is_name
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.screens.export_dialog import directory_of
from chattui.tui.widgets.line_input import LineInput

_NO_NAME = "That is no name for a file. The directory has a line of its own, below."


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment by its place: the ``number``-th of a message, from 1."""

    chat_id: int
    seq: int
    number: int


@dataclass(frozen=True, slots=True)
class Savable:
    """Something that can be saved: what it is, in a line, the name proposed for it, and its text or where its bytes are."""

    label: str
    name: str
    content: str | Attached


@dataclass(frozen=True, slots=True)
class SaveWish:
    """What of several things is to be saved, under which name in which directory, and whether over a file of that name."""

    items: Sequence[Savable]
    index: int
    name: str
    directory: Path
    replace: bool = False


class SaveDialog(Dialog[SaveWish | None]):
    """A name and a directory; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="save.cancel"),
        Binding("down", "step(1)", "Next", id="save.down", priority=True),
        Binding("up", "step(-1)", "Previous", id="save.up", priority=True),
    ]

    def __init__(self, wish: SaveWish) -> None:
        super().__init__()
        self._wish = wish
        self._index = wish.index
        self._title = Static("", markup=False, classes="dialog-title")
        self._line = LineInput(wish.name, id="file-name", compact=False)
        self._place = LineInput(str(wish.directory), id="directory", compact=False)
        self._fault = Static("", markup=False, id="save-fault")

    def compose(self) -> ComposeResult:
        """What is saved, a line for its name, and one for the directory."""
        several = "↑ ↓ another one · " if len(self._wish.items) > 1 else ""
        with Vertical(classes="dialog"):
            yield self._title
            yield self._line
            yield Static("In the directory:", markup=False, classes="dialog-hint")
            yield self._place
            yield self._fault
            yield Static(
                f"Enter saves · {several}Tab name, directory · Esc cancels", markup=False, classes="dialog-hint"
            )

    def on_mount(self) -> None:
        """The name is what is changed most."""
        self._draw()
        self._line.focus()

    def action_step(self, by: int) -> None:
        """Another of the things that there are; a name that was typed stays."""
        items = self._wish.items
        proposed = self._line.value == items[self._index].name
        self._index = (self._index + by) % len(items)
        if proposed:
            self._line.value = items[self._index].name
            self._line.cursor_position = len(self._line.value)
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was said of the name before is over."""
        event.stop()
        self._fault.update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go, if that is a name."""
        event.stop()
        name, place = self._line.value.strip(), self._place.value.strip()
        if not is_name(name):
            self._fault.update(_NO_NAME)
            self._line.focus()
        elif place:
            directory = directory_of(self._wish.directory, place)
            self.dismiss(SaveWish(self._wish.items, self._index, name, directory))

    def _draw(self) -> None:
        self._title.update(f"Save {visible_line(self._wish.items[self._index].label)}")
