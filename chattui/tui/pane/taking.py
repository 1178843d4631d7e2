"""Taking things along from the pane: messages, code, links and ids to the clipboard, code and attachments to files."""

from __future__ import annotations

from itertools import islice

from chattui.domain.attached import is_kept, is_only_named
from chattui.domain.chat import Message
from chattui.tui.pane.jumps import Jumps
from chattui.tui.pane.keys import pane_key
from chattui.tui.pane.layout import CodeAt
from chattui.tui.pane.messages import AttachmentWanted, CopyRequested, LinkFollowed, SaveWanted
from chattui.tui.pane.typeset import is_markdown
from chattui.tui.pane.wrap import clip

_LINK_SHOWN = 80

TAKES = (
    pane_key("y", "copy", "copy", "Copy", "Copy the current message", show=True),
    pane_key("c,Y", "copy_code", "copy_code", "Copy code", "Copy a code block; again for the next one", show=True),
    pane_key("s", "save", "save", "Save", "Save a code block or an attachment to a file"),
    pane_key("l", "copy_link", "copy_link", "Copy link", "Copy a link; again for the next one"),
    pane_key("L", "open", "open", "Open", "Open a link, the one that l copied, or an attachment"),
    pane_key("i", "copy_id", "copy_id", "Copy chat id", "Copy the id of this chat"),
)
"""Keys that take something along."""


class Taking(Jumps):
    """The pane's copying and saving. What is taken goes to the screen as a message."""

    _copied: tuple[int, int] | None = None
    _link: tuple[int, str] | None = None

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
        self.post_message(CopyRequested(codes[index][1].text, _nth("code block", index, len(codes))))

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
        """Ask for the attachment of the current message to be opened, else a link: the one copied last, or the first."""
        message = self.message_at(self.current_seq)
        if message is not None and (is_kept(message) or is_only_named(message)):
            self.post_message(AttachmentWanted(message.seq, opens=True))
        elif links := self._links():
            index = links.index(self._link) if self._link in links else 0
            self.post_message(LinkFollowed(links[index][1], _nth("link", index, len(links))))
        else:
            self.notify("There is no link or attachment here.", timeout=3)

    def action_copy_link(self) -> None:
        """Ask for a link to be copied: the first one, then those after it."""
        links = self._links()
        if not links:
            self.notify("There is no link here.", timeout=3)
            return
        index = (links.index(self._link) + 1) % len(links) if self._link in links else 0
        self._link = links[index]
        href = self._link[1]
        self.post_message(CopyRequested(href, f"{_nth('link', index, len(links))}, {clip(href, _LINK_SHOWN)}"))

    def _links(self) -> list[tuple[int, str]]:
        """The links of the current message, with its seq; where it has none, those of the messages in the window."""
        own = self._links_of(self.current_seq)
        if own:
            return own
        window = range(self.viewport.anchor[0], self.viewport.last + 1)
        return [link for seq in window if not self.typeset.is_folded(seq) for link in self._links_of(seq)]

    def _links_of(self, seq: int) -> list[tuple[int, str]]:
        from chattui.tui.pane.links import links_of

        message = self.message_at(seq)
        return [(seq, href) for href in links_of(message, markdown=is_markdown(message))] if message else []

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
        """A move ends the rounds of code blocks and links."""
        super().moved()
        window = range(self.viewport.anchor[0], self.viewport.last + 1)
        if self._copied is not None and self._copied[0] not in window:
            self._copied = None
        if self._link is not None and self._link[0] not in window:
            self._link = None


def _nth(what: str, index: int, count: int) -> str:
    return f"{what} {index + 1} of {count}" if count > 1 else what
