"""Whose turn it is: of several programs that would do the same work, the database lets one, until it ends."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import psycopg

from chattui.store.connection import connect
from chattui.store.failures import translate

log = logging.getLogger("chattui.store")

_TAKE = "SELECT pg_try_advisory_xact_lock(hashtextextended('chattui.turn ' || CURRENT_USER || ' ' || %s, 0))"


class Turn:
    """A lock for one person and one piece of work, on a connection of its own. It ends with the program, however that ends.

    It is held by an open transaction, which has no snapshot and locks nothing else: so it holds up neither vacuum nor
    the building of an index, and is safe behind a pooler.
    """

    def __init__(self, conninfo: str, work: str) -> None:
        self._conninfo = conninfo
        self._work = work
        self._conn: psycopg.Connection[Any] | None = None
        self.held = False

    def take(self) -> bool:
        """Take the turn if nobody has it, without waiting; True also while it is held. Raises ``DatabaseError``.

        Called now and then while it is held, it finds out when the connection, and with it the turn, was lost.
        """
        try:
            if self._conn is None:
                self._conn = connect(self._conninfo)
            if self.held:
                self._conn.execute("SELECT 1")
                return True
            row = self._conn.execute(_TAKE, (self._work,)).fetchone()
            self.held = row is not None and bool(row[0])
            if self.held:
                self._conn.execute("SELECT 1")  # or the snapshot of the statement before stays, and holds others up
            else:
                self._conn.rollback()
            return self.held
        except psycopg.Error as error:
            self.leave()
            raise translate(error) from error

    def leave(self) -> None:
        """Let others have it."""
        self.held = False
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(psycopg.Error):  # lost with the connection, then
                conn.rollback()  # closing alone would let go when the server has noticed
            conn.close()
