"""Small questions and answers on top of the main screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from chattui.domain.secrets import restored, shown_line
from chattui.domain.visible import visible, visible_line
from chattui.tui.commands import COMMANDS, ROOMS
from chattui.tui.key_names import key_name
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.recents.item_list import ItemList
from chattui.tui.widgets.editor import Editor
from chattui.tui.widgets.find_bar import FindLine
from chattui.tui.widgets.line_input import LineInput
from chattui.tui.widgets.message_editor import MessageEditor

Answer = TypeVar("Answer")
LOW = 12
"""Rows below which a dialog does without a frame and a title."""


class Dialog(ModalScreen[Answer]):
    """A box on top of the main screen; where there are few rows, the whole of it."""

    CSS_PATH = "dialogs.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-usual")]  # noqa: RUF012

    def failed(self, sentence: str) -> None:
        """What was asked for could not be had: an empty list says so, in place of waiting."""
        for listed in self.query(ItemList):
            if not listed.count:
                listed.fault = visible_line(sentence)
                listed.refresh()


class RenameDialog(Dialog[str | None]):
    """Asks for a title; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel")]

    def __init__(self, title: str, *, masks: bool = False) -> None:
        """``masks``: secrets in it are hidden, and stay in what is answered as long as nobody writes over them."""
        super().__init__()
        self._title = visible_line(title)
        self._masks = masks

    def compose(self) -> ComposeResult:
        """A line to write on."""
        with Vertical(classes="dialog"):
            yield Static("Title of this chat", markup=False, classes="dialog-title")
            yield LineInput(shown_line(self._title, self._masks), id="title", compact=False)
            yield Static("Enter saves · Esc leaves it as it is", markup=False, classes="dialog-hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The title is given."""
        event.stop()
        title = restored(event.value, self._title) if self._masks else event.value
        self.dismiss(title.strip() or None)


class TextDialog(Dialog[None]):
    """Shows lines to read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark,f1,f7", "dismiss(None)", "Close", id="dialog.close")
    ]

    def __init__(self, title: str, content: Content) -> None:
        super().__init__()
        self._title = title
        self._content = content

    def compose(self) -> ComposeResult:
        """A box that scrolls."""
        with Vertical(classes="dialog tall"):
            yield Static(self._title, markup=False, classes="dialog-title")
            with VerticalScroll():
                yield Static(self._content)
            yield Static("Esc closes", markup=False, classes="dialog-hint")


def faults_dialog(lines: Sequence[str]) -> TextDialog:
    """The files that could not be read, wholly or in part."""
    text = "\n".join(visible(line) for line in lines) or "Every history file could be read."
    return TextDialog("Files with problems", Content(text))


def help_rows(keymap: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Keys and what they do, by the room where they work. ``keymap`` has other keys for ids, as a person wants them."""
    rows: dict[str, list[tuple[str, str]]] = {room: [] for room in ROOMS}
    for command in COMMANDS:
        keys = keymap.get(f"{command.room}.{command.name}", command.shown_keys)
        rows[command.room].append((key_name(keys), command.help))
    rows["pane"] += _described(MessagePane.BINDINGS, keymap)
    rows["find"] += _described(FindLine.BINDINGS, keymap)
    rows["composer"] += _described([*Editor.BINDINGS, *MessageEditor.BINDINGS], keymap)
    return rows


def help_dialog(keymap: Mapping[str, str]) -> TextDialog:
    """Every key, by the room where it works."""
    rows = help_rows(keymap)
    parts: list[Content | str] = []
    width = 20
    for room, entries in rows.items():
        parts.append(Content.styled(f"{ROOMS[room]}\n", "bold $accent"))
        for keys, text in entries:
            parts += [Content.styled(f"  {keys}  ".ljust(width), "$text-primary bold"), f"{text}\n"]
        parts.append("\n")
    return TextDialog("Keys", Content.assemble(*parts))


def _described(bindings: Iterable[BindingType], keymap: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (key_name(keymap.get(b.id or "", b.key)), b.tooltip or b.description)
        for b in bindings
        if isinstance(b, Binding)
    ]
