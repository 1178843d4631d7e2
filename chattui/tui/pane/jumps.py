"""Going to prompts, errors and named places: in what is loaded where that tells, else by asking whoever fills the feed."""

from __future__ import annotations

from functools import partial

from textual.binding import Binding

from chattui.domain.kinds import Kind, Role
from chattui.tui.pane.messages import GoToWanted, OutlineWanted, PlaceWanted
from chattui.tui.pane.refining import Refining


def pane_key(keys: str, action: str, name: str, description: str, tooltip: str, *, show: bool = False) -> Binding:
    """A key of the pane; its id is what a configuration names."""
    return Binding(keys, action, description, show=show, id=f"pane.{name}", tooltip=tooltip)


JUMPS = (
    pane_key("left_curly_bracket", "prompt(-1)", "previous_prompt", "Previous prompt", "Go to the prompt before"),
    pane_key("right_curly_bracket", "prompt(1)", "next_prompt", "Next prompt", "Go to the next prompt"),
    pane_key("left_parenthesis", "error(-1)", "previous_error", "Previous error", "Go to the error before"),
    pane_key(
        "right_parenthesis", "error(1)", "next_error", "Next error", "Go to the next error, of a tool or the agent"
    ),
    pane_key("colon", "go_to", "go_to", "Go to", "Go to a message's number, a share of the chat, or a time"),
    pane_key("o", "outline", "outline", "Outline", "List the chat's prompts, and go to one"),
)
"""Keys that leave the neighbourhood."""


class Jumps(Refining):
    """The pane's far moves. An answer that comes after the reader has moved on is dropped."""

    _seek: tuple[str, int, int] | None = None

    def action_prompt(self, step: int) -> None:
        """Go to the previous or next prompt, however far."""
        feed, seq = self.feed, self.current_seq + step
        self._seek = None
        while feed is not None and 1 <= seq <= self.viewport.heights.count:
            message = feed.get(seq)
            if message is None:
                self._ask("prompt", seq - step, step)
                return
            if message.role is Role.USER and message.kind is Kind.TEXT:
                self.go_to_message(seq)
                return
            seq += step

    def action_error(self, step: int) -> None:
        """Go to the previous or next error, and round at the ends."""
        self._ask("error", self.current_seq, step)

    def _ask(self, what: str, seq: int, step: int) -> None:
        if self.feed is not None:
            self._seek = (what, seq, step)
            self.post_message(PlaceWanted(what, seq, step))

    def place_found(self, what: str, seq: int | None) -> bool:
        """The answer to ``PlaceWanted``; False when the reader does not wait for it any more."""
        if self._seek is None or self._seek[0] != what:
            return False
        self._seek = None
        if seq is not None:
            self.go_to_message(seq)
        return True

    def action_go_to(self) -> None:
        """Ask for a place to go to."""
        if self.feed is not None and self.feed.count:
            self.post_message(GoToWanted())

    def action_outline(self) -> None:
        """Ask for the list of prompts."""
        if self.feed is not None and self.feed.count:
            self.post_message(OutlineWanted(self.current_seq))

    def go_to_message(self, seq: int) -> None:
        """Choose a message, and bring its beginning to the top unless all of it is in the window."""
        viewport = self.viewport
        if not 1 <= seq <= viewport.heights.count:
            return
        self.choose(seq)
        self.measure(seq)
        top = viewport.row_of(seq)
        if viewport.anchor[0] <= seq <= viewport.last and 0 <= top <= viewport.height - viewport.heights.rows(seq):
            self.moved()
            self.refresh()
        else:
            self.go(partial(self._place_head, seq, 0))

    def choose(self, seq: int) -> None:
        """Make a message the current one; nothing is looked for any more."""
        self._seek = None
        self._selected = self._current = seq

    def scroll_rows(self, rows: int) -> None:
        """Move by rows; whatever was being looked for is not wanted any more."""
        self._seek = None
        super().scroll_rows(rows)
