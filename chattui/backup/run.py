"""Backup, restore, verification and move: what is read goes where it belongs, and is compared before it counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psycopg

from chattui.backup.archive import DAMAGED, Reader, Writer
from chattui.backup.places import Keep, backups_in, name_of, series_of, surplus, whole_file
from chattui.backup.sealing import Keys, Seal, sealed, unsealed
from chattui.domain.backup import Head, Holding, Manifest, Meter, Progress, Restored, Section, Tell, Written
from chattui.domain.errors import BackupError
from chattui.store import embeddings, search_index
from chattui.store.connection import connect
from chattui.store.content import Conn, Digest, holding, me
from chattui.store.database import Database
from chattui.store.dump import Snapshot, section_of, snapshot
from chattui.store.failures import translate
from chattui.store.keeping import record_backup
from chattui.store.load import Load, Wish, choose
from chattui.store.migrations import current_version

log = logging.getLogger("chattui.backup")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a backup goes and what is in it. ``place`` is a file, or a directory, in which it gets a name."""

    place: Path
    is_directory: bool
    all_owners: bool = False
    embeddings: bool = True
    seal: Seal = field(default_factory=Seal)
    keep: Keep = field(default_factory=Keep)
    replace: bool = False


def backup(conninfo: str, wanted: Wanted, tell: Tell | None = None) -> Written:
    """Write a backup, of one moment, complete and synced or not there at all; then remove those that need not be kept.

    Raises ``BackupError``, ``DatabaseError``, ``ConfigError`` for a recipient that is none.
    """
    began = time.perf_counter()
    with snapshot(conninfo, all_owners=wanted.all_owners, embeddings=wanted.embeddings) as source:
        head = source.head
        series = series_of(head)
        path = wanted.place

        def name() -> Path:
            nonlocal path
            path = _free(wanted.place, name_of(series, head.made_at))
            return path

        free = name if wanted.is_directory else None
        with whole_file(free() if free else path, replace=wanted.replace and free is None, another=free) as file:
            with sealed(file, wanted.seal) as stream:
                manifest = _write(stream, source, tell)
            size = file.tell()
    removed = []
    if wanted.keep and wanted.is_directory:
        for old in surplus(backups_in(wanted.place), wanted.keep, series):
            if old.path != path:
                old.path.unlink(missing_ok=True)
                removed.append(old.path)
    report = {"bytes": size, "chats": manifest.rows("chats"), "messages": manifest.rows("messages")}
    record_backup(conninfo, head.owners, head.made_at, report)
    return Written(path, size, manifest, time.perf_counter() - began, tuple(removed))


def restore(
    conninfo: str,
    path: Path,
    keys: Keys,
    *,
    owner: str | None = None,
    replace: bool = False,
    index: bool = True,
    tell: Tell | None = None,
) -> Restored:
    """Put a backup into a database: all of it, compared row by row, or nothing.

    A backup of one person becomes that of ``owner``, or of whoever calls; one of everybody keeps its owners. Raises
    ``BackupError`` for a file that is damaged or locked, and where something is in the way; ``Conflict``, ``DatabaseError``.
    """
    with _opened(path, keys) as (file, reader), connect(conninfo, autocommit=True) as conn:
        meter = Meter(tell, "restoring", path.stat().st_size)

        def fill(load: Load) -> Manifest:
            for whose, table, pieces in reader.sections():
                load.put(whose, table, reader.head.tables[table], _metered(pieces, file, meter))
            return reader.manifest

        return _load(conn, conninfo, reader.head, owner, Wish({}, replace, index, tell), fill)


def check_file(path: Path, keys: Keys, tell: Tell | None = None) -> Manifest:
    """Read a backup through and hold every row against the manifest. Raises ``BackupError``."""
    with _opened(path, keys) as (file, reader):
        meter = Meter(tell, "reading", path.stat().st_size)
        found: dict[tuple[str, str], Digest] = {}
        for owner, table, pieces in reader.sections():
            digest = found.setdefault((owner, table), Digest())
            rest = b""
            for piece in _metered(pieces, file, meter):
                *rows, rest = (rest + piece).split(b"\n")
                for row in rows:
                    digest.add(row + b"\n")
            if rest:
                raise BackupError(DAMAGED.format(what=f"{table} ends in the middle of a row"))
        for section in reader.manifest.sections:
            digest = found.get((section.owner, section.table), Digest())
            if (digest.rows, digest.hex()) != (section.rows, section.digest):
                raise BackupError(DAMAGED.format(what=f"{section.table} is not what its digest says"))
        return reader.manifest


def needs(conninfo: str, path: Path, keys: Keys, owner: str | None) -> tuple[Head, Holding]:
    """What a restore would bring, and what is there of the people for whom it is. Opens only the file's beginning."""
    with _opened(path, keys) as (_, reader), connect(conninfo, autocommit=True) as conn:
        return reader.head, _there(conn, _owners(conn, reader.head, owner))


def move_needs(conninfo: str, target: str, *, all_owners: bool, owner: str | None) -> tuple[Head, Holding]:
    """As ``needs``, of a move. Raises ``BackupError`` when both are the same database."""
    with snapshot(conninfo, all_owners=all_owners) as source, connect(target, autocommit=True) as conn:
        from chattui.store.dump import database_id

        if database_id(conn) == source.head.database:
            raise BackupError("That is the database that it would be moved from. Name another one with --to.")
        return source.head, _there(conn, _owners(conn, source.head, owner))


