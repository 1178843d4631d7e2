"""The watcher: a small process of its own that stops the server when nobody has used it for a while, and backs it up in time.

It is started with the server and lives as long, so that it does not matter how the last client goes: closed, killed or
crashed. Who opens the database writes the time and the wanted patience into the file ``used``; the watcher asks the
server who is connected. Nobody can slip in while it stops the server: an opener first writes ``used`` and then looks
for ``stopping``, the watcher first makes ``stopping`` and then looks at ``used``, so at least one sees the other.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from chattui.server.binaries import existing_binaries
from chattui.server.locks import FileLock, is_held
from chattui.server.places import Places
from chattui.server.programs import ask, child_environment
from chattui.server.running import find_running, read_used

log = logging.getLogger("chattui.server")

# An opener gets this long between writing ``used`` and being seen as a connection.
_GRACE = 3.0
# Seconds between two looks.
_SHORTEST, _LONGEST = 1.0, 60.0
# Seconds between two looks at whether a backup is due.
_BACKUP_LOOK = 300.0
_CLIENTS = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid()
"""


def ensure_watcher(
    places: Places, pg_bin: Path | None, linger: float | None, backup_every: float | None = None
) -> None:
    """Start the watcher unless one is there, or the server is to stay for ever and never to be backed up.

    A failure is logged, never raised.
    """
    if linger is None and backup_every is None:
        return
    try:
        with FileLock(places.watcher_lock) as lock:
            if not lock.acquire():
                return
            child = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "chattui.server.linger",
                    str(places.data_dir),
                    str(pg_bin or ""),
                    str(backup_every or ""),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={**child_environment(), **_python_environment()},
                start_new_session=True,
                pass_fds=(lock.fd,),  # the child holds the lock from its first moment
            )
            child.returncode = 0  # it is meant to outlive us: no warning about a child that still runs
    except OSError:
        log.exception("the watcher was not started: the server stays up until `chattui server stop`")


def watch(places: Places, pg_bin: Path | None, backup_every: float | None = None) -> None:
    """Until the server is gone: look now and then, back it up when that is due, and stop it when it is idle."""
    idle_since = time.monotonic()
    looked = float("-inf")
    while True:
        _, linger = read_used(places)
        if linger is None and backup_every is None:
            return
        pauses = [_LONGEST, *([linger / 5] if linger is not None else []), *([backup_every] if backup_every else [])]
        time.sleep(max(min(pauses), _SHORTEST))
        if backup_every is not None and time.monotonic() - looked >= min(backup_every, _BACKUP_LOOK):
            looked = time.monotonic()
            if find_running(places) and backup_is_due(places, backup_every):
                _back_up()
        server = find_running(places)
        if server is None:
            if is_held(places.start_lock) or is_held(places.alive_lock):
                continue
            return
        if _clients(places, pg_bin) != 0:
            idle_since = time.monotonic()
            continue
        age, linger = read_used(places)
        if linger is None:
            continue
        if min(time.monotonic() - idle_since, age) >= linger and _stop_idle(places, pg_bin):
            return


def backup_is_due(places: Places, every: float) -> bool:
    """Whether the schedule has made no backup for so many seconds."""
    try:
        return time.time() - places.backed_up.stat().st_mtime >= every
    except OSError:
        return True


def _back_up() -> None:
    """Let the program make it, which knows where to and for whom; what goes wrong is in its log, and tried again."""
    try:
        subprocess.run(
            [sys.executable, "-m", "chattui", "--database", "embedded", "db", "backup", "--scheduled"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            check=False,
        )
    except OSError:
        log.exception("the scheduled backup was not started")


def _clients(places: Places, pg_bin: Path | None) -> int:
    """Connections besides our own; -1 when the server does not say."""
    server, binaries = find_running(places), existing_binaries(places, pg_bin)
    rows = ask(binaries, server, _CLIENTS) if server and binaries else None
    return int(rows[0][0]) if rows else -1


def _stop_idle(places: Places, pg_bin: Path | None) -> bool:
    from chattui.server.stop import stop_under_lock

    with FileLock(places.start_lock) as lock:
        if not lock.acquire():
            return False
        lock.write_pid()
        places.stopping.touch()
        try:
            age, linger = read_used(places)
            if linger is None or age < max(linger, _GRACE) or _clients(places, pg_bin) != 0:
                return False
            stop_under_lock(places)
            return True
        finally:
            places.stopping.unlink(missing_ok=True)


def _python_environment() -> dict[str, str]:
    """What this interpreter needs to find chattui again, and chattui its settings."""
    names = (
        *("CHATTUI_HOME", "CHATTUI_CONFIG", "CHATTUI_LINGER", "CHATTUI_PG_BIN"),
        *("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"),
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "PYTHONUSERBASE",
        "PYTHONNOUSERSITE",
    )
    return {name: os.environ[name] for name in names if name in os.environ} | {"PYTHONSAFEPATH": "1"}


def main(arguments: list[str]) -> None:
    """``python -m chattui.server.linger DATA_DIR BIN_DIR EVERY``; an empty BIN_DIR stands for our own copy, EVERY for never."""
    data_dir, pg_bin, every = arguments
    watch(Places(Path(data_dir)), Path(pg_bin) if pg_bin else None, float(every) if every else None)


if __name__ == "__main__":
    main(sys.argv[1:])
