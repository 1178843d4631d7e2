"""The message pane: a chat to be read, with its keys and its mouse."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Offset

from chattui.domain.chat import Message
from chattui.tui.pane.jumps import JUMPS, pane_key
from chattui.tui.pane.messages import (
    BookmarkWanted,
    CopyRequested,
    LinkFollowed,
    MatchStepped,
    NoteWanted,
    SubagentPicked,
)
from chattui.tui.pane.sideways import SIDEWAYS, Sideways
from chattui.tui.pane.typeset import MOST_ROWS

_OVERLAP = 2
"""Rows of a page that are seen again on the next."""


class MessagePane(Sideways):
    """Shows the messages of a ``MessageFeed``, however many, and lets them be read, folded, searched and copied."""

    BINDINGS: ClassVar[list[BindingType]] = [
        pane_key("up,k", "rows(-1)", "up", "Up", "Scroll up one line"),
        pane_key("down,j", "rows(1)", "down", "Down", "Scroll down one line"),
        pane_key("pageup,ctrl+b", "pages(-1)", "page_up", "Page up", "Scroll up one page"),
        pane_key("pagedown,space", "pages(1)", "page_down", "Page down", "Scroll down one page"),
        pane_key("home,g", "first", "home", "Beginning", "Go to the first message"),
        pane_key("end,G", "last", "end", "End", "Go to the last message and follow new ones"),
        pane_key("left_square_bracket", "message(-1)", "previous", "Previous message", "Go to the message before"),
        pane_key("right_square_bracket", "message(1)", "next", "Next message", "Go to the next message"),
        *JUMPS,
        pane_key("n", "match(1)", "next_match", "Next match", "Go to the next match of the search", show=True),
        pane_key("N", "match(-1)", "previous_match", "Previous match", "Go to the match before"),
        pane_key("enter,f", "fold", "fold", "Fold", "Fold or open the current message", show=True),
        pane_key("F", "fold_kind", "fold_kind", "Fold kind", "Fold or open all messages of the current one's kind"),
        pane_key("e", "more", "more", "Show more", "Show more lines of a long message"),
        pane_key("E", "less", "part_before", "Part before", "Show the part of a long message above this one"),
        *SIDEWAYS,
        pane_key("y", "copy", "copy", "Copy", "Copy the current message", show=True),
        pane_key("c,Y", "copy_code", "copy_code", "Copy code", "Copy a code block; again for the next one", show=True),
        pane_key("b", "bookmark", "bookmark", "Bookmark", "Bookmark the current message, or take the bookmark away"),
        pane_key("m", "note", "note", "Note", "Write a note on the current message"),
        pane_key("greater_than_sign", "subagent", "subagent", "Subagent", "Go to the chat that this call has started"),
        pane_key("i", "copy_id", "copy_id", "Copy chat id", "Copy the id of this chat"),
    ]

    from_window = False
    """Whether the first step through matches begins at the window's edge, not at the current message."""

    _copied: tuple[int, int] | None = None
    _pressed: Offset | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Matches can be stepped through only where there are some."""
        if action == "match":
            return self.finder.walk is not None and bool(self.finder.walk.marks.seqs)
        return True

    # Moving

    def action_rows(self, rows: int) -> None:
        """Scroll by lines."""
        self.scroll_rows(rows)

    def action_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.scroll_rows(pages * max(1, self.viewport.height - _OVERLAP))

    def action_first(self) -> None:
        """Go to the beginning."""
        self.choose(1)
        self.go(partial(self.viewport.place, 1, 0, 0))

    def action_last(self) -> None:
        """Go to the end and stay there as the chat grows."""
        self.choose(self.viewport.heights.count)
        self.go(self.viewport.end)

    def action_message(self, step: int) -> None:
        """Go to the previous or next message."""
        self.go_to_message(self.current_seq + step)

    def action_match(self, step: int) -> None:
        """Go to the next or previous match; the first time to the nearest one from what is seen on."""
        walk = self.finder.walk
        if walk is None:
            return
        before = walk.seq
        near = self.current_seq
        if self.from_window:
            near = self.viewport.anchor[0] if step > 0 else self.viewport.last
        if not self.finder.next_part(step) and not walk.step(step, near):
            return
        seq = walk.seq or 1
        for changed in {before or seq, seq}:
            self._painter.drop(changed, 0, self.viewport.heights.rows(changed))
        self.choose(seq)
        self.go(self._place_match)
        self.post_message(MatchStepped(walk.index, len(walk.marks.seqs)))

    # Folding

    def action_fold(self) -> None:
        """Fold or open the current message."""
        self._turn(self.current_seq)

    def _turn(self, seq: int) -> None:
        if self._message(seq) is None:
            return
        above = max(0, self.viewport.row_of(seq, self._head(seq)))
        self.typeset.look(seq).opened = self.typeset.is_folded(seq)
        self._changed(seq, above)

    def _changed(self, seq: int, above: int) -> None:
        self.drop_selection()
        self.choose(seq)
        self.forget(seq)
        self.forget(seq + 1)
        self.go(partial(self._place_head, seq, above))

    def action_fold_kind(self) -> None:
        """Fold or open all messages of the current one's kind."""
        message = self._message(self.current_seq)
        if message is None:
            return
        self.drop_selection()
        seq = message.seq
        above = max(0, self.viewport.row_of(seq, self._head(seq)))
        self.typeset.flip(message.kind, open_all=self.typeset.is_folded(seq))
        self._painter.clear()
        self._remeasure()
        self.choose(seq)
        self.go(partial(self._place_head, seq, above))

    def action_more(self) -> None:
        """Show more of a long message, or the part of it that follows."""
        seq = self.current_seq
        laid = self.typeset.laid(seq) if self._message(seq) else None
        if laid is None or laid.after < 0:
            return
        above = self.viewport.row_of(seq, laid.head)
        look = self.typeset.look(seq)
        if look.rows < MOST_ROWS:
            look.rows = MOST_ROWS
        else:
            look.start, above = laid.end, 0
        self._changed(seq, above)

    def action_less(self) -> None:
        """Show the part of a long message that comes before the one shown."""
        seq = self.current_seq
        message = self._message(seq)
        laid = self.typeset.laid(seq) if message else None
        if message is None or laid is None or laid.before < 0:
            return
        look = self.typeset.look(seq)
        start = max(0, look.start - (laid.end - look.start or look.start))
        look.start = message.content.rfind("\n", 0, start) + 1 if start else 0
        self._changed(seq, 0)

    def _message(self, seq: int) -> Message | None:
        return self.feed.get(seq) if self.feed is not None and seq >= 1 else None

    def _head(self, seq: int) -> int:
        laid = self.typeset.laid(seq)
        return laid.head if laid else 0

    def action_subagent(self) -> None:
        """Go to the chat that the current call has started, or else the next one in the window that has."""
        seen = [self.current_seq, *range(self.viewport.anchor[0], self.viewport.last + 1)]
        for seq in seen:
            message = self._message(seq)
            if message is not None and (agent := self.typeset.subagent(message)) is not None:
                self.post_message(SubagentPicked(agent.chat_id))
                return
        self.notify("No tool call here has started a chat of its own.", timeout=3)

    # Marking

    def action_bookmark(self) -> None:
        """Ask for the current message to be bookmarked, or for its bookmark to be taken away."""
        if (message := self._message(self.current_seq)) is not None:
            self.post_message(BookmarkWanted(message.seq))

    def action_note(self) -> None:
        """Ask for a note on the current message."""
        if (message := self._message(self.current_seq)) is not None:
            self.post_message(NoteWanted(message.seq))

    # Copying

    def action_copy(self) -> None:
        """Ask for the source text of the current message to be copied."""
        message = self._message(self.current_seq)
        if message is not None:
            self.post_message(CopyRequested(message.content, "message"))

    def action_copy_code(self) -> None:
        """Ask for a code block to be copied: the one nearest to the top, then the ones after it."""
        codes = self._codes()
        if not codes:
            return
        places = [(seq, row) for seq, row, _ in codes]
        if self._copied in places:
            index = (places.index(self._copied) + 1) % len(codes)
        else:
            index = min(range(len(codes)), key=lambda at: abs(self.viewport.row_of(*places[at])))
        self._copied = places[index]
        what = f"code block {index + 1} of {len(codes)}" if len(codes) > 1 else "code block"
        self.post_message(CopyRequested(codes[index][2], what))

    def _codes(self) -> list[tuple[int, int, str]]:
        """The code blocks of the current message; where it has none, those in the window."""
        own = self._codes_of(self.current_seq)
        if own:
            return own
        seen = set(islice(self.viewport.seen(), self.viewport.height))
        window = range(self.viewport.anchor[0], self.viewport.last + 1)
        return [code for seq in window for code in self._codes_of(seq) if code[:2] in seen]

    def _codes_of(self, seq: int) -> list[tuple[int, int, str]]:
        laid = self.typeset.laid(seq) if self._message(seq) else None
        return [(seq, row, code) for row, code in laid.codes] if laid else []

    def action_copy_id(self) -> None:
        """Ask for the chat's id to be copied."""
        if self.feed is not None:
            self.post_message(CopyRequested(str(self.feed.chat_id), "chat id"))

    def moved(self) -> None:
        """A move ends the round of code blocks."""
        super().moved()
        if self._copied is not None and self._copied[0] not in range(self.viewport.anchor[0], self.viewport.last + 1):
            self._copied = None

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember where a click began: a drag is none."""
        self._pressed = event.screen_offset

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show where a link leads: its label may say something else."""
        tip = Content(event.style.link) if event.style.link else None
        if tip != self.tooltip:
            self.tooltip = tip

    def on_click(self, event: events.Click) -> None:
        """Follow a link, open or fold a folded line, show more, or choose the message."""
        if event.screen_offset != self._pressed or event.button != 1:
            return
        place = next(islice(self.viewport.seen(), event.y, None), None)
        if self._unseen and event.y == self.viewport.height - 1:
            self.action_last()
        elif event.style.link:
            self.post_message(LinkFollowed(event.style.link))
        elif place is not None and event.chain == 1:
            self._click(*place)

    def _click(self, seq: int, row: int) -> None:
        message = self._message(seq)
        laid = self.typeset.laid(seq) if message else None
        if message is None or laid is None:
            return
        self.choose(seq)
        if row == laid.after:
            self.action_more()
        elif row == laid.before:
            self.action_less()
        elif row == laid.head and (laid.foldable or self.typeset.is_folded(seq)):
            self._turn(seq)
        else:
            self.moved()
            self.refresh()

    def text_select_all(self) -> None:
        """A double click selects the message under it, not the whole chat."""
        seq = self.current_seq
        if self._message(seq) is not None:
            self.screen.selections = {self: self.document.whole(seq, self.measure(seq))}
