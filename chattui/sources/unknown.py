"""What a source meets and does not understand: noted where that is found out, collected by who reads the file.

A kind that is not known is found out deep inside a format, in functions that only make words of it; the record around it,
and its place in the file, are known only where the file is read. Between the two there is one list for each thread: it is
empty before a record is taken, and emptied after it.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import orjson

from chattui.domain.history import RAW_READ, Problem, RawRecord

MOST_RECORDS: Final = 500
"""Records collected for one chunk."""

MOST_BYTES: Final = 8 << 20
"""Bytes of them."""

_WHAT: Final = 200


class _Met(threading.local):
    def __init__(self) -> None:
        self.kinds: list[tuple[str, object]] = []


met: Final = _Met()
"""``met.kinds``: what is not known in the record that was just taken, each kind with the part of it that is of that kind."""


def note(kind: object, part: object = None) -> None:
    """Something of a kind that is not known is in the record that is being taken."""
    met.kinds.append((kind if isinstance(kind, str) else "none", part))


class RawRecords:
    """The records of one chunk that were not understood, up to ``MOST_RECORDS`` and ``MOST_BYTES``."""

    def __init__(self) -> None:
        self._found: list[RawRecord] = []
        self._bytes = 0
        met.kinds.clear()  # what another reading has left behind

    def keep(self, record: Any, line: int, part: int, raw: bytes | bytearray = b"", size: int = 0) -> None:
        """Keep the record that was just taken, in which ``met.kinds`` are not known. ``raw``: as its file has it, of a long
        one the beginning; ``size``: all its bytes."""
        names = ", ".join(dict.fromkeys(kind for kind, _part in met.kinds))
        met.kinds.clear()
        self._add(line, part, names, raw or dumped(record), size if raw else 0)

    def keep_parts(self, number: int) -> None:
        """The same of a record that is a whole chat: only the parts that are not known are kept."""
        found = met.kinds.copy()
        met.kinds.clear()
        for nth, (kind, part) in enumerate(found):
            self._add(number, nth, kind, dumped(part))

    def _add(self, line: int, part: int, names: str, data: bytes | bytearray, size: int = 0) -> None:
        if len(self._found) < MOST_RECORDS and self._bytes < MOST_BYTES:
            what = " ".join(f"unknown kind: {names}"[: 4 * _WHAT].split())[:_WHAT]
            self._found.append(RawRecord(line, part, what, bytes(data[:RAW_READ]), size or len(data)))
            self._bytes += min(len(data), RAW_READ)

    def drain(self) -> tuple[RawRecord, ...]:
        """Those since the last call."""
        found, self._found, self._bytes = tuple(self._found), [], 0
        return found


def unreadable(line: int, reason: str, raw: object) -> Problem:
    """A record that could not be read, with the record: its bytes, or a value that is dumped as JSON."""
    data = raw if isinstance(raw, (bytes, bytearray)) else dumped(raw)
    return Problem(line, reason, bytes(data[:RAW_READ]), len(data))


def dumped(value: object) -> bytes:
    """A value as JSON; a text as it is."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    try:
        return orjson.dumps(value, default=_shown, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, orjson.JSONEncodeError):
        try:
            return repr(value).encode("utf-8", "surrogatepass")
        except RecursionError:
            return b"[nested too deeply]"


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else str(value)
