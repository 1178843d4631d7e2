"""Going to prompts, errors and named places: in what is loaded where that tells, else by asking whoever fills the feed."""

from __future__ import annotations

from functools import partial

from chattui.tui.pane.detail import Detail
from chattui.tui.pane.keys import pane_key
from chattui.tui.pane.messages import GoToWanted, OutlineWanted, PlaceWanted

JUMPS = (
    pane_key("left_curly_bracket", "prompt(-1)", "previous_prompt", "Previous prompt", "Go to the prompt before"),
    pane_key("right_curly_bracket", "prompt(1)", "next_prompt", "Next prompt", "Go to the next prompt"),
    pane_key("left_parenthesis", "error(-1)", "previous_error", "Previous error", "Go to the error before"),
    pane_key(
        "right_parenthesis", "error(1)", "next_error", "Next error", "Go to the next error, of a tool or the agent"
    ),
    pane_key("colon", "go_to", "go_to", "Go to", "Go to a message's number, a share of the chat, or a time"),
    pane_key("o", "outline", "outline", "Outline", "List the chat's prompts, and go to one"),
    pane_key("O", "outline(True)", "tree", "Tree", "List the chat's prompts by branch, and go to one"),
    pane_key(
        "comma", "branch(-1)", "previous_branch", "Branch before", "Where a prompt was edited: the version before"
    ),
    pane_key("full_stop", "branch(1)", "next_branch", "Next branch", "Where a prompt was edited: the next version"),
)
"""Keys that leave the neighbourhood."""


class Jumps(Detail):
    """The pane's far moves. An answer that comes after the reader has moved on is dropped."""

    _seek: tuple[str, int, int] | None = None

    def action_prompt(self, step: int) -> None:
        """Go to the previous or next prompt, however far."""
        feed, heights = self.feed, self.viewport.heights
        move = heights.after if step > 0 else heights.before
        before, seq = self.current_seq, move(self.current_seq)
        self._seek = None
        while feed is not None and 1 <= seq <= heights.count:
            message = feed.get(seq)
            if message is None:
                self._ask("prompt", before, step)
                return
            if message.is_prompt:
                self.go_to_message(seq)
                return
            before, seq = seq, move(seq)

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
        _, _, step = self._seek
        self._seek = None
        if what == "prompt" and seq is not None and not self.viewport.heights.is_shown(seq):
            self._ask(what, seq, step)  # on another branch
            return False
        if seq is not None:
            self.go_to_message(seq)
        return True

    def action_branch(self, step: int) -> None:
        """Go to the branch beside the one that is read."""
        branches = self.sieve.branches
        seq = branches.sibling(self.current_seq, step) if branches is not None else None
        if seq is None:
            self.notify("The chat does not part here.", timeout=3)
            return
        above = max(0, self.viewport.row_of(self.current_seq, 1))
        self.demand(seq)
        self.choose(seq)
        self.go(partial(self._place_head, seq, min(above, self.viewport.height // 2)))

    def action_go_to(self) -> None:
        """Ask for a place to go to."""
        if self.feed is not None and self.feed.count:
            self.post_message(GoToWanted())

    def action_outline(self, tree: bool = False) -> None:
        """Ask for the list of prompts, or for their tree."""
        if self.feed is not None and self.feed.count:
            self.post_message(OutlineWanted(self.current_seq, tree))

    def go_to_message(self, seq: int) -> None:
        """Choose a message, and bring its beginning to the top unless all of it is in the window."""
        viewport = self.viewport
        if not 1 <= seq <= viewport.heights.count:
            return
        self.demand(seq)
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
