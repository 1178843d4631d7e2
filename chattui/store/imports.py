"""Imports: what is known of each history file, and which of them had problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from sqlalchemy import Connection, func, select, union

from chattui.domain.history import RAW_PIECES, HistoryFile
from chattui.domain.kinds import OWN_SOURCE
from chattui.store.database import Database
from chattui.store.storable import storable_path
from chattui.store.tables import ME, chats, imported_chats, imports, raw_records

PROBLEMS_KEPT = 20


class ImportRow(NamedTuple):
    """What a history file was when it was last read. ``byte_offset``: everything before it is stored; the hashes are
    hexadecimal.

    A tuple, for there is one for each of thousands of files at every start.
    """

    path: str
    source: str
    inode: int
    device: int
    size: int
    mtime_ns: int
    byte_offset: int
    line: int
    head_hash: str | None
    tail_hash: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class ImportFault:
    """A file that could not be read, wholly or in part: ``error`` for the file, ``problems`` as (line, reason)."""

    path: str
    source: str
    outcome: str
    error: str | None
    problems: tuple[tuple[int, str], ...]
    problem_count: int
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """What one source brought in on one machine."""

    source: str
    machine: str
    files: int
    chats: int
    messages: int
    faults: int
    last_import: datetime
    raw: int = 0  # records that were not understood and are kept


@dataclass(frozen=True, slots=True)
class ImportPlace:
    """Where a chat's history lies: a file on a machine."""

    machine: str
    path: str


def places(db: Database, chat_id: int) -> list[ImportPlace]:
    """The files that a chat came from."""
    statement = (
        select(imports.c.machine, imports.c.path)
        .where(imports.c.owner == ME, imports.c.chat_id == chat_id)
        .order_by(imports.c.machine, imports.c.path)
    )
    return db.read(lambda conn: [ImportPlace(*row) for row in conn.execute(statement)])


def known(db: Database, machine: str, files: Sequence[HistoryFile] | None = None) -> dict[str, ImportRow]:
    """Every file that was imported on this machine, by path; or of ``files`` those, by their paths or inodes."""
    if files is None:
        with db.raw() as conn, conn.transaction():
            columns = conn.execute(_ALL_KNOWN, {"machine": machine}).fetchone()
        if columns is None or columns[0] is None:
            return {}
        return {row.path: row for row in map(ImportRow, *columns)}
    return _known_of(db, machine, files)


_ALL_KNOWN: LiteralString = """
SELECT array_agg(path), array_agg(source), array_agg(inode), array_agg(device), array_agg(size), array_agg(mtime_ns),
       array_agg(byte_offset), array_agg(line), array_agg(encode(head_hash, 'hex')), array_agg(encode(tail_hash, 'hex')),
       array_agg(outcome::text)
  FROM chattui.imports WHERE owner = CURRENT_USER::text AND machine = %(machine)s
"""
"""A list for each column: thousands of rows cost the driver as little as eleven."""


def _known_of(db: Database, machine: str, files: Sequence[HistoryFile]) -> dict[str, ImportRow]:
    columns = (
        imports.c.path,
        imports.c.source,
        imports.c.inode,
        imports.c.device,
        imports.c.size,
        imports.c.mtime_ns,
        imports.c.byte_offset,
        imports.c.line,
        func.encode(imports.c.head_hash, "hex"),
        func.encode(imports.c.tail_hash, "hex"),
        imports.c.outcome,
    )
    statement = select(*columns).where(imports.c.owner == ME, imports.c.machine == machine)

    def work(conn: Connection) -> dict[str, ImportRow]:
        paths = [storable_path(file.path) for file in files]
        found = {r[0]: ImportRow._make(r) for r in conn.execute(statement.where(imports.c.path.in_(paths)))}
        moved = [file.inode for file, path in zip(files, paths, strict=True) if path not in found]
        if moved:
            found |= {r[0]: ImportRow._make(r) for r in conn.execute(statement.where(imports.c.inode.in_(moved)))}
        return found

    return db.read(work)


