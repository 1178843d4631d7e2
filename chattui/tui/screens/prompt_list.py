"""The outline's list: one line a prompt, drawn where it is seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from chattui.domain.branches import Branches
from chattui.domain.place import Prompt
from chattui.domain.visible import visible_line
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.days import age
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette


@dataclass
class PromptPicked(Message):
    """The prompt with this seq was chosen."""

    seq: int


class PromptList(ItemList):
    """Prompts in order, by ``branches`` as a tree; the cursor begins at the one that the reader is in."""

    DEFAULT_CSS = "PromptList { height: 1fr; }"

    def __init__(self, seq: int, now: Callable[[], datetime], branches: Branches | None = None) -> None:
        super().__init__(id="prompts")
        self._branches = branches
        self._seq = seq
        self._now = now
        self._all: Sequence[Prompt] = ()
        self._lowered: list[str] = []
        self._shown: Sequence[Prompt] = ()
        self._needle = ""
        self._read = False
        self._firsts: dict[int, tuple[int, int]] = {}

    @property
    def total(self) -> int:
        """Prompts in the chat."""
        return len(self._all)

    def set_prompts(self, prompts: Sequence[Prompt]) -> None:
        """The prompts are read."""
        self._all, self._read = prompts, True
        self._lowered = [prompt.text.lower() for prompt in prompts]
        self._firsts = dict(self._first_prompts())
        self.filter(self._needle)

    def filter(self, needle: str) -> None:
        """Show only prompts whose beginning holds ``needle``, in any case."""
        self._needle = needle
        wanted = needle.lower().strip()
        if wanted:
            self._shown = [p for p, low in zip(self._all, self._lowered, strict=True) if wanted in low]
        else:
            self._shown = self._all
        self.tops = range(len(self._shown) + 1)
        at = bisect_right(self._shown, self._seq, key=lambda prompt: prompt.seq) - 1
        self.replaced(max(0, at), more=False)

    def selectable(self, index: int) -> bool:  # noqa: ARG002
        """All are."""
        return True

    def hint(self) -> str:
        """In place of no prompts."""
        if not self._read:
            return "Reading the prompts …"
        return "No prompt has this." if self._needle.strip() else "No prompts in this chat."

    def action_pick(self) -> None:
        """Go to the prompt at the cursor."""
        if 0 <= self.cursor < len(self._shown):
            self.post_message(PromptPicked(self._shown[self.cursor].seq))

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:  # noqa: ARG002
        """Number, beginning, age."""
        over = palette.over(focused=True) if at_cursor else Style.null()
        prompt = self._shown[index]
        number = f"{prompt.seq:>{len(str(self._all[-1].seq))}}  "
        when = f"  {age(prompt.created_at, self._now())} "
        room = max(4, width - 1 - cells(number) - cells(when))
        start = visible_line(next((line for line in prompt.text.splitlines() if line.strip()), ""))
        text = clip(self._branch(prompt.seq, room) + start, room)
        return [
            Segment("▌" if at_cursor else " ", palette.accent + over),
            Segment(number, palette.aside(at_cursor=at_cursor) + over),
            Segment(text + " " * (room - cells(text)), palette.text + over),
            Segment(when, palette.aside(at_cursor=at_cursor) + over),
        ]

    def _first_prompts(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """The first prompt of each branch, which may begin with a reply, and which branch of how many that is."""
        seen = {0}
        for prompt in self._all if self._branches is not None else ():
            assert self._branches is not None
            head = self._branches.head(prompt.seq)
            if head not in seen and (place := self._branches.place(head)) is not None:
                yield prompt.seq, place
            seen.add(head)

    def _branch(self, seq: int, room: int) -> str:
        """What stands before a prompt in the tree: a bar for each fork above it, which branch it begins, and how many
        replies it has where these are several."""
        if self._branches is None:
            return ""
        place = self._firsts.get(seq)
        again = self._branches.forks.get(seq)
        replies = f"‹{len(again.heads)} replies› " if again is not None else ""
        bars = "│ " * min(self._branches.depth(seq) - (place is not None), room // 4)
        return (f"{bars}├ ‹{place[0]} of {place[1]}› " if place is not None else bars) + replies
