"""History files that are one JSON document, written anew by their tool each time, as chunks.

A short one is read at once. Of a long one never more than one of its records is held: it is looked through to its end
before anything is given out, so that a damaged one gives nothing, and then read once more.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, Problem
from chattui.sources import chunks
from chattui.sources.bounded import Cut, Items
from chattui.sources.chunks import Transcript
from chattui.sources.leniently import decode_leniently, record_in
from chattui.sources.regular import open_regular, read_regular
from chattui.sources.unknown import RawRecords, met, unreadable

HELD: Final = 8 << 20
"""Bytes of a document that is read at once."""

_BLOCK: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object in a file. ``about`` is all of it but its ``records``, the items of one list in it; ``count`` of them.

    ``size``: its bytes. ``records`` can be taken once; they may raise ``SourceError`` when the file is changed meanwhile.
    """

    about: dict[str, Any]
    records: Iterable[object]
    count: int
    size: int


def document_in(path: Path, name: str, missing: str = "messages") -> Document | None:
    """The document that a file is, whose member ``name`` is the list of its records; None for an empty file.

    Raises ``SourceError`` when it cannot be read, is not a regular file, has no such list (``missing`` says of what) or is
    no whole document: one that is being written at this moment is read when it has changed again.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise SourceError(f"{path} is not a regular file.")
        if about.st_size > HELD:
            return _long(path, name, missing, about.st_size)
        raw = read_regular(path)
    except (OSError, ValueError) as error:
        raise SourceError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error
    if not raw.strip():
        return None
    document = _parsed(path, raw)
    records = document.get(name)
    if not isinstance(records, list):
        raise SourceError(f"{path} is not a history file: it has no {missing}.")
    return Document({key: value for key, value in document.items() if key != name}, records, len(records), len(raw))


def _long(path: Path, name: str, missing: str, size: int) -> Document:
    items, count = Items(name), 0
    try:
        for held in items.read(_blocks(path)):
            count += 1
            if held.long is None:
                record_in(held.text)
    except ValueError as error:
        raise SourceError(f"{path} is not a history file: not JSON: {error}.") from None
    if items.rest.long is not None:
        raise SourceError(f"{path} is not a history file: it has no {missing}, or far too much beside them.")
    about = _parsed(path, items.rest.text)
    if not items.found:
        raise SourceError(f"{path} is not a history file: it has no {missing}.")
    return Document({key: value for key, value in about.items() if key != name}, _again(path, name), count, size)


def _again(path: Path, name: str) -> Iterator[object]:
    try:
        for number, held in enumerate(Items(name).read(_blocks(path)), 1):
            problem = held.problem(number)
            record = record_in(held.text) if held.text else None
            del held
            yield record if problem is None else Cut(record, problem)
            record = None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} was changed while it was read. It is read when it has changed again.") from error


def _blocks(path: Path) -> Iterator[bytes]:
    with open_regular(path) as file:
        start = file.read(_BLOCK).removeprefix(b"\xef\xbb\xbf")
        while start:
            yield start
            start = file.read(_BLOCK)


def _parsed(path: Path, raw: bytes | bytearray) -> dict[str, Any]:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found, reason = decode_leniently(raw)
        if reason or len(found) != 1:
            raise SourceError(f"{path} is not a history file: {reason or 'it holds more than one document'}.") from None
        document = found[0]
    if not isinstance(document, dict):
        raise SourceError(f"{path} is not a history file: not a JSON object.")
    return document


def document_chunks(
    records: Iterable[object], size: int, transcript: Transcript, line: int, before: tuple[Problem, ...] = ()
) -> Iterator[Chunk]:
    """The records of a document of ``size`` bytes, from the ``line``-th on, as chunks.

    A transcript that is new takes all of them, and what belongs to earlier ones is not given out again. The offset
    of the last chunk is the document's size; of others it only rises. ``before``: problems met on the way to them.
    """
    problems = list(before)
    raw = RawRecords()
    n = 0
    for n, given in enumerate(records, 1):
        record = given
        if isinstance(given, Cut):
            record = given.record
            problems.append(given.problem if given.problem.line else replace(given.problem, line=n))
            if record is None:
                continue
        if not isinstance(record, dict):
            problems.append(unreadable(n, "not a JSON object", record))
            continue
        transcript.take(record, n, 0)
        if met.kinds:
            raw.keep(record, n, 0)
        if n <= line:
            transcript.drain()
            raw.drain()
            continue
        messages, length = transcript.size()
        if messages >= chunks.CHUNK_MESSAGES or length >= chunks.CHUNK_SIZE:
            yield _chunk(transcript, min(n, size - 1), n, problems, raw)
            problems = []
    transcript.settle()
    yield _chunk(transcript, size, n, problems, raw)


def _chunk(transcript: Transcript, offset: int, line: int, problems: list[Problem], raw: RawRecords) -> Chunk:
    messages, updates = transcript.drain()
    told = tuple(problems[:100])
    return Chunk(transcript.chat(), messages, offset, line, transcript.state(), told, updates, raw=raw.drain())
