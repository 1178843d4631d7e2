"""The requests of a session while its log of operations is replayed: one of them is held, the others lie in a file."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterable, Iterator, MutableSequence
from typing import IO, Any, Final, overload

IN_MEMORY: Final = 8 << 20
"""Bytes of requests that are not yet written to a disk."""

_FORMAT: Final = 2
"""Of marshal: without references, so that what is written is as long as what it holds."""


class Requests(MutableSequence[Any]):
    """A list of requests, as one that ``json`` makes, whatever it grows to.

    The one that was asked for last is held: what is changed inside it stays changed until the next is asked for.
    """

    def __init__(self, requests: Iterable[object] = ()) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - it lives as long as this
        self._end = 0
        self._places: list[tuple[int, int]] = []
        self._held: tuple[int, Any] | None = None
        self._added = 0
        self.extend(requests)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        if self._held is None or self._held[0] != index:
            self._put_back()
            self._held, self._added = (index, self._read(index)), self._places[index][1]
        return self._held[1]

    @overload
    def __setitem__(self, index: int, value: Any) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Any]) -> None: ...
    def __setitem__(self, index: int | slice, value: Any) -> None:
        self._put_back()
        if isinstance(index, slice):
            self._places[index] = [self._write(request) for request in value]
        else:
            self._places[index] = self._write(value)

    def __delitem__(self, index: int | slice) -> None:
        self._put_back()
        del self._places[index]

    def __iter__(self) -> Iterator[Any]:
        self._put_back()
        for index in range(len(self)):
            yield self._read(index)

    def insert(self, index: int, value: Any) -> None:
        """Add a request before the one at ``index``."""
        self._put_back()
        self._places.insert(index, self._write(value))

    def room_for(self, index: int, size: int, most: int) -> bool:
        """Whether the request at ``index`` has at most so many bytes when ``size`` are added to it, which are counted."""
        _ = self[index]
        if self._added + size > most:  # what took the place of something else was counted as if it were added
            self._put_back()
            _ = self[index]
        self._added += size
        return self._added <= most

    def _put_back(self) -> None:
        """Into the file with the one that is held."""
        if self._held is not None:
            (index, request), self._held = self._held, None
            self._places[index] = self._write(request)

    def _write(self, request: Any) -> tuple[int, int]:
        data = marshal.dumps(request, _FORMAT)
        self._file.seek(self._end)
        self._file.write(data)
        place = self._end, len(data)
        self._end += len(data)
        return place

    def _read(self, index: int) -> Any:
        start, size = self._places[index]
        self._file.seek(start)
        return marshal.loads(self._file.read(size))  # noqa: S302 - written above, in a file that has no name
