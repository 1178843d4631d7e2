"""From an open file to chunks: how much goes into one, where it may be cut, and from where it can be continued."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk, NewMessage, NewToolUse, Problem
from chattui.sources.lines import OpenLines
from chattui.sources.unknown import RawRecords, met

CHUNK_MESSAGES: Final = 1000
CHUNK_SIZE: Final = 2 << 20
"""Characters of content and bytes of attachments after which a chunk is cut."""


class Transcript(Protocol):
    """One format's understanding of its records, taken in file order.

    A transcript may keep messages back until later records say how they end: ``held_line`` is the line on which the
    first of them stands (0: nothing is kept back), and reading can start again there.
    """

    @property
    def held_line(self) -> int: ...

    def take(self, record: dict[str, Any], line: int, part: int) -> None:
        """The next record: number ``part`` (from 0) of that line."""

    def settle(self) -> None:
        """Let go of what is kept back: nothing more is to be expected."""

    def drain(self) -> tuple[tuple[NewMessage, ...], tuple[NewToolUse, ...]]:
        """Messages and ends of tool calls since the last call."""

    def size(self) -> tuple[int, int]:
        """Messages that ``drain`` would give, and their size."""

    def chat(self) -> ChatInfo:
        """What is known of the chat so far."""

    def state(self) -> dict[str, Any]:
        """All that a new transcript needs to go on: from ``held_line``, or from after the last record."""


def read_chunks(path: Path, transcript: Transcript, offset: int, line: int) -> Iterator[Chunk]:
    """The rest of the file in chunks of about ``CHUNK_MESSAGES`` or ``CHUNK_SIZE``; none when there is nothing new.

    Raises ``SourceError`` when the file cannot be opened, or holds lines but not one JSON object.
    """
    with OpenLines(path, offset, line) as lines:
        given = before = held = (offset, line)
        raw, kinds = RawRecords(), met.kinds
        for number, part, end, records in lines:
            many = len(records) > 1
            for i, record in enumerate(records, part):
                transcript.take(record, number, i)
                if kinds:
                    raw.keep(record, number, i, b"" if many else lines.raw, lines.raw_size)
            records, record = (), {}  # noqa: PLW2901 - a long one is not held while its messages are on their way
            if many or part:
                transcript.settle()
            if transcript.held_line:
                if transcript.held_line == number:
                    held = before
                before = (end, number)
                continue
            before = (end, number)
            messages, size = transcript.size()
            if messages >= CHUNK_MESSAGES or size >= CHUNK_SIZE:
                given = before
                yield _chunk(transcript, given, lines.take_problems(), raw)
                kinds = met.kinds  # reading may go on in another thread
        problems = lines.take_problems()
        if problems and not lines.objects and not offset:
            raise SourceError(f"{path} is not a history file: line {problems[0].line} is {problems[0].reason}.")
        if lines.settled:
            transcript.settle()
        position = held if transcript.held_line else (lines.offset, lines.line)
        if position != given or transcript.size()[0] or problems:
            yield _chunk(transcript, position, problems, raw)


def _chunk(transcript: Transcript, position: tuple[int, int], problems: tuple[Problem, ...], raw: RawRecords) -> Chunk:
    messages, updates = transcript.drain()
    return Chunk(transcript.chat(), messages, *position, transcript.state(), problems, updates, raw=raw.drain())
