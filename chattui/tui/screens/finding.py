"""Find in chat: from the first key in the find bar to the match, and back to where the reader was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.domain.needle import Needle
from chattui.tui import messages as told
from chattui.tui.data.find_flight import Question
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.widgets.find_bar import FindBar

if TYPE_CHECKING:
    from chattui.tui.data.session import Session


class Finding:
    """The state of one find: where it began, what was found so far, and whether the reader has stepped to a match."""

    def __init__(self, bar: FindBar, pane: MessagePane, session: Session) -> None:
        self.bar = bar
        self._pane = pane
        self._session = session
        self.chat_id: int | None = None
        self._origin: tuple[int, int] | None = None  # None: the end
        self._latest = 0
        self._answer: told.FindAnswered | None = None
        self._stepped = False
        self._step_wanted = 0

    @property
    def active(self) -> bool:
        """Whether the bar is there."""
        return self.chat_id is not None

    def open(self, chat_id: int) -> None:
        """Show the bar, with what was looked for last; in front of the same chat it stays as it is. The caller focuses it."""
        if self.chat_id != chat_id:
            self.chat_id = chat_id
            self._origin = None if self._pane.viewport.at_end else self._pane.position
            self._stepped, self._answer = False, None
            self._pane.from_window = True
            self.bar.display = True
            self.ask(self.bar.needle)
        self.bar.line.select_all()

    def ask(self, needle: Needle) -> None:
        """Look for something else."""
        feed = self._pane.feed
        if self.chat_id is None or feed is None:
            return
        self._step_wanted = 0
        if not needle.text:
            self._session.finds.forget()
            self._latest, self._answer = 0, None
            self._pane.set_marks(None)
            self.bar.say("")
            return
        near = self._pane.position[0]
        self._latest = self._session.finds.ask(Question(self.chat_id, needle, feed.count, near))

    def answered(self, event: told.FindAnswered) -> None:
        """Show matches; answers to older questions are dropped."""
        if event.number != self._latest or not self.active:
            return
        same = self._answer is not None and self._answer.needle == event.needle
        self._answer = event
        self._pane.set_marks(Marks(event.pattern, event.seqs) if event.seqs else None, keep=same)
        self._summarize()
        if self._step_wanted and (event.seqs or event.final):
            self.step(self._step_wanted)

    def step(self, step: int) -> None:
        """Go to the next match or the one before; as soon as there is one, when none was found yet."""
        if self._answer is None or self._answer.number != self._latest or not self._answer.seqs:
            self._step_wanted = step if self._latest and (self._answer is None or not self._answer.final) else 0
            return
        self._step_wanted = 0
        self._stepped = True
        self._pane.action_match(step)

    def stepped(self) -> None:
        """The reader is at another match."""
        self._stepped = True
        self._summarize()

    def grew(self) -> None:
        """The chat has more messages: some may match."""
        if self.active and self._answer is not None and self._answer.final:
            self.ask(self.bar.needle)

    def close(self, *, back: bool) -> None:
        """Hide the bar and its marks; with ``back`` the reader returns to where they were, unless they went to a match."""
        if not self.active:
            return
        self.chat_id = None
        self._session.finds.forget()
        self._latest, self._answer = 0, None
        self.bar.display = False
        self.bar.say("")
        self._pane.from_window = False
        self._pane.set_marks(None)
        if back and not self._stepped:
            if self._origin is None:
                self._pane.go(self._pane.viewport.end)
            else:
                self._pane.go_to_line(*self._origin)

    def _summarize(self) -> None:
        answer = self._answer
        if answer is None:
            return
        if answer.problem and not answer.seqs:
            self.bar.say(answer.problem, problem=True)
            return
        count, walk = len(answer.seqs), self._pane.finder.walk
        if not count:
            self.bar.say("no message has it" if answer.final else "none near here, looking …")
            return
        at = f"{walk.index:,} of " if walk is not None and walk.index else ""
        more = "" if answer.final and not answer.problem else "+"
        text = f"{at}{count:,}{more} message{'' if count == 1 and not more else 's'}"
        self.bar.say(f"{text} · {answer.problem}" if answer.problem else text, problem=bool(answer.problem))
