"""Where a message is written: one line until it is needed, then a text area."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.tui.drafts import Drafts
    from chattui.tui.slash import Slash
    from chattui.tui.widgets.message_editor import MessageEditor

_KEEP_AFTER = 0.3
_STOPS = " · Esc stops"
_FORGET_AFTER = 0.1


class Composer(Vertical):
    """Holds the draft of the open chat and hands it on to be saved. A draft leaves only when its message is durable."""

    class Submitted(Message):
        """A message is to be saved under ``key`` with ``files``; ``chat_id`` None begins a chat, ``instead_of`` is the
        prompt that it is another version of."""

        def __init__(
            self, key: str, chat_id: int | None, text: str, files: list[Path], instead_of: int | None = None
        ) -> None:
            self.key = key
            self.chat_id = chat_id
            self.text = text
            self.files = files
            self.instead_of = instead_of
            super().__init__()

    class Commanded(Message):
        """A command was typed in the place of a message."""

        def __init__(self, command: Slash) -> None:
            self.command = command
            super().__init__()

    def __init__(self, drafts: Drafts, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._drafts = drafts
        self._chat_id: int | None = None
        self._instead_of: int | None = None
        self._editor: MessageEditor | None = None
        self._hint = Static("", markup=False, id="composer-hint")
        self._timer: Timer | None = None
        self._wanted = False
        self._sending: tuple[str, int | str | None, str] | None = None
        self._model = ""
        self._status = ""
        self._after = ""
        self._commanding = False

    def compose(self) -> ComposeResult:
        """Only the hint: the text area is made when it is needed, after the first paint."""
        yield self._hint

    def on_mount(self) -> None:
        """Ready to be written in."""
        if self._wanted:
            self.write()

    @property
    def is_writing(self) -> bool:
        """Whether the text area has the focus."""
        return self._editor is not None and self._editor.has_focus

    @property
    def text(self) -> str:
        """What is written now."""
        return self._editor.text if self._editor is not None and self._editor.display else ""

    @property
    def _written(self) -> str:
        """What is written now, or waits to be gone on with before there is a text area."""
        return self.text if self._editor is not None else self._drafts.get(self._slot)

    @property
    def is_ahead(self) -> bool:
        """Whether what is written is another text than the draft that is kept."""
        return self._editor is not None and self._editor.text != self._drafts.get(self._slot)

    @property
    def files(self) -> list[Path]:
        """The files that go with it."""
        return self._drafts.files(self._slot)

    @property
    def after(self) -> str:
        """What is said to be possible now that a reply is over."""
        return self._after

    @property
    def _slot(self) -> int | str | None:
        """Under which name the draft is kept."""
        return self._chat_id if self._instead_of is None else f"{self._chat_id}/{self._instead_of}"

    def set_chat(self, chat_id: int | None) -> None:
        """Show the draft of another chat (None: of a new one)."""
        self.keep()
        if chat_id != self._chat_id:
            self._after = ""
        self._chat_id, self._instead_of = chat_id, None
        self._load(self._drafts.get(chat_id))

    def change(self, seq: int, text: str) -> None:
        """Write another version of a prompt, beginning with what it says, or where that was left."""
        self.keep()
        self._instead_of = seq
        self._load(self._drafts.get(self._slot) or text)
        self.write()

    def _load(self, draft: str) -> None:
        if self._editor is not None:
            self._editor.text = draft
            if not draft and not self._editor.has_focus:
                self._editor.display = False
        self._tell(draft)

    def set_model(self, model: str) -> None:
        """Say which model will reply; empty where none does."""
        if model != self._model:
            self._model = visible_line(model)
            self._tell(self._written)

    def set_status(self, status: str, after: str = "") -> None:
        """Say how a reply goes in the place of what keys there are; ``after`` is what can be done when it is over."""
        if (status, after) != (self._status, self._after):
            self._status, self._after = visible_line(status), visible_line(after)
            self._tell(self._written)

    def write(self) -> None:
        """Show the text area and put the cursor into it."""
        if not self._hint.is_attached:
            self._wanted = True
            return
        if self._editor is None:
            from chattui.tui.widgets.message_editor import MessageEditor

            self._editor = MessageEditor(
                id="editor", show_line_numbers=False, soft_wrap=True, highlight_cursor_line=False
            )
            self._editor.cursor_blink = False
            draft = self._drafts.get(self._slot)
            self._editor.text = draft
            self.mount(self._editor, before=self._hint)
        self._editor.display = True
        self._editor.focus()
        self._editor.move_cursor(self._editor.document.end)
        self._tell(self._editor.text)

    def replace(self, text: str) -> None:
        """What was written is another text now."""
        if self._editor is not None:
            self._editor.text = text
            self._editor.move_cursor(self._editor.document.end)
            self.keep()

    def draft_of(self, chat_id: int) -> tuple[str, tuple[str, ...]]:
        """What is being written in a chat, and the files that are to go with it."""
        here = chat_id == self._chat_id and self._instead_of is None
        draft = self._written if here else self._drafts.get(chat_id)
        return draft, tuple(map(str, self._drafts.files(chat_id)))

    def set_draft(self, chat_id: int, draft: str, files: list[Path]) -> None:
        """Another draft for a chat, in the place of the one that it has."""
        here = chat_id == self._chat_id and self._instead_of is None
        if here and self._sending is not None:
            return
        self._drafts.put(chat_id, draft)
        self._drafts.put_files(chat_id, files)
        if here:
            self._load(draft)
            if self._editor is not None and draft:
                self._editor.display = True

    def attach(self, paths: list[Path]) -> None:
        """Let these files go with the message too."""
        known = self.files
        self._drafts.put_files(self._slot, [*known, *(path for path in paths if path not in known)])
        self._tell(self.text)

    def detach(self) -> None:
        """Let no files go with it."""
        self._drafts.put_files(self._slot, [])
        self._tell(self.text)

    def keep(self) -> None:
        """Write the draft to the disk now."""
        self._drafts.flush()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._editor is not None and self._editor.display and self._sending is None:
            self._drafts.put(self._slot, self._editor.text)

    def leave_change(self) -> bool:
        """Back from the other version of a prompt, which is kept, to what was being written; False when there is none."""
        if self._instead_of is None or self._sending is not None:
            return False
        self.set_chat(self._chat_id)
        return True

    def saved(self, key: str, chat_id: int | None) -> bool:
        """The message sent under ``key`` is durable: its draft goes. Whether its chat is still the one written in."""
        if self._sending is None or self._sending[0] != key:
            return False
        _, began_in, text = self._sending
        self._sending = None
        self._drafts.sent(began_in)
        self.set_timer(_FORGET_AFTER, self._drafts.flush)  # the disk would hold up the message's first picture
        if self._slot == began_in:
            self._chat_id = chat_id if self._instead_of is None else self._chat_id
            here, self._instead_of = self._instead_of is not None, None
        else:
            here = False
        if self._editor is not None:
            self._editor.read_only = False
            if self._editor.text == text:
                self._editor.text = self._drafts.get(self._slot) if here else ""
        self._tell("")
        return self._chat_id == chat_id

    def go_on_in(self, chat_id: int) -> None:
        """The new chat has its first message: what is being written belongs to it."""
        if self._chat_id is None and self._sending is None:
            self._drafts.put(None, "")
            self._drafts.put_files(chat_id, self.files)
            self._drafts.put_files(None, [])
            self._chat_id = chat_id
            self.keep()

    def failed(self, key: str) -> None:
        """The message sent under ``key`` was not saved: it can be changed and sent again."""
        if self._sending is None or self._sending[0] != key:
            return
        self._sending = None
        if self._editor is not None:
            self._editor.read_only = False
        self.keep()
        self._tell(self.text)

    def on_editor_sent(self) -> None:
        """Hand the text on; it stays, read-only, until it is durable."""
        if self._editor is None or self._sending is not None:
            return
        from chattui.tui.slash import parse

        text = self._editor.text.strip("\n")
        if (command := parse(text)) is not None:
            self._editor.text = ""
            self.keep()
            self.post_message(self.Commanded(command))
            return
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        key = self._drafts.key_for(self._slot, text, self._editor.text)
        self._sending = (key, self._slot, self._editor.text)
        self._editor.read_only = True
        self._hint.update("Saving …", layout=False)
        self.post_message(self.Submitted(key, self._chat_id, text, self.files, self._instead_of))

    def on_text_area_changed(self) -> None:
        """Keep the draft a moment after the last key."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_KEEP_AFTER, self.keep)
        if self._editor is not None and self._editor.text.startswith("/"):
            self._tell(self._editor.text)
        elif self._commanding:
            self._tell(self.text)

    def on_descendant_focus(self) -> None:
        """Say which keys work here."""
        self._tell(self.text)

    def on_descendant_blur(self) -> None:
        """Put an empty text area away."""
        self.keep()
        if self._editor is not None and not self._editor.text and self._sending is None:
            self._editor.display = False
        self._tell(self.text)

    def on_resize(self) -> None:
        """Other columns, other words."""
        self._tell(self._written)

    def on_click(self, event: events.Click) -> None:
        """A click on the hint begins to write."""
        event.stop()
        self.write()

    def _tell(self, draft: str) -> None:
        if self._sending is not None:
            return
        text = self._hint_for(draft)
        if files := self.files:
            text = f"{len(files)} file{'' if len(files) == 1 else 's'} · {text}"
        if width := self._hint.content_size.width:
            from chattui.tui.pane.wrap import whole_parts

            text = whole_parts(text, width, last=1 if text.endswith(_STOPS) else 0)
        self._hint.update(text, layout=False)

    def _hint_for(self, draft: str) -> str:
        command = ""
        if self.is_writing and draft.startswith("/"):
            from chattui.tui.slash import hint

            command = hint(draft)
        self._commanding = bool(command)
        if command:
            return command
        if self._status:
            return f"{self._status}{_STOPS}"
        if self.is_writing:
            if self._model:  # of which anything may be the name
                does = f"{self._keyed('{composer.send}')} sends to {self._model} · {self._keyed('{composer.model}')} another"
            else:
                does = self._keyed("{composer.send} saves · {composer.model} for replies")
            if self._instead_of is not None:
                return f"Another version of message {self._instead_of:,} · {does} · Esc leaves it"
            return f"{does} · {self._keyed('{composer.newline}')} new line · Esc leaves (the draft is kept)"
        if draft:
            return self._keyed("A draft is waiting: {screen.write} to go on writing")
        text = self._keyed(
            f"{{screen.write}}  write {'a message' if self._chat_id is not None else 'the first message'}"
        )
        return f"{text} · {self._after}" if self._after else text

    def _keyed(self, text: str) -> str:
        """The text with keys in place of the ids of commands; they may be other ones in the settings."""
        from chattui.tui.key_names import with_keys

        look = getattr(self.app, "look", None)
        return with_keys(text, look.keymap if look is not None else {})
