"""Records that an import did not understand, kept beside their chat: bounded, each once, and gone with it.

One that was too long to be read as it is, is kept whole, in pieces (rows from part ``RAW_PIECES`` on).

The same record, however often its file is read, is one row. A file that was rewritten, and a chat of a container that is
read again, has the rows of what it holds now.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from sqlalchemy import Connection, select

from chattui.domain.history import RAW_KEPT, RAW_PIECES, Chunk, RawRecord
from chattui.domain.long_record import LongRecord
from chattui.store.database import Database
from chattui.store.delivery import Delivery
from chattui.store.numbering import Target
from chattui.store.storable import storable, storable_path
from chattui.store.tables import ME, imports, raw_records

MOST_RECORDS: Final = 500
"""Records that are kept of a chat."""

MOST_BYTES: Final = 4 << 20
"""Bytes of them, compressed."""

_IMPORTS: LiteralString = """
SELECT path, id FROM chattui.imports WHERE owner = CURRENT_USER::text AND machine = %(machine)s AND path = ANY (%(paths)s)
"""

_HERE: LiteralString = """
SELECT import_id, digest, octet_length(data) FROM chattui.raw_records
 WHERE owner = CURRENT_USER::text AND part < %(pieces)s
   AND CASE WHEN %(chat_id)s::bigint IS NULL THEN chat_id IS NULL AND import_id = %(import_id)s ELSE chat_id = %(chat_id)s END
"""

_TAKE_OUT: LiteralString = """
DELETE FROM chattui.raw_records
 WHERE owner = CURRENT_USER::text AND import_id = %(import_id)s AND chat_id = ANY (%(chats)s) AND digest <> ALL (%(kept)s::bytea[])
"""

_PUT: LiteralString = """
INSERT INTO chattui.raw_records AS r (import_id, digest, chat_id, line, part, what, size, data)
VALUES (%(import_id)s, %(digest)s, %(chat_id)s, %(line)s, %(part)s, %(what)s, %(size)s, %(data)s)
    ON CONFLICT (owner, import_id, digest) DO UPDATE SET
       chat_id = coalesce(excluded.chat_id, r.chat_id), line = excluded.line, part = excluded.part, what = excluded.what
"""

_FIND_CHAT: LiteralString = """
UPDATE chattui.raw_records SET chat_id = %(chat_id)s
 WHERE owner = CURRENT_USER::text AND import_id = %(import_id)s AND chat_id IS NULL
