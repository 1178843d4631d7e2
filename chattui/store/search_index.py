"""Upkeep of the search index: out of the way of a bulk import, built without stopping writers, its vocabulary fresh."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
from psycopg import errors as pg
from psycopg import sql

from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.failures import translate

log = logging.getLogger("chattui.store")

NAME = "messages_search"

BULK_BYTES = 4 << 20
"""History files of this size and more are imported without the index, which is built afterwards."""

_CREATE: LiteralString = """
CREATE INDEX CONCURRENTLY messages_search ON chattui.messages
 USING gin (owner, chattui.day_of(created_at), (chattui.day_of(created_at) >> 4), chattui.tsv(content)) WITH (fastupdate = off)
"""
_BUILD_LOCK = 0x63696478
_SETTINGS = ("statement_timeout", "maintenance_work_mem", "max_parallel_maintenance_workers")
_LOCK_PAUSE = 0.5
_WORDS_FROM = 200  # with fewer messages there is nothing to complete and nothing to mistype
_WORDS_AFTER = 500


def is_ready(db: Database) -> bool:
    """Whether searches can use the index."""
    with db.raw() as conn, conn.transaction():
        return _state(conn) is True


def set_aside(db: Database, incoming_bytes: int) -> bool:
    """Drop the index when much more text is coming than is there: building it anew is 3 to 5 times faster than feeding it.

    True when it was dropped. A user who does not own the table feeds it instead.
    """
    if incoming_bytes < BULK_BYTES:
        return False
    with db.raw() as conn, conn.transaction():
        row = conn.execute("SELECT pg_total_relation_size('chattui.messages')").fetchone()
        if not _is_owner(conn) or row is None or row[0] > incoming_bytes or _state(conn) is None:
            return False
        conn.execute("SET LOCAL lock_timeout = '2s'")
        try:
            conn.execute("DROP INDEX chattui.messages_search")
        except pg.LockNotAvailable:
            return False
    log.info("search index set aside for %d bytes of history", incoming_bytes)
    return True


def build(db: Database, progress: Callable[[float], None] | None = None, *, memory_mb: int = 512) -> bool:
    """Build the index where it is missing or was left half-built; writers go on meanwhile. True when it was built.

    ``progress`` is called from this thread's watcher with 0.0 … 1.0. Another program that builds it is waited for.
    """
    if is_ready(db):
        return False
    with connect(db.conninfo, autocommit=True) as conn:
        try:
            if not _is_owner(conn):
                return False  # whoever owns the tables builds it; searches walk the newest messages meanwhile
            while not _locked(conn):  # asked for again and again: one that waits would hold up the other's build
                time.sleep(_LOCK_PAUSE)
            if (state := _state(conn)) is True:
                return False
            if state is False:
                conn.execute("DROP INDEX chattui.messages_search")
            conn.execute("SET statement_timeout = 0")
            conn.execute("SELECT set_config('maintenance_work_mem', %s, false)", (f"{memory_mb}MB",))
            conn.execute("SET max_parallel_maintenance_workers = 2")
            with _Watcher(db, conn.info.backend_pid, progress):
                conn.execute(_CREATE)
            conn.execute("VACUUM (ANALYZE) chattui.messages")
        except psycopg.Error as error:
            raise translate(error) from error
        finally:  # behind a pooler the server's connection lives on, and is somebody else's next
            if not conn.closed:
                conn.execute("SELECT pg_advisory_unlock_all()")
                for name in _SETTINGS:
                    conn.execute(sql.SQL("RESET {}").format(sql.Identifier(name)))
    return True


def refresh_words(db: Database) -> int:
    """Sample the caller's vocabulary again; returns the number of words."""
    with db.raw() as conn, conn.transaction():
        conn.execute("SET LOCAL statement_timeout = '120s'")
        row = conn.execute("SELECT chattui.refresh_words()").fetchone()
        return int(row[0]) if row else 0


def words_are_stale(db: Database, added: int) -> bool:
    """Whether ``added`` new messages make it worth while to sample the vocabulary again."""
    with db.raw() as conn, conn.transaction():
        row = conn.execute(
            "SELECT EXISTS (SELECT FROM chattui.words WHERE owner = CURRENT_USER::text), "
            "(SELECT coalesce(sum(n), 0) FROM chattui.day_counts WHERE owner = CURRENT_USER::text)"
        ).fetchone()
    assert row is not None
    has_words, total = row
    return total >= _WORDS_FROM and (not has_words or added >= max(_WORDS_AFTER, total // 20))


def _locked(conn: psycopg.Connection[Any]) -> bool:
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", (_BUILD_LOCK,)).fetchone()
    return row is not None and bool(row[0])


def _is_owner(conn: psycopg.Connection[Any]) -> bool:
    row = conn.execute(
        "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'chattui.messages'::regclass"
    ).fetchone()
    return row is not None and bool(row[0])


def _state(conn: psycopg.Connection[Any]) -> bool | None:
    """True: ready; False: half-built; None: not there."""
    row = conn.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('chattui.messages_search')"
    ).fetchone()
    return None if row is None else bool(row[0])


class _Watcher:
    """Asks the server now and then how far the build is, on a thread of its own."""

    def __init__(self, db: Database, pid: int, progress: Callable[[float], None] | None) -> None:
        self._db, self._pid, self._progress = db, pid, progress

    def __enter__(self) -> None:
        if self._progress is None:
            return
        import threading

        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="chattui-index", daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._ended.set()
            self._thread.join(timeout=5)

    def _watch(self) -> None:
        assert self._progress is not None
        while not self._ended.wait(0.5):
            try:
                with self._db.raw() as conn, conn.transaction():
                    row = conn.execute(
                        "SELECT blocks_done, blocks_total FROM pg_stat_progress_create_index WHERE pid = %s",
                        (self._pid,),
                    ).fetchone()
            except Exception:
                log.debug("no progress of the index build", exc_info=True)
                continue
            if row and row[1]:
                self._progress(min(1.0, row[0] / row[1]))
