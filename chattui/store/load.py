"""A database filled with what a backup or another database holds: all of it in one transaction, or nothing.

Two ways. ``WholeLoad`` makes the schema anew beside the old one, which is read meanwhile, and puts it in its place with the
commit: as fast as pg_restore, for a database in which nobody else has anything. ``RowsLoad`` adds the rows of some
owners beside those of others, with what an ordinary user may do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import LiteralString, Protocol

from psycopg import errors as pg
from psycopg import sql

from chattui.domain.backup import DERIVED, SEMANTIC, Head, Manifest, Meter, Section, Tell
from chattui.domain.errors import BackupError, Conflict, SchemaMismatch
from chattui.store import migrations, rights
from chattui.store.content import (
    TEXT_FORMS,
    Conn,
    column_list,
    digests,
    holding,
    is_bound,
    me,
    table_name,
    tables_of,
)
from chattui.store.database import Database
from chattui.store.strip import Stripped, build_again, strip

log = logging.getLogger("chattui.store")

LOCK = 0x63687273
"""Held in the database by whoever restores, moves or resets it."""

_REPLACED = "chattui_replaced"
_BUSY = (
    "Another restore, move or reset is at work on this database, or a program holds its tables. Nothing was changed: "
    "close the other programs and try again."
)
NO_MEANING = (
    "Search by meaning was left out, as this server has no pgvector or this user may not use it: `chattui semantic on` "
    "embeds the messages again."
)


class Load(Protocol):
    """Where sections go. ``begin``, then ``put`` or ``take`` for each section, then ``finish``; the caller commits."""

    notes: list[str]

    def begin(self) -> None:
        """Make room. Raises ``Conflict``, ``DatabaseError``."""

    def put(self, owner: str, table: str, columns: tuple[str, ...], pieces: Iterable[bytes]) -> None:
        """Rows as COPY text; ``owner`` is whose they were."""

    def take(self, owner: str, table: str, columns: tuple[str, ...], rows: sql.Composable) -> None:
        """Rows that lie in this database already: what selects ``columns``."""

    def finish(self, manifest: Manifest) -> None:
        """Compare what is there with what was kept, row by row, and make everything else right. Raises ``BackupError``."""


@dataclass(slots=True)
class Wish:
    """What a person wants of a load: ``owners`` maps those of the backup to those who get their rows."""

    owners: Mapping[str, str]
    replace: bool = False
    index: bool = True
    tell: Tell | None = None


def choose(conn: Conn, db: Database, head: Head, wish: Wish) -> Load:
    """The way that fits the database. Call in the transaction of the load.

    Raises ``BackupError`` when it holds something and is not to be replaced, ``Conflict`` when another load is at work,
    ``SchemaMismatch`` when the backup is newer than this program.
    """
    alone(conn)
    newest = migrations.latest_version()
    if head.schema_version > newest:
        raise SchemaMismatch(
            f"The backup has schema version {head.schema_version}, and this chattui knows versions up to {newest}. "
            "Update chattui and try again."
        )
    version = migrations.current_version(conn)
    migrations.check(version)
    if version is None:
        return WholeLoad(conn, db, head, wish, has_old=False)
    targets = sorted(set(wish.owners.values()))
    bound = is_bound(conn)
    if bound and targets != [me(conn)]:
        raise BackupError(
            f"This database user may only restore for themselves ({me(conn)}), and this is for {', '.join(targets)}. Name them "
            "with --owner, or connect as the owner of the tables."
        )
    there = holding(conn, targets)
    if there.owners and not wish.replace:
        raise BackupError(
            f"The database is not empty: it holds {there.sentence()}. Nothing was changed. `--replace` puts the backup in "
            "their place once all of it is there."
        )
    if bound or there.others or not owns_schema(conn):
        return RowsLoad(conn, head, wish, bound=bound)
    return WholeLoad(conn, db, head, wish, has_old=True)


def alone(conn: Conn) -> None:
    """Be the only one who restores, moves or resets, until the transaction ends. Raises ``Conflict``."""
    row = conn.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()
    if row is None or not row[0]:
        raise Conflict(_BUSY)
    conn.execute(
        "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '30s', true), "
        "set_config('idle_in_transaction_session_timeout', '0', true), set_config('client_min_messages', 'warning', true)"
    )
    try:
        with (
            conn.transaction()
        ):  # a server that asks now and then whether its client lives ends sooner what nobody waits for
            conn.execute("SELECT set_config('client_connection_check_interval', '1s', true)")
    except pg.DatabaseError:
        log.debug("the server does not look for lost clients", exc_info=True)
    conn.execute(TEXT_FORMS)


def owns_schema(conn: Conn) -> bool:
    """Whether this user may put another schema in the place of the one that is there."""
    row = conn.execute(
        "SELECT pg_has_role(n.nspowner, 'USAGE') AND has_database_privilege(current_database(), 'CREATE') "
        "AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND NOT pg_has_role(c.relowner, 'USAGE')) "
        "FROM pg_namespace n WHERE n.nspname = 'chattui'"
    ).fetchone()
    return row is not None and bool(row[0])


def put_aside(conn: Conn) -> None:
    """Rename the schema: what it holds can be read by others until the transaction commits, and not be written any more."""
    tables = [table_name(name) for name in (*tables_of(conn), "schema_versions")]
    try:
        conn.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(sql.SQL(", ").join(tables)))
    except pg.LockNotAvailable as error:
        raise Conflict(_BUSY) from error
    conn.execute(sql.SQL("ALTER SCHEMA chattui RENAME TO {}").format(sql.Identifier(_REPLACED)))


def drop_aside(conn: Conn) -> None:
    """Remove what was put aside; what was granted there is granted here. Raises ``Conflict`` when somebody reads it for long."""
    rights.grant_again(conn)
    try:
        conn.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(_REPLACED)))
    except (pg.LockNotAvailable, pg.DeadlockDetected) as error:
        raise Conflict(_BUSY) from error


@dataclass(slots=True)
class WholeLoad:
    """The schema made anew, filled without indexes, and swapped with the commit."""

    conn: Conn
    db: Database
    head: Head
    wish: Wish
    has_old: bool
    notes: list[str] = field(default_factory=list)
    _tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _stripped: Stripped | None = None

    def begin(self) -> None:
        """Make the schema as it was when the backup was made, beside the old one."""
        if self.has_old:
            put_aside(self.conn)
        wanted = [m for m in migrations.available() if m.version <= self.head.schema_version]
        migrations.migrate(self.conn, wanted)
        if SEMANTIC & self.head.tables.keys() and not _prepare_semantic(self.conn):
            self.notes.append(NO_MEANING)
        self._tables = tables_of(self.conn)
        self._stripped = strip(self.conn)

    def put(self, owner: str, table: str, columns: tuple[str, ...], pieces: Iterable[bytes]) -> None:
        """COPY into the bare table."""
        if not self._fits(owner, table, columns):
            _skip(pieces)
            return
        freeze = sql.SQL(" WITH (FREEZE)") if self._can_freeze(table) else sql.SQL("")
        statement = sql.SQL("COPY {} ({}) FROM STDIN{}").format(table_name(table), column_list(columns), freeze)
        with self.conn.cursor().copy(statement) as copy:
            for piece in pieces:
                copy.write(piece)

    def take(self, owner: str, table: str, columns: tuple[str, ...], rows: sql.Composable) -> None:
        """Rows of this server."""
        if self._fits(owner, table, columns):
            self.conn.execute(sql.SQL("INSERT INTO {} ({}) {}").format(table_name(table), column_list(columns), rows))

    def finish(self, manifest: Manifest) -> None:
        """Verify, build indexes and constraints, migrate to what this program needs, and let go of the old schema."""
        assert self._stripped is not None
        compare(self.conn, manifest, self.wish, self._tables.keys())
        build_again(self.conn, self.db, self._stripped, self.wish.tell, search=self.wish.index)
        for table, columns in self._tables.items():
            if "id" in columns:
                _advance(self.conn, table, owns=True)
        for table, columns in self._tables.items():
            # by name: of what indexes compute from texts autovacuum learns, which reads them for seconds
            self.conn.execute(sql.SQL("ANALYZE {} ({})").format(table_name(table), column_list(("owner", *columns))))
        migrations.migrate(self.conn)
        if self.has_old:
            drop_aside(self.conn)
        _notify(self.conn, self.wish.owners.values())

    def _fits(self, owner: str, table: str, columns: tuple[str, ...]) -> bool:
        if table not in self._tables:
            return False
        _check_columns(table, columns, self._tables[table])
        default = sql.SQL("ALTER TABLE {} ALTER owner SET DEFAULT {}")
        self.conn.execute(default.format(table_name(table), sql.Literal(self.wish.owners[owner])))
        return True

    def _can_freeze(self, table: str) -> bool:
        row = self.conn.execute("SELECT relkind = 'r' FROM pg_class WHERE oid = %s::regclass", (f"chattui.{table}",))
        found = row.fetchone()
        return found is not None and bool(found[0])


@dataclass(slots=True)
class RowsLoad:
    """Rows brought into tables of the session, and from there beside those of other people."""

    conn: Conn
    head: Head
    wish: Wish
    bound: bool
    notes: list[str] = field(default_factory=list)
    _tables: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def begin(self) -> None:
        """A table of the session for each table. Raises ``SchemaMismatch`` for a backup of an older schema."""
        version = migrations.current_version(self.conn)
        if version != self.head.schema_version:
            raise SchemaMismatch(
                f"The backup has schema version {self.head.schema_version}, and the database, in which others have chats too, "
                f"{version}. Restore it into an empty database, which brings it up to date, and move it from there with "
                "`chattui db move`."
            )
        self._tables = tables_of(self.conn)
        if SEMANTIC & self.head.tables.keys() and not SEMANTIC & self._tables.keys():
            self.notes.append(NO_MEANING)
        for table, columns in self._tables.items():
            self.conn.execute(
                sql.SQL(
                    "CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT ''::text COLLATE \"C\" AS owner, {} FROM {} LIMIT 0"
                ).format(_aside(table), column_list(columns), table_name(table))
            )

    def put(self, owner: str, table: str, columns: tuple[str, ...], pieces: Iterable[bytes]) -> None:
        """COPY into the session's table."""
        if not self._fits(owner, table, columns):
            _skip(pieces)
            return
        with self.conn.cursor().copy(
            sql.SQL("COPY {} ({}) FROM STDIN").format(_aside(table), column_list(columns))
        ) as copy:
            for piece in pieces:
                copy.write(piece)

    def take(self, owner: str, table: str, columns: tuple[str, ...], rows: sql.Composable) -> None:
        """Rows of this server."""
        if self._fits(owner, table, columns):
            self.conn.execute(sql.SQL("INSERT INTO {} ({}) {}").format(_aside(table), column_list(columns), rows))

    def finish(self, manifest: Manifest) -> None:
        """Replace the owners' rows, let the database count them, verify."""
        targets = sorted(set(self.wish.owners.values()))
        mine = [t for t in self._tables if self._may(t, "INSERT") and t != "day_counts"]
        remove(self.conn, targets, [t for t in self._tables if self._may(t, "DELETE")])
        for table in mine:
            self._insert(table)
        self.conn.execute(_COUNTERS)
        for table, columns in self._tables.items():
            if "id" in columns:
                _advance(self.conn, table, owns=False)
        if self.bound:
            self.conn.execute("SELECT chattui.refresh_words()")
        compare(self.conn, manifest, self.wish, [t for t in self._tables if t not in DERIVED])
        _notify(self.conn, targets)

    def _insert(self, table: str) -> None:
        columns = self._tables[table]
        # the triggers count the messages, as they count those of an import
        values = [sql.SQL("0") if table == "chats" and c in _COUNTED else sql.Identifier(c) for c in columns]
        self.conn.execute(
            sql.SQL("INSERT INTO {} (owner, {}) SELECT owner, {} FROM {}").format(
                table_name(table), column_list(columns), sql.SQL(", ").join(values), _aside(table)
            )
        )

    def _fits(self, owner: str, table: str, columns: tuple[str, ...]) -> bool:
        if table not in self._tables:
            return False
        _check_columns(table, columns, self._tables[table])
        default = sql.SQL("ALTER TABLE {} ALTER owner SET DEFAULT {}")
        self.conn.execute(default.format(_aside(table), sql.Literal(self.wish.owners[owner])))
        return True

    def _may(self, table: str, what: str) -> bool:
        row = self.conn.execute("SELECT has_table_privilege(%s, %s)", (f"chattui.{table}", what)).fetchone()
        return row is not None and bool(row[0])


