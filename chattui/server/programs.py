"""Running PostgreSQL's programs as children: clean environment, no inherited files, output kept for the message."""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
from collections.abc import Sequence

from chattui.server.binaries import Binaries
from chattui.server.places import USER
from chattui.server.running import PidFile

log = logging.getLogger("chattui.server")
log.addHandler(logging.NullHandler())  # without a log file, nothing of ours goes to the terminal

# Nothing else is passed on: PG* variables would steer the programs, and API keys are none of the server's business.
_PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "NIX_LD",
    "LOCALE_ARCHIVE",
)


def child_environment() -> dict[str, str]:
    """The environment of initdb, postgres and psql. TZ spares initdb a search through all time zones."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"PATH": os.defpath, **kept, "TZ": "UTC", "LC_ALL": "C"}


def run(
    command: Sequence[str], *, stdin: str = "", pass_fds: Sequence[int] = (), cwd: str = "/"
) -> subprocess.CompletedProcess[str]:
    """Run to the end in a session of its own, so that ^C does not end it half-way. A failure is logged, not raised.

    What it says goes into a file: by a pipe it would die when this process is killed, and pg_upgrade, for one, would leave a
    server behind that nobody stops.
    """
    with tempfile.TemporaryFile() as said:
        ended = subprocess.run(
            command,
            input=stdin,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            cwd=cwd,
            env=child_environment(),
            umask=0o077,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        said.seek(0)
        done = subprocess.CompletedProcess(list(command), ended.returncode, said.read().decode(errors="replace"))
    if done.returncode:
        log.error("%s ended with %s:\n%s", command, done.returncode, done.stdout)
    return done


def ask(binaries: Binaries, server: PidFile, sql: str, database: str = "postgres") -> list[list[str]] | None:
    """Rows of one query as text, through psql: a child of 8 ms, but no driver in this process. None on failure."""
    try:
        done = run(
            [
                *(binaries.program("psql"), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1"),
                *("-h", str(server.socket_dir), "-p", str(server.port), "-U", USER, "-d", database, "-c", sql),
            ]
        )
    except OSError:
        log.exception("psql was not run")
        return None
    return None if done.returncode else [line.split("\t") for line in done.stdout.splitlines()]
