"""Where a move lays down what it has brought, so that one that was interrupted goes on: tables of text in a schema of their own.

Each piece of rows is committed with its own hash. The next move, of the same data, brings only pieces that are not there. The
tables are unlogged: a server that crashes has lost them all, with the list of what came, and the move begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256

import psycopg
from psycopg import errors as pg
from psycopg import sql

from chattui.domain.errors import Conflict
from chattui.store.connection import connect
from chattui.store.content import Conn, column_list
from chattui.store.failures import translate
from chattui.store.load import LOCK

SCHEMA = "chattui_moving"


class Staging:
    """The pieces that have come. ``resumed`` counts bytes that an earlier move had brought."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._wanted: set[int] = set()
        self._there = {bytes(key): int(nr) for key, nr in conn.execute("SELECT key, nr FROM chattui_moving.pieces")}
        self.resumed = 0

    def bring(self, owner: str, table: str, columns: tuple[str, ...], pieces: Iterable[bytes]) -> None:
        """Commit every piece of a section that is not there yet."""
        mark = repr((owner, table, columns)).encode()
        into = sql.Identifier(SCHEMA, table)
        self._make(table, columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(into, column_list(columns))
        for piece in pieces:
            key = sha256(mark + piece).digest()
            if (number := self._there.get(key)) is not None:
                self._wanted.add(number)
                self.resumed += len(piece)
                continue
            with self._conn.transaction():
                self._conn.execute("SET LOCAL synchronous_commit = off")
                row = self._conn.execute(
                    "INSERT INTO chattui_moving.pieces (key, owner, name) VALUES (%s, %s, %s) RETURNING nr",
                    (key, owner, table),
                ).fetchone()
                assert row is not None
                self._conn.execute("SELECT set_config('chattui.piece', %s, true)", (str(row[0]),))
                with self._conn.cursor().copy(statement) as copy:
                    copy.write(piece)
            self._there[key] = row[0]
            self._wanted.add(row[0])

    def rows(self, owner: str, table: str, columns: tuple[str, ...], types: dict[str, str]) -> sql.Composed:
        """What selects the rows of a section, of the types that they are to have."""
        values = [sql.SQL("s.{}::{}").format(sql.Identifier(c), sql.SQL(types[c])) for c in columns]
        return sql.SQL(
            "SELECT {} FROM {} s JOIN chattui_moving.pieces p ON p.nr = s.chattui_piece WHERE p.owner = {} AND p.name = {}"
        ).format(sql.SQL(", ").join(values), sql.Identifier(SCHEMA, table), sql.Literal(owner), sql.Literal(table))

    def clear(self) -> None:
        """Let go of pieces of an earlier move that are not part of this one."""
        stale = [nr for nr in self._there.values() if nr not in self._wanted]
        if not stale:
            return
        with self._conn.transaction():
            tables = self._conn.execute("SELECT DISTINCT name FROM chattui_moving.pieces WHERE nr = ANY (%s)", (stale,))
            for (table,) in tables.fetchall():
                self._conn.execute(
                    sql.SQL("DELETE FROM {} WHERE chattui_piece = ANY (%s)").format(sql.Identifier(SCHEMA, table)),
                    (stale,),
                )
            self._conn.execute("DELETE FROM chattui_moving.pieces WHERE nr = ANY (%s)", (stale,))

    def _make(self, table: str, columns: tuple[str, ...]) -> None:
        """The table of text, with just these columns; one of an earlier move with others is of no use."""
        found = self._conn.execute(
            "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            (f'{SCHEMA}."{table}"',),
        ).fetchone()
        wanted = [*columns, "chattui_piece"]
        if found is not None and found[0] == wanted:
            return
        texts = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(c)) for c in columns)
        with self._conn.transaction():
            self._conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(SCHEMA, table)))
            self._conn.execute("DELETE FROM chattui_moving.pieces WHERE name = %s", (table,))
            self._conn.execute(
                sql.SQL(
                    "CREATE UNLOGGED TABLE {} ({}, chattui_piece bigint NOT NULL DEFAULT current_setting('chattui.piece')::bigint)"
                ).format(sql.Identifier(SCHEMA, table), texts)
            )
        gone = {nr for (nr,) in self._conn.execute("SELECT nr FROM chattui_moving.pieces")}
        self._there = {key: nr for key, nr in self._there.items() if nr in gone}


def can_stage(conn: Conn) -> bool:
    """Whether this user may lay something down in the database."""
    row = conn.execute("SELECT has_database_privilege(current_database(), 'CREATE')").fetchone()
    return row is not None and bool(row[0])


@contextmanager
def staging(conninfo: str) -> Iterator[Staging]:
    """Room in the target, for one move at a time. What has come stays when it is interrupted. Raises ``Conflict``."""
    with connect(conninfo, autocommit=True) as conn:
        row = conn.execute("SELECT pg_try_advisory_lock(%s, 1)", (LOCK & 0x7FFFFFFF,)).fetchone()
        if row is None or not row[0]:
            raise Conflict("Another move into this database is at work. Wait until it has ended, and try again.")
        try:
            conn.execute("SET client_min_messages = warning")
            conn.execute("SET statement_timeout = 0")
            with conn.transaction():
                conn.execute("CREATE SCHEMA IF NOT EXISTS chattui_moving")
                conn.execute(
                    "CREATE UNLOGGED TABLE IF NOT EXISTS chattui_moving.pieces ("
                    "nr bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key bytea NOT NULL UNIQUE, "
                    "owner text NOT NULL, name text NOT NULL)"
                )
            yield Staging(conn)
        except pg.InsufficientPrivilege as error:
            raise Conflict(
                "Another user has begun a move into this database (the schema chattui_moving). Ask them to end it, or the "
                "owner of the database to drop that schema."
            ) from error
        except psycopg.Error as error:
            raise translate(error) from error


def discard(conninfo: str) -> bool:
    """Remove what an interrupted move has left in the target; False where there is nothing."""
    with connect(conninfo, autocommit=True) as conn:
        try:
            with conn.transaction():
                row = conn.execute("SELECT to_regnamespace('chattui_moving') IS NOT NULL").fetchone()
                conn.execute("SET LOCAL client_min_messages = warning")
                conn.execute("SET LOCAL lock_timeout = '10s'")
                conn.execute("DROP SCHEMA IF EXISTS chattui_moving CASCADE")
        except psycopg.Error as error:
            raise translate(error) from error
    return row is not None and bool(row[0])


def types_of(conn: Conn, table: str) -> dict[str, str]:
    """The type of each column, as a cast names it."""
    return {
        str(name): str(kind)
        for name, kind in conn.execute(
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            (f'chattui."{table}"',),
        )
    }