_COUNTED = frozenset({"message_count", "prompt_count", "byte_count", "tokens_in", "tokens_out", "tokens_cached"})
_COUNTERS: LiteralString = """
UPDATE chattui.chats c
   SET message_count = l.message_count, prompt_count = l.prompt_count, byte_count = l.byte_count, tokens_in = l.tokens_in,
       tokens_out = l.tokens_out, tokens_cached = l.tokens_cached, last_message_at = l.last_message_at, updated_at = l.updated_at
  FROM pg_temp.load_chats l WHERE l.owner = c.owner AND l.id = c.id
"""
_FAR = 50_000_000


def remove(conn: Conn, owners: Iterable[str], tables: Iterable[str]) -> None:
    """Delete everything of these people; ``tables`` in the order in which they can be loaded."""
    names = list(owners)
    for table in reversed(list(tables)):
        conn.execute(sql.SQL("DELETE FROM {} WHERE owner = ANY (%s)").format(table_name(table)), (names,))


def compare(conn: Conn, manifest: Manifest, wish: Wish, tables: Iterable[str]) -> None:
    """Read everything back and hold it against the manifest. Raises ``BackupError``."""
    kept = set(tables)
    wanted: dict[str, dict[str, Section]] = {}
    for section in manifest.sections:
        if section.table in kept:
            wanted.setdefault(section.table, {})[wish.owners[section.owner]] = section
    meter = Meter(wish.tell, "comparing", manifest.size)
    for table, by_owner in wanted.items():
        found = digests(conn, table, manifest.head.tables[table], by_owner)
        for owner, section in by_owner.items():
            if (found[owner].rows, found[owner].hex()) != (section.rows, section.digest):
                log.error("%s of %s: %s rows here, %s there", table, owner, found[owner].rows, section.rows)
                raise BackupError(
                    f"What arrived differs from what was kept: {table}, {found[owner].rows:,} rows instead of {section.rows:,}. "
                    "Nothing was changed. Take another backup, and look at the log."
                )
            meter.add(section.size)


