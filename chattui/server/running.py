"""Is the server up? Answered from its pid file and its socket alone, in well under a millisecond."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from chattui.server.places import DATABASE, USER, Places
from chattui.server.sockets import why_not_private

_CONNECT_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class PidFile:
    """What Postgres writes into postmaster.pid. ``state``: starting, ready, standby, stopping; "" when too early."""

    pid: int
    pgdata: str
    started: int
    port: int
    socket_dir: Path
    state: str

    @property
    def socket(self) -> Path:
        """The socket's own path."""
        return self.socket_dir / f".s.PGSQL.{self.port}"

    @property
    def accepts(self) -> bool:
        """Whether the server says that it takes connections."""
        return self.state in {"ready", "standby"}


def read_pid_file(places: Places) -> PidFile | None:
    """The pid file, or ``None`` when it is missing or only half written."""
    try:
        with open(places.pid_file, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 - hot path
            lines = file.read().split("\n")
        state = lines[7].strip() if len(lines) > 7 else ""
        return PidFile(int(lines[0]), lines[1], int(lines[2]), int(lines[3]), Path(lines[4]), state)
    except (OSError, ValueError, IndexError):
        return None


def find_running(places: Places) -> PidFile | None:
    """The running server, if it says that it is ready and its socket answers. Nothing is started, no SQL is spoken."""
    found = read_pid_file(places)
    if found is None or not found.accepts or not _describes(found, places) or not answers(found, places):
        return None
    return found


def _describes(server: PidFile, places: Places) -> bool:
    """False for a pid file that came with a copy of another directory: it names a server of other data."""
    if server.pgdata == str(places.pgdata):
        return True
    try:
        return os.path.samefile(server.pgdata, places.pgdata)  # noqa: PTH121 - text from a file
    except OSError:
        return False


def answers(server: PidFile, places: Places) -> bool:
    """Whether somebody listens on the server's socket, in a directory private to us (or to the data's owner)."""
    try:
        owner = places.root.stat().st_uid
        if why_not_private(server.socket_dir, owner if os.geteuid() == 0 else os.geteuid()):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(_CONNECT_TIMEOUT)
            client.connect(os.fspath(server.socket))
    except OSError:
        return False
    return True


def conninfo_for(socket_dir: Path, port: int) -> str:
    """What libpq needs to reach the embedded server, quoted for directories with spaces."""
    host = str(socket_dir).replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{host}' port={port} user={USER} dbname={DATABASE}"


def mark_used(places: Places, linger: float | None) -> None:
    """Note that someone is about to use the server, and how long it is to linger after that. Failing is harmless."""
    text = f"{'forever' if linger is None else int(linger):<15}\n".encode()  # always as long: never seen half-written
    try:
        fd = os.open(places.used, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return
    try:
        os.write(fd, text)
    except OSError:
        pass
    finally:
        os.close(fd)


def read_used(places: Places) -> tuple[float, float | None]:
    """(seconds since the last use, seconds to linger or ``None`` for ever). Without a note: long ago, and 0."""
    try:
        text = places.used.read_text().strip()
        age = time.time() - places.used.stat().st_mtime
        return max(age, 0.0), None if text == "forever" else float(text or 0)
    except (OSError, ValueError):
        return float("inf"), 0.0