"""


@dataclass(slots=True)
class _Scope:
    """What a batch brings of one chat out of one file. ``anew``: all that the file holds of it."""

    path: str
    chat_id: int | None
    anew: bool = False
    waited: bool = False  # for its chat, which is new: records may have come before it
    records: list[RawRecord] = field(default_factory=list)


def keep(
    conn: psycopg.Connection[Any],
    machine: str,
    items: Sequence[Delivery],
    goes: Sequence[Target | None],
    added_to: Collection[str],
) -> None:
    """Store what a batch did not understand; its imports are written. ``goes``: where the deliveries go.

    ``added_to``: files whose chat has come from another one too, from which nothing is taken out.
    """
    scopes = [s for s in _scopes(items, goes, added_to) if s.records or s.anew or s.waited]
    if not scopes:
        return
    paths = sorted({s.path for s in scopes})
    ids = dict(conn.execute(_IMPORTS, {"machine": machine, "paths": paths}).fetchall())
    emptied: dict[int, list[int]] = {}
    for scope in scopes:
        import_id = ids[scope.path]
        if scope.anew and not scope.records and scope.chat_id is not None:
            emptied.setdefault(import_id, []).append(scope.chat_id)
        else:
            _keep(conn, import_id, scope)
    for import_id, chat_ids in emptied.items():
        conn.execute(_TAKE_OUT, {"import_id": import_id, "chats": chat_ids, "kept": []})


def _scopes(items: Sequence[Delivery], goes: Sequence[Target | None], added_to: Collection[str]) -> Iterable[_Scope]:
    found: dict[tuple[str, int | None], _Scope] = {}
    for item, target in zip(items, goes, strict=True):
        if item.chunk is None:
            continue
        path = storable_path(item.file.path)
        chat_id = target.chat_id if target is not None else None
        scope = found.setdefault((path, chat_id), _Scope(path, chat_id))
        if target is not None:
            was_read = item.expected_mtime_ns is not None if item.file.container else item.replace
            scope.anew = scope.anew or (was_read and path not in added_to)
            goes_on = item.expected_offset > 0 and not item.file.container
            scope.waited = scope.waited or (goes_on and not target.existing)
        scope.records += _records(item.chunk)
    return found.values()


def _records(chunk: Chunk) -> list[RawRecord]:
    """What of a chunk is kept, in the order of the file."""
    unread = (RawRecord(p.line, 0, p.reason, p.raw, p.raw_size, p.long) for p in chunk.problems if p.raw)
    return sorted((*chunk.raw, *unread), key=lambda one: (one.line, one.part))


def _keep(conn: psycopg.Connection[Any], import_id: int, scope: _Scope) -> None:
    of = {"import_id": import_id, "chat_id": scope.chat_id, "pieces": RAW_PIECES}
    if scope.waited:
        conn.execute(_FIND_CHAT, of)
    here = conn.execute(_HERE, of).fetchall() if scope.records else []
    others = [row for row in here if not scope.anew or row[0] != import_id]
    met = {digest for _import, digest, _size in others}
    count, size = len(others), sum(row[2] for row in others)
    rows = []
    pieces: list[bytes] = []
    for record in scope.records:
        if record.long is not None:
            pieces += _keep_pieces(conn, of, record, record.long)
            continue
        data = record.data[:RAW_KEPT]
        digest = hashlib.sha256(data).digest()
        if digest in met or count >= MOST_RECORDS:
            continue
        packed = zlib.compress(data)
        if size + len(packed) > MOST_BYTES:
            continue
        met.add(digest)
        count, size = count + 1, size + len(packed)
        place = {"line": record.line, "part": record.part, "what": storable(record.what)}
        rows.append({**of, **place, "digest": digest, "size": record.size, "data": packed})
    if scope.anew:
        taken = {"import_id": import_id, "chats": [scope.chat_id], "kept": [*(row["digest"] for row in rows), *pieces]}
        conn.execute(_TAKE_OUT, taken)
    if rows:
        conn.cursor().executemany(_PUT, rows)


def _keep_pieces(
    conn: psycopg.Connection[Any], of: dict[str, Any], record: RawRecord, long: LongRecord
) -> Iterable[bytes]:
    """Store a record piece by piece, one of which is held at a time; their digests."""
    digests = []
    for nth, data in enumerate(long.pieces()):
        digest = hashlib.sha256(b"%b %d" % (long.digest, nth)).digest()
        what = storable(f"piece {nth + 1} of {len(long)}: {record.what}")
        place = {"line": record.line, "part": RAW_PIECES + nth, "what": what}
        size = len(zlib.decompress(data))
        conn.execute(_PUT, {**of, **place, "digest": digest, "size": size, "data": data})
        digests.append(digest)
    return digests


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A raw record as it is kept. ``text``: what is kept of its ``size`` bytes, undecodable ones replaced."""

    machine: str
    path: str
    line: int
    part: int
    what: str
    size: int
    text: str
    met_at: datetime
    is_whole: bool  # it is kept to its end


def of_chat(db: Database, chat_id: int) -> list[KeptRecord]:
    """What was not understood of a chat, in the order of its files."""
    columns = (
        *(imports.c[name] for name in ("machine", "path")),
        *(raw_records.c[name] for name in ("line", "part", "what", "size", "data", "met_at")),
    )
    joined = raw_records.join(
        imports, (imports.c.owner == raw_records.c.owner) & (imports.c.id == raw_records.c.import_id)
    )
    statement = (
        select(*columns)
        .select_from(joined)
        .where(raw_records.c.owner == ME, raw_records.c.chat_id == chat_id)
        .order_by(imports.c.machine, imports.c.path, raw_records.c.line, raw_records.c.part)
    )

    def work(conn: Connection) -> list[KeptRecord]:
        return [_kept(row) for row in conn.execute(statement)]

    return db.read(work)


def _kept(row: Any) -> KeptRecord:
    machine, path, line, part, what, size, packed, met_at = row
    data = zlib.decompress(packed)
    text = data.decode("utf-8", "replace")
    return KeptRecord(machine, path, line, part, what, size, text, met_at, len(data) >= size)
