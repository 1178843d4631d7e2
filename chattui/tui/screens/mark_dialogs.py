"""The dialogs in which notes and tags are written. What is there already may come while one writes; nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.domain.errors import ChattuiError
from chattui.domain.marks import DESCRIPTION_CHARS, NOTE_CHARS, clean_note, clean_tags
from chattui.domain.secrets import masked, restored
from chattui.domain.visible import visible_line
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.widgets.editor import Editor
from chattui.tui.widgets.line_input import LineInput

_OFFERED = 8
"""Tags that are offered at a time."""


class NoteEditor(Editor):
    """The composer's text area and keys; an empty text can be saved too."""

    def action_send(self) -> None:
        """Save what was written."""
        self.post_message(self.Sent())


class NoteDialog(Dialog[str | None]):
    """Asks for a note on a message, or on a chat when ``seq`` is None; answers None when the question is dropped.

    ``known`` is the note that is there; None: ``fill`` brings it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", id="note.cancel")]

    def __init__(self, chat_id: int, seq: int | None, known: str | None, *, masks: bool = False) -> None:
        """``masks``: secrets in it are hidden, and stay in what is answered as long as nobody writes over them."""
        super().__init__()
        self.chat_id = chat_id
        self.seq = seq
        self._known = known or ""
        self._masks = masks
        self._filled = known is not None
        self._wants_to_save = False
        self._editor = NoteEditor(self._shown(), id="note", soft_wrap=True, highlight_cursor_line=False)
        self._hint = Static("", markup=False, classes="dialog-hint")

    def compose(self) -> ComposeResult:
        """A few lines to write on."""
        what = "this chat" if self.seq is None else f"message {self.seq:,}"
        with Vertical(classes="dialog"):
            yield Static(f"Note on {what}", markup=False, classes="dialog-title")
            yield self._editor
            yield self._hint

    def on_mount(self) -> None:
        """The cursor is at the end."""
        self._editor.cursor_blink = False
        self._editor.move_cursor(self._editor.document.end)
        self._hint.update("Enter saves, an empty one is removed · Ctrl+J new line · Esc cancels")

    def fill(self, known: str) -> None:
        """The note that is there: before what was typed meanwhile."""
        if self._filled:
            return
        self._filled, self._known = True, known
        typed = self._editor.text
        self._editor.load_text("\n".join(part for part in (self._shown(), typed) if part))
        self._editor.move_cursor(self._editor.document.end)
        if self._wants_to_save:
            self._save()

    def _shown(self) -> str:
        return masked(self._known) if self._masks else self._known

    @on(Editor.Sent)
    def _sent(self, event: Editor.Sent) -> None:
        event.stop()
        self._wants_to_save = True
        if self._filled:
            self._save()

    def _save(self) -> None:
        text = restored(self._editor.text, self._known) if self._masks else self._editor.text
        try:
            note = clean_note(text, DESCRIPTION_CHARS if self.seq is None else NOTE_CHARS)
        except ChattuiError as error:
            self._hint.update(str(error))
            return
        self.dismiss(note)


class TagsDialog(Dialog[tuple[str, ...] | None]):
    """Asks for the tags of a chat, commas between them; answers None when the question is dropped. ``fill`` brings what
    is there, before what was typed meanwhile, unless ``known`` says what it is to begin with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="tags.cancel"),
        Binding("tab", "complete", "Complete", priority=True, id="tags.complete"),
    ]

    def __init__(self, chat_id: int, known: tuple[str, ...] | None = None, *, chats: int = 0) -> None:
        """``chats``: the tags are for so many chats, beside those that they have."""
        super().__init__()
        self.chat_id = chat_id
        self._what = f"Tags to add to {chats:,} chat{'' if chats == 1 else 's'}" if chats else "Tags of this chat"
        self._filled = known is not None
        self._wants_to_save = False
        self._existing: list[str] = []
        self._round: list[str] = []  # the tags that Tab goes through
        self._line = LineInput(", ".join(known or ()), id="tags", compact=False)
        self._offer = Static("", id="tags-offered", markup=False)
        self._hint = Static("", markup=False, classes="dialog-hint")

    def compose(self) -> ComposeResult:
        """A line to write on, and the tags that there are."""
        with Vertical(classes="dialog"):
            yield Static(f"{self._what}, with commas between them", markup=False, classes="dialog-title")
            yield self._line
            yield self._offer
            yield self._hint

    def on_mount(self) -> None:
        """Say what the keys do."""
        self._hint.update("Enter saves · Tab completes a tag that exists · Esc leaves them as they are")

    def fill(self, tags: Sequence[str], existing: Sequence[str]) -> None:
        """The chat's tags, and every tag there is, the commonest first."""
        self._existing = [visible_line(tag) for tag in existing]
        if not self._filled:
            self._filled = True
            typed = self._line.value.strip()
            self._line.value = ", ".join([*tags, *([typed] if typed else [])])
            self._line.cursor_position = len(self._line.value)
        self._show_offer()
        if self._wants_to_save:
            self._save()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what could be meant."""
        event.stop()
        if self._last() not in self._round:
            self._round = []
        self._show_offer()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The tags are given."""
        event.stop()
        self._wants_to_save = True
        if self._filled:
            self._save()

    def action_complete(self) -> None:
        """Complete the tag that is being typed; again for the next that begins so."""
        if not self._round:
            self._round = self._candidates()
        if not self._round:
            return
        last = self._last()
        chosen = self._round[(self._round.index(last) + 1) % len(self._round) if last in self._round else 0]
        before, comma, _ = self._line.value.rpartition(",")
        self._line.value = f"{before}{comma} {chosen}" if comma else chosen
        self._line.cursor_position = len(self._line.value)

    def _last(self) -> str:
        return self._line.value.rpartition(",")[2].strip()

    def _candidates(self) -> list[str]:
        begun = self._last().lstrip("#").casefold()
        there = {tag.strip().casefold() for tag in self._line.value.split(",")[:-1]}
        return [t for t in self._existing if t.casefold().startswith(begun) and t.casefold() not in there | {begun}]

    def _show_offer(self) -> None:
        offered = self._round or self._candidates()
        self._offer.update("  ".join(f"#{tag}" for tag in offered[:_OFFERED]) + ("  …" if offered[_OFFERED:] else ""))

    def _save(self) -> None:
        try:
            tags = clean_tags(self._line.value.split(","))
        except ChattuiError as error:
            self._hint.update(str(error))
            return
        self.dismiss(tags)
