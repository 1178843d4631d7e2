"""JSON of any length within a bound of memory: what is too long has its texts cut, and is kept whole outside of memory.

A record is held as it is while reading it costs no more than ``MOST_COST``. Beyond that, the longest texts in it end early,
and the shorter the more of it there is, so that its form stays: who said what, when, and how each text begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chattui.domain.history import RAW_READ, Problem
from chattui.domain.long_record import LongRecord

MOST_COST: Final = 132 << 20
"""Bytes of memory that one record may cost until its messages are on their way: itself, its texts, and those once more."""

STEPS: Final = ((1 / 2, 1 << 20), (3 / 4, 1 << 16), (7 / 8, 1 << 12), (1.0, 1 << 8))
"""(up to which share of the room, bytes that are kept of a text there)."""

_LIGHT: Final = 4 << 20
"""Bytes that are not looked at: whatever they are, they fit."""

_COSTS_NODE: Final = 160
"""Bytes of memory that an object or array costs, however short it is written."""

_LONGEST_NAME: Final = 200
_ESCAPE: Final = 6
_MARK: Final = re.compile(rb'["{}\[\],]')
_INSIDE: Final = re.compile(rb'[^"\\]*(?:\\[\s\S][^"\\]*)*')
_ASTRAL: Final = re.compile(rb"[\xf0-\xf4]|\\u[dD][89abAB]")
_WIDE: Final = re.compile(rb"[\xc4-\xf4]|\\u(?!00)")


def width(raw: bytes) -> int:
    """Bytes that Python needs for a letter of the widest text in it: 1, 2 or 4."""
    if (raw.isascii() and b"\\u" not in raw) or _WIDE.search(raw) is None:
        return 1
    return 4 if _ASTRAL.search(raw) is not None else 2


@dataclass(frozen=True, slots=True)
class Held:
    """A record's bytes, as it is or cut: b"" when even cut it was too long. ``long``: all of it, when it was cut."""

    text: bytes | bytearray
    long: LongRecord | None = None

    def problem(self, line: int) -> Problem | None:
        """What is to be told of it; None when it is as its file has it."""
        if self.long is None:
            return None
        megabytes = max(1, self.long.size >> 20)
        became = "texts in it were cut" if self.text else "it was passed over"
        kept = "is" if self.long.is_whole else "is, to its first GB,"
        reason = f"a record of {megabytes:,} MB: {became}; it {kept} kept among what was not understood"
        return Problem(line, reason, self.long.start, self.long.size, self.long, lasting=True)


@dataclass(frozen=True, slots=True)
class Cut:
    """A record that was too long to be held: what is left of it, None when that was still too long."""

    record: object
    problem: Problem