def _prepare_semantic(conn: Conn) -> bool:
    try:
        with conn.transaction():
            conn.execute("SELECT chattui.prepare_semantic()")
    except pg.DatabaseError:
        log.info("no search by meaning here", exc_info=True)
        return False
    return True


def _check_columns(table: str, columns: tuple[str, ...], known: tuple[str, ...]) -> None:
    if unknown := set(columns) - set(known):
        raise BackupError(
            f"The backup's table {table} has columns that this chattui does not know ({', '.join(sorted(unknown))}). "
            "Update chattui and try again."
        )


def _advance(conn: Conn, table: str, *, owns: bool) -> None:
    """Let the next id be behind those that came. Only the owner may set a sequence; another one counts it up."""
    row = conn.execute("SELECT pg_get_serial_sequence(%s, 'id')", (f"chattui.{table}",)).fetchone()
    highest = conn.execute(sql.SQL("SELECT max(id) FROM {}").format(table_name(table))).fetchone()
    if row is None or row[0] is None or highest is None or highest[0] is None:
        return
    if owns:
        conn.execute("SELECT setval(%s::regclass, %s)", (row[0], highest[0]))
        return
    now = conn.execute("SELECT nextval(%s::regclass)", (row[0],)).fetchone()
    assert now is not None
    if highest[0] - now[0] > _FAR:
        raise BackupError(f"The numbers of {table} are too far from those that are next in this database.")
    conn.execute(
        "SELECT count(nextval(%s::regclass)) FROM generate_series(%s::bigint, %s::bigint)", (row[0], now[0], highest[0])
    )


def _aside(table: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"load_{table}")


def _skip(pieces: Iterable[bytes]) -> None:
    for _ in pieces:
        pass


def _notify(conn: Conn, owners: Iterable[str]) -> None:
    for owner in sorted(set(owners)):
        conn.execute("SELECT pg_notify(chattui.channel(%s), '*')", (owner,))
