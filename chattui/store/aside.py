"""What a delivery carries, laid aside on the disk: a chat that is stored in one piece can be longer than what may be held."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO, Final, overload

from chattui.domain.history import NewAttachment, NewMessage
from chattui.store.delivery import Delivery, size_of

HELD: Final = 6_000_000
"""Bytes of the deliveries of one batch that stay in memory."""


class Shelf(Sequence[NewMessage]):
    """The messages of one delivery without their contents, read from the file each time they are asked for."""

    def __init__(self, file: IO[bytes], at: int, count: int) -> None:
        self._file = file
        self._at = at
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[NewMessage]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> NewMessage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[NewMessage]: ...
    def __getitem__(self, index: int | slice) -> NewMessage | Sequence[NewMessage]:
        return self._all()[index]

    def _all(self) -> tuple[NewMessage, ...]:
        self._file.seek(self._at)
        found: tuple[NewMessage, ...] = pickle.load(self._file)  # noqa: S301 - our own file
        return found


class Aside:
    """The bodies and attachments of one delivery, in a file without a name that goes with the last of them."""

    def __init__(self, file: IO[bytes], at: int, bodies: int, attached: int) -> None:
        self._file = file
        self._at = at
        self._bodies = bodies
        self._attached = attached
        self._behind = 0

    def bodies(self) -> Iterator[bytes | bytearray]:
        """The messages as ``copying.message_body`` writes them, one at a time. To be taken whole, and once."""
        at = self._at
        for _ in range(self._bodies):
            self._file.seek(at)
            body = pickle.load(self._file)  # noqa: S301 - our own file
            at = self._file.tell()
            yield body
        self._behind = at

    def attachments(self) -> Iterator[tuple[str, tuple[NewAttachment, ...]]]:
        """(source_id, attachments) of the messages that have some; to be asked for after the bodies."""
        if not self._attached:
            return
        if not self._behind:
            for _ in self.bodies():
                pass
        at = self._behind
        for _ in range(self._attached):
            self._file.seek(at)
            found = pickle.load(self._file)  # noqa: S301 - our own file
            at = self._file.tell()
            yield found


class Batching:
    """Lays aside what comes after the first ``HELD`` bytes of a batch."""

    def __init__(self, held: int | None = None) -> None:
        self._most = HELD if held is None else held
        self._file: IO[bytes] | None = None
        self._size = 0

    def begin(self) -> None:
        """The next batch."""
        self._file, self._size = None, 0

    def add(self, delivery: Delivery) -> Delivery:
        """The delivery, or what is light of it."""
        if delivery.chunk is None or delivery.aside is not None:
            return delivery
        self._size += size_of(delivery)
        if self._size <= self._most:
            return delivery
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as what lies in it
        file, chunk = self._file, delivery.chunk
        at = file.seek(0, 2)
        for body in delivery.bodies:
            pickle.dump(body, file, protocol=5)
        attached = [(m.source_id, m.attachments) for m in chunk.messages if m.attachments]
        for pair in attached:
            pickle.dump(pair, file, protocol=5)
        shelf = Shelf(file, file.tell(), len(chunk.messages))
        pickle.dump(tuple(replace(m, content="", attachments=()) for m in chunk.messages), file, protocol=5)
        aside = Aside(file, at, len(delivery.bodies), len(attached))
        return replace(delivery, chunk=replace(chunk, messages=shelf), bodies=(), aside=aside)


def without_state(delivery: Delivery) -> Delivery:
    """One that another of the same file and batch follows: only the last one's state is stored."""
    return delivery if delivery.chunk is None else replace(delivery, chunk=replace(delivery.chunk, state={}))
