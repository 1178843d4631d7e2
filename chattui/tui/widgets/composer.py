"""Where a message is written: one line until it is needed, then a text area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

if TYPE_CHECKING:
    from chattui.tui.drafts import Drafts
    from chattui.tui.widgets.editor import Editor

_KEEP_AFTER = 0.3


class Composer(Vertical):
    """Holds the draft of the open chat and hands it on to be saved. A draft leaves only when its message is durable."""

    class Submitted(Message):
        """A message is to be saved under ``key``; ``chat_id`` None begins a chat."""

        def __init__(self, key: str, chat_id: int | None, text: str) -> None:
            self.key = key
            self.chat_id = chat_id
            self.text = text
            super().__init__()

    def __init__(self, drafts: Drafts, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._drafts = drafts
        self._chat_id: int | None = None
        self._editor: Editor | None = None
        self._hint = Static("", markup=False, id="composer-hint")
        self._timer: Timer | None = None
        self._wanted = False
        self._sending: tuple[str, int | None, str] | None = None

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

    def set_chat(self, chat_id: int | None) -> None:
        """Show the draft of another chat (None: of a new one)."""
        self.keep()
        self._chat_id = chat_id
        draft = self._drafts.get(chat_id)
        if self._editor is not None:
            self._editor.text = draft
            if not draft and not self._editor.has_focus:
                self._editor.display = False
        self._tell(draft)

    def write(self) -> None:
        """Show the text area and put the cursor into it."""
        if not self._hint.is_attached:
            self._wanted = True
            return
        if self._editor is None:
            from chattui.tui.widgets.editor import Editor

            self._editor = Editor(id="editor", show_line_numbers=False, soft_wrap=True, highlight_cursor_line=False)
            self._editor.cursor_blink = False
            draft = self._drafts.get(self._chat_id)
            self._editor.text = draft
            self.mount(self._editor, before=self._hint)
        self._editor.display = True
        self._editor.focus()
        self._editor.move_cursor(self._editor.document.end)
        self._tell(self._editor.text)

    def keep(self) -> None:
        """Write the draft to the disk now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._editor is not None and self._editor.display and self._sending is None:
            self._drafts.put(self._chat_id, self._editor.text)

    def saved(self, key: str, chat_id: int) -> bool:
        """The message sent under ``key`` is durable: its draft goes. Whether its chat is still the one written in."""
        if self._sending is None or self._sending[0] != key:
            return False
        _, began_in, text = self._sending
        self._sending = None
        self._drafts.put(began_in, "")
        self._chat_id = chat_id if self._chat_id == began_in else self._chat_id
        if self._editor is not None:
            self._editor.read_only = False
            if self._editor.text == text:
                self._editor.text = ""
        self._tell("")
        return self._chat_id == chat_id

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
        self.keep()
        text = self._editor.text.strip("\n")
        key = self._drafts.key_for(self._chat_id, text)
        self._sending = (key, self._chat_id, self._editor.text)
        self._editor.read_only = True
        self._hint.update("Saving …", layout=False)
        self.post_message(self.Submitted(key, self._chat_id, text))

    def on_text_area_changed(self) -> None:
        """Keep the draft a moment after the last key."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_KEEP_AFTER, self.keep)

    def on_descendant_focus(self) -> None:
        """Say which keys work here."""
        self._tell(self.text)

    def on_descendant_blur(self) -> None:
        """Put an empty text area away."""
        self.keep()
        if self._editor is not None and not self._editor.text and self._sending is None:
            self._editor.display = False
        self._tell(self.text)

    def on_click(self, event: events.Click) -> None:
        """A click on the hint begins to write."""
        event.stop()
        self.write()

    def _tell(self, draft: str) -> None:
        if self._sending is not None:
            return
        if self.is_writing:
            text = "Enter saves · Ctrl+J new line · Esc leaves (the draft is kept)"
        elif draft:
            text = f"A draft is waiting: {self._key()} to go on writing"
        else:
            text = f"{self._key()}  write {'a message' if self._chat_id is not None else 'the first message'}"
        self._hint.update(text, layout=False)

    def _key(self) -> str:
        """The key to write, which may be another one in the settings."""
        from chattui.tui.key_names import with_keys

        look = getattr(self.app, "look", None)
        return with_keys("{screen.write}", look.keymap if look is not None else {})
