"""Servers that this process has started: kept so that they are reaped, and waited for until they are gone."""

from __future__ import annotations

import subprocess
import time

from chattui.server.locks import FileLock
from chattui.server.places import Places
from chattui.server.processes import exists

_POLL = 0.005

children: list[subprocess.Popen[bytes]] = []
"""An unreaped dead postmaster would look alive to Postgres."""


def reap_children() -> None:
    """Collect dead servers that this process has started."""
    children[:] = [child for child in children if child.poll() is None]


def wait_gone(places: Places, pid: int, patience: float) -> bool:
    """Wait until the server ``pid`` and all its processes are gone; False if they are not in ``patience`` seconds."""
    until = time.monotonic() + patience
    with FileLock(places.alive_lock) as alive:
        while time.monotonic() < until:
            reap_children()
            if not exists(pid) and alive.acquire():
                return True
            time.sleep(_POLL)
    return False
