"""One message as laid out lines, and places in its text that hold at any width."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from chattui.tui.pane.layout import CodeAt
from chattui.tui.pane.lines import Line, offset_of, row_at


class Place(NamedTuple):
    """A block of a message's text, and characters of it; block -1 is what stands above the text, by rows."""

    block: int
    offset: int


@dataclass(slots=True)
class Laid:
    """A message as lines: perhaps an empty one, the headline, the text, and notices where text is left out."""

    lines: list[Line]
    head: int = 0  # the row of the headline
    body: int = 0  # the row in which the text begins
    starts: list[int] = field(default_factory=list)  # first rows of the text's blocks; none where it is not Markdown
    foldable: bool = False  # of a kind that is folded until it is opened
    codes: list[CodeAt] = field(default_factory=list)
    plain_codes: list[tuple[str, str]] = field(default_factory=list)
    before: int = -1  # the row that says what is left out above, -1 for none
    after: int = -1
    offer: int = -1  # the row that says what can be done with an attachment
    opens: bool = False  # whether its bytes are there
    end: int = 0  # where the next part of the text begins
    kept: int = 0  # rows that were there before, unchanged

    def place(self, row: int) -> Place:
        """What is in a row, in terms that hold at any width."""
        if row < self.body:
            return Place(-1, row)
        block = max(0, bisect_right(self.starts, row) - 1)
        first = self.starts[block] if self.starts else self.body
        return Place(block, offset_of(self.lines[first:], row - first))

    def shows(self, place: Place) -> bool:
        """Whether a place is in the part of the message that is laid out."""
        return self.after < 0 or self.row_of(place) < self.after

    def row_of(self, place: Place) -> int:
        """The row of a place, or the nearest one that there is."""
        if place.block < 0:
            return min(place.offset, len(self.lines) - 1)
        if self.starts and place.block >= len(self.starts):
            return len(self.lines) - 1
        first = self.starts[place.block] if self.starts else self.body
        stop = self.starts[place.block + 1] if place.block + 1 < len(self.starts) else len(self.lines)
        return first + row_at(self.lines[first:stop], place.offset) if first < stop else max(0, first - 1)
