"""Which messages of a chat are shown: a byte for each, whatever the chat's length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chattui.domain.branches import Branches
from chattui.domain.chat import SIZE_BLOCK, BlockSize, Message
from chattui.domain.levels import UNKNOWN, Level, code_of, folded_at, level_in, shown_at


class Sieve:
    """The levels of the messages 1 … ``count`` of a chat. What is not known yet is shown."""

    def __init__(self) -> None:
        self.level = Level.EVERYTHING
        self.actual = Level.EVERYTHING  # the level that is shown: a higher one where nothing is of ``level``
        self.branches: Branches | None = None
        self._codes = bytearray()

    @property
    def works(self) -> bool:
        """Whether anything may be hidden."""
        return self.level is not Level.EVERYTHING

    @property
    def hides(self) -> bool:
        """Whether anything of this chat may be hidden, as far as ``shown`` found."""
        return self.actual is not Level.EVERYTHING or self.branches is not None

    def begin(self, count: int) -> None:
        """Another chat: nothing is known of its messages."""
        self.branches = None
        self._codes = bytearray([UNKNOWN]) * count

    def grow(self, count: int) -> None:
        """The chat has more messages."""
        self._codes.extend(bytes([UNKNOWN]) * (count - len(self._codes)))

    def shrink(self, count: int) -> None:
        """What was shown behind the messages of the chat is gone, or its place is another one's."""
        del self._codes[count:]

    def learn(self, first: int, codes: bytes) -> bool:
        """The codes of the messages from ``first`` on; False when they were known."""
        start, end = first - 1, first - 1 + len(codes)
        if self._codes[start:end] == codes:
            return False
        self.grow(end)
        self._codes[start:end] = codes
        return True

    def learn_from(self, messages: Iterable[Message]) -> bool:
        """The codes of messages that are loaded; False when they were known."""
        learned = [self.learn(m.seq, code_of(m.role, m.kind, error=m.error).encode()) for m in messages]
        return any(learned)

    def level_of(self, seq: int) -> int:
        """The first level that shows a message; 0 while that is not known."""
        return level_in(self._codes[seq - 1]) if 1 <= seq <= len(self._codes) else 0

    @property
    def is_complete(self) -> bool:
        """Whether every message is known."""
        return UNKNOWN not in self._codes

    def shown(self) -> bytes | None:
        """A byte for each message: 1 where it is shown, 0 where it is hidden. None: all are shown."""
        self.actual = self.level
        while self.actual < Level.EVERYTHING:
            shown = self._mask(shown_at(self.actual))
            if 1 in shown or not shown:
                return shown if 0 in shown else None
            self.actual = Level(self.actual + 1)
        return self.branches.mask(len(self._codes)) if self.branches is not None else None

    def _mask(self, table: bytes) -> bytes:
        """What a table says of each message, on the branches that are shown."""
        mask = bytes(self._codes.translate(table))
        if self.branches is None:
            return mask
        both = int.from_bytes(mask) & int.from_bytes(self.branches.mask(len(mask)))
        return both.to_bytes(len(mask))

    def of_sizes(self, sizes: Sequence[BlockSize]) -> list[BlockSize]:
        """The sizes of what is shown in each block, in proportion."""
        shown, folded = (self._mask(table(self.actual)) for table in (shown_at, folded_at))
        kept = []
        for number, size in enumerate(sizes):
            start = number * SIZE_BLOCK
            if self.actual is Level.EVERYTHING:
                part, of = shown.count(1, start, start + SIZE_BLOCK), max(1, size.count)
                parts = (size.folded * part // of, size.chars * part // of, size.lines * part // of)
                kept.append(BlockSize(part, *parts))
                continue
            lines = folded.count(1, start, start + SIZE_BLOCK)
            open_ones = shown.count(1, start, start + SIZE_BLOCK) - lines
            of = max(1, size.count - size.folded)
            kept.append(BlockSize(open_ones + lines, lines, size.chars * open_ones // of, size.lines * open_ones // of))
        return kept
