"""What other programs changed: LISTEN on a connection of its own, handed on as chat ids."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from chattui.domain.errors import ChattuiError
from chattui.store.connection import connect

log = logging.getLogger("chattui.store")

Changed = Callable[[frozenset[int] | None], None]
"""Called with the ids of changed chats; None when anything may have changed (many at once, or after a reconnect)."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
_GATHER_SECONDS = 0.015
_STANDBY_SECONDS = 5.0


class Listener:
    """A daemon thread that waits for notifications and reconnects when the server went away.

    ``on_state(bool)`` tells whether the server is there; ``revive`` is called before each attempt to reconnect. Needs a
    direct connection: a pooler in transaction mode delivers nothing, and the app sees changes when it next asks. A standby
    delivers nothing either: there anything may have changed every few seconds.
    """

    def __init__(
        self,
        conninfo: str,
        on_change: Changed,
        on_state: Callable[[bool], None],
        revive: Callable[[], None] | None = None,
    ) -> None:
        self._conninfo = conninfo
        self._on_change = on_change
        self._on_state = on_state
        self._revive = revive
        self._ended = threading.Event()
        self._bell, self._rope = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="chattui-listen", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection; returns when both have ended or after two seconds."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._rope.close()  # which wakes a thread that listens
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        with self._bell:
            self._attend()

    def _attend(self) -> None:
        pause, first = _FIRST_PAUSE, True
        while not self._ended.is_set():
            try:
                if not first and self._revive is not None:
                    self._revive()
                with connect(self._conninfo, autocommit=True) as conn:
                    row = conn.execute("SELECT chattui.channel(CURRENT_USER::text)").fetchone()
                    assert row is not None
                    try:
                        conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(row[0])))
                        listens = True
                    except psycopg.errors.ReadOnlySqlTransaction:
                        listens = False
                    self._on_state(True)
                    if not first:
                        self._on_change(None)
                    pause, first = _FIRST_PAUSE, False
                    (self._listen if listens else self._look)(conn)
            except (psycopg.Error, ChattuiError) as error:
                if self._ended.is_set():
                    return
                log.info("listening interrupted: %s", type(error).__name__)
                self._on_state(False)
                first = False
                self._ended.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _listen(self, conn: psycopg.Connection[Any]) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(conn.fileno(), selectors.EVENT_READ)
            waiting.register(self._bell, selectors.EVENT_READ)
            while not self._ended.is_set():
                changed: set[int] = set()
                everything = False
                for notify in conn.notifies(timeout=0):
                    everything |= self._gather(notify.payload, changed)
                if changed or everything:
                    for notify in conn.notifies(timeout=_GATHER_SECONDS):
                        everything |= self._gather(notify.payload, changed)
                    self._on_change(None if everything else frozenset(changed))
                else:
                    waiting.select()

    def _look(self, conn: psycopg.Connection[Any]) -> None:
        """In place of listening: until the standby is gone, or has become a server that delivers notifications."""
        while not self._ended.wait(_STANDBY_SECONDS):
            if conn.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,):
                return
            self._on_change(None)

    @staticmethod
    def _gather(payload: str, changed: set[int]) -> bool:
        """Add the payload's chat to ``changed``; True when it stands for everything."""
        head = payload.partition(":")[0]
        if not head.isdecimal():
            return True
        changed.add(int(head))
        return False
