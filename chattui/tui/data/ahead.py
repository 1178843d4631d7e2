"""The first screen, read by a process of its own while the app still imports what it needs to paint its shell.

Opening the database costs as much time as painting the shell (the driver alone takes 0.1 s to import). On a second core
both happen at once, and the app need not import the driver before its first screen is complete.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from chattui.domain.chat import FirstScreen
from chattui.domain.errors import ChattuiError

_DATABASE = "CHATTUI_AHEAD_DATABASE"  # --database: in the environment, where no other user can read a password
_CHAT = "CHATTUI_AHEAD_CHAT"


@dataclass(frozen=True, slots=True)
class Opened:
    """The database is open: how to connect to it, and what to show first."""

    conninfo: str
    first: FirstScreen


class ReadAhead:
    """A running reader. ``wait`` is called once."""

    def __init__(self, database: str | None, chat_id: int | None) -> None:
        """Start it. Raises ``OSError`` when there can be no further process."""
        env = {k: v for k, v in os.environ.items() if k not in (_DATABASE, _CHAT)}
        if database is not None:
            env[_DATABASE] = database
        if chat_id is not None:
            env[_CHAT] = str(chat_id)
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,  # a terminal that is closed must not end it while it sets up the database
        )

    def wait(self, notify: Callable[[str], None]) -> Opened | None:
        """What it has read; ``notify`` gets its sentences while a start takes longer.

        None when it ended without an answer. Raises the ``ChattuiError`` that it met.
        """
        assert self._process.stdout is not None
        with self._process.stdout as told:
            while True:
                try:
                    item = pickle.load(told)  # noqa: S301  by a process of our own
                except (EOFError, pickle.UnpicklingError):
                    return None
                if isinstance(item, ChattuiError):
                    raise item
                if isinstance(item, Opened):
                    return item
                notify(item)


def chat_id_of(reference: str | None) -> int | None:
    """The id, where a chat is named by one."""
    return int(reference) if reference and reference.isdecimal() and len(reference) < 19 else None


def read(database: str | None, chat_id: int | None, tell: Callable[[str | Opened | ChattuiError], None]) -> None:
    """Open the database, read the first screen, and tell all of it."""
    from chattui.config import load_settings
    from chattui.config.log import start_log
    from chattui.server import open_database

    try:
        settings = load_settings(os.environ, database=database)
        start_log(settings)
        opened = open_database(settings, notify=tell)
        from chattui.store import startup
        from chattui.store.connection import connect

        with connect(opened.conninfo, autocommit=True) as conn:
            startup.prepare(conn)
            tell(Opened(opened.conninfo, startup.first_screen(conn, chat_id=chat_id)))
    except ChattuiError as error:
        tell(error)


def main() -> None:
    """The process."""

    def tell(item: object) -> None:
        pickle.dump(item, sys.stdout.buffer)
        sys.stdout.buffer.flush()

    database, chat = os.environ.pop(_DATABASE, None), os.environ.pop(_CHAT, None)
    try:
        read(database, int(chat) if chat else None, tell)
    except BrokenPipeError:
        os._exit(0)  # the app has gone; nothing may be written at the end either
