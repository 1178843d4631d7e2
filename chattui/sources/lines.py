"""Records out of a JSON Lines file, from any byte position, whatever the bytes are.

A line is what ``\\n`` ends; U+2028 and its like are text. A line usually holds one record, but two writers can glue
several onto one. What cannot be read costs its line and becomes a ``Problem``. The file is read in blocks and a line is
held once; of one that is too long for that the texts are cut, and all of it is kept beside (``bounded``).
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import orjson
import zstandard

from chattui.domain.errors import SourceError
from chattui.domain.history import RAW_READ, Problem
from chattui.sources.archives import LIKELY_RATIO, SMALL
from chattui.sources.bounded import Bounded, Held
from chattui.sources.leniently import decode_leniently
from chattui.sources.regular import open_regular
from chattui.sources.unknown import unreadable

BLOCK: Final = 1 << 18
SETTLE_SECONDS: Final = 5.0
"""A file that was not written to for so long is taken as finished for now: its last line needs no ``\\n``."""

MAX_PROBLEMS: Final = 100
"""Problems kept at a time; a file of garbage must not fill the memory with complaints."""


Line = tuple[int, int, int, tuple[dict[str, Any], ...]]
"""Line number from 1, number of the first record in it from 0, byte position after the line, records."""


class Lines:
    """An open file as an iterator of ``Line``. ``offset`` and ``line`` always say where to go on.

    ``settled`` is True when the file was left alone for ``SETTLE_SECONDS``: only then is a last line without ``\\n``
    read, and only if it is complete. ``objects`` counts the records given out, ``raw`` is the line that was given out
    last, of a long one the beginning (``RAW_READ``), ``raw_size`` all its bytes; b"" of one that was cut.
    """

    def __init__(
        self, stream: IO[bytes], offset: int, line: int, *, settled: bool, mid_line: bool, packed: int = 0
    ) -> None:
        self.offset = offset
        self.line = line
        self.settled = settled
        self.objects = 0
        self.raw: bytes | bytearray = b""
        self.raw_size = 0
        self._stream = stream
        self._mid_line = mid_line
        self._packed = packed  # bytes of the file, when it is unpacked as it is read
        self._unpacked = 0
        self._problems: list[Problem] = []

    def take_problems(self) -> tuple[Problem, ...]:
        """What went wrong since the last call."""
        taken, self._problems = tuple(self._problems), []
        return taken

    def report(self, line: int, reason: str, raw: bytes | bytearray = b"") -> None:
        """Remember a problem, up to ``MAX_PROBLEMS`` of them, with the line that it is one of."""
        self._tell(unreadable(line, reason, raw))

    def _tell(self, problem: Problem) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)

    def __iter__(self) -> Iterator[Line]:
        held = Bounded()
        while block := self._block():
            pieces: list[bytes | bytearray] = [*block.split(b"\n")]
            tail = pieces.pop()
            if pieces and held.size:
                held.add(pieces[0])
                size = held.size
                taken = held.take()
                pieces[0] = b""
                if taken.long is None:
                    pieces[0] = taken.text
                    del taken
                else:
                    yield from self._cut(taken, size + 1)
                    del pieces[0], taken
            pieces.reverse()
            while pieces:
                raw = pieces.pop()
                part = self._advance(len(raw) + 1)
                records = self._records(raw)
                self._show(raw)
                raw = b""  # a long one is not held while the records are taken
                if records:
                    given, records = [records], ()
                    yield self.line, part, self.offset, given.pop()
            if tail:
                held.add(tail)
        if held.size and self.settled:
            yield from self._last(held)

    def _cut(self, taken: Held, size: int) -> Iterator[Line]:
        """The records of a line of ``size`` bytes that was too long to be held; what happened to it is told."""
        part = self._advance(size)
        if problem := taken.problem(self.line):
            self._tell(problem)
        records = self._records(taken.text) if taken.text else ()
        self.objects += not taken.text
        self._show(b"")
        del taken
        if records:
            given, records = [records], ()
            yield self.line, part, self.offset, given.pop()

    def _last(self, held: Bounded) -> Iterator[Line]:
        """The last line, which has no end, when it is complete."""
        size, taken = held.size, held.take()
        if taken.long is not None:
            if complete(taken.text):
                yield from self._cut(taken, size)
            return
        if records := complete(taken.text):
            part = self._advance(size)
            self.objects += len(records)
            self._show(taken.text)
            del taken
            yield self.line, part, self.offset, records

    def _show(self, raw: bytes | bytearray) -> None:
        self.raw, self.raw_size = (raw if len(raw) <= RAW_READ else raw[:RAW_READ]), len(raw)

    def _advance(self, size: int) -> int:
        """Move past a line of ``size`` bytes; the number of records that were already read from it."""
        self.offset += size
        if self._mid_line:
            self._mid_line = False
            return 1
        self.line += 1
        return 0

    def _block(self) -> bytes:
        try:
            block = self._stream.read(BLOCK)
            self._unpacked += len(block)
            if self._packed and self._unpacked > max(SMALL, LIKELY_RATIO * self._packed):
                self.report(self.line + 1, f"it unpacks to more than {LIKELY_RATIO} times its size, as a bomb does")
                return b""
            return block
        except (OSError, zstandard.ZstdError) as error:
            self.report(self.line + 1, f"reading stopped here: {error}")
            return b""

    def _records(self, raw: bytes | bytearray) -> tuple[dict[str, Any], ...]:
        try:
            record = orjson.loads(raw)
        except orjson.JSONDecodeError:
            records, reason = decode_leniently(raw)
            if reason:
                self.report(self.line, reason, raw)
            self.objects += len(records)
            return records
        if not isinstance(record, dict):
            self.report(self.line, "not a JSON object", raw)
            return ()
        self.objects += 1
        return (record,)


def complete(raw: bytes | bytearray) -> tuple[dict[str, Any], ...]:
    """The objects of a last line without ``\\n``; none unless all of it is valid."""
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError:
        records, reason = decode_leniently(raw)
        return () if reason else records
    return (record,) if isinstance(record, dict) else ()


class OpenLines:
    """Context manager: ``path`` opened for reading from ``offset``. ``.zst`` is unpacked; offsets count unpacked bytes.

    Raises ``SourceError`` when the file cannot be opened or is not a regular one.
    """

    def __init__(self, path: Path, offset: int = 0, line: int = 0) -> None:
        self._path = path
        self._offset = offset
        self._line = line
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Lines:
        path, offset = self._path, self._offset
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise SourceError(f"{path} is not a regular file.")
            stream: IO[bytes] = open_regular(path)
        except (OSError, ValueError) as error:
            raise SourceError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error
        self._stream = stream
        about = os.fstat(stream.fileno())
        age = time.time() - about.st_mtime
        packed = path.suffix == ".zst"
        if packed:
            unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 31)
            stream = unpacker.stream_reader(stream, read_across_frames=True, closefd=True)
            self._stream = stream
        mid_line = False
        if offset:
            try:
                self._skip(stream, offset - 1, packed=packed)
                mid_line = stream.read(1) != b"\n"
            except (OSError, zstandard.ZstdError) as error:
                stream.close()
                raise SourceError(f"Cannot continue {path} at byte {offset}: {error}.") from error
        size = about.st_size if packed else 0
        return Lines(stream, offset, self._line, settled=abs(age) > SETTLE_SECONDS, mid_line=mid_line, packed=size)

    def __exit__(self, *_exc: object) -> None:
        if self._stream is not None:
            self._stream.close()

    @staticmethod
    def _skip(stream: IO[bytes], size: int, *, packed: bool) -> None:
        if not packed:
            stream.seek(size)
            return
        while size and (block := stream.read(min(size, BLOCK))):
            size -= len(block)


def first_records(path: Path, count: int) -> Iterator[dict[str, Any]]:
    """Up to ``count`` records from the beginning of a file, complete last line included, for looking at its format."""
    with OpenLines(path) as lines:
        lines.settled = True
        for _line, _part, _end, records in lines:
            for record in records:
                yield record
                count -= 1
                if not count:
                    return
