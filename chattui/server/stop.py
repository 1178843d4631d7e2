"""Stop the embedded server: open transactions are rolled back, everything committed is on disk."""

from __future__ import annotations

import os
import signal
import time

from chattui.domain.errors import ServerError
from chattui.server.children import reap_children, wait_gone
from chattui.server.faults import from_os_error
from chattui.server.locks import FileLock
from chattui.server.places import Places
from chattui.server.processes import is_postmaster_of
from chattui.server.running import find_running, read_pid_file

_PATIENCE = 60.0


def stop_server(places: Places) -> bool:
    """True when a server was running and is stopped now, False when there was none. Raises ServerError."""
    if not places.pgdata.exists():
        return False
    try:
        with FileLock(places.start_lock) as lock:
            until = time.monotonic() + _PATIENCE
            while not lock.acquire():
                if time.monotonic() > until:
                    raise ServerError(
                        f"Another process (pid {lock.read_pid()}) is starting or stopping the database. "
                        "Try again later."
                    )
                time.sleep(0.01)
            lock.write_pid()
            places.stopping.touch()
            try:
                return stop_under_lock(places)
            finally:
                places.stopping.unlink(missing_ok=True)
    except OSError as error:
        raise from_os_error(error, f"Stopping the database in {places.root}") from error


def stop_under_lock(places: Places) -> bool:
    """As ``stop_server``, for who holds the start lock."""
    reap_children()
    found = read_pid_file(places)
    if found is None or not is_postmaster_of(found.pid, places.pgdata):
        if find_running(places) is not None:
            raise ServerError(
                f"The database in {places.pgdata} answers, but its server is not a process of this system: stop it in the "
                "container that has started it."
            )
        return False
    os.kill(found.pid, signal.SIGINT)  # "fast": no new work, no waiting for clients
    if not wait_gone(places, found.pid, _PATIENCE):
        raise ServerError(
            f"The server (pid {found.pid}) has not stopped in {_PATIENCE:.0f} seconds. Look at {places.log}; "
            f"`kill -QUIT {found.pid}` ends it at once, and its data recovers at the next start."
        )
    return True
