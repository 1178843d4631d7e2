"""Two servers of which the second one follows the first: made by pg_basebackup, confirmed synchronously."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from chattui.server import client_program, conninfo, open_database
from chattui.server.programs import run


def follow(primary: Any, make_home: Callable[..., Any], name: str) -> Any:
    """A standby of ``primary``, running; every commit there waits for it from now on. Homes are those of conftest."""
    opened = open_database(primary.settings).conninfo
    standby = make_home(name, fresh=True)
    standby.places.root.mkdir(parents=True, mode=0o700)
    backup = client_program(primary.settings, "pg_basebackup")
    done = run(
        [
            backup,
            "-d",
            f"{opened} application_name={name}",
            "-D",
            str(standby.places.pgdata),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        ]
    )
    assert done.returncode == 0, done.stdout
    open_database(standby.settings)
    with psycopg.connect(opened, autocommit=True) as conn:
        conn.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        conn.execute("SELECT pg_reload_conf()")
    return standby


def is_synchronous(primary: Any) -> bool:
    """Whether a standby confirms the commits of this server."""
    with psycopg.connect(conninfo(primary.settings), autocommit=True) as conn:
        row = conn.execute("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone()
        return bool(row and row[0])


def promote(standby: Any) -> None:
    """Make the standby a primary, which waits for nobody."""
    with psycopg.connect(conninfo(standby.settings), autocommit=True) as conn:
        conn.execute("SELECT pg_promote(wait => true)")
        conn.execute("ALTER SYSTEM RESET synchronous_standby_names")
        conn.execute("SELECT pg_reload_conf()")


def both(first: Any, second: Any, **more: str) -> str:
    """An address that names both servers; of the two, the one that takes writes."""
    parts = [psycopg.conninfo.conninfo_to_dict(conninfo(home.settings)) for home in (first, second)]
    hosts, ports = (",".join(str(part[name]) for part in parts) for name in ("host", "port"))
    given = {
        "target_session_attrs": "read-write",
        "user": str(parts[0]["user"]),
        "dbname": str(parts[0]["dbname"]),
        **more,
    }
    return psycopg.conninfo.make_conninfo("", host=hosts, port=ports, **given)
