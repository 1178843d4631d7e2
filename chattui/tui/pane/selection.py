"""Native text selection over a document that is only drawn where it is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.geometry import Offset
from textual.selection import Selection

from chattui.tui.pane.lines import Line

ROW = 8_192
"""Rows that a message takes in document coordinates; more than it is ever laid out in."""

_FAR = 100_000
"""Messages from the origin at which coordinates are begun anew: offsets are 32 bits wide where they are fast."""

_WINDOW = 1_000
_MOST_MESSAGES = 2_000
_MOST_CHARACTERS = 8_000_000


class Document:
    """Coordinates that stay with the text: ``y`` is made of the message and its row, ``x`` counts characters.

    They do not change when heights are refined or other messages are folded; they do when the width changes.
    """

    def __init__(self) -> None:
        self.origin = 1

    def y(self, seq: int, row: int) -> int:
        """The document row of a message's row."""
        return (seq - self.origin) * ROW + row

    def place(self, y: int) -> tuple[int, int]:
        """The message and row at a document row."""
        seq, row = divmod(y, ROW)
        return seq + self.origin, row

    def strays(self, seq: int) -> bool:
        """Whether ``seq`` is so far from the origin that coordinates must begin anew."""
        return abs(seq - self.origin) > _FAR

    def reaches(self, seq: int) -> bool:
        """Whether a selection from the origin may go as far as ``seq``, with a window around it."""
        return abs(seq - self.origin) < _FAR - _WINDOW

    def whole(self, seq: int, rows: int) -> Selection:
        """The selection of all of a message's rows."""
        return Selection(Offset(0, self.y(seq, 0)), Offset(1 << 20, self.y(seq, rows - 1)))

    def extract(
        self,
        selection: Selection,
        count: int,
        lines_of: Callable[[int], Sequence[Line] | None],
        between: Callable[[int, int], Iterable[int]] = lambda first, last: range(first, last + 1),
    ) -> str:
        """The selected text of a chat of ``count`` messages; of those ``between`` two messages that it names.

        Wrapped lines are whole again and ornament is left out. What is not loaded, or too much for a clipboard, is
        named instead.
        """
        first = self.place(selection.start.y)[0] if selection.start is not None else 1
        last = self.place(selection.end.y)[0] if selection.end is not None else count
        first, last = max(1, first), min(count, last)
        parts: list[str] = []
        size = missing = 0
        for number, seq in enumerate(between(first, last)):
            if number >= _MOST_MESSAGES or size > _MOST_CHARACTERS:
                more = sum(1 for _ in between(seq, last))
                parts.append(f"\n[… {more:,} more messages: too much to copy]")
                break
            lines = lines_of(seq)
            if lines is None:
                missing += 1
                continue
            if missing:
                parts.append(_gap(missing))
                missing = 0
            piece = self._piece(selection, seq, lines)
            size += len(piece)
            parts.append(piece)
        if missing:
            parts.append(_gap(missing))
        return "".join(parts).removeprefix("\n")

    def _piece(self, selection: Selection, seq: int, lines: Sequence[Line]) -> str:
        parts: list[str] = []
        begun = False
        for row, line in enumerate(lines):
            span = selection.get_span(self.y(seq, row))
            plain = line.plain
            if span is None or (plain and line.lead == len(plain)):
                continue
            start, end = max(line.lead, span[0]), len(plain) if span[1] < 0 else span[1]
            parts.append(line.join if begun or line.join == "\n" else "")
            parts.append(plain[start:end])
            begun = True
        return "".join(parts)


def _gap(missing: int) -> str:
    return f"\n[… {missing:,} {'message' if missing == 1 else 'messages'} not loaded]"
