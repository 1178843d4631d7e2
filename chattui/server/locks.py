"""Locks on files: held by whoever has the file open, so that the kernel drops them when that process dies.

``flock`` locks belong to the open file and pass to a child that inherits the descriptor. Two rules rest on it: initdb
keeps the start lock when its parent is killed, and the server's processes keep the alive lock, in any container.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from chattui.server.sockets import give_to_owner


class FileLock:
    """One open lock file. ``acquire`` never waits; ``close`` drops the lock unless a child has inherited it."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_to_owner(path)

    def acquire(self) -> bool:
        """True when the lock is ours now, False when someone else holds it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write_pid(self) -> None:
        """Say in the file who holds it, for the message that another one shows."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, f"{os.getpid()}\n".encode(), 0)

    def read_pid(self) -> str:
        """The pid in the file, or "unknown"."""
        return os.pread(self.fd, 20, 0).decode(errors="replace").strip() or "unknown"

    def close(self) -> None:
        """Close our descriptor. Closing twice is allowed."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> FileLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_held(path: Path) -> bool:
    """Whether anybody holds the lock; a missing file is held by nobody."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
