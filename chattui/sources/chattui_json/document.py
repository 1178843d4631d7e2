"""An exported file: its head, and its messages one by one from any position.

chattui writes a message a line and those are read so; a document that another program has laid out anew is read whole.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import Problem
from chattui.sources.regular import open_regular
from chattui.sources.unknown import unreadable

LONGEST_LINE: Final = 256 << 20
LONGEST_WHOLE: Final = 512 << 20
"""Bytes of one line, and of a document that can only be read whole."""

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
        self._whole: list[Any] | None = None
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
                self._read_whole(self._stream)
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
        first, second, third = (stream.readline(LONGEST_LINE).strip() for _ in range(3))
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

    def _read_whole(self, stream: IO[bytes]) -> None:
        if os.fstat(stream.fileno()).st_size > LONGEST_WHOLE:
            raise SourceError(f"{self._path} is not laid out as chattui writes it, and is too long to be read whole.")
        stream.seek(0)
        try:
            document = parsed(stream.read())
        except ValueError as error:
            raise SourceError(f"{self._path} is not a whole JSON document: {error}.") from error
        version, chat, messages = (document.get(name) for name in ("chattui", "chat", "messages"))
        if not isinstance(chat, dict) or not isinstance(messages, list) or type(version) is not int:
            raise SourceError(
                f"{self._path} is not a chat that chattui exported: version, chat or messages are missing."
            )
        self.version, self.chat, self._whole = version, chat, messages

    def messages(self, offset: int, line: int) -> Iterator[tuple[dict[str, Any], int]]:
        """The messages from ``offset``, behind ``line``, on (0: all), each with its line or, in a document read whole, number."""
        assert self._stream is not None
        if self._whole is not None:
            yield from self._from_whole(self._whole, self._stream)
            return
        stream = self._stream
        if offset > self.offset:
            stream.seek(offset)
            self.offset, self.line = offset, line
        while raw := stream.readline(LONGEST_LINE):
            before, self.offset = self.offset, stream.tell()
            self.line += 1
            bare = raw.strip()
            if bare == _END:
                return
            if not bare:
                continue
            try:
                yield parsed(bare.removesuffix(b",")), self.line
            except ValueError as error:
                self.problems.append(unreadable(self.line, f"not a message: {error}", raw))
                if not raw.endswith(b"\n"):  # the rest of it may still come
                    self.offset, self.line = before, self.line - 1
        if self.offset > offset:
            self.problems.append(Problem(self.line, "the file ends before its end: it was not written whole"))

    def _from_whole(self, messages: list[Any], stream: IO[bytes]) -> Iterator[tuple[dict[str, Any], int]]:
        self.offset = stream.tell()
        for self.line, record in enumerate(messages, 1):
            if isinstance(record, dict):
                yield record, self.line
            else:
                self.problems.append(unreadable(self.line, "not a message: not a JSON object", record))


def parsed(text: bytes) -> dict[str, Any]:
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
