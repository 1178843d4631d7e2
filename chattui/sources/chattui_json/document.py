"""An exported file: its head, and its messages one by one from any position.

chattui writes a message a line and those are read so; a document that another program has laid out anew is read in one piece.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import Problem
from chattui.sources.bounded import Bounded, Cut
from chattui.sources.documents import document_in
from chattui.sources.regular import open_regular
from chattui.sources.unknown import unreadable

MOST_COST: Final = 176 << 20
"""What one message may cost (``bounded``): more than elsewhere, for an attachment that is cut is of no use."""

LONGEST_HEAD: Final = 16 << 20
"""Bytes of each of the three lines before the messages."""

_BLOCK: Final = 1 << 18
_CHAT: Final = b'"chat": '
_MESSAGES: Final = b'"messages": ['
_END: Final = b"]}"


class Document:
    """Context manager: an exported file opened. ``offset`` and ``line`` say where reading stands.

    Raises ``SourceError`` when it cannot be opened or is no export at all.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: IO[bytes] | None = None
        self._whole: Iterable[object] | None = None
        self._size = 0
        self.version = 0
        self.chat: dict[str, Any] = {}
        self.offset = self.line = 0
        self.problems: list[Problem] = []

    @property
    def can_pause(self) -> bool:
        """Whether reading can go on at ``offset``; a document that was read whole ends in one piece."""
        return self._whole is None

    def __enter__(self) -> Document:
        try:
            if not stat.S_ISREG(self._path.stat().st_mode):
                raise SourceError(f"{self._path} is not a regular file.")
            self._stream = open_regular(self._path)
            if not self._read_head(self._stream):
                self._read_whole()
        except (OSError, ValueError) as error:
            self.__exit__()
            raise SourceError(f"Cannot read {self._path}: {getattr(error, 'strerror', None) or error}.") from error
        except SourceError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def _read_head(self, stream: IO[bytes]) -> bool:
        """The three lines before the messages; False when the file is not laid out so."""
        first, second, third = (stream.readline(LONGEST_HEAD).strip() for _ in range(3))
        if not (first.endswith(b",") and second.startswith(_CHAT) and second.endswith(b",") and third == _MESSAGES):
            return False
        try:
            version = parsed(first[:-1] + b"}").get("chattui")
            self.chat = parsed(second[len(_CHAT) : -1])
        except ValueError:
            return False
        self.version = version if type(version) is int else 0
        self.offset, self.line = stream.tell(), 3
        return True

    def _read_whole(self) -> None:
        document = document_in(self._path, "messages")
        about = document.about if document is not None else {}
        version, chat = about.get("chattui"), about.get("chat")
        if document is None or not isinstance(chat, dict) or type(version) is not int:
            raise SourceError(
                f"{self._path} is not a chat that chattui exported: version, chat or messages are missing."
            )
        self.version, self.chat, self._whole, self._size = version, chat, document.records, document.size

    def messages(self, offset: int, line: int) -> Iterator[tuple[dict[str, Any], int]]:
        """The messages from ``offset``, behind ``line``, on (0: all), each with its line or, in a document read whole, number."""
        assert self._stream is not None
        if self._whole is not None:
            yield from self._from_whole(self._whole)
            return
        stream = self._stream
        if offset > self.offset:
            stream.seek(offset)
            self.offset, self.line = offset, line
        held = Bounded(MOST_COST)
        while raw := stream.readline(_BLOCK):
            held.add(raw)
            has_end = raw.endswith(b"\n")
            if not has_end and len(raw) == _BLOCK:
                continue
            before, self.offset = self.offset, stream.tell()
            self.line += 1
            taken = held.take()
            if problem := taken.problem(self.line):
                self.problems.append(problem)
                if not taken.text:
                    continue
            bare = _bare(bytearray(taken.text) if isinstance(taken.text, bytes) else taken.text)
            del taken
            if bare == _END:
                return
            if not bare:
                continue
            try:
                record = parsed(bare)
            except ValueError as error:
                self.problems.append(unreadable(self.line, f"not a message: {error}", bare))
                if not has_end:  # the rest of it may still come
                    self.offset, self.line = before, self.line - 1
                continue
            del bare
            yield record, self.line
            record = {}
        if self.offset > offset:
            self.problems.append(Problem(self.line, "the file ends before its end: it was not written whole"))

    def _from_whole(self, messages: Iterable[object]) -> Iterator[tuple[dict[str, Any], int]]:
        self.offset = self._size
        for self.line, given in enumerate(messages, 1):
            record = given
            if isinstance(given, Cut):
                self.problems.append(replace(given.problem, line=self.line))
                record = given.record
                if record is None:
                    continue
            if isinstance(record, dict):
                yield record, self.line
            else:
                self.problems.append(unreadable(self.line, "not a message: not a JSON object", record))


def _bare(line: bytearray) -> bytearray:
    """The line without blanks around it and the comma behind it; it is changed in its place, for it may be very long."""
    for ending in (b" \t\r\n", b","):
        size = len(line) - len(line[-64:]) + len(line[-64:].rstrip(ending))
        del line[max(size, len(line) - 1) if ending == b"," else size :]
    start = len(line[:64]) - len(line[:64].lstrip())
    del line[:start]
    return line


def parsed(text: bytes | bytearray) -> dict[str, Any]:
    """A JSON object; lone surrogates are kept. Raises ``ValueError`` for anything else."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            value = json.loads(text)
        except RecursionError:
            raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
