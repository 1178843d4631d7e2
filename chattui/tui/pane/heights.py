"""Row heights of up to a million messages: exact where a message was laid out, estimated by block elsewhere."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from chattui.domain.chat import SIZE_BLOCK, BlockSize

GUESS = 8
"""Rows of a message of which nothing is known."""

_FURNITURE = 2
"""Rows that an open message has besides its text: the gap above it and its header."""


def estimate(block: BlockSize, width: int) -> int:
    """Rows that the messages of ``block`` take at ``width`` columns of text; at least one each.

    Prose fills about three quarters of a row, and code rows are short: characters count for a third of what they
    would if every line wrapped.
    """
    open_ones = block.count - block.folded
    wrapped = block.chars // max(20, width + width // 3)
    return max(block.count, block.folded + open_ones * (_FURNITURE + 1) + block.lines + wrapped)


class Heights:
    """Rows of messages 1 … ``count``. A block of ``SIZE_BLOCK`` costs an integer until a message in it is measured.

    Within an unmeasured block the estimate is spread evenly, so that every position in it can be computed. A message
    that is hidden keeps its number and has no rows; ``shown`` has a byte for each message, and is None when all are shown.
    """

    __slots__ = ("_exact", "_prefix", "_rows", "_sums", "count", "shown")

    def __init__(self, count: int = 0, estimates: Sequence[int] = (), shown: bytes | None = None) -> None:
        self.count = 0
        self.shown: bytes | None = None
        self._sums: list[int] = []
        self._rows: dict[int, array[int]] = {}
        self._exact: dict[int, bytearray] = {}
        self._prefix: list[int] | None = None
        self.grow(count, estimates, shown)

    def grow(self, count: int, estimates: Sequence[int] = (), shown: bytes | None = None) -> None:
        """Add messages up to ``count``, with ``estimates`` by block where the whole block is new."""
        self.shown = shown
        while self.count < count:
            block = self.count // SIZE_BLOCK
            target = min(count, (block + 1) * SIZE_BLOCK)
            added = target - self.count
            seen = self.shown_between(self.count + 1, target)
            if self.count % SIZE_BLOCK == 0:
                known = estimates[block] if block < len(estimates) else seen * GUESS
                self._sums.append(max(seen, known) if seen else 0)
            else:
                rows = self._rows.get(block)
                if rows is not None:
                    rows.extend([GUESS * self.is_shown(seq) for seq in range(self.count + 1, target + 1)])
                    self._exact[block].extend(bytes(added))
                self._sums[block] += GUESS * seen
            self.count = target
        self._prefix = None

    def is_shown(self, seq: int) -> bool:
        """Whether the message takes any rows."""
        return self.shown is None or bool(self.shown[seq - 1])

    def after(self, seq: int) -> int:
        """The next message that is shown; ``count + 1`` when there is none."""
        if self.shown is None:
            return min(seq, self.count) + 1
        return self.shown.find(1, max(0, seq), self.count) + 1 or self.count + 1

    def before(self, seq: int) -> int:
        """The message before it that is shown; 0 when there is none."""
        return seq - 1 if self.shown is None else self.shown.rfind(1, 0, max(0, seq - 1)) + 1

    def nearest(self, seq: int) -> int:
        """The message, or when it is hidden the next one that is shown, or else the last that is."""
        if self.shown is None or self.shown[seq - 1]:
            return seq
        after = self.after(seq)
        return after if after <= self.count else max(1, self.before(seq))

    def between(self, first: int, last: int) -> Iterator[int]:
        """The messages ``first`` … ``last`` that are shown."""
        seq = self.after(first - 1)
        while seq <= last:
            yield seq
            seq = self.after(seq)

    def shown_between(self, first: int, last: int) -> int:
        """How many of the messages ``first`` … ``last`` are shown."""
        return last - first + 1 if self.shown is None else self.shown.count(1, first - 1, last)

    @property
    def total(self) -> int:
        """Rows of all messages."""
        return self._tops()[-1]

    def rows(self, seq: int) -> int:
        """Rows of one message."""
        block, index = divmod(seq - 1, SIZE_BLOCK)
        rows = self._opened(block)
        if rows is not None:
            return rows[index]
        total, size = self._sums[block], self._size(block)
        return total * (index + 1) // size - total * index // size

    def is_exact(self, seq: int) -> bool:
        """Whether the height was measured, not guessed."""
        block, index = divmod(seq - 1, SIZE_BLOCK)
        exact = self._exact.get(block)
        return exact is not None and bool(exact[index])

    def top(self, seq: int) -> int:
        """Rows before the message. ``seq`` may be ``count + 1``."""
        block, index = divmod(seq - 1, SIZE_BLOCK)
        above = self._tops()[block]
        if not index:
            return above
        rows = self._opened(block)
        if rows is not None:
            return above + sum(rows[:index])
        return above + self._sums[block] * index // self._size(block)

    def find(self, y: int) -> tuple[int, int]:
        """The message at row ``y``, or nearest to it, and the row within the message. Needs ``count`` > 0."""
        tops = self._tops()
        y = max(0, min(y, tops[-1] - 1))
        block = bisect_right(tops, y) - 1
        inside = y - tops[block]
        rows = self._opened(block)
        if rows is None:
            total, size = self._sums[block], self._size(block)
            index = ((inside + 1) * size - 1) // total
            return block * SIZE_BLOCK + index + 1, inside - total * index // size
        starts = list(accumulate(rows, initial=0))
        index = bisect_right(starts, inside) - 1
        return block * SIZE_BLOCK + index + 1, inside - starts[index]

    def measured(self, seq: int, rows: int) -> None:
        """Set the exact height, at least 1."""
        block, index = divmod(seq - 1, SIZE_BLOCK)
        heights = self._open(block)
        change = rows - heights[index]
        self._exact[block][index] = 1
        if change:
            heights[index] = rows
            self._sums[block] += change
            self._prefix = None

    def forget(self, seq: int) -> None:
        """The height counts as a guess again; its value stays until it is measured."""
        block, index = divmod(seq - 1, SIZE_BLOCK)
        exact = self._exact.get(block)
        if exact is not None:
            exact[index] = 0

    def estimated(self, estimates: Sequence[int]) -> None:
        """Better estimates by block: they replace the guesses, exact heights stay."""
        for block in range(min(len(estimates), len(self._sums))):
            total = self._at_least(block, estimates[block])
            rows = self._rows.get(block)
            if rows is None:
                self._sums[block] = total
                continue
            exact = self._exact[block]
            for index, guess in enumerate(self._spread(block, total)):
                if not exact[index]:
                    rows[index] = guess
            self._sums[block] = sum(rows)
        self._prefix = None

    def _size(self, block: int) -> int:
        return min(SIZE_BLOCK, self.count - block * SIZE_BLOCK)

    def _at_least(self, block: int, rows: int) -> int:
        """``rows``, but one for each message of the block that is shown, and none where none is."""
        start = block * SIZE_BLOCK
        seen = self.shown_between(start + 1, start + self._size(block))
        return max(seen, rows) if seen else 0

    def _spread(self, block: int, total: int) -> list[int]:
        """``total`` rows over the messages of a block that are shown."""
        size, start = self._size(block), block * SIZE_BLOCK
        if self.shown is None:
            return [total * (i + 1) // size - total * i // size for i in range(size)]
        shown = self.shown[start : start + size]
        seen = shown.count(1)
        ranks = accumulate(shown, initial=0)
        return [total * (rank + 1) // seen - total * rank // seen if one else 0 for one, rank in zip(shown, ranks)]  # noqa: B905

    def _opened(self, block: int) -> array[int] | None:
        """The rows of a block where they are not spread evenly."""
        return self._rows.get(block) if self.shown is None else self._open(block)

    def _tops(self) -> list[int]:
        if self._prefix is None:
            self._prefix = list(accumulate(self._sums, initial=0))
        return self._prefix

    def _open(self, block: int) -> array[int]:
        rows = self._rows.get(block)
        if rows is None:
            rows = array("I", self._spread(block, self._sums[block]))
            self._rows[block] = rows
            self._exact[block] = bytearray(len(rows))
        return rows
