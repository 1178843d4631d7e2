"""Looking at a server for `status`: facts from the processes, the disk and one query."""

from __future__ import annotations

import os
import time
from pathlib import Path

from chattui.config import Settings
from chattui.domain.errors import Unreachable
from chattui.server.asking import ask
from chattui.server.cluster import cluster_major
from chattui.server.facts import Beside, ServerStatus
from chattui.server.places import Places
from chattui.server.running import find_running

_FACTS = """
SELECT current_setting('server_version'),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       extract(epoch FROM now() - pg_postmaster_start_time()), pg_database_size(current_database())
"""


def at_embedded(settings: Settings, places: Places, beside: Beside | None, *, measured: bool) -> ServerStatus:
    """The embedded server, running or not. Its size is that of its files, if that is to be ``measured``."""
    size: int | None = None

    def measure() -> None:
        nonlocal size
        size = disk_usage(places.pgdata) if measured and places.pgdata.exists() else None

    server = find_running(places)
    if server is None:
        measure()
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
    lines = ask(settings, _script(beside), measure) or ["\t"]
    if size is None:  # there was nobody to ask
        measure()
    version, clients, *_ = lines[0].split("\t")
    return ServerStatus(
        kind="embedded",
        running=True,
        target="embedded PostgreSQL",
        pid=server.pid,
        version=version or None,
        data_dir=places.pgdata,
        socket_dir=server.socket_dir,
        log=places.log,
        size=size,
        uptime=max(time.time() - server.started, 0.0),
        clients=int(clients) if clients else None,
        said=lines[1] if len(lines) > 1 else None,
    )


def at_url(settings: Settings, beside: Beside | None) -> ServerStatus:
    """A server of somebody else's: ``size`` is that of the one database. Raises Unreachable."""
    target = settings.database
    lines = ask(settings, _script(beside))
    facts, said = (lines[0].split("\t"), lines[1:]) if lines else _by_driver(settings, beside)
    return ServerStatus(
        kind="url",
        running=True,
        target=target.redacted(),
        version=facts[0],
        clients=int(facts[1]),
        uptime=float(facts[2]),
        size=int(facts[3]),
        said=said[0] if said else None,
    )


def _script(beside: Beside | None) -> str:
    return f"{_FACTS};\n{_question(beside)}"


def _question(beside: Beside | None) -> str:
    if beside is None:
        return ""
    there = f"SELECT to_regclass('{beside.table}') IS NOT NULL AS there \\gset"
    return f"{there}\n\\if :there\n{beside.statement};\n\\else\n{_question(beside.otherwise)}\\endif\n"


def _by_driver(settings: Settings, beside: Beside | None) -> tuple[list[str], list[str]]:
    """The same as psql answers, and errors that say what is wrong."""
    import psycopg

    target = settings.database
    try:
        with psycopg.connect(target.conninfo or "", connect_timeout=5, autocommit=True) as connection:
            row = connection.execute(_FACTS).fetchone()
            answer = None
            while beside is not None and answer is None:
                there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (beside.table,)).fetchone()
                answer = connection.execute(beside.statement).fetchone() if there and there[0] else None
                beside = beside.otherwise
    except psycopg.ProgrammingError:
        raise _not_an_address(settings) from None
    except psycopg.Error as error:
        said = _first_line(error)
        if "connection option" in said or "invalid" in said:
            raise _not_an_address(settings) from None
        raise Unreachable(
            f"No answer from {target.redacted()} (from {target.origin}): {said}. Is the server up and the address right?"
        ) from error
    if row is None:
        raise Unreachable(f"{target.redacted()} answered nothing.")
    return [str(value) for value in row], [str(answer[0])] if answer else []


def _not_an_address(settings: Settings) -> Unreachable:
    """Without the driver's words: they repeat what was given, and a password with a slash in it looks like a port."""
    return Unreachable(
        f"The database's address, from {settings.database.origin}, cannot be understood: it is written like "
        "postgresql://user@host:5432/name."
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
