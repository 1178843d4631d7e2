"""The chat in the pane: its feed, its marks, its growth."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chattui.domain.chat import Chat
from chattui.domain.chat import Message as ChatMessage
from chattui.domain.marks import Mark
from chattui.domain.place import Prompt
from chattui.domain.query import match_pattern
from chattui.domain.secrets import masked_beginning, masked_mark, shown_line
from chattui.tui import mark_messages as of_marks
from chattui.tui import messages as told
from chattui.tui.data.feed import ChatFeed
from chattui.tui.habits import HABITS
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.screens.chat_facts import facts_of
from chattui.tui.soon import Soon

if TYPE_CHECKING:
    from chattui.tui.data.session import Session

_SOON = 0.25
"""Seconds between two looks at a chat that another program goes on with."""

_SIZES_FROM = 120
"""Messages from which a chat's sizes are worth asking for: below, everything is loaded at once."""


class OpenChat:
    """What is shown in the pane, and how it got there. ``chat`` is None for a new chat (``is_new``) and before the first."""

    def __init__(self, pane: MessagePane, session: Session) -> None:
        self._pane = pane
        self._session = session
        self.chat: Chat | None = None
        self.is_new = False
        self.marks: dict[int, Mark] | None = None  # bookmarks and notes by seq; None while they are not known
        self.query = ""
        self._pattern: re.Pattern[str] | None = None
        self._feed: ChatFeed | None = None
        self._wanted: int | None = None
        self._line: int | None = None
        self.look_again = Soon(pane, self._look, _SOON)
        self._trail: list[tuple[int, int, int]] = []  # (chat, seq, line) from which subagents were opened

    @property
    def chat_id(self) -> int | None:
        """The chat shown."""
        return self.chat.id if self.chat else None

    @property
    def is_awaited(self) -> bool:
        """Whether another chat was asked for and is not here yet."""
        return self._wanted is not None

    @property
    def position(self) -> tuple[int, int]:
        """(seq, line) at the top of the pane."""
        return self._pane.position if self.chat else (0, 0)

    def ask(
        self, chat_id: int, at: int | None = None, query: str = "", line: int | None = None, *, resume: bool = True
    ) -> None:
        """Show a chat as soon as it is read, with ``line`` of message ``at`` on top; of several asked for, the last.

        Without ``at`` it is shown where it was left, or at its end when ``resume`` is False.
        """
        self._leave()
        self._wanted, self._line = chat_id, line
        self._session.read_chat(chat_id, at, query, resume=resume)

    @property
    def place(self) -> dict[str, object]:
        """Where the reader is, as it is kept for the next time."""
        seq, line = self.position
        return {"seq": seq, "line": line, "at_end": self._pane.viewport.at_end}

    def _leave(self) -> None:
        """Keep where the chat was left. Before it was ever painted there is nothing to keep."""
        if self.chat is not None and self.chat.message_count and self._pane.viewport.height:
            self._session.places.leave(self.chat.id, self.place)

    def show(
        self,
        chat: Chat,
        messages: Sequence[ChatMessage],
        at: int | None = None,
        query: str = "",
        line: int | None = None,
    ) -> bool:
        """Show a chat that was read. False when another one was asked for meanwhile."""
        if self._wanted is not None and self._wanted != chat.id:
            return False
        line = self._line if self._line is not None else line
        self._wanted = self._line = None
        self.chat, self.query, self.is_new = chat, query, False
        self.marks = None
        feed = ChatFeed(
            chat.id,
            chat.message_count,
            lambda a, b: self._session.read_messages(chat.id, a, b),
            lambda seqs: self._session.places.these(chat.id, seqs),
            masks=self._session.masks,
        )
        feed.fill(messages)
        self._feed = feed
        self._pattern = match_pattern(query + " ") if query else None
        marks = Marks(self._pattern, (at,)) if self._pattern and at else None
        self._pane.show(feed, at=at, marks=marks)
        self._pane.learn(messages)
        if at is not None and line is None:
            self._pane.demand(at)
        if at is not None and line is not None:
            self._pane.go_to_line(at, line)
        return True

    def read_the_rest(self) -> None:
        """Ask for what the first paint did without: sizes for the scroll bar, further matches."""
        if self.chat is None:
            return
        self._session.marks.read(self.chat.id)
        if self.chat.message_count > _SIZES_FROM:
            self._session.read_sizes(self.chat.id)
        self._session.read_subagents(self.chat.id)
        if self._pane.sieve.works:
            self.read_kinds(self._pane.position[0])
        if self._pattern is not None:
            self._session.read_matches(self.chat.id, self.query)
        self._session.places.branches(self.chat.id)

    def read_kinds(self, near: int) -> None:
        """Ask which messages are shown at which level of detail, first around message ``near``."""
        if self.chat is not None:
            self._session.places.kinds(self.chat.id, near, self.chat.message_count)

    def show_new(self) -> None:
        """Show an empty pane for a chat that begins with its first message."""
        self.close()
        self.is_new = True

    def close(self) -> None:
        """Show no chat."""
        self._leave()
        self._wanted = self._line = None
        self.chat, self._feed, self.query, self._pattern, self.marks = None, None, "", None, None
        self.is_new = False
        self._pane.clear()

    def started(self, event: told.SubagentsRead) -> None:
        """The chats that calls of this one have started, and its forks."""
        if self.chat_id == event.chat_id:
            forks = [replace(fork, title=self.line(fork.title)) for fork in event.forks]
            self._pane.set_subagents(event.subagents, forks)

    def go_down(self, chat_id: int, at: int = 1) -> None:
        """Show the chat of a subagent or a fork, and remember the way back."""
        if self.chat is not None:
            self._trail.append((self.chat.id, *self.position))
        self.ask(chat_id, at)

    def go_up(self) -> bool:
        """Back to where a subagent or fork was opened, or else to what it comes from; False for a chat of no other."""
        origin = (self.chat.parent_id or self.chat.forked_from) if self.chat is not None else None
        if self.chat is None or origin is None:
            return False
        while self._trail:
            chat_id, seq, line = self._trail.pop()
            if chat_id == origin:
                self.ask(chat_id, seq, line=line)
                return True
        self._leave()
        self._wanted, self._line = origin, None
        self._session.read_parent(self.chat.id)
        return True

    def loaded(self, event: told.MessagesRead) -> None:
        """Messages that the feed wanted."""
        if self._feed is not None and self._feed.chat_id == event.chat_id:
            self._feed.fill(event.messages, (event.first, event.last))
            self._pane.learn(event.messages)
            if event.messages:
                self._pane.messages_loaded(event.first, event.last)

    def loaded_these(self, event: told.TheseRead) -> None:
        """Single messages that the feed wanted."""
        if self._feed is not None and self._feed.chat_id == event.chat_id:
            self._feed.fill(event.messages)
            self._feed.answered(event.seqs)
            if event.messages:
                self._pane.messages_loaded(event.messages[0].seq, event.messages[-1].seq)

    def parted(self, event: told.BranchesRead) -> None:
        """Where the chat parts."""
        if self.chat_id == event.chat_id:
            self._pane.set_branches(event.branches)

    def known(self, event: told.KindsRead) -> None:
        """At which level messages are shown; of new ones this is what they are shown by."""
        feed, end = self._feed, event.first + len(event.codes) - 1
        if feed is None or feed.chat_id != event.chat_id or event.first > feed.stored + 1:
            return
        self._pane.know(event.first, event.codes)
        if end > feed.stored:
            self._grow(feed, end)

    def sized(self, event: told.SizesRead) -> None:
        """Sizes of the blocks."""
        if self._feed is not None and self._feed.chat_id == event.chat_id:
            self._feed.set_sizes(event.sizes)
            self._pane.sizes_loaded()

    def matched(self, event: told.MatchesRead) -> int:
        """All matching messages; returns how many."""
        if self.chat_id != event.chat_id or event.query != self.query or self._pattern is None or not event.seqs:
            return 0
        here = self._pane.finder.walk.seq if self._pane.finder.walk is not None else None
        self._pane.set_marks(Marks(self._pattern, tuple(event.seqs)))
        if here is not None and self._pane.finder.walk is not None:
            self._pane.finder.walk.start(here)  # the reader is at a match already: n goes on from there
        return len(event.seqs)

    def marked(self, event: of_marks.MarksRead) -> None:
        """Bookmarks and notes."""
        if self.chat_id == event.chat_id:
            self.marks = {mark.seq: mark for mark in event.marks if mark.seq is not None}
            self._show_notes()

    def _show_notes(self) -> None:
        notes = self.marks or {}
        masks = self._feed is not None and self._feed.is_masked
        self._pane.set_notes({seq: masked_mark(mark) for seq, mark in notes.items()} if masks else dict(notes))

    @property
    def reveals(self) -> bool:
        """Whether secrets are shown that are hidden otherwise."""
        return self._session.masks and self._feed is not None and not self._feed.is_masked

    def reveal(self) -> int | None:
        """Show the secrets of the open chat, until it is left; returns in how many messages there are some that are
        loaded. None when they are shown already."""
        if self._feed is None or not self._feed.is_masked:
            return None
        seqs = self._feed.reveal()
        self._pane.changed(seqs)
        self._show_notes()
        return len(seqs)

    def grew(self, chat: Chat, messages: Sequence[ChatMessage] = ()) -> None:
        """The chat has more messages, or other facts, than were known."""
        if self._feed is None or self.chat_id != chat.id:
            return
        self.chat = chat
        if chat.message_count <= self._feed.stored:
            return
        sieve = self._pane.sieve
        if sieve.works:  # until it is known whether they are shown, they are not there
            if not messages or messages[-1].seq < chat.message_count:
                self._session.places.kinds_between(chat.id, self._feed.stored + 1, chat.message_count)
                return
            sieve.learn_from(messages)
        self._feed.fill(messages)
        self._grow(self._feed, chat.message_count)

    def _grow(self, feed: ChatFeed, count: int) -> None:
        known = feed.stored if self._pane.sieve.branches is None else 0
        self._change(feed, lambda: feed.grow(count))
        self._session.places.branches(feed.chat_id, known)
        self._session.read_subagents(feed.chat_id)

    def _change(self, feed: ChatFeed, change: Callable[[], object]) -> None:
        """Change what the feed has at its end, and show what that makes different."""
        before = {seq: feed.get(seq) for seq in range(feed.stored + 1, feed.count + 1)}
        count = feed.count
        change()
        if feed.count < count:
            self._pane.shrunk()
        others = [seq for seq, message in before.items() if seq <= feed.count and not _same(message, feed.get(seq))]
        if len(others) == 1 and others[0] == feed.count == count:
            self._pane.refresh_message(count)  # it has grown
        elif others:
            self._pane.changed(others)
        if feed.count > count:
            self._pane.grown()

    def set_tail(
        self, messages: Sequence[ChatMessage], grown: tuple[Chat, Sequence[ChatMessage]] | None = None
    ) -> None:
        """Show what is no message yet behind the messages: what waits to be stored, a reply that is being written.

        ``grown`` are messages that take its place in the same moment.
        """
        feed = self._feed
        if feed is None:
            if not messages:
                return
            feed = self._feed = ChatFeed(0, 0, lambda a, b: None, masks=self._session.masks)  # noqa: ARG005
            self._pane.show(feed)
        if grown is None:
            self._change(feed, lambda: feed.set_tail(messages))
            return
        chat, made = grown
        whole = bool(made) and made[-1].seq == chat.message_count and made[0].seq <= feed.stored + 1
        if not whole or self._pane.sieve.works:  # it is asked for what there is
            self._change(feed, lambda: feed.set_tail(messages))
            self.grew(chat, made)
            if feed.stored < chat.message_count:
                self._look()
            return

        def change() -> None:
            feed.fill(made)
            feed.grow(chat.message_count)
            feed.set_tail(messages)

        self.chat = chat
        known = feed.stored if self._pane.sieve.branches is None else 0
        self._change(feed, change)
        self._session.places.branches(feed.chat_id, known)

    @property
    def has_tail(self) -> bool:
        """Whether there is something behind the messages that is none yet."""
        return self._feed is not None and self._feed.count > self._feed.stored

    def parent_to_be(self) -> int | None:
        """The message that the next one answers: the last of the branch that is shown; None for the last there is."""
        feed, branches = self._feed, self._pane.sieve.branches
        if feed is None or branches is None or not feed.stored:
            return None
        return branches.mask(feed.stored).rfind(1) + 1 or None

    def _look(self) -> None:
        if self.chat is not None and self._feed is not None:
            self._session.read_growth(self.chat.id, self._feed.stored)
            self._session.marks.read(self.chat.id)

    def reconnect(self) -> None:
        """Ask again for what was on its way when the connection was lost."""
        if self._feed is not None and self.chat is not None:
            self._feed.retry()
            self._session.read_growth(self.chat.id, self._feed.stored)
            self._pane.messages_loaded(1, 1)

    def drop_marks(self) -> None:
        """The search is over: nothing is highlighted any more."""
        self.query, self._pattern = "", None
        self._pane.set_marks(None)

    @property
    def hides(self) -> bool:
        """Whether secrets of the chat are hidden."""
        return self._session.masks if self._feed is None else self._feed.is_masked

    def line(self, text: str) -> str:
        """The text on a line, its secrets hidden unless those of the chat are shown."""
        return shown_line(text, self.hides)

    def hidden_prompts(self, prompts: Sequence[Prompt]) -> Sequence[Prompt]:
        """Prompts of the chat, as they may be shown."""
        return [replace(p, text=masked_beginning(p.text)) for p in prompts] if self.hides else prompts

    def heading(self) -> str:
        """One line about the chat, for above the pane."""
        chat = self.chat
        if chat is None:
            return ""
        facts = [
            HABITS.icon("★") if chat.pinned else "",
            self.line(chat.title) or "(untitled)",
        ]
        return " ".join(f for f in facts if f)

    def facts(self, width: int) -> str:
        """Where the chat comes from, for beside its title: as much as fits into ``width`` columns."""
        return facts_of(self.chat, self._pane.sieve.actual, self.line, width) if self.chat is not None else ""


def _same(one: ChatMessage | None, other: ChatMessage | None) -> bool:
    """Whether two messages look the same; a reply that grows is compared by its length first."""
    return one is other or (
        one is not None and other is not None and replace(one, created_at=other.created_at) == other
    )
