"""From what the system or the server says to a sentence that a person can act on."""

from __future__ import annotations

import errno
import re
from pathlib import Path

from chattui.domain.errors import ServerError

INSTEAD = "or set CHATTUI_DATABASE_URL to a PostgreSQL of your own"


def from_os_error(error: OSError, doing: str) -> ServerError:
    """``doing`` completes "… failed": "Making the database in /x"."""
    on = f" ({error.filename})" if error.filename else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return ServerError(f"{doing} failed: the disk is full{on}. Free some space and start again.")
        case errno.EROFS:
            return ServerError(
                f"{doing} failed: the file system is read-only{on}. Choose a writable place with CHATTUI_HOME, "
                f"{INSTEAD}."
            )
        case errno.EACCES | errno.EPERM:
            return ServerError(
                f"{doing} failed: permission denied{on}. Give yourself access to it, choose another place with "
                f"CHATTUI_HOME, {INSTEAD}."
            )
        case _:
            return ServerError(f"{doing} failed: {error.strerror or error}{on}.")


_SYMPTOMS = (
    (
        re.compile(r"No space left on device|Disk quota exceeded", re.I),
        "the disk is full. Free some space and start again",
    ),
    (
        re.compile(r"Read-only file system", re.I),
        f"the file system is read-only. Choose a writable place with CHATTUI_HOME, {INSTEAD}",
    ),
    (
        re.compile(r"error while loading shared libraries|cannot execute|Exec format error|GLIBC_", re.I),
        "these PostgreSQL binaries do not run on this system. Set CHATTUI_PG_BIN to the bin directory of another one, "
        f"{INSTEAD}",
    ),
    (
        re.compile(
            r"could not map anonymous shared memory|could not create shared memory|Cannot allocate memory", re.I
        ),
        "there is not enough memory. Close other programs and start again",
    ),
    (
        re.compile(r"Permission denied", re.I),
        f"permission denied. Give yourself access to it, choose another place with CHATTUI_HOME, {INSTEAD}",
    ),
)


def from_output(output: str, doing: str, log: Path | None = None) -> ServerError:
    """A known symptom in what a program wrote, else its last fatal line; ``log`` is where the rest can be read."""
    where = f" (details: {log})" if log else ""
    for pattern, cause in _SYMPTOMS:
        if pattern.search(output):
            return ServerError(f"{doing} failed: {cause}{where}.")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(FATAL|PANIC|ERROR|error):", line)] or lines
    said = re.sub(r"^.*?\b(?:FATAL|PANIC|ERROR|error):\s*", "", telling[-1]) if telling else "it ended without a word"
    return ServerError(f"{doing} failed: {said.rstrip('.')}{where}.")
