"""Taking things along from the pane: the current message, code blocks and the chat's id to the clipboard, code to a file."""

from __future__ import annotations

from itertools import islice

from chattui.domain.attached import is_kept, is_only_named
from chattui.domain.chat import Message
from chattui.tui.pane.jumps import Jumps
from chattui.tui.pane.keys import pane_key
from chattui.tui.pane.layout import CodeAt
from chattui.tui.pane.messages import AttachmentWanted, CopyRequested, SaveWanted

TAKES = (
    pane_key("y", "copy", "copy", "Copy", "Copy the current message", show=True),
    pane_key("c,Y", "copy_code", "copy_code", "Copy code", "Copy a code block; again for the next one", show=True),
    pane_key("s", "save", "save", "Save", "Save a code block or an attachment to a file"),
    pane_key("L", "open", "open", "Open", "Open the attachment of the current message"),
    pane_key("i", "copy_id", "copy_id", "Copy chat id", "Copy the id of this chat"),
)
"""Keys that take something along."""


class Taking(Jumps):
    """The pane's copying and saving. What is taken goes to the screen as a message."""

    _copied: tuple[int, int] | None = None

    def message_at(self, seq: int) -> Message | None:
        """A message of the feed; None while it is not loaded."""
        return self.feed.get(seq) if self.feed is not None and seq >= 1 else None

    def action_copy(self) -> None:
        """Ask for the source text of the current message to be copied."""
        message = self.message_at(self.current_seq)
        if message is not None:
            self.post_message(CopyRequested(message.content, "message"))

    def action_copy_code(self) -> None:
        """Ask for a code block to be copied: the one nearest to the top, then the ones after it."""
        codes = self._codes()
        if not codes:
            return
        places = [(seq, code.row) for seq, code in codes]
        index = (places.index(self._copied) + 1) % len(codes) if self._copied in places else self._nearest(places)
        self._copied = places[index]
        what = f"code block {index + 1} of {len(codes)}" if len(codes) > 1 else "code block"
        self.post_message(CopyRequested(codes[index][1].text, what))

    def action_save(self) -> None:
        """Ask for the attachment to be saved; else a code block, the one copied last or the one nearest to the top."""
        message = self.message_at(self.current_seq)
        if message is not None and (is_kept(message) or is_only_named(message)):
            self.post_message(AttachmentWanted(message.seq))
            return
        codes = self._codes()
        if not codes:
            self.notify("There is no code block or attachment here to save.", timeout=3)
            return
        places = [(seq, code.row) for seq, code in codes]
        index = places.index(self._copied) if self._copied in places else self._nearest(places)
        self.post_message(SaveWanted([code for _, code in codes], index))

    def action_open(self) -> None:
        """Ask for the attachment of the current message to be opened."""
        message = self.message_at(self.current_seq)
        if message is not None and (is_kept(message) or is_only_named(message)):
            self.post_message(AttachmentWanted(message.seq, opens=True))
        else:
            self.notify("There is no attachment here.", timeout=3)

    def _nearest(self, places: list[tuple[int, int]]) -> int:
        return min(range(len(places)), key=lambda at: abs(self.viewport.row_of(*places[at])))

    def _codes(self) -> list[tuple[int, CodeAt]]:
        """The code blocks of the current message; where it has none, those in the window."""
        own = self._codes_of(self.current_seq)
        if own:
            return own
        seen = set(islice(self.viewport.seen(), self.viewport.height))
        return [
            (seq, code)
            for seq in self.viewport.messages()
            for _, code in self._codes_of(seq)
            if (seq, code.row) in seen
        ]

    def _codes_of(self, seq: int) -> list[tuple[int, CodeAt]]:
        laid = self.typeset.laid(seq) if self.message_at(seq) else None
        return [(seq, code) for code in laid.codes] if laid else []

    def action_copy_id(self) -> None:
        """Ask for the chat's id to be copied."""
        if self.feed is not None:
            self.post_message(CopyRequested(str(self.feed.chat_id), "chat id"))

    def moved(self) -> None:
        """A move ends the round of code blocks."""
        super().moved()
        if self._copied is not None and self._copied[0] not in range(self.viewport.anchor[0], self.viewport.last + 1):
            self._copied = None
