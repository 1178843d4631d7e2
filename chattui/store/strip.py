"""Bare tables: indexes, keys and triggers taken off before rows come by the million, and put on again afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from chattui.domain.backup import Progress, Tell
from chattui.domain.upkeep import IndexProgress, Step
from chattui.store.content import Conn, table_name
from chattui.store.database import Database
from chattui.store.index_progress import Watcher

SEARCH = frozenset({"messages_search", "embeddings_near"})
"""Indexes that can be built later: they only make searches fast."""

_CONSTRAINTS: LiteralString = """
SELECT c.relname::text, k.conname::text, k.contype::text, pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
 WHERE c.relnamespace = 'chattui'::regnamespace AND k.contype IN ('p', 'u', 'f') AND c.relkind = 'r' AND NOT c.relispartition
 ORDER BY k.contype = 'f', c.relname, k.conname
"""
_INDEXES: LiteralString = """
SELECT i.relname::text, pg_get_indexdef(i.oid)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
 WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u'))
 ORDER BY i.relname
"""
_DEFAULTS: LiteralString = """
SELECT c.relname::text, pg_get_expr(d.adbin, d.adrelid)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'owner'
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


@dataclass(frozen=True, slots=True)
class Stripped:
    """What was taken off: (table, name, definition) of keys, (name, statement) of indexes, (table, default of owner)."""

    keys: tuple[tuple[str, str, str], ...]
    references: tuple[tuple[str, str, str], ...]
    indexes: tuple[tuple[str, str], ...]
    defaults: tuple[tuple[str, str | None], ...]


def strip(conn: Conn) -> Stripped:
    """Take everything off that would slow rows down. Only in the transaction that has made the tables."""
    found = conn.execute(_CONSTRAINTS).fetchall()
    keys = tuple((t, n, d) for t, n, kind, d in found if kind != "f")
    references = tuple((t, n, d) for t, n, kind, d in found if kind == "f")
    indexes = tuple((str(n), str(d)) for n, d in conn.execute(_INDEXES))
    defaults = tuple((str(t), d) for t, d in conn.execute(_DEFAULTS))
    for table, name, _ in (*references, *keys):
        conn.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table_name(table), sql.Identifier(name)))
    for name, _ in indexes:
        conn.execute(sql.SQL("DROP INDEX {}").format(table_name(name)))
    for table, _ in defaults:
        conn.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table_name(table)))
    return Stripped(keys, references, indexes, defaults)


def build_again(conn: Conn, db: Database, stripped: Stripped, tell: Tell | None, *, search: bool) -> None:
    """Put everything on again; those that only make searches fast are left to later unless ``search``."""
    conn.execute(
        "SELECT set_config('maintenance_work_mem', '512MB', true), set_config('max_parallel_maintenance_workers', '2', true)"
    )
    for table, name, definition in stripped.keys:
        _told(tell, table)
        _add(conn, table, name, definition)
    for name, statement in stripped.indexes:
        if name in SEARCH and not search:
            continue
        _told(tell, name)
        with Watcher(db, conn, name, _adapted(tell)):
            conn.execute(_own(statement))
    for table, name, definition in stripped.references:
        _add(conn, table, name, definition)
    for table, default in stripped.defaults:
        to = sql.SQL("DROP DEFAULT") if default is None else sql.SQL("SET DEFAULT {}").format(_own(default))
        conn.execute(sql.SQL("ALTER TABLE {} ALTER owner {}").format(table_name(table), to))
        conn.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table_name(table)))


def _add(conn: Conn, table: str, name: str, definition: str) -> None:
    conn.execute(
        sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(table_name(table), sql.Identifier(name), _own(definition))
    )


def _own(text: str) -> sql.SQL:
    """What the server itself has printed of a definition of ours: no value of anybody is in it."""
    return sql.SQL(text)


def _told(tell: Tell | None, name: str) -> None:
    if tell is not None:
        tell(Progress(f"building {name}", 0, 0))


def _adapted(tell: Tell | None) -> _Adapted | None:
    return None if tell is None else _Adapted(tell)


class _Adapted:
    """Progress of an index as that of a backup, in ten-thousandths. What the server counts again from 0 is not told."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._share = 0.0

    def __call__(self, progress: IndexProgress) -> None:
        if progress.step is not Step.WAITING and progress.share > self._share:
            self._share = progress.share
            self._tell(
                Progress(f"building {progress.index}", round(progress.share * 10_000), 10_000, None, progress.remaining)
            )
