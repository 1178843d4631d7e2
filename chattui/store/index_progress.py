"""How far the building of an index is: the server is asked now and then, on a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from chattui.domain.upkeep import IndexProgress, Step
from chattui.store.database import Database

log = logging.getLogger("chattui.store")

Tell = Callable[[IndexProgress], None]

EVERY = 0.25
_BUILT = 0.9  # share of the work that is done when every message was read once; the rest adds what came meanwhile
_PROGRESS = """
SELECT p.phase, p.blocks_done, p.blocks_total, greatest(c.reltuples, 0)
  FROM pg_stat_progress_create_index p LEFT JOIN pg_class c ON c.oid = p.relid WHERE p.pid = %s
"""


class Watcher:
    """While it is entered, ``tell`` is told of the index that the other connection builds."""

    def __init__(self, db: Database, building: psycopg.Connection[Any], index: str, tell: Tell | None) -> None:
        self._db, self._pid, self._index, self._tell = db, building.info.backend_pid, index, tell
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="chattui-index", daemon=True)

    def __enter__(self) -> None:
        self._began: float | None = None
        self._moved = False
        if self._tell is not None:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._tell is not None:
            self._thread.join(timeout=5)

    def _watch(self) -> None:
        assert self._tell is not None
        while not self._ended.wait(EVERY):
            try:
                with self._db.raw() as conn, conn.transaction():
                    row = conn.execute(_PROGRESS, (self._pid,)).fetchone()
            except Exception:
                log.debug("no progress of the index build", exc_info=True)
                continue
            if row:
                self._tell(self._progress(*row))

    def _progress(self, phase: str, done: int, total: int, messages: float) -> IndexProgress:
        part = min(1.0, done / total) if total else 0.0
        if phase.startswith("building"):
            now = time.perf_counter()
            self._moved = self._moved or 0.0 < part < 1.0
            if part == 1.0 and not self._moved:  # of another pass over the table, before this one has set its own
                return IndexProgress(self._index, Step.BUILDING, 0.0)
            self._began = self._began or now
            elapsed = now - self._began
            share = part * _BUILT
            remaining = elapsed * (1 - share) / share if share and elapsed else None
            rate = part * messages / elapsed if elapsed and part and messages else None
            return IndexProgress(self._index, Step.BUILDING, share, rate, remaining)
        if phase.startswith(("init", "waiting for writers before build")):
            return IndexProgress(self._index, Step.WAITING, 0.0)
        return IndexProgress(self._index, Step.CHECKING, _BUILT + (1 - _BUILT) * part)
