"""The message pane: a chat to be read, with its keys and its mouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Offset

from chattui.domain.chat import Fork, Subagent
from chattui.tui.pane.detail import LEVELS
from chattui.tui.pane.jumps import JUMPS
from chattui.tui.pane.keys import pane_key
from chattui.tui.pane.messages import (
    BookmarkWanted,
    LinkFollowed,
    MatchStepped,
    NoteWanted,
    SubagentPicked,
)
from chattui.tui.pane.selecting import SELECTS
from chattui.tui.pane.sideways import SIDEWAYS, Sideways
from chattui.tui.pane.taking import TAKES
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
        *LEVELS,
        pane_key("n", "match(1)", "next_match", "Next match", "Go to the next match of the search", show=True),
        pane_key("N", "match(-1)", "previous_match", "Previous match", "Go to the match before"),
        pane_key("enter,f", "fold", "fold", "Fold", "Fold or open the current message", show=True),
        pane_key("F", "fold_kind", "fold_kind", "Fold kind", "Fold or open all messages of the current one's kind"),
        pane_key("e", "more", "more", "Show more", "Show more lines of a long message"),
        pane_key("E", "less", "part_before", "Part before", "Show the part of a long message above this one"),
        *SIDEWAYS,
        *TAKES,
        *SELECTS,
        pane_key("b", "bookmark", "bookmark", "Bookmark", "Bookmark the current message, or take the bookmark away"),
        pane_key("m", "note", "note", "Note", "Write a note on the current message"),
        pane_key(
            "greater_than_sign",
            "subagent",
            "subagent",
            "Subagent",
            "Go to the chat that begins or goes on here",
        ),
    ]

    from_window = False
    """Whether the first step through matches begins at the window's edge, not at the current message."""

    _pressed: Offset | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Matches can be stepped through only where there are some."""
        if action == "match":
            return self.finder.walk is not None and bool(self.finder.walk.marks.seqs)
        return super().check_action(action, parameters)

    # Moving

    def action_rows(self, rows: int) -> None:
        """Scroll by lines."""
        if not self.extend_rows(rows):
            self.scroll_rows(rows)

    def action_pages(self, pages: int) -> None:
        """Scroll by pages."""
        rows = pages * max(1, self.viewport.height - _OVERLAP)
        if not self.extend_rows(rows):
            self.scroll_rows(rows)

    def action_first(self) -> None:
        """Go to the beginning."""
        first = self.viewport.heights.nearest(1) if self.viewport.heights.count else 1
        if self.is_selecting:
            self.go_to_message(first)
            return
        self.choose(first)
        self.go(partial(self.viewport.place, 1, 0, 0))

    def action_last(self) -> None:
        """Go to the end and stay there as the chat grows."""
        if self.extend_to_end():
            return
        self.choose(self.viewport.heights.before(self.viewport.heights.count + 1))
        self.go(self.viewport.end)

    def action_message(self, step: int) -> None:
        """Go to the previous or next message."""
        heights = self.viewport.heights
        self.go_to_message(heights.after(self.current_seq) if step > 0 else heights.before(self.current_seq))

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
        self.demand(seq)
        for changed in {before or seq, seq}:
            self._painter.drop(changed, 0, self.viewport.heights.rows(changed))
        self.choose(seq)
        self.go(self._place_match)
        self.post_message(MatchStepped(walk.index, len(walk.marks.seqs)))

    # Folding

    def action_fold(self) -> None:
        """Fold or open the current message; copy what is selected by keyboard."""
        if not self.copy_selected():
            self._turn(self.current_seq)

    def _turn(self, seq: int) -> None:
        if self.message_at(seq) is None:
            return
        above = max(0, self.viewport.row_of(seq, self._head(seq)))
        self.typeset.look(seq).opened = self.typeset.is_folded(seq)
        self._changed(seq, above)

    def _changed(self, seq: int, above: int) -> None:
        self.drop_selection()
        self.choose(seq)
        self.forget(seq)
        self.forget(self.viewport.heights.after(seq))
        self.go(partial(self._place_head, seq, above))

    def action_fold_kind(self) -> None:
        """Fold or open all messages of the current one's kind."""
        message = self.message_at(self.current_seq)
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

    def open_by_hand(self, opened: Mapping[int, bool]) -> None:
        """Show these messages open (or folded: False), as they were shown before; all others as their kind is."""
        before = self.typeset.opened_by_hand()
        for seq in before.keys() | opened.keys():
            self.typeset.look(seq).opened = opened.get(seq)
            self.forget(seq)
        self.drop_selection()
        self._painter.clear()
        self.settle()
        self.refresh()

    def action_more(self) -> None:
        """Show more of a long message, or the part of it that follows."""
        seq = self.current_seq
        laid = self.typeset.laid(seq) if self.message_at(seq) else None
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
        message = self.message_at(seq)
        laid = self.typeset.laid(seq) if message else None
        if message is None or laid is None or laid.before < 0:
            return
        look = self.typeset.look(seq)
        start = max(0, look.start - (laid.end - look.start or look.start))
        look.start = message.content.rfind("\n", 0, start) + 1 if start else 0
        self._changed(seq, 0)

    def _head(self, seq: int) -> int:
        laid = self.typeset.laid(seq)
        return laid.head if laid else 0

    def set_subagents(self, subagents: Sequence[Subagent], forks: Sequence[Fork] = ()) -> None:
        """Say at the calls which chats they have started, and where others go on from."""
        before = self.typeset.forks
        self.typeset.set_subagents(subagents, forks)
        self.finder.clear()
        self._painter.clear()
        for seq in before.keys() ^ self.typeset.forks.keys():
            self.forget(seq)
        self.settle()
        self.refresh()

    def action_subagent(self) -> None:
        """Go to the chat that the current call has started or that goes on from here, or else the next one in the window."""
        seen = [self.current_seq, *self.viewport.messages()]
        for seq in seen:
            message = self.message_at(seq)
            if message is not None and (agent := self.typeset.subagent(message)) is not None:
                self.post_message(SubagentPicked(agent.chat_id))
                return
            if message is not None and (forks := self.typeset.forks.get(seq)):
                self.post_message(SubagentPicked(forks[0].chat_id, forks[0].first))
                return
        self.notify("No tool call here has started a chat of its own, and none goes on from here.", timeout=3)

    # Marking

    def action_bookmark(self) -> None:
        """Ask for the current message to be bookmarked, or for its bookmark to be taken away."""
        if (message := self.message_at(self.current_seq)) is not None:
            self.post_message(BookmarkWanted(message.seq))

    def action_note(self) -> None:
        """Ask for a note on the current message."""
        if (message := self.message_at(self.current_seq)) is not None:
            self.post_message(NoteWanted(message.seq))

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
        message = self.message_at(seq)
        laid = self.typeset.laid(seq) if message else None
        if message is None or laid is None:
            return
        self.choose(seq)
        if row == laid.after:
            self.action_more()
        elif row == laid.before:
            self.action_less()
        elif row == laid.offer and laid.opens:
            self.action_open()
        elif row == laid.head and (laid.foldable or self.typeset.is_folded(seq)):
            self._turn(seq)
        else:
            self.moved()
            self.refresh()

    def text_select_all(self) -> None:
        """A double click selects the message under it, not the whole chat."""
        seq = self.current_seq
        if self.message_at(seq) is not None:
            self.screen.selections = {self: self.document.whole(seq, self.measure(seq))}
