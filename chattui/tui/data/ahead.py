"""The first screen, read by a process of its own while the app still imports what it needs to paint its shell.

Opening the database costs as much time as painting the shell (the driver alone takes 0.1 s to import). On a second core
both happen at once, and the app need not import the driver before its first screen is complete. The process is forked
before anything else is imported: it need not start Python again, and has no thread or lock of the app's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from chattui.domain.errors import ChattuiError

if TYPE_CHECKING:
    from chattui.domain.chat import FirstScreen


class Opened(NamedTuple):
    """The database is open: how to connect to it, and what to show first."""

    conninfo: str
    first: FirstScreen


class ReadAhead:
    """A running reader. ``wait`` is called once."""

    def __init__(self, database: str | None, chat_id: int | None, *, fresh: bool = False) -> None:
        """Start it. Raises ``OSError`` when there can be no further process."""
        self._told, telling = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            os.close(self._told)
            os.close(telling)
            raise
        if self.pid == 0:
            _be_the_reader(telling, database, chat_id, fresh)
        os.close(telling)

    def wait(self, notify: Callable[[str], None]) -> Opened | None:
        """What it has read; ``notify`` gets its sentences while a start takes longer.

        None when it ended without an answer. Raises the ``ChattuiError`` that it met.
        """
        import pickle

        with os.fdopen(self._told, "rb") as told:
            while True:
                try:
                    item = pickle.load(told)  # noqa: S301  by a process of our own
                except (EOFError, pickle.UnpicklingError):
                    return None
                if isinstance(item, ChattuiError):
                    self.end()
                    raise item
                if isinstance(item, Opened):
                    return item
                notify(item)

    def end(self) -> int:
        """Wait until the process has ended, which it does by itself; returns its exit code."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def can_read_ahead() -> bool:
    """Whether there are a second core, and a way to begin there."""
    return (os.cpu_count() or 1) > 1 and hasattr(os, "fork")


def chat_id_of(reference: str | None) -> int | None:
    """The id, where a chat is named by one."""
    return int(reference) if reference and reference.isdecimal() and len(reference) < 19 else None


def read(
    database: str | None,
    chat_id: int | None,
    tell: Callable[[str | Opened | ChattuiError], None],
    *,
    fresh: bool = False,
) -> None:
    """Open the database, read the first screen, and tell all of it."""
    from chattui.config import load_settings
    from chattui.config.log import start_log
    from chattui.server import open_database

    try:
        settings = load_settings(os.environ, database=database, lenient=True)
        start_log(settings)
        opened = open_database(settings, notify=tell)
        from chattui.store import startup
        from chattui.store.connection import connect

        with connect(opened.conninfo, autocommit=True) as conn:
            startup.prepare(conn)
            tell(Opened(opened.conninfo, startup.first_screen(conn, chat_id=chat_id, fresh=fresh)))
    except ChattuiError as error:
        tell(error)


def _be_the_reader(telling: int, database: str | None, chat_id: int | None, fresh: bool) -> None:
    """The process: never returns."""
    code = 1
    try:
        os.setsid()  # a terminal that is closed must not end it while it sets up the database
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        with os.fdopen(telling, "wb") as told:
            read(database, chat_id, lambda item: _tell(told, item), fresh=fresh)
        code = 0
    finally:
        os._exit(code)  # also when the app has gone: what was the app's is not ended twice


def _tell(told: BinaryIO, item: str | Opened | ChattuiError) -> None:
    import pickle

    pickle.dump(item, told)
    told.flush()
