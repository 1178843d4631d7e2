"""How much of a chat is shown: what is hidden keeps its number and takes no rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from chattui.domain.branches import Branches
from chattui.domain.chat import Message
from chattui.domain.levels import Level
from chattui.tui.pane.keys import pane_key
from chattui.tui.pane.messages import BranchShown, KindsWanted, LevelChanged
from chattui.tui.pane.refining import Refining

LEVELS = (
    pane_key("D", "detail", "detail", "Next level of detail", "Show more detail; after everything, only the prompts"),
    pane_key("1", "level(1)", "level_prompts", "Prompts", "Show only the prompts"),
    pane_key("2", "level(2)", "level_conversation", "Conversation", "Show prompts, replies, summaries and errors"),
    pane_key("3", "level(3)", "level_tools", "With tools", "Show the conversation with tool calls and their results"),
    pane_key("4", "level(4)", "level_everything", "Everything", "Show everything: also thinking, attachments, events"),
)
"""Keys that choose how much is shown."""

_NEAR = 300
"""Messages on both sides of the window that are looked at before the rest of the chat is asked for."""


class Detail(Refining):
    """The pane's levels. What a far move goes to is always shown, if need be by another level."""

    _kept: Callable[[], object] | None = None  # goes back to where the reader was when they changed the level
    _demanded: int | None = None  # a message that must be shown, of which nothing is known yet

    def begin_at(self, level: object) -> None:
        """Begin with a level that was saved, if it is one."""
        if isinstance(level, int) and level in tuple(Level):
            self.sieve.level = Level(level)

    def action_detail(self) -> None:
        """The next level, and round."""
        self.action_level(self.sieve.level % len(Level) + 1)

    def action_level(self, number: int) -> None:
        """Show another level. The message at the top stays there; as long as the reader does not move, so does their place."""
        level, before = Level(number), self.sieve.level
        if level is before:
            return
        if self._kept is None or self._goal is not self._kept:
            viewport = self.viewport
            at_end = viewport.at_end and level < before
            self._kept = viewport.end if at_end else partial(viewport.place, *viewport.anchor, 0)
        self._goal = self._kept
        self._demanded = None
        self._show_level(level)
        self.post_message(LevelChanged(raised=False))

    def demand(self, seq: int) -> None:
        """The reader goes to a message: when it is hidden, show the level that has it, and say so."""
        branches = self.sieve.branches
        if branches is not None and branches.show(seq):
            self._sift()
            self.post_message(BranchShown(*branches.place_of(seq)))
        if not self.sieve.works:
            return
        level = self.sieve.level_of(seq)
        self._demanded = None if level else seq
        if level > self.sieve.actual:
            self._show_level(Level(level))
            self.post_message(LevelChanged(raised=True))

    def set_branches(self, branches: Branches) -> None:
        """Where the chat parts; what is being read is shown, and at the end what leads there."""
        if self.sieve.branches is not None:
            branches.keep(self.sieve.branches)
        if self._goal != self.viewport.end:
            branches.show(self._selected or self.viewport.anchor[0])
        self.sieve.branches = branches
        self._sift()

    def learn(self, messages: Iterable[Message]) -> None:
        """Messages were loaded: they tell by themselves whether they are shown."""
        if self.sieve.works and self.sieve.learn_from(messages):
            self._sift()

    def know(self, first: int, codes: bytes) -> None:
        """The codes of the messages from ``first`` on."""
        if self.sieve.learn(first, codes) and first <= self.viewport.heights.count:
            self._sift()
            if self._demanded is not None:
                self.demand(self._demanded)

    def _show_level(self, level: Level) -> None:
        self.sieve.level = level
        feed = self.feed
        if feed is not None and self.sieve.works:
            top, last = self.viewport.anchor[0], self.viewport.last
            near = range(max(1, top - _NEAR), min(feed.count, max(top, last) + _NEAR) + 1)
            self.sieve.learn_from(filter(None, map(feed.get, near)))
            if not self.sieve.is_complete:
                self.post_message(KindsWanted(top))
        self._sift()

    def _sift(self) -> None:
        """Other messages are shown."""
        self.drop_selection()
        self.typeset.regroup()
        self._painter.clear()
        self._remeasure()
        self.settle()
