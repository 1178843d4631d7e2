"""Help for sources with files that hold many chats: a transcript's records as the chunks of one chat of a container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final

from chattui.domain.history import Chunk, Problem
from chattui.sources import chunks
from chattui.sources.chunks import Transcript
from chattui.sources.unknown import RawRecords, met

LONGEST_ID: Final = 200
_PROBLEMS_KEPT: Final = 100


def chat_chunks(
    records: Iterable[dict[str, Any] | Problem], transcript: Transcript, version: str, offset: int
) -> Iterator[Chunk]:
    """One chat of a container as chunks of bounded size, the last of which says its version.

    A record that could not be read is a ``Problem`` among the records. ``offset``: how far reading has come, in bytes.
    """
    problems: list[Problem] = []
    raw = RawRecords()
    n = 0
    for n, record in enumerate(records, 1):
        if isinstance(record, Problem):
            problems.append(record)
            continue
        transcript.take(record, n, 0)
        if met.kinds:
            raw.keep(record, n, 0)
        messages, size = transcript.size()
        if messages >= chunks.CHUNK_MESSAGES or size >= chunks.CHUNK_SIZE:
            yield _chunk(transcript, offset, n, problems, raw, None)
            problems = []
    transcript.settle()
    yield _chunk(transcript, offset, n, problems, raw, version)


def _chunk(
    transcript: Transcript, offset: int, n: int, problems: list[Problem], raw: RawRecords, version: str | None
) -> Chunk:
    messages, updates = transcript.drain()
    told = tuple(problems[:_PROBLEMS_KEPT])
    return Chunk(transcript.chat(), messages, offset, n, {}, told, updates, version, raw.drain())


def id_of(value: object) -> str:
    """An id as the database can keep it, whatever it is: one that is very long or no text by its hash; "" for none."""
    if type(value) is int and abs(value) < 1 << 64:
        return str(value)
    text = value if isinstance(value, str) else ""
    if len(text) <= LONGEST_ID and "\x00" not in text and text.isascii():
        return text
    try:
        if len(text.encode()) <= LONGEST_ID and "\x00" not in text:
            return text
    except UnicodeEncodeError:
        pass
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def version_of(*values: object) -> str:
    """A chat's version out of whatever changes with it."""
    text = ":".join("" if value is None else str(value) for value in values)
    if len(text) <= LONGEST_ID:
        return text
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def progress(number: int, of: int, size: int) -> int:
    """How far in a file of ``size`` bytes reading has come with the ``number``-th of so many chats."""
    return size * number // max(1, of)
