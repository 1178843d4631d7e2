"""The file of a backup: a tar of zstd frames, written and read in one pass.

``head.json`` comes first (``domain.backup.Head``), then for each section ``data/OWNER/TABLE/NUMBER.copy.zst``, OWNER being its
place in the head's list: rows in PostgreSQL's COPY text format, in pieces; ``manifest.json`` with counts and digests is the last
member, so that a file that was cut off has none. Without chattui: ``tar x``, ``zstd -d``, psql's ``\\copy``.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import IO, Any

import zstandard

from chattui.domain.backup import FORMAT, Head, Manifest, Section
from chattui.domain.errors import BackupError

_LEVEL = 3
_FRAME = 16 << 20
"""A frame holds so many bytes at most, so that no file makes a reader take more memory."""
_TEXT = 64 << 20
_MEMBER = re.compile(r"data/(\d{4,})/([a-z_][a-z0-9_]{0,62})/(\d{6,})\.copy\.zst")
_AHEAD = 4

DAMAGED = "The backup is damaged or was cut off ({what}). Nothing was changed: take another one."
FOREIGN = "{name} is not a backup of chattui, or its beginning is damaged."


class Writer:
    """Writes a backup into a stream that need not be seekable. Compression runs on a thread of its own."""

    def __init__(self, stream: IO[bytes], head: Head) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20)  # noqa: SIM115
        self._head = head
        self._pool = ThreadPoolExecutor(1, "chattui-backup")
        self._sections: list[Section] = []
        self._member("head.json", _json(head.as_json()))

    def section(self, owner: str, table: str, pieces: Iterable[bytes]) -> None:
        """All rows of one section."""
        place = self._head.owners.index(owner)
        waiting: deque[Future[bytes]] = deque()
        number = 0
        for piece in pieces:
            for at in range(0, len(piece), _FRAME):
                waiting.append(self._pool.submit(_compressed, piece[at : at + _FRAME]))
            while len(waiting) > _AHEAD:
                number += 1
                self._member(f"data/{place:04}/{table}/{number:06}.copy.zst", waiting.popleft().result())
        for done in waiting:
            number += 1
            self._member(f"data/{place:04}/{table}/{number:06}.copy.zst", done.result())

    def finish(self, sections: Iterable[Section]) -> Manifest:
        """Write the manifest; without it the file is no backup."""
        manifest = Manifest(self._head, tuple(sections))
        document = self._head.as_json() | {
            "sections": [
                {"owner": s.owner, "table": s.table, "rows": s.rows, "bytes": s.size, "digest": s.digest}
                for s in manifest.sections
            ]
        }
        self._member("manifest.json", _json(document))
        self._tar.close()
        return manifest

    def close(self) -> None:
        """Let the thread go; writes nothing."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _member(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        member.mode = 0o600
        member.mtime = int(self._head.made_at.timestamp())
        self._tar.addfile(member, io.BytesIO(content))