class Bounded:
    """Takes the bytes of one record after the other. ``most``: what one may cost; None: ``MOST_COST``."""

    def __init__(self, most: int | None = None) -> None:
        self._most = MOST_COST if most is None else most
        self._begin()

    def _begin(self) -> None:
        self._text = bytearray()
        self._width = 1
        self._nodes = 0
        self._looked = 0
        self._long: LongRecord | None = None
        self._cutter: _Cutter | None = None
        self.size = 0

    def add(self, piece: bytes | bytearray | memoryview) -> None:
        """The next bytes of the record."""
        self.size += len(piece)
        if self._cutter is not None:
            assert self._long is not None
            self._long.add(piece)
            self._cutter.feed(bytes(piece))
            return
        self._text += piece
        if len(self._text) > min(_LIGHT, self._most // 8) and self._cost() > self._most:
            self._begin_to_cut()

    @property
    def is_something(self) -> bool:
        """Whether there is more than blanks."""
        return self._long is not None or bool(self._text.strip())

    def take(self) -> Held:
        """The record that ends here; the next one begins."""
        text, long, cutter = self._text, self._long, self._cutter
        self._begin()
        if cutter is None or long is None:
            return Held(text)
        long.end()
        return Held(cutter.end(), long)

    def _cost(self) -> int:
        new = bytes(self._text[self._looked :])
        self._looked = len(self._text)
        self._nodes += new.count(b"{") + new.count(b"[")
        if self._width < 4:
            self._width = max(self._width, width(new))
        return self._looked * (2 + self._width) + self._nodes * _COSTS_NODE

    def _begin_to_cut(self) -> None:
        self._long = LongRecord(RAW_READ)
        self._cutter = _Cutter(self._most // (2 + self._width))
        for at in range(0, len(self._text), 1 << 20):
            piece = bytes(self._text[at : at + (1 << 20)])
            self._long.add(piece)
            self._cutter.feed(piece)
        self._text = bytearray()


class _Cutter:
    """JSON in pieces, whose long texts are cut. ``room``: bytes of all that comes out; when it is full, nothing does."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._out = bytearray()
        self._is_full = False
        self._is_inside = False  # of a text
        self._torn = b""  # the beginning of an escape
        self._length = self._kept = 0  # bytes of the text, and of them those that are kept
        self._nodes = 0

    def feed(self, piece: bytes) -> None:
        piece, self._torn = self._torn + piece, b""
        at = 0
        while at < len(piece):
            at = self._text(piece, at) if self._is_inside else self._form(piece, at)

    def end(self) -> bytes | bytearray:
        """What came out; b"" when it was too much."""
        return b"" if self._is_full else self._out

    def _form(self, piece: bytes, at: int) -> int:
        """What stands between texts."""
        quote = piece.find(b'"', at)
        end = quote + 1 if quote >= 0 else len(piece)
        self._nodes += piece.count(b"{", at, end) + piece.count(b"[", at, end)
        self._put(piece[at:end])
        if quote >= 0:
            self._is_inside, self._length, self._kept = True, 0, 0
        return end

    def _text(self, piece: bytes, at: int) -> int:
        """The rest of a text, or as much of it as there is."""
        found = _INSIDE.match(piece, at)
        assert found is not None
        end = found.end()
        is_at_end = end < len(piece) and piece[end] == 0x22
        if not is_at_end:  # what is torn waits for the rest of it
            end = _safe_end(piece, at, end)
            self._torn = piece[end:]
        most = self._most_of_text()
        if self._length == self._kept and (room := most - self._kept) > 0:
            cut = end if end - at <= room else _safe_end(piece, at, at + room)
            self._put(piece[at:cut])
            self._kept += cut - at
        self._length += end - at
        if is_at_end:
            if self._length > self._kept:
                self._put(f"\\n\\n[cut: this text has {self._length:,} bytes]".encode())
            self._put(b'"')
            self._is_inside = False
            return end + 1
        return len(piece)

    def _most_of_text(self) -> int:
        used = len(self._out) - self._kept + self._nodes * _COSTS_NODE // 4
        kept = next((kept for until, kept in STEPS if used < until * self._room), STEPS[-1][1])
        return max(STEPS[-1][1], min(kept, (self._room - used) // 4))

    def _put(self, data: bytes) -> None:
        if self._is_full:
            return
        self._out += data
        if len(self._out) + self._nodes * _COSTS_NODE // 4 > self._room:
            self._is_full = True
            self._out = bytearray()


def _safe_end(piece: bytes, start: int, end: int) -> int:
    """The last place up to ``end`` at which neither an escape nor a letter is torn."""
    found = _INSIDE.match(piece, start, end)
    assert found is not None
    end = found.end()
    for _ in range(2):  # the second half of a surrogate pair, and the first
        at = piece.rfind(b"\\u", max(start, end - _ESCAPE), end)
        if at < 0:
            break
        before = at
        while before > start and piece[before - 1] == 0x5C:
            before -= 1
        is_high = piece[at + 2 : at + 4].lower() in (b"d8", b"d9", b"da", b"db")
        if (at - before) % 2 or (end - at >= _ESCAPE and not is_high):
            break
        end = at
    for back in range(1, min(4, end - start) + 1):
        if (lead := piece[end - back]) & 0xC0 != 0x80:
            length = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return end - back if length > back else end
    return end


class Items:
    """Reads one JSON document in blocks and gives the items of one of its arrays, each within the bound.

    ``name`` is the member that holds the array; "" when the document itself is the array. ``rest`` is the document
    without the items, once all of them were given: what is told of the chat as a whole. A document that is no array is
    one item, where no name is asked for.
    """

    def __init__(self, name: str = "", most: int | None = None) -> None:
        self._name = name.encode()
        self._most = most
        self.rest = Held(b"")
        self.found = False
        self.is_whole = False

    def read(self, blocks: Iterator[bytes]) -> Iterator[Held]:
        """Raises ``ValueError`` where brackets do not fit, or the document ends too early."""
        form, item = Bounded(self._most), Bounded(self._most)
        depth, inside, torn = 0, 0, b""  # inside: the depth of the items, 0 outside of the array
        key = b""
        in_text = False
        for read in blocks:
            block, torn = torn + read, b""
            at = start = 0
            size = len(block)
            while at < size:
                if in_text:
                    found = _INSIDE.match(block, at)
                    assert found is not None
                    if depth == 1 and not inside:
                        key += block[at : min(found.end(), at + _LONGEST_NAME)]
                    at = found.end()
                    if at >= size or block[at] != 0x22:
                        torn = block[at:]
                        size = at
                        break
                    in_text = False
                    at += 1
                    continue
                mark = _MARK.search(block, at, size)
                if mark is None:
                    break
                at = mark.end()
                sign = block[mark.start()]
                if sign == 0x22:
                    in_text = True
                    if depth == 1 and not inside:
                        key = b""
                elif sign in b"{[":
                    if self.is_whole:
                        raise ValueError("it holds more than one document")
                    depth += 1
                    is_array = key == self._name if self._name else True
                    if not inside and sign == 0x5B and is_array and depth == (2 if self._name else 1):
                        inside, self.found = depth, True
                        form.add(block[start:at])
                        start = at
                elif sign in b"}]":
                    depth -= 1
                    if depth < 0:
                        raise ValueError("a bracket closes that was not opened")
                    if inside and depth < inside:
                        item.add(block[start : at - 1])
                        start = at - 1
                        inside = 0
                        if item.is_something:
                            yield item.take()
                        else:
                            item.take()
                    if not depth:
                        self.is_whole = True
                elif sign == 0x2C and inside and depth == inside:
                    item.add(block[start : at - 1])
                    start = at
                    yield item.take()
            (item if inside else form).add(block[start:size])
        if depth or in_text:
            raise ValueError("it ends before its end")
        self.rest = form.take()
