"""What there is to keep of a database: tables, columns and their order from the catalogue, and the digest of their rows.

Backups, restores and moves rest on it. New tables need nothing here: whatever has a column ``owner`` is content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from chattui.domain.backup import DERIVED, OF_THE_PLACE, SEMANTIC, Holding

Conn = psycopg.Connection[Any]
Row = bytes | bytearray | memoryview

PIECE = 1 << 20
"""Bytes of rows that travel together, at least; where a piece ends depends on its rows alone (``pieces``)."""
_MOST = 8 << 20
_MODULUS = 1 << 256

TEXT_FORMS: LiteralString = (
    "SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), "
    "set_config('intervalstyle', 'iso_8601', true), set_config('extra_float_digits', '1', true), "
    "set_config('bytea_output', 'hex', true), set_config('client_encoding', 'UTF8', true)"
)
"""So that the text of a row is the same on every server, from PostgreSQL 15 on."""

_TABLES: LiteralString = """
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = to_regnamespace('chattui') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> 'owner'
   AND EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attname = 'owner' AND NOT o.attisdropped)
 GROUP BY c.relname ORDER BY c.relname
"""
_REFERENCES: LiteralString = """
SELECT f.relname::text, t.relname::text
  FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
 WHERE k.contype = 'f' AND f.relnamespace = to_regnamespace('chattui') AND f.oid <> t.oid
"""


def tables_of(conn: Conn, *, semantic: bool = True) -> dict[str, tuple[str, ...]]:
    """The tables with content and their columns but for owner; what a table refers to comes before it."""
    found = {name: tuple(columns) for name, columns in conn.execute(_TABLES) if semantic or name not in SEMANTIC}
    needs: dict[str, set[str]] = {name: set() for name in found}
    for source, target in conn.execute(_REFERENCES):
        if source in needs and target in needs:
            needs[source].add(target)
    ordered: dict[str, tuple[str, ...]] = {}
    while needs:
        free = [name for name, wanted in needs.items() if wanted <= ordered.keys()] or list(needs)
        for name in free:
            ordered[name] = found[name]
            del needs[name]
    return ordered


def table_name(table: str, schema: str = "chattui") -> sql.Identifier:
    """The table, quoted."""
    return sql.Identifier(schema, table)


def column_list(columns: Iterable[str]) -> sql.Composed:
    """Columns, quoted, with commas between them."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def select_rows(table: str, columns: Iterable[str], owner: str | None) -> sql.Composed:
    """The rows of an owner; of every owner, with the owner first, where it is None. Days that are counted to nothing are none."""
    first = sql.SQL("owner, ") if owner is None else sql.SQL("")
    conditions: list[sql.Composable] = [] if owner is None else [sql.SQL("owner = {}").format(sql.Literal(owner))]
    if table == "day_counts":
        conditions.append(sql.SQL("n <> 0"))
    where = sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("")
    return sql.SQL("SELECT {}{} FROM {}{}").format(first, column_list(columns), table_name(table), where)


def copy_rows(conn: Conn, table: str, columns: Iterable[str], owner: str | None) -> Iterator[Row]:
    """The rows in COPY's text format, one at a time, in the order in which they lie there."""
    statement = sql.SQL("COPY ({}) TO STDOUT").format(select_rows(table, columns, owner))
    with conn.cursor().copy(statement) as copy:
        yield from copy


class Digest:
    """Of a set of rows, whatever their order: the sum of the BLAKE2b-256 of each, modulo 2^256."""

    def __init__(self) -> None:
        self.rows = 0
        self.size = 0
        self._sum = 0

    def add(self, row: Row) -> None:
        """One row, with its line's end."""
        self.rows += 1
        self.size += len(row)
        self._sum += int.from_bytes(blake2b(row, digest_size=32).digest(), "little")

    def hex(self) -> str:
        """64 hexadecimal digits."""
        return f"{self._sum % _MODULUS:064x}"

    def pieces(self, rows: Iterable[Row]) -> Iterator[bytes]:
        """The rows, added, in pieces of 1 to 8 MiB (more when one row is longer).

        A piece ends after a row whose own hash says so: rows that were added or changed elsewhere do not move its end, so
        that an interrupted move finds the pieces again that it has brought already.
        """
        held: list[bytes] = []
        size = 0
        for row in rows:
            own = blake2b(row, digest_size=32).digest()
            self._sum += int.from_bytes(own, "little")
            self.rows += 1
            self.size += len(row)
            held.append(bytes(row))
            size += len(row)
            if size >= PIECE and (own[0] < 4 or size >= _MOST):
                yield b"".join(held)
                held.clear()
                size = 0
        if held:
            yield b"".join(held)


def digests(conn: Conn, table: str, columns: Iterable[str], owners: Iterable[str]) -> dict[str, Digest]:
    """Read a table back: the digest of each owner's rows. Of several owners the table is read once."""
    wanted = {owner: Digest() for owner in owners}
    if len(wanted) == 1:
        ((owner, digest),) = wanted.items()
        for row in copy_rows(conn, table, columns, owner):
            digest.add(row)
        return wanted
    by_name = {_escaped(owner): digest for owner, digest in wanted.items()}
    for row in copy_rows(conn, table, columns, None):
        name, _, rest = bytes(row).partition(b"\t")
        if (found := by_name.get(name)) is not None:
            found.add(rest)
    return wanted


def _escaped(owner: str) -> bytes:
    from chattui.store.copying import escaped

    return escaped(owner).encode()


def owners_of(conn: Conn) -> list[str]:
    """Everybody of whom something is there and who may be seen; nobody where there is no schema."""
    found: set[str] = set()
    for table in tables_of(conn):
        if table in DERIVED or table in OF_THE_PLACE or table in {"messages", "tool_calls", "files", "embeddings"}:
            continue  # where these are, a chat is
        found.update(
            str(owner)
            for (owner,) in conn.execute(sql.SQL("SELECT DISTINCT owner::text FROM {}").format(table_name(table)))
        )
    return sorted(found)


def holding(conn: Conn, owners: Iterable[str]) -> Holding:
    """What is there of these people, in numbers; ``others`` counts the people beside them."""
    names = sorted(set(owners))
    if not tables_of(conn):
        return Holding((), 0, 0, 0)
    row = conn.execute(
        "SELECT (SELECT count(*) FROM chattui.chats WHERE owner = ANY (%(o)s)), "
        "(SELECT coalesce(sum(n), 0) FROM chattui.day_counts WHERE owner = ANY (%(o)s)), "
        "(SELECT count(*) FROM chattui.files WHERE owner = ANY (%(o)s))",
        {"o": names},
    ).fetchone()
    assert row is not None
    present = set(owners_of(conn))
    return Holding(
        tuple(n for n in names if n in present), int(row[0]), int(row[1]), int(row[2]), len(present - set(names))
    )


def is_bound(conn: Conn) -> bool:
    """Whether row-level security keeps this user to what is theirs."""
    row = conn.execute("SELECT row_security_active('chattui.chats')").fetchone()
    return row is not None and bool(row[0])


def me(conn: Conn) -> str:
    """The person behind the connection."""
    row = conn.execute("SELECT CURRENT_USER::text").fetchone()
    assert row is not None
    return str(row[0])