class Reader:
    """Reads a backup from a stream, in its own order. ``head`` is there at once, ``manifest`` after the last section."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._manifest: Manifest | None = None
        try:
            self._tar = tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20)  # noqa: SIM115
            first = self._tar.next()
        except (tarfile.TarError, EOFError) as error:
            raise BackupError(FOREIGN.format(name=name)) from error
        if first is None or first.name != "head.json":
            raise BackupError(FOREIGN.format(name=name))
        self.head = _head(_parsed(self._read(first)), name)

    @property
    def manifest(self) -> Manifest:
        """What was kept. Raises ``BackupError`` when the file ended before it."""
        if self._manifest is None:
            raise BackupError(DAMAGED.format(what="its end is missing"))
        return self._manifest

    def sections(self) -> Iterator[tuple[str, str, Iterator[bytes]]]:
        """(owner, table, pieces), which must be read before the next one. Raises ``BackupError``, at the latest at the end."""
        found = self._members()
        member = next(found, None)
        while member is not None:
            current = member
            after: list[_Part] = []
            yield self.head.owners[current.place], current.table, self._pieces(current, found, after)
            member = after[0] if after else None

    def _pieces(self, first: _Part, rest: Iterator[_Part], after: list[_Part]) -> Iterator[bytes]:
        expected = 1
        for part in chain([first], rest):
            if (part.place, part.table) != (first.place, first.table):
                after.append(part)
                return
            if part.number != expected:
                raise BackupError(DAMAGED.format(what=f"a part of {part.table} is missing"))
            expected += 1
            yield part.content

    def _members(self) -> Iterator[_Part]:
        while (member := self._next()) is not None:
            if member.name == "manifest.json":
                self._manifest = _manifest(self.head, _parsed(self._read(member)))
                return
            matched = _MEMBER.fullmatch(member.name)
            if matched is None or int(matched[1]) >= len(self.head.owners) or matched[2] not in self.head.tables:
                raise BackupError(DAMAGED.format(what="it holds something that does not belong there"))
            yield _Part(int(matched[1]), matched[2], int(matched[3]), _expanded(self._read(member)))
        raise BackupError(DAMAGED.format(what="its end is missing"))

    def _next(self) -> tarfile.TarInfo | None:
        try:
            return self._tar.next()
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise BackupError(DAMAGED.format(what="a part cannot be read")) from error

    def _read(self, member: tarfile.TarInfo) -> bytes:
        if not member.isreg() or member.size > _TEXT:
            raise BackupError(DAMAGED.format(what="it holds something that does not belong there"))
        try:
            opened = self._tar.extractfile(member)
            content = opened.read() if opened else b""
        except (tarfile.TarError, EOFError) as error:
            raise BackupError(DAMAGED.format(what="a part cannot be read")) from error
        if len(content) != member.size:
            raise BackupError(DAMAGED.format(what="its end is missing"))
        return content


@dataclass(frozen=True, slots=True)
class _Part:
    place: int
    table: str
    number: int
    content: bytes


def manifest_at_end(file: IO[bytes]) -> Manifest | None:
    """The manifest of an unencrypted backup, found from the end of the file without reading the rest; None where it is not."""
    size = file.seek(0, io.SEEK_END)
    most = min(size, 8 << 20)
    file.seek(size - most)
    tail = file.read(most)
    if size % 512 or (at := tail.rfind(b"manifest.json\0")) < 0 or at % 512 != most % 512:
        return None
    try:
        with tarfile.open(fileobj=io.BytesIO(tail[at:]), mode="r:") as tar:
            member = tar.next()
            opened = tar.extractfile(member) if member is not None else None
            document = _parsed(opened.read() if opened else b"")
        return _manifest(_head(document, ""), document)
    except (tarfile.TarError, BackupError):
        return None


def _compressed(piece: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(piece)


def _expanded(frame: bytes) -> bytes:
    try:
        if not 0 <= zstandard.frame_content_size(frame) <= _FRAME:
            raise BackupError(DAMAGED.format(what="a part is larger than it may be"))
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError as error:
        raise BackupError(DAMAGED.format(what="a part does not match its checksum")) from error


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise BackupError(DAMAGED.format(what="its description cannot be read")) from error
    if not isinstance(document, dict):
        raise BackupError(DAMAGED.format(what="its description cannot be read"))
    return document


def _head(document: dict[str, Any], name: str) -> Head:
    if document.get("chattui") != "backup":
        raise BackupError(FOREIGN.format(name=name))
    number = document.get("format")
    if not isinstance(number, int) or number > FORMAT:
        raise BackupError(
            f"{name} was written by a newer chattui (format {number}, this one reads up to {FORMAT}). Update chattui and try again."
        )
    try:
        return Head(
            datetime.fromisoformat(document["made_at"]),
            str(document["program"]),
            str(document["server_version"]),
            int(document["schema_version"]),
            str(document["database"]),
            tuple(map(str, document["owners"])),
            {str(table): tuple(map(str, columns)) for table, columns in document["tables"].items()},
            number,
            document.get("everybody") is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupError(DAMAGED.format(what="its description cannot be read")) from error


def _manifest(head: Head, document: dict[str, Any]) -> Manifest:
    try:
        sections = tuple(
            Section(str(s["owner"]), str(s["table"]), int(s["rows"]), int(s["bytes"]), str(s["digest"]))
            for s in document["sections"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BackupError(DAMAGED.format(what="its description cannot be read")) from error
    if {(s.owner, s.table) for s in sections} != {(o, t) for o in head.owners for t in head.tables}:
        raise BackupError(DAMAGED.format(what="its description is not complete"))
    return Manifest(head, sections)
