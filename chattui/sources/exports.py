"""Exports of web chats: a zip or a JSON document with all of a person's chats, read one chat at a time.

A document of gigabytes is streamed: never more than one chat of it is held, and of one that is too long for that the texts
are cut (``bounded``).
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk, NewMessage, Problem
from chattui.sources import chunks
from chattui.sources.archives import READ_FAULTS, Archive, is_zip
from chattui.sources.bounded import Cut, Held, Items, width
from chattui.sources.leniently import record_in
from chattui.sources.lines import MAX_PROBLEMS
from chattui.sources.regular import open_regular, read_regular
from chattui.sources.trees import with_one_root
from chattui.sources.unknown import RawRecords, unreadable

LONGEST_CHAT: Final = 64 << 20
"""Bytes of JSON of one chat that are held as they are; of wide letters half as many."""

LARGEST_ASSET: Final = 32 << 20
"""Bytes of an attachment that is kept; a larger one is only named."""

_BLOCK: Final = 1 << 16
_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r\n"
_LONG_NUMBER: Final = b"0" * sys.int_info.str_digits_check_threshold
_AS_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_SHARD: Final = re.compile(r"conversations(-\d+)?\.json", re.IGNORECASE)
_ASSET: Final = re.compile(r"file[-_][A-Za-z0-9]+")
_LISTED: Final = 50_000
_DEPTH: Final = 3

Told = tuple[ChatInfo, Iterable[NewMessage]]
"""A chat and its messages, which may be made while they are taken."""

Record = Mapping[str, Any]
"""What an export holds of one chat."""


class Export:
    """Context manager: an opened export. ``position`` rises from 0 to nearly the file's size while chats are taken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._archive: Archive | None = None
        self._unpacked = 0
        self._taken = 0

    def __enter__(self) -> Export:
        try:
            about = self.path.stat()
            if not stat.S_ISREG(about.st_mode):
                raise SourceError(f"{self.path} is not a regular file.")
            self.size = self._unpacked = about.st_size
            with open_regular(self.path) as file:
                start = file.read(4)
        except (OSError, ValueError) as error:
            raise SourceError(f"Cannot read {self.path}: {getattr(error, 'strerror', None) or error}.") from error
        if is_zip(start):
            self._archive = Archive(self.path).__enter__()
            self._unpacked = sum(self._archive.members[name].file_size for name in documents(self._archive))
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._archive is not None:
            self._archive.__exit__()

    @property
    def position(self) -> int:
        return min(self._taken, self._unpacked) * max(0, self.size - 1) // max(1, self._unpacked)

    def records(self) -> Iterator[object]:
        """What the documents hold, in order: the items of an array, or the one object that a document is.

        Raises ``SourceError`` where a document is damaged, after what stands before that.
        """
        if self._archive is None:
            with open_regular(self.path) as file:
                yield from self._values(file, "it")
            return
        names = documents(self._archive)
        if not names:
            raise SourceError(f"{self.path} is not a history file: there is no conversations.json in it.")
        for name in names:
            with self._archive.open(name) as member:
                yield from self._values(member, name)

    def _values(self, file: IO[bytes], name: str) -> Iterator[object]:
        import ijson

        reader = _Reader(file, self._count)
        given = 0
        try:
            first = reader.first()
            if not first:
                return
            value: object = None
            try:
                for value in reader.items(first):
                    given += 1
                    yield value
                    value = None  # noqa: PLW2901 - nor is it held while the next one is built
            except (LongNumber, _TooLong) as stop:
                file.seek(0)
                self._taken -= reader.given
                reader = _Reader(file, self._count, careful=True)
                items = _cut_items(reader) if isinstance(stop, _TooLong) else reader.items(reader.first())
                yield from islice(items, given, None)
        except (ijson.JSONError, *READ_FAULTS, ValueError, OSError) as error:
            words = " ".join(str(error).partition("\n")[0].split())[:100]  # what follows would be text of a chat
            raise SourceError(
                f"{self.path} is not a history file, or is damaged: {name} cannot be read beyond byte {reader.given:,} "
                f"({words or type(error).__name__})."
            ) from error

    def _count(self, size: int) -> None:
        self._taken += size

    @cached_property
    def _assets(self) -> dict[str, tuple[str, int, Callable[[], bytes]]]:
        found: dict[str, tuple[str, int, Callable[[], bytes]]] = {}
        if self._archive is not None:
            for name, member in self._archive.members.items():
                if known := _ASSET.match(base := PurePosixPath(name).name):
                    found.setdefault(known[0], (base, member.file_size, self._member(name)))
        elif _SHARD.fullmatch(self.path.name):
            for entry in _files_below(self.path.parent):
                if known := _ASSET.match(entry.name):
                    size = entry.stat(follow_symlinks=False).st_size
                    found.setdefault(known[0], (entry.name, size, partial(read_regular, Path(entry.path))))
        return found

    def _member(self, name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            assert self._archive is not None
            with self._archive.open(name) as member:
                return member.read(LARGEST_ASSET + 1)

        return read

    def read_asset(self, file_id: str) -> tuple[str, int, bytes]:
        """Name, size and bytes; ("", 0, b"") when there is none, no bytes when it is too large or cannot be read."""
        name, size, read = self._assets.get(file_id, ("", 0, bytes))
        if size > LARGEST_ASSET:
            return name, size, b""
        try:
            return name, size, read()
        except (*READ_FAULTS, OSError, SourceError):
            return name, size, b""


def documents(archive: Archive) -> list[str]:
    """The members with the chats, in order: ``conversations.json`` or its parts, else every JSON document."""
    shards = [name for name in archive.members if _SHARD.fullmatch(PurePosixPath(name).name)]
    if shards:
        top = min(name.count("/") for name in shards)
        shards = [name for name in shards if name.count("/") == top]
    found = shards or [name for name in archive.members if name.endswith(".json")]
    return sorted(found)


def chats_of(
    export: Export,
    known: Mapping[str, str],
    label: str,
    chat_id: Callable[[Record], str],
    tell: Callable[[Record], Told],
) -> Iterator[Chunk]:
    """The chats of an export whose version is not the ``known`` one, as a container's source gives them.

    ``chat_id`` is "" for what is no chat of this format. Of a chat that an export holds twice, the first one counts.
    Raises ``SourceError`` when there is not one chat in it, and where it is damaged, after what stands before that.
    """
    problems: list[Problem] = []
    met: set[str] = set()
    waiting: Chunk | None = None
    if not export.size:
        return
    fault: SourceError | None = None
    records = enumerate(export.records(), 1)
    while True:
        try:
            number, value = next(records)
        except StopIteration:
            break
        except SourceError as error:  # what stands before that is told first
            fault = error
            break
        cut, value = (value, value.record) if isinstance(value, Cut) else (None, value)
        if cut is not None and value is None and len(problems) < MAX_PROBLEMS:
            problems.append(replace(cut.problem, line=number))
            continue
        record: Record = value if isinstance(value, dict) else {}
        found = chat_id(record)
        if not found and len(problems) < MAX_PROBLEMS:
            problems.append(unreadable(number, f"not a chat of {label}", value))
        del value
        if not found or found in met:
            continue
        met.add(found)
        version = version_of(record)
        if cut is not None and cut.problem.long is not None:
            version = f"{version}:{cut.problem.long.digest.hex()[:16]}"
        if known.get(found) == version:
            continue
        if cut is not None:
            problems.append(replace(cut.problem, line=number))
        del cut
        for chunk in record_chunks(partial(tell, record), version, number, lambda: export.position):
            if waiting is not None:
                yield waiting
            waiting, problems = replace(chunk, problems=tuple(problems)), []
        del record  # it is not held while the next one is built
    if waiting is not None:
        yield replace(waiting, problems=(*waiting.problems, *problems))
    if fault is not None:
        raise fault
    if not met:
        raise SourceError(f"{export.path} is not a history file: there is no chat of {label} in it.")


def record_chunks(tell: Callable[[], Told], version: str, number: int, position: Callable[[], int]) -> Iterator[Chunk]:
    """One chat as chunks of bounded size. ``position``: how far reading has come, in bytes. Of what is not understood only
    the parts that are not known are kept, for the record is a whole chat."""
    raw = RawRecords()
    chat, told = tell()
    messages = with_one_root(list(told))
    raw.keep_parts(number)
    for chunk in _chunks(chat, messages, version, number, position):
        yield replace(chunk, raw=raw.drain())


def version_of(record: object) -> str:
    """A text that changes when the record does."""
    try:
        raw = orjson.dumps(record)
    except (TypeError, orjson.JSONEncodeError):
        try:
            raw = repr(record).encode("utf-8", "surrogatepass")
        except RecursionError:
            raw = b"deep"
    return blake2b(raw, digest_size=12).hexdigest()


def _chunks(
    chat: ChatInfo, messages: Iterable[NewMessage], version: str, number: int, position: Callable[[], int]
) -> Iterator[Chunk]:
    batch: list[NewMessage] = []
    size = 0
    for message in messages:
        if len(batch) >= chunks.CHUNK_MESSAGES or size >= chunks.CHUNK_SIZE:
            yield Chunk(chat, tuple(batch), position(), number, {})
            batch, size = [], 0
        batch.append(message)
        size += len(message.content) + sum(len(cut.data) for cut in message.attachments)
    yield Chunk(chat, tuple(batch), position(), number, {}, version=version)


class _TooLong(Exception):
    """A chat is longer than ``LONGEST_CHAT``: it cannot be built as it comes."""


class LongNumber(Exception):
    """There are so many digits in a row that ijson's fast parser would end the program, were they a number."""


def has_long_number(raw: bytes) -> bool:
    """Whether more digits stand in a row than Python may be told to take for a number (``PYTHONINTMAXSTRDIGITS``).

    ijson 3.6 does not look whether making a number has failed, and crashes.
    """
    return _LONG_NUMBER in raw.translate(_AS_DIGITS)


class _Reader:
    """A stream for ijson, without a byte order mark, which counts and ends at a chat that is too long.

    A ``careful`` one is parsed by ijson's own Python, which is slow; one that is not ends with ``LongNumber`` where that
    is needed.
    """

    def __init__(self, file: IO[bytes], count: Callable[[int], None], *, careful: bool = False) -> None:
        self._file = file
        self._count = count
        self._ahead = self._before = b""
        self._careful = careful
        self.given = self.since = 0

    def items(self, first: bytes) -> Iterator[object]:
        """The items of an array, or the one value that the stream is; ``first`` is its first byte."""
        import ijson

        parser = ijson.get_backend("python") if self._careful else ijson
        for value in parser.items(self, "item" if first == b"[" else "", buf_size=_BLOCK, use_float=True):
            self.since = 0
            yield value

    def first(self) -> bytes:
        """The first byte that is not blank; b"" when there is none in the first block."""
        self._ahead = self._file.read(_BLOCK).removeprefix(_BOM)
        return self._ahead.lstrip(_BLANK)[:1]

    def read(self, size: int) -> bytes:
        if not size:
            return b""
        block, self._ahead = self._ahead or self._file.read(size), b""
        if not self._careful:
            if has_long_number(self._before + block):
                raise LongNumber
            self._before = block[-len(_LONG_NUMBER) :]
        self._count(len(block))
        self.given += len(block)
        if not self._careful:
            self.since += len(block) * min(2, width(block))
            if self.since > LONGEST_CHAT:
                raise _TooLong
        return block


def _cut_items(reader: _Reader) -> Iterator[object]:
    """The chats of a document that holds one which is too long, each built when its end was met."""
    items = Items()
    blocks = iter(partial(reader.read, _BLOCK), b"")
    reader.first()
    number = 0
    for number, held in enumerate(items.read(blocks), 1):
        built = [_built(held, number)]
        del held  # neither its bytes nor its values are held while they are told
        yield built.pop()
    if not items.found:
        yield _built(items.rest, 1)


def _built(held: Held, number: int) -> object:
    problem = held.problem(number)
    value = record_in(held.text) if held.text else None
    return value if problem is None else Cut(value, problem)


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Regular files beside a document and in folders next to it, no links."""
    waiting, listed = [(str(folder), 1)], 0
    while waiting and listed < _LISTED:
        place, depth = waiting.pop()
        try:
            with os.scandir(place) as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            listed += 1
            if entry.is_file(follow_symlinks=False):
                yield entry
            elif depth < _DEPTH and entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, depth + 1))


def beginning(path: Path, size: int) -> bytes:
    """The first bytes of the first document in a zip. Raises ``SourceError`` when there is none, or it cannot be read."""
    with Archive(path) as archive:
        names = documents(archive)
        if not names:
            raise SourceError(f"{path} holds no JSON documents.")
        try:
            with archive.open(names[0]) as member:
                return member.read(size)
        except (*READ_FAULTS, OSError) as error:
            raise SourceError(f"{path} is damaged ({error}).") from error
