"""History files that are one JSON document, written anew by their tool each time, as chunks."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, Problem
from chattui.sources import chunks
from chattui.sources.chunks import Transcript
from chattui.sources.lines import decode_leniently
from chattui.sources.regular import read_regular
from chattui.sources.unknown import RawRecords, met, unreadable

LONGEST: Final = 512 << 20
"""Bytes of a document. It is held as a whole, so a longer one is refused."""


def document_in(path: Path) -> tuple[dict[str, Any] | None, int]:
    """The JSON object that a file is, and its bytes; (None, 0) for an empty file.

    Raises ``SourceError`` when it cannot be read, is not a regular file or no whole document: one that is being
    written at this moment is read when it has changed again.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise SourceError(f"{path} is not a regular file.")
        if about.st_size > LONGEST:
            raise SourceError(f"{path} is a document of more than {LONGEST >> 20} MB, which is too long to be read.")
        raw = read_regular(path)
    except (OSError, ValueError) as error:
        raise SourceError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error
    if not raw.strip():
        return None, 0
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found, reason = decode_leniently(raw)
        if reason or len(found) != 1:
            raise SourceError(f"{path} is not a history file: {reason or 'it holds more than one document'}.") from None
        document = found[0]
    if not isinstance(document, dict):
        raise SourceError(f"{path} is not a history file: not a JSON object.")
    return document, len(raw)


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
    for n, record in enumerate(records, 1):
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
