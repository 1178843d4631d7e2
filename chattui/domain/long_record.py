"""A record that is too long to be held, on its way from its history file into the store: in a file without a name."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

PIECE: Final = 4 << 20
"""Bytes of a record that are packed together."""

MOST_KEPT: Final = 1 << 30
"""Bytes of one record that are kept."""


class LongRecord:
    """The bytes of one record, compressed and out of memory; they go when nobody has the record any more.

    ``size`` counts all bytes of the record, ``start`` are the first ones, ``digest`` is the SHA-256 of what is kept.
    """

    def __init__(self, start_bytes: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the record
        self._places: list[int] = []
        self._pending = bytearray()
        self._hash = sha256()
        self._kept = 0
        self._start_bytes = start_bytes
        self.size = 0
        self.start = b""

    def add(self, data: bytes | bytearray | memoryview) -> None:
        """The next bytes."""
        if len(self.start) < self._start_bytes:
            self.start += bytes(data[: self._start_bytes - len(self.start)])
        self.size += len(data)
        room = MOST_KEPT - self._kept - len(self._pending)
        self._pending += data[: max(0, room)]
        while len(self._pending) > PIECE + 4:
            self._pack(_whole_letters(self._pending, PIECE))

    def end(self) -> None:
        """No more bytes come."""
        if self._pending:
            self._pack(len(self._pending))

    def _pack(self, size: int) -> None:
        data = self._pending[:size]
        del self._pending[:size]
        self._hash.update(data)
        self._kept += size
        self._file.write(zlib.compress(data, 1))
        self._places.append(self._file.tell())

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    @property
    def is_whole(self) -> bool:
        """Whether all of it is kept."""
        return self._kept == self.size

    def __len__(self) -> int:
        """How many pieces there are."""
        return len(self._places)

    def pieces(self) -> Iterator[bytes]:
        """The pieces in order, each compressed with zlib by itself: about ``PIECE`` bytes, and no letter is torn."""
        before = 0
        for end in self._places:
            self._file.seek(before)
            yield self._file.read(end - before)
            before = end


def _whole_letters(data: bytearray, size: int) -> int:
    """The largest size up to this one at which no UTF-8 sequence is torn."""
    for back in range(4):
        if data[size - back] & 0xC0 != 0x80:
            return size - back
    return size
