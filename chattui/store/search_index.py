"""Upkeep of the search index: out of the way of a bulk import, built without stopping writers, its vocabulary fresh."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, LiteralString

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.pq import TransactionStatus

from chattui.domain.errors import DatabaseError
from chattui.domain.upkeep import IndexProgress, Rebuilt, Step
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.failures import translate
from chattui.store.index_progress import Tell, Watcher

log = logging.getLogger("chattui.store")

NAME = "messages_search"

BULK_BYTES = 4 << 20
"""History files of this size and more are imported without the index, which is built afterwards."""

_CREATE: LiteralString = """
CREATE INDEX CONCURRENTLY messages_search ON chattui.messages
 USING gin (owner, chattui.day_of(created_at), (chattui.day_of(created_at) >> 4), chattui.tsv(content)) WITH (fastupdate = off)
"""
_CREATE_TARGETS: LiteralString = """
CREATE INDEX CONCURRENTLY tool_calls_target ON chattui.tool_calls USING gin (owner, chattui.fold(target) gin_trgm_ops)
"""
INDEXES: dict[str, LiteralString] = {"tool_calls_target": _CREATE_TARGETS, NAME: _CREATE}
"""Those that a bulk import does without, in the order in which they are built."""

_PLAIN_WAL: LiteralString = """
SELECT set_config('wal_compression', 'off', false) FROM pg_roles WHERE rolname = CURRENT_USER AND rolsuper
"""
"""To compress what a build writes takes longer than to write it. Only a superuser may say so."""

_BUILD_LOCK = 0x63696478
_ASIDE_LOCK = 0x63696479  # shared by all who import without the index, each of whom builds it in the end
_SETTINGS = (
    "statement_timeout",
    "lock_timeout",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "default_statistics_target",
)
_LOCK_PAUSE = 0.5
_ATTEMPTS = 3
WORDS_FROM = 200  # with fewer messages there is nothing to complete and nothing to mistype
_WORDS_AFTER = 500


def is_ready(db: Database) -> bool:
    """Whether searches can use the indexes that bulk imports do without."""
    with db.raw() as conn, conn.transaction():
        return not _missing(conn)


@contextmanager
def aside(db: Database, incoming_bytes: int) -> Iterator[bool]:
    """Keep the index out of the way of a bulk import, as ``set_aside``; whether it is. Until the end of the block nobody builds it
    but who asks for a rebuild: neither upkeep nor another import that is done sooner."""
    if not (set_aside(db, incoming_bytes) or (incoming_bytes >= BULK_BYTES and not is_ready(db))):
        yield False
        return
    with connect(db.conninfo, autocommit=True) as conn:
        if not owns_tables(conn):  # whoever may not build it leaves it to others
            yield False
            return
        conn.execute("SELECT pg_advisory_lock_shared(%s)", (_ASIDE_LOCK,))
        try:
            yield True
        finally:
            if not conn.closed:
                with suppress(psycopg.OperationalError):  # its server is gone, and the lock with it
                    conn.execute("SELECT pg_advisory_unlock_shared(%s)", (_ASIDE_LOCK,))


def set_aside(db: Database, incoming_bytes: int) -> bool:
    """Drop the index when much more text is coming than is there: building it anew is 3 to 5 times faster than feeding it.

    True when it was dropped. A user who does not own the table feeds it instead, and so does everybody where the table has
    partitions, whose index cannot be built while others write.
    """
    if incoming_bytes < BULK_BYTES:
        return False
    with db.raw() as conn, conn.transaction():
        row = conn.execute(
            "SELECT pg_total_relation_size(oid), relkind = 'p' FROM pg_class WHERE oid = 'chattui.messages'::regclass"
        ).fetchone()
        if not owns_tables(conn) or row is None or row[1] or row[0] > incoming_bytes or not _is_there(conn):
            return False
        conn.execute("SET LOCAL lock_timeout = '2s'")
        try:
            for name in INDEXES:
                conn.execute(sql.SQL("DROP INDEX IF EXISTS chattui.{}").format(sql.Identifier(name)))
        except pg.LockNotAvailable:
            return False
    log.info("search index set aside for %d bytes of history", incoming_bytes)
    return True


def build(db: Database, progress: Tell | None = None, *, memory_mb: int = 512) -> bool:
    """Build the indexes where it is missing or was left half-built; writers go on meanwhile. True when it was built.

    ``progress`` is called from a thread of its own. Another program that builds the index is waited for; one that imports
    without it builds it when it is done.
    """
    if is_ready(db):
        return False
    with connect(db.conninfo, autocommit=True) as conn:
        if not owns_tables(conn):
            return False  # whoever owns the tables builds it; searches walk the newest messages meanwhile
        if _is_aside(conn):
            log.info("the search index is left to the import that has set it aside")
            return False
        with _alone(conn, memory_mb, progress):
            return bool(_build_missing(db, conn, progress))


def rebuild(db: Database, progress: Tell | None = None, *, memory_mb: int = 512) -> Rebuilt:
    """Build every text index anew beside the one that is there, put it in its place, and sample the vocabulary again.

    Searches use the old index until the new one is complete. What a rebuild that was ended has left is cleared first, and
    so is what this one leaves when it is interrupted. Raises ``DatabaseError``, also for a user who does not own the tables.
    """
    with connect(db.conninfo, autocommit=True) as conn:
        if not owns_tables(conn):
            raise DatabaseError(
                "Only the owner of the tables can rebuild the search index. Ask whoever runs the database."
            )
        with _alone(conn, memory_mb, progress):
            cleared = _clear(conn)
            done = _build_missing(db, conn, progress)
            for name in [n for n in _text_indexes(conn) if n not in done]:
                statement = sql.SQL("REINDEX INDEX CONCURRENTLY chattui.{}").format(sql.Identifier(name))
                with Watcher(db, conn, name, progress):
                    conn.execute(statement)
                done.append(name)
    return Rebuilt(tuple(done), tuple(cleared), refresh_words(db))


def rebuild_these(db: Database, names: Sequence[str], progress: Tell | None = None, *, memory_mb: int = 512) -> Rebuilt:
    """Build some indexes of ours anew, each beside the one that is there. As ``rebuild``, without the vocabulary."""
    done = []
    with connect(db.conninfo, autocommit=True) as conn, _alone(conn, memory_mb, progress):
        cleared = _clear(conn)
        for name in names:
            statement = sql.SQL("REINDEX INDEX CONCURRENTLY chattui.{}").format(sql.Identifier(name))
            with Watcher(db, conn, name, progress):
                conn.execute(statement)
            done.append(name)
    return Rebuilt(tuple(done), tuple(cleared), 0)


def leftovers(conn: psycopg.Connection[Any]) -> list[str]:
    """Indexes that a rebuild has left half-built: each of them costs every new message, and serves no search."""
    return [
        str(name)
        for (name,) in conn.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE c.relnamespace = 'chattui'::regnamespace AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' ORDER BY 1"
        )
    ]


@contextmanager
def _alone(conn: psycopg.Connection[Any], memory_mb: int, progress: Tell | None) -> Iterator[None]:
    """Hold the lock of whoever builds; afterwards the connection is as it was, and nothing half-built is left."""
    is_plain = False
    try:
        while not _locked(conn):  # asked for again and again: one that waits would hold up the other's build
            if progress is not None:
                progress(IndexProgress(NAME, Step.WAITING, 0.0))
            time.sleep(_LOCK_PAUSE)
        conn.execute("SET statement_timeout = 0")
        conn.execute("SET lock_timeout = 0")
        conn.execute(
            "SELECT set_config('maintenance_work_mem', "
            "greatest(%s, pg_size_bytes(current_setting('maintenance_work_mem')) >> 10)::text, false)",
            (memory_mb << 10,),
        )
        is_plain = conn.execute(_PLAIN_WAL).rowcount > 0
        conn.execute("SET max_parallel_maintenance_workers = 2")
        yield
    except psycopg.Error as error:
        raise translate(error) from error
    finally:  # behind a pooler the server's connection lives on, and is somebody else's next
        if not conn.closed and conn.info.transaction_status is TransactionStatus.IDLE:
            _clear(conn)
            conn.execute("SELECT pg_advisory_unlock_all()")
            for name in _SETTINGS:
                conn.execute(sql.SQL("RESET {}").format(sql.Identifier(name)))
            if is_plain:
                conn.execute("RESET wal_compression")


def _build_missing(db: Database, conn: psycopg.Connection[Any], progress: Tell | None) -> list[str]:
    missing = _missing(conn)
    for name in missing:
        conn.execute(sql.SQL("DROP INDEX IF EXISTS chattui.{}").format(sql.Identifier(name)))  # one that is half-built
        with Watcher(db, conn, name, progress) if name == NAME else nullcontext():
            _create(conn, name)
    if NAME in missing:
        _analyze(conn)
    return missing[::-1]


def _create(conn: psycopg.Connection[Any], name: str) -> None:
    """Build one of ``INDEXES``; anew, when somebody who vacuums or analyzes the table got in the way."""
    for attempt in range(_ATTEMPTS):
        try:
            conn.execute(INDEXES[name])
        except pg.DeadlockDetected:
            log.info("the build of %s met somebody who waits for its table", name, exc_info=True)
            conn.execute(sql.SQL("DROP INDEX IF EXISTS chattui.{}").format(sql.Identifier(name)))
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _analyze(conn: psycopg.Connection[Any]) -> None:
    """Vacuum the messages, and sample them. Of a short history few: to sample what the index computes of a text takes long, and
    the server's own vacuum samples more when more has come."""
    row = conn.execute("SELECT reltuples FROM pg_class WHERE oid = 'chattui.messages'::regclass").fetchone()
    many = row[0] if row else 0
    conn.execute("SELECT set_config('default_statistics_target', %s, false)", (str(min(100, max(10, many // 20_000))),))
    conn.execute("VACUUM (ANALYZE) chattui.messages")


def _clear(conn: psycopg.Connection[Any]) -> list[str]:
    """Drop the leftovers; only for who holds the lock, because another's build looks the same."""
    found = leftovers(conn) if _locked(conn) else []
    for name in found:
        conn.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS chattui.{}").format(sql.Identifier(name)))
        log.info("cleared %s, left by a rebuild that was ended", name)
    return found


def _text_indexes(conn: psycopg.Connection[Any]) -> list[str]:
    """The indexes that searches use, the one of the messages first."""
    found = conn.execute(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam "
        "WHERE c.relnamespace = 'chattui'::regnamespace AND a.amname = 'gin' AND i.indisvalid ORDER BY c.relname <> %s, 1",
        (NAME,),
    )
    return [str(name) for (name,) in found]


def refresh_words(db: Database) -> int:
    """Sample the caller's vocabulary again; returns the number of words.

    Of 10,000 messages, and of more where there are more than two million: a word that is not in the sample is taken for rare, and
    all its hits are looked for at once.
    """
    with db.raw() as conn, conn.transaction():
        conn.execute("SET LOCAL statement_timeout = '120s'")
        row = conn.execute(
            "SELECT chattui.refresh_words(greatest(10000, least(50000, coalesce(sum(n), 0) / 200))::integer) "
            "FROM chattui.day_counts WHERE owner = CURRENT_USER::text"
        ).fetchone()
        return int(row[0]) if row else 0


def words_are_stale(db: Database) -> bool:
    """Whether so much came or went since the vocabulary was sampled that it is worth while to sample it again."""
    with db.raw() as conn, conn.transaction():
        row = conn.execute(
            "SELECT (SELECT messages FROM chattui.vocabularies WHERE owner = CURRENT_USER::text), "
            "(SELECT coalesce(sum(n), 0) FROM chattui.day_counts WHERE owner = CURRENT_USER::text)"
        ).fetchone()
    assert row is not None
    sampled, total = row
    return total >= WORDS_FROM and (sampled is None or abs(total - sampled) >= max(_WORDS_AFTER, total // 20))


def is_being_built(conn: psycopg.Connection[Any]) -> bool:
    """Whether somebody builds an index at this moment: what is half-built then is no leftover."""
    return _is_held(conn, _BUILD_LOCK)


def _is_aside(conn: psycopg.Connection[Any]) -> bool:
    return _is_held(conn, _ASIDE_LOCK)


def _is_held(conn: psycopg.Connection[Any], lock: int) -> bool:
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone()
    if row is None or not row[0]:
        return True
    conn.execute("SELECT pg_advisory_unlock(%s)", (lock,))
    return False


def _locked(conn: psycopg.Connection[Any]) -> bool:
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", (_BUILD_LOCK,)).fetchone()
    return row is not None and bool(row[0])


def owns_tables(conn: psycopg.Connection[Any]) -> bool:
    """Whether this user may build and drop indexes."""
    row = conn.execute(
        "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'chattui.messages'::regclass"
    ).fetchone()
    return row is not None and bool(row[0])


def _missing(conn: psycopg.Connection[Any]) -> list[str]:
    """Those of ``INDEXES`` that are not there, or only half-built."""
    rows = conn.execute(
        "SELECT name FROM unnest(%s::text[]) WITH ORDINALITY u (name, nr) WHERE NOT EXISTS (SELECT FROM pg_index "
        "WHERE indexrelid = to_regclass('chattui.' || name) AND indisvalid) ORDER BY nr",
        (list(INDEXES),),
    )
    return [str(name) for (name,) in rows]


def _is_there(conn: psycopg.Connection[Any]) -> bool:
    row = conn.execute("SELECT to_regclass('chattui.messages_search') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])