def state(db: Database, machine: str, path: str) -> dict[str, Any]:
    """What the source needs to go on in this file."""
    this_file = (imports.c.owner == ME, imports.c.machine == machine, imports.c.path == path)
    statement = select(imports.c.state).where(*this_file)
    return db.read(lambda conn: conn.execute(statement).scalar()) or {}


def versions(db: Database, machine: str, path: str) -> dict[str, str]:
    """Of a container the version of each chat that need not be read again, by its source id."""
    joined = imported_chats.join(
        imports, (imports.c.owner == imported_chats.c.owner) & (imports.c.id == imported_chats.c.import_id)
    )
    statement = (
        select(imported_chats.c.source_id, imported_chats.c.version)
        .select_from(joined)
        .where(imports.c.owner == ME, imports.c.machine == machine, imports.c.path == path)
        .where(imported_chats.c.version != "")
    )
    return db.read(lambda conn: {r[0]: r[1] for r in conn.execute(statement)})


def faults(db: Database, *, limit: int = 200, source: str | None = None) -> list[ImportFault]:
    """Files with problems, the latest first; of one ``source`` alone, if given."""
    statement = (
        select(
            imports.c.path,
            imports.c.source,
            imports.c.outcome,
            imports.c.error,
            imports.c.problems,
            imports.c.problem_count,
            imports.c.imported_at,
        )
        .where(imports.c.owner == ME, imports.c.outcome != "complete")
        .order_by(imports.c.imported_at.desc(), imports.c.path)
        .limit(limit)
    )
    if source is not None:
        statement = statement.where(imports.c.source == source)

    def work(conn: Connection) -> list[ImportFault]:
        return [
            ImportFault(path, source, outcome, error, tuple((int(n), str(t)) for n, t in problems), count, at)
            for path, source, outcome, error, problems, count, at in conn.execute(statement)
        ]

    return db.read(work)


def summaries(db: Database) -> list[SourceSummary]:
    """What each source brought in, by machine."""
    of_containers = imported_chats.join(
        imports, (imports.c.owner == imported_chats.c.owner) & (imports.c.id == imported_chats.c.import_id)
    )
    brought = union(
        select(imports.c.source, imports.c.machine, imports.c.chat_id).where(imports.c.owner == ME),
        select(imports.c.source, imports.c.machine, imported_chats.c.chat_id)
        .select_from(of_containers)
        .where(imports.c.owner == ME),
    ).subquery()
    counted = (
        select(brought.c.source, brought.c.machine, func.count(brought.c.chat_id).label("chats"))
        .group_by(brought.c.source, brought.c.machine)
        .subquery()
    )
    joined = imports.join(counted, (counted.c.source == imports.c.source) & (counted.c.machine == imports.c.machine))
    statement = (
        select(
            imports.c.source,
            imports.c.machine,
            func.count(),
            counted.c.chats,
            func.coalesce(func.sum(imports.c.message_count), 0),
            func.count().filter(imports.c.outcome != "complete"),
            func.max(imports.c.imported_at),
        )
        .select_from(joined)
        .where(imports.c.owner == ME)
        .group_by(imports.c.source, imports.c.machine, counted.c.chats)
        .order_by(imports.c.source, imports.c.machine)
    )
    made_here = select(chats.c.id).where(chats.c.owner == ME, chats.c.source == OWN_SOURCE)
    is_copy = func.coalesce(raw_records.c.chat_id.in_(made_here), False) & func.coalesce(
        imports.c.chat_id.not_in(made_here), True
    )
    kept = (
        select(imports.c.source, imports.c.machine, func.count())
        .select_from(
            raw_records.join(
                imports, (imports.c.owner == raw_records.c.owner) & (imports.c.id == raw_records.c.import_id)
            )
        )
        .where(imports.c.owner == ME, raw_records.c.part <= RAW_PIECES, ~is_copy)
        .group_by(imports.c.source, imports.c.machine)
    )

    def work(conn: Connection) -> list[SourceSummary]:
        raw = {(source, machine): count for source, machine, count in conn.execute(kept)}
        found = [SourceSummary(*r) for r in conn.execute(statement)]
        return [replace(one, raw=raw.get((one.source, one.machine), 0)) for one in found]

    return db.read(work)
