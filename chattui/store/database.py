"""The one door to the database: pool, transactions, time-outs, retry, cancelling, the query log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import QueuePool

from chattui.config.log import SLOW, SLOW_MS
from chattui.config.pool import PoolLimits
from chattui.domain.errors import DatabaseError
from chattui.store.connection import connect
from chattui.store.failures import is_disconnect, translate

log = logging.getLogger("chattui.store")
T = TypeVar("T")

READ_TIMEOUT_MS = 15_000
WRITE_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 10_000
REST_SECONDS = 600.0

_LIMITS: LiteralString = (
    "SELECT set_config('statement_timeout', %(statement)s, true), set_config('lock_timeout', %(lock)s, true)"
)


class Database:
    """A pool of connections to one database. Thread-safe. ``read`` and ``write`` run a function in one transaction."""

    def __init__(
        self, conninfo: str, *, pool_size: int = 4, pool_timeout: float | None = None, limits: PoolLimits | None = None
    ) -> None:
        limits = limits or PoolLimits()
        most = limits.pool_max or (limits.pool_min or pool_size) + 2
        kept = min(limits.pool_min or pool_size, most)
        self.conninfo = conninfo
        self._limits = limits
        self._engine: Engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: connect(conninfo, keepalive=limits.keepalive),
            poolclass=QueuePool,
            pool_size=kept,
            max_overflow=most - kept,
            pool_timeout=limits.pool_timeout if pool_timeout is None else pool_timeout,
            pool_use_lifo=True,  # the one whose server process has compiled the search functions already
            pool_recycle=1800,
            query_cache_size=300,
        )
        self._running: dict[str, psycopg.Connection[Any]] = {}
        self._running_lock = threading.Lock()
        self._asked_at: float | None = None
        _log_timings(self._engine)

    def close(self) -> None:
        """Close every idle connection of the pool."""
        self._engine.dispose()

    def rest(self, after: float = REST_SECONDS) -> None:
        """Close the idle connections when nothing was asked for ``after`` seconds: the next question opens one again."""
        if self._asked_at is not None and time.monotonic() - self._asked_at >= after:
            self._asked_at = None
            self._engine.dispose()

    def read(self, work: Callable[[Connection], T], *, timeout_ms: int | None = None, slot: str | None = None) -> T:
        """Run ``work`` in a read-only view of one transaction; tried once more on a new connection when it was lost.

        With ``slot``, ``cancel(slot)`` from another thread ends the statement in the server; ``Cancelled`` is raised.
        """
        try:
            return self._run(work, timeout_ms, slot)
        except (exc.DBAPIError, psycopg.Error) as error:
            if not is_disconnect(getattr(error, "orig", None) or error):
                raise translate(error) from error
            log.info("connection lost while reading; trying once more")
            self._engine.dispose()
        try:
            return self._run(work, timeout_ms, slot)
        except (exc.DBAPIError, psycopg.Error) as error:
            raise translate(error) from error

    def write(self, work: Callable[[Connection], T], *, idempotent: bool = False, timeout_ms: int | None = None) -> T:
        """Run ``work`` in one transaction and commit it. When this returns, the change is durable.

        Tried once more after a lost connection only where the outcome is known: the loss came before COMMIT was sent, or
        the work is ``idempotent`` (doing it twice is doing it once).
        """
        limits = self._limited(timeout_ms, WRITE_TIMEOUT_MS)
        for attempt in (1, 2):
            committing = False
            try:
                with self._connected() as conn, conn.begin() as transaction:
                    together(conn, (_LIMITS, limits))  # with BEGIN
                    result = work(conn)
                    committing = True
                    transaction.commit()
                    return result
            except (exc.DBAPIError, psycopg.Error) as error:
                lost = is_disconnect(getattr(error, "orig", None) or error)
                if attempt == 1 and lost and (idempotent or not committing):
                    log.info("connection lost while writing; trying once more")
                    self._engine.dispose()
                    continue
                raise translate(error) from error
        raise AssertionError("unreachable")

    @contextmanager
    def raw(self) -> Iterator[psycopg.Connection[Any]]:
        """A driver connection of the pool, for COPY and for what must run outside a transaction block."""
        with self._connected() as conn:
            driver = conn.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            try:
                yield driver
            except psycopg.Error as error:
                if driver.closed:
                    conn.invalidate()
                raise translate(error) from error

    def cancel(self, slot: str) -> None:
        """End the statement that runs under ``slot``, if one does. Safe: it can hit no later statement of another slot."""
        with self._running_lock:
            running = self._running.get(slot)
            if running is not None:
                running.cancel_safe(timeout=2)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection of the pool; a sentence when all of them are in use for too long."""
        self._asked_at = time.monotonic()
        try:
            conn = self._engine.connect()
        except exc.TimeoutError as error:
            raise DatabaseError(
                "All of this program's connections to the database are busy. Try again in a moment."
            ) from error
        with conn:
            yield conn

    def _limited(self, timeout_ms: int | None, usual_ms: int) -> dict[str, str]:
        """How long a statement may take and wait: as this call says, else as the settings do, else as is usual."""
        statement, lock = self._limits.statement_timeout, self._limits.lock_timeout
        asked = timeout_ms or (usual_ms if statement is None else round(statement * 1000))
        return {"statement": str(asked), "lock": str(LOCK_TIMEOUT_MS if lock is None else round(lock * 1000))}

    def _run(self, work: Callable[[Connection], T], timeout_ms: int | None, slot: str | None) -> T:
        with self._connected() as conn, conn.begin():
            together(conn, (_LIMITS, self._limited(timeout_ms, READ_TIMEOUT_MS)))  # with BEGIN
            if slot is None:
                return work(conn)
            driver = conn.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            with self._running_lock:
                self._running[slot] = driver
            try:
                return work(conn)
            finally:
                with self._running_lock:
                    self._running.pop(slot, None)


def together(conn: Connection, *asked: tuple[LiteralString, Mapping[str, Any]]) -> list[psycopg.Cursor[Any]]:
    """Send statements with their parameters in one round trip. They run in their order, each sees what those before it did, and
    none of them when one fails. Raises ``psycopg.Error``."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    began = time.perf_counter()
    with driver.pipeline():
        answers = [driver.execute(statement, values) for statement, values in asked]
    took = (time.perf_counter() - began) * 1000
    for (statement, _values), answer in zip(asked, answers, strict=True):
        _log_timing(took, answer.rowcount, statement)
    return answers


def _log_timings(engine: Engine) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def begin(conn: Connection, *_rest: Any) -> None:
        conn.info["chattui.began"] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def end(conn: Connection, cursor: Any, statement: str, *_rest: Any) -> None:
        _log_timing((time.perf_counter() - conn.info["chattui.began"]) * 1000, cursor.rowcount, statement)


def _log_timing(took: float, rows: int, statement: str) -> None:
    """Log the first words, rows and milliseconds of slow statements, or of each. Parameters never are: they hold chats."""
    if took >= SLOW_MS:
        log.info(SLOW, took, " ".join(statement.split())[:160])
    elif log.isEnabledFor(logging.DEBUG):
        log.debug("%.1f ms, %s rows: %s", took, rows, " ".join(statement.split())[:160])
