"""A database emptied: the schema made anew, or, where others have chats too, one's own rows removed. At once or not at all."""

from __future__ import annotations

from typing import Any

import psycopg

from chattui.domain.backup import Holding
from chattui.domain.errors import BackupError
from chattui.store import migrations
from chattui.store.connection import connect
from chattui.store.content import Conn, holding, is_bound, me, owners_of, tables_of
from chattui.store.failures import translate
from chattui.store.load import alone, drop_aside, owns_schema, put_aside, remove


def there_is(conninfo: str, *, all_owners: bool) -> Holding:
    """What a reset would remove."""
    with connect(conninfo, autocommit=True) as conn:
        try:
            with conn.transaction():
                return _of_whom(conn, all_owners=all_owners)
        except psycopg.Error as error:
            raise translate(error) from error


def reset(conninfo: str, *, all_owners: bool) -> Holding:
    """Remove everything of the caller, or of all; what it was. Raises ``BackupError``, ``Conflict``, ``DatabaseError``."""
    with connect(conninfo, autocommit=True) as conn:
        try:
            with conn.transaction():
                alone(conn)
                gone = _of_whom(conn, all_owners=all_owners)
                if not gone.others and owns_schema(conn) and not is_bound(conn):
                    put_aside(conn)
                    migrations.migrate(conn)
                    drop_aside(conn)
                else:
                    remove(conn, gone.owners, [t for t in tables_of(conn) if _may_delete(conn, t)])
                for owner in gone.owners:
                    conn.execute("SELECT pg_notify(chattui.channel(%s), '*')", (owner,))
                return gone
        except psycopg.Error as error:
            raise translate(error) from error


def _of_whom(conn: Conn, *, all_owners: bool) -> Holding:
    if migrations.current_version(conn) is None:
        return Holding((), 0, 0, 0)
    if all_owners and is_bound(conn):
        raise BackupError(
            "This database user sees only what is theirs, and cannot remove other people's chats. Leave --all-owners out, or "
            "connect as the owner of the tables."
        )
    return holding(conn, owners_of(conn) if all_owners else [me(conn)])


def _may_delete(conn: psycopg.Connection[Any], table: str) -> bool:
    row = conn.execute("SELECT has_table_privilege(%s, 'DELETE')", (f"chattui.{table}",)).fetchone()
    return row is not None and bool(row[0])
