"""One moment of a database, read by COPY in a transaction that sees no later change: what backups and moves are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256

import psycopg

from chattui import __version__
from chattui.domain.backup import DERIVED, OF_THE_PLACE, Head, Section
from chattui.domain.errors import BackupError
from chattui.store.connection import connect
from chattui.store.content import TEXT_FORMS, Conn, Digest, copy_rows, is_bound, me, owners_of, tables_of
from chattui.store.failures import translate
from chattui.store.migrations import current_version


class Snapshot:
    """Everything of some owners at one moment. ``estimate`` is about how many bytes their rows have."""

    def __init__(self, conn: Conn, head: Head, estimate: int) -> None:
        self._conn = conn
        self.head = head
        self.estimate = estimate

    def sections(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """(owner, table, columns), table by table in an order in which they can be loaded."""
        for table, columns in self.head.tables.items():
            for owner in self.head.owners:
                yield owner, table, columns

    def pieces(self, owner: str, table: str, columns: tuple[str, ...], digest: Digest) -> Iterator[bytes]:
        """The rows of one section as COPY text; ``digest`` is of all of them afterwards. Raises ``DatabaseError``."""
        try:
            yield from digest.pieces(copy_rows(self._conn, table, columns, owner))
        except psycopg.Error as error:
            raise translate(error) from error


def section_of(owner: str, table: str, digest: Digest) -> Section:
    """What is noted of a section that was read."""
    return Section(owner, table, digest.rows, digest.size, digest.hex())


@contextmanager
def snapshot(conninfo: str, *, all_owners: bool = False, embeddings: bool = True) -> Iterator[Snapshot]:
    """A database at this moment: of the caller, or of all owners, for whom the rules must let one see them.

    Writers are not kept waiting. Raises ``BackupError`` where there is nothing to keep or not everything may be seen,
    ``DatabaseError``.
    """
    with connect(conninfo, autocommit=True) as conn:
        try:
            with conn.transaction():
                conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                conn.execute(TEXT_FORMS)
                conn.execute(
                    "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '30s', true)"
                )
                yield _begin(conn, all_owners=all_owners, embeddings=embeddings)
        except psycopg.Error as error:
            raise translate(error) from error


def database_id(conn: Conn) -> str:
    """Six hexadecimal digits that tell this database from others; the same after a restart."""
    row = conn.execute(
        "SELECT d.oid::text, current_database()::text, "
        "CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE') THEN "
        "(SELECT system_identifier::text FROM pg_control_system()) ELSE '' END "
        "FROM pg_database d WHERE d.datname = current_database()"
    ).fetchone()
    assert row is not None
    return sha256("\0".join(row).encode()).hexdigest()[:6]


def _begin(conn: Conn, *, all_owners: bool, embeddings: bool) -> Snapshot:
    version = current_version(conn)
    if version is None:
        raise BackupError("There is nothing to back up: this database has no chattui tables.")
    if all_owners and is_bound(conn):
        raise BackupError(
            "This database user sees only what is theirs, and cannot back up other people's chats. Leave --all-owners out, "
            "or connect as the owner of the tables."
        )
    owners = owners_of(conn) if all_owners else [me(conn)]
    if not owners:
        raise BackupError("There is nothing to back up: nobody has chats in this database.")
    tables = {
        # what may be looked at, but not written by an ordinary user, is made again by a restore
        name: columns
        for name, columns in tables_of(conn, semantic=embeddings).items()
        if name not in OF_THE_PLACE and (name not in DERIVED or _may_read(conn, name))
    }
    row = conn.execute(
        "SELECT current_setting('server_version'), "
        "(SELECT coalesce(sum(byte_count), 0) FROM chattui.chats WHERE owner = ANY (%(o)s)) "
        "+ 2 * (SELECT coalesce(sum(size), 0) FROM chattui.blobs WHERE owner = ANY (%(o)s)) "
        "+ 200 * (SELECT coalesce(sum(n), 0) FROM chattui.day_counts WHERE owner = ANY (%(o)s))",
        {"o": owners},
    ).fetchone()
    assert row is not None
    now = datetime.now(UTC).replace(microsecond=0)
    head = Head(now, __version__, str(row[0]), version, database_id(conn), tuple(owners), tables, everybody=all_owners)
    return Snapshot(conn, head, int(row[1]))


def _may_read(conn: Conn, table: str) -> bool:
    row = conn.execute("SELECT has_table_privilege(%s, 'SELECT')", (f"chattui.{table}",)).fetchone()
    return row is not None and bool(row[0])
