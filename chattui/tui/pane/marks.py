"""Search matches in a chat: where they are on the lines of a message, and which one comes next."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chattui.tui.pane.lines import Line


@dataclass(frozen=True, slots=True)
class Marks:
    """What was searched for: the pattern to highlight, and the messages that match, ascending."""

    pattern: re.Pattern[str]
    seqs: Sequence[int]


class Span(NamedTuple):
    """A match, or what of it is on this row, as characters of the row's plain text."""

    start: int
    end: int
    number: int  # of the match within the message

    def moved(self, skipped: int) -> Span:
        """The match on a row of which as many characters are not seen."""
        return Span(max(0, self.start - skipped), max(0, self.end - skipped), self.number)


def find_spans(lines: Sequence[Line], pattern: re.Pattern[str]) -> dict[int, list[Span]]:
    """Matches by row. Rows that the wrap has made of one line are searched as that line."""
    found: dict[int, list[Span]] = {}
    number = 0
    row = 0
    while row < len(lines):
        stop = row + 1
        while stop < len(lines) and lines[stop].join != "\n":
            stop += 1
        text, starts = _joined(lines[row:stop])
        for match in pattern.finditer(text):
            if match.end() == match.start():
                continue
            for index, start in enumerate(starts):
                line = lines[row + index]
                begin, end = max(match.start(), start), min(match.end(), start + len(line.text))
                if begin < end:
                    span = Span(begin - start + line.lead, end - start + line.lead, number)
                    found.setdefault(row + index, []).append(span)
            number += 1
        row = stop
    return found


def _joined(lines: Sequence[Line]) -> tuple[str, list[int]]:
    parts: list[str] = []
    starts: list[int] = []
    size = 0
    for index, line in enumerate(lines):
        if index:
            parts.append(line.join)
            size += len(line.join)
        starts.append(size)
        parts.append(line.text)
        size += len(line.text)
    return "".join(parts), starts


def rows_of(spans: dict[int, list[Span]]) -> list[int]:
    """The row in which each match of a message begins, by number."""
    rows: dict[int, int] = {}
    for row in sorted(spans):
        for span in spans[row]:
            rows.setdefault(span.number, row)
    return [rows[number] for number in sorted(rows)]


class MatchWalk:
    """Steps through the matches: those within a message one after another, then on to the next message."""

    def __init__(self, marks: Marks, rows: Callable[[int], Sequence[int]]) -> None:
        """``rows(seq)`` gives the rows of the matches within a message, none while it is not loaded."""
        self.marks = marks
        self._rows = rows
        self._index = -1  # in marks.seqs
        self._number = 0  # of the match in the message; -1 is the last one

    @property
    def seq(self) -> int | None:
        """The message that the current match is in."""
        return self.marks.seqs[self._index] if self._index >= 0 else None

    @property
    def index(self) -> int:
        """Which of the matching messages is the current one, from 1; 0 before the first step."""
        return self._index + 1

    @property
    def number(self) -> int:
        """Which match within the message is the current one, from 0."""
        rows = self._rows(self.seq) if self.seq is not None else ()
        return max(0, len(rows) - 1) if self._number < 0 else min(self._number, max(0, len(rows) - 1))

    def start(self, seq: int, number: int = 0) -> bool:
        """Make a match of a message the current one. False when the message is not among the matching ones."""
        index = bisect_left(self.marks.seqs, seq)
        if index == len(self.marks.seqs) or self.marks.seqs[index] != seq:
            return False
        self._index, self._number = index, number
        return True

    def step(self, direction: int, seq: int) -> bool:
        """Go one match on or back, and round at the ends. Without a current one, begin near ``seq``. False: no matches."""
        seqs = self.marks.seqs
        if not seqs:
            return False
        if self._index < 0:
            index = bisect_left(seqs, seq) if direction > 0 else bisect_right(seqs, seq) - 1
            self._index, self._number = index % len(seqs), 0 if direction > 0 else -1
            return True
        number = self.number + direction
        if 0 <= number < len(self._rows(seqs[self._index])):
            self._number = number
        else:
            self._index = (self._index + direction) % len(seqs)
            self._number = 0 if direction > 0 else -1
        return True
