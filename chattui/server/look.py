"""Looking at a server for `status`: facts from the processes, the disk and one query."""

from __future__ import annotations

import os
import time
from pathlib import Path

from chattui.config import DatabaseTarget
from chattui.domain.errors import Unreachable
from chattui.server.binaries import existing_binaries
from chattui.server.cluster import cluster_major
from chattui.server.facts import ServerStatus
from chattui.server.places import DATABASE, Places
from chattui.server.programs import ask
from chattui.server.running import find_running

_FACTS = """
SELECT current_setting('server_version'),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       extract(epoch FROM now() - pg_postmaster_start_time())
"""


def at_embedded(places: Places, pg_bin: Path | None) -> ServerStatus:
    """The embedded server, running or not."""
    size = disk_usage(places.pgdata) if places.pgdata.exists() else None
    server = find_running(places)
    if server is None:
        major = cluster_major(places)
        return ServerStatus(
            "embedded",
            False,
            "embedded PostgreSQL",
            None,
            str(major) if major else None,
            places.pgdata,
            None,
            places.log,
            size,
        )
    binaries = existing_binaries(places, pg_bin)
    rows = ask(binaries, server, _FACTS, DATABASE) if binaries else None
    version, clients = (rows[0][0], int(rows[0][1])) if rows else (None, None)
    return ServerStatus(
        kind="embedded",
        running=True,
        target="embedded PostgreSQL",
        pid=server.pid,
        version=version,
        data_dir=places.pgdata,
        socket_dir=server.socket_dir,
        log=places.log,
        size=size,
        uptime=max(time.time() - server.started, 0.0),
        clients=clients,
    )


def at_url(target: DatabaseTarget) -> ServerStatus:
    """A server of somebody else's: ``size`` is that of the one database. Raises Unreachable."""
    import psycopg

    try:
        with psycopg.connect(target.conninfo or "", connect_timeout=5, autocommit=True) as connection:
            row = connection.execute(_FACTS.rstrip() + ", pg_database_size(current_database())").fetchone()
    except psycopg.Error as error:
        raise Unreachable(
            f"No answer from {target.redacted()} (from {target.origin}): {_first_line(error)}. Is the server up and "
            "the address right?"
        ) from error
    if row is None:
        raise Unreachable(f"{target.redacted()} answered nothing.")
    return ServerStatus(
        kind="url",
        running=True,
        target=target.redacted(),
        version=row[0],
        clients=row[1],
        uptime=float(row[2]),
        size=row[3],
    )


def disk_usage(directory: Path) -> int:
    """Bytes that the files below ``directory`` take on disk; files that vanish meanwhile count nothing."""
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - walks thousands
            except FileNotFoundError:
                continue
    return total


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
