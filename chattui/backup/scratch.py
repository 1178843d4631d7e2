"""A database that is thrown away again: on the server that is used, or where its user may make none, on the embedded one."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import LiteralString

import psycopg
from psycopg import sql

from chattui.config import DatabaseTarget, Settings
from chattui.domain.errors import ChattuiError
from chattui.server import open_database
from chattui.store.connection import connect
from chattui.store.failures import translate

log = logging.getLogger("chattui.backup")

_NAME = "chattui_scratch_"
_LOCK: LiteralString = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"  # as long as its maker lives


@contextmanager
def scratch(settings: Settings) -> Iterator[str]:
    """Conninfo of an empty database. What one that was killed has left is removed first. Raises ``DatabaseError``."""
    server = _server(settings)
    name = f"{_NAME}{os.urandom(6).hex()}"
    try:
        with connect(server, autocommit=True) as conn:
            _clear(conn)
            conn.execute(_LOCK, (name,))
            conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            try:
                yield psycopg.conninfo.make_conninfo(server, dbname=name)
            finally:
                with suppress(psycopg.Error):
                    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise translate(error) from error


def _server(settings: Settings) -> str:
    if settings.database.kind == "url":
        conninfo = settings.database.conninfo or ""
        with suppress(ChattuiError), connect(conninfo, autocommit=True) as conn:
            row = conn.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = CURRENT_USER").fetchone()
            if row is not None and row[0]:
                return conninfo
        settings = settings._replace(database=DatabaseTarget("embedded", None, "for a trial"))
    return open_database(settings).conninfo


def _clear(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    """Drop scratch databases that nobody is connected to."""
    found = conn.execute(
        "SELECT d.datname::text FROM pg_database d WHERE d.datname ~ %s AND pg_has_role(d.datdba, 'USAGE') "
        "AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid) "
        "AND pg_try_advisory_lock(hashtextextended(d.datname::text, 0))",
        (f"^{re.escape(_NAME)}[0-9a-f]{{12}}$",),
    ).fetchall()
    for (name,) in found:
        with suppress(psycopg.Error):  # somebody has come meanwhile
            conn.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(str(name))))
            log.info("removed %s, left by a verification that was ended", name)