def move(
    conninfo: str,
    target: str,
    *,
    all_owners: bool = False,
    owner: str | None = None,
    replace: bool = False,
    tell: Tell | None = None,
) -> Restored:
    """Copy everything to another server, compared row by row before it counts there; here nothing is changed.

    Where it was interrupted it goes on, if the user may make a schema in the target. Raises as ``restore``.
    """
    from chattui.store import staging

    with snapshot(conninfo, all_owners=all_owners) as source, connect(target, autocommit=True) as conn:
        wish = Wish({}, replace, True, tell)
        sections: list[Section] = []
        meter = Meter(tell, "moving", source.estimate)
        if not staging.can_stage(conn):

            def pour(load: Load) -> Manifest:
                for whose, table, columns in source.sections():
                    digest = Digest()
                    load.put(whose, table, columns, _counted(source.pieces(whose, table, columns, digest), meter))
                    sections.append(section_of(whose, table, digest))
                return Manifest(source.head, tuple(sections))

            return _load(conn, target, source.head, owner, wish, pour)
        _refuse(conn, target, source.head, owner, replace=replace)
        with staging.staging(target) as staged:
            for whose, table, columns in source.sections():
                digest = Digest()
                staged.bring(whose, table, columns, _counted(source.pieces(whose, table, columns, digest), meter))
                sections.append(section_of(whose, table, digest))
            staged.clear()

            def take(load: Load) -> Manifest:
                for whose, table, columns in source.sections():
                    types = staging.types_of(conn, table)
                    if types:
                        _say(tell, f"storing {table}")
                        load.take(whose, table, columns, staged.rows(whose, table, columns, types))
                return Manifest(source.head, tuple(sections))

            resumed = staged.resumed
            done = _load(conn, target, source.head, owner, wish, take, clear=True)
    return Restored(
        done.manifest,
        done.owners,
        done.replaced,
        done.seconds,
        done.index_seconds,
        done.index_ready,
        done.notes,
        resumed,
    )


def _refuse(conn: Conn, target: str, head: Head, owner: str | None, *, replace: bool) -> None:
    """Say before anything is brought what would be said at the end."""
    db = Database(target, pool_size=1)
    try:
        with conn.transaction(force_rollback=True):
            choose(conn, db, head, Wish(_owners(conn, head, owner), replace))
    except psycopg.Error as error:
        raise translate(error) from error
    finally:
        db.close()


def _load(
    conn: Conn, conninfo: str, head: Head, owner: str | None, wish: Wish, fill: object, *, clear: bool = False
) -> Restored:
    """One transaction: choose the way, fill, compare, swap. The index follows at once unless it is left to later."""
    assert callable(fill)
    began = time.perf_counter()
    db = Database(conninfo, pool_size=1)
    try:
        owners = _owners(conn, head, owner)
        wish = Wish(owners, wish.replace, wish.index, wish.tell)
        with conn.transaction():
            load = choose(conn, db, head, wish)
            there = _there(conn, owners)
            load.begin()
            manifest: Manifest = fill(load)
            load.finish(manifest)
            if clear:
                conn.execute("DROP SCHEMA chattui_moving CASCADE")
            _say(wish.tell, "making it durable")
        seconds = time.perf_counter() - began
        if wish.index:
            _say(wish.tell, "building what is missing of the indexes")
            search_index.build(db)
            embeddings.build_index(db)
        total = time.perf_counter() - began
        ready = search_index.is_ready(db)
        return Restored(
            manifest,
            tuple(sorted(set(owners.values()))),
            there if there.owners else None,
            total,
            total - seconds,
            ready,
            tuple(load.notes),
        )
    except psycopg.Error as error:
        raise translate(error) from error
    finally:
        db.close()


def _owners(conn: Conn, head: Head, owner: str | None) -> Mapping[str, str]:
    if len(head.owners) == 1 and (owner or not head.everybody):
        return {head.owners[0]: owner or me(conn)}
    if owner is not None:
        raise BackupError(
            f"The backup holds the chats of {len(head.owners)} people, and --owner names one. Leave it out: everybody keeps "
            "what is theirs."
        )
    return {name: name for name in head.owners}


def _there(conn: Conn, owners: Mapping[str, str]) -> Holding:
    if current_version(conn) is None:
        return Holding((), 0, 0, 0)
    return holding(conn, owners.values())


def _write(stream: IO[bytes], source: Snapshot, tell: Tell | None) -> Manifest:
    writer = Writer(stream, source.head)
    meter = Meter(tell, "backing up", source.estimate)
    sections: list[Section] = []
    try:
        for owner, table, columns in source.sections():
            digest = Digest()
            writer.section(owner, table, _counted(source.pieces(owner, table, columns, digest), meter))
            sections.append(section_of(owner, table, digest))
        return writer.finish(sections)
    finally:
        writer.close()


def _counted(pieces: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        meter.add(len(piece))


def _metered(pieces: Iterator[bytes], file: IO[bytes], meter: Meter) -> Iterator[bytes]:
    """Progress by how far the file was read, which is compressed and perhaps encrypted."""
    for piece in pieces:
        yield piece
        meter.at(file.tell())


@contextmanager
def _opened(path: Path, keys: Keys) -> Iterator[tuple[IO[bytes], Reader]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError(
            f"{path} cannot be read: {error.strerror}. `chattui db backups` lists what there is."
        ) from error
    with file, unsealed(file, keys, str(path)) as stream:
        yield file, Reader(stream, str(path))


def _free(directory: Path, name: str) -> Path:
    """A name that nobody has taken: two backups of one second get different ones."""
    path = directory / name
    number = 2
    while path.exists():
        path = directory / f"{name.removesuffix('.chattui')}-{number}.chattui"
        number += 1
    return path


def _say(tell: Tell | None, step: str) -> None:
    if tell is not None:
        tell(Progress(step, 0, 0))
