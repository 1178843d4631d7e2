"""The schema's migrations: numbered SQL files, each run once, all in one transaction under a lock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg import sql

from chattui.domain.errors import DatabaseError, SchemaMismatch
from chattui.store.failures import translate
from chattui.store.migration_files import Migration, available, latest_version, schema_directory

__all__ = [
    "Migration",
    "available",
    "check",
    "current_version",
    "latest_version",
    "migrate",
    "pending",
    "schema_directory",
]

log = logging.getLogger("chattui.store")

_LOCK = 0x63686174  # "chat": the advisory lock that one migration holds


def check(version: int | None) -> bool:
    """Whether a database of ``version`` (None: no schema) must be migrated. Raises ``SchemaMismatch`` when newer."""
    newest = latest_version()
    if version is not None and version > newest:
        raise SchemaMismatch(
            f"The database has schema version {version}, and this chattui knows versions up to {newest}. "
            "Update chattui, or connect to another database."
        )
    return version is None or version < newest


def current_version(conn: psycopg.Connection[tuple[int | None]]) -> int | None:
    """The database's version; None when it has no chattui schema. Raises ``DatabaseError``."""
    try:
        with conn.transaction():
            row = conn.execute("SELECT max(version) FROM chattui.schema_versions").fetchone()
    except (pg.UndefinedTable, pg.InvalidSchemaName):
        return None
    except psycopg.Error as error:
        raise translate(error) from error
    return row[0] if row else None


def pending(version: int | None) -> list[Migration]:
    """What a database of ``version`` still needs, in order. Raises ``SchemaMismatch`` when it is newer."""
    check(version)
    return [m for m in available() if m.version > (version or 0)]


def migrate(
    conn: psycopg.Connection[tuple[int | None]],
    migrations: Sequence[Migration] | None = None,
    *,
    dry_run: bool = False,
    tell: Callable[[Migration], None] | None = None,
) -> list[Migration]:
    """Bring the database up to date; returns what was run. All of it happens, or nothing; with ``dry_run`` nothing.

    Programs that start together wait for each other. ``tell`` is told of each file before it is run. Raises
    ``SchemaMismatch`` for a database newer than the program or one that this user may not migrate, ``DatabaseError`` when
    a migration fails.
    """
    wanted = available() if migrations is None else migrations
    done = []
    with _explained(), conn.transaction(force_rollback=dry_run):
        version = _locked(conn)
        check(version)
        for migration in wanted:
            if migration.version > (version or 0):
                log.info("migrating to %04d_%s%s", migration.version, migration.name, " for a try" if dry_run else "")
                if tell is not None:
                    tell(migration)
                _run(conn, migration.path)
                done.append(migration)
    return done


@dataclass(frozen=True, slots=True)
class StepBack:
    """One migration taken back. ``lost`` are the tables, and the columns as table.column, that go, with their rows."""

    migration: Migration
    lost: tuple[tuple[str, int], ...]


def step_back(conn: psycopg.Connection[Any], *, dry_run: bool = False) -> StepBack:
    """Take the last migration back, in one transaction; with ``dry_run`` only tell what would be lost.

    Raises ``DatabaseError`` where there is no schema, or no way back is written.
    """
    with _explained(), conn.transaction():
        version = _locked(conn)
        if version is None:
            raise DatabaseError("The database has no chattui tables: there is nothing to take back.")
        check(version)
        last = next(m for m in available() if m.version == version)
        if last.way_back is None:
            raise DatabaseError(
                f"There is no way back from {last.version:04d}_{last.name}. Restore a backup that was made before it."
            )
        before = _columns(conn)
        with conn.transaction(force_rollback=True):
            _run(conn, last.way_back)
            after = _columns(conn)
        lost = _lost(conn, before, after)
        if not dry_run:
            log.info("taking back %04d_%s", last.version, last.name)
            _run(conn, last.way_back)
            conn.execute("DELETE FROM chattui.schema_versions WHERE version = %s", (version,))
        return StepBack(last, lost)


def _locked(conn: psycopg.Connection[Any]) -> int | None:
    """Take the lock that one program holds at a time, and tell the version that is there then."""
    conn.execute("SET LOCAL client_min_messages = warning")
    conn.execute("SET LOCAL lock_timeout = '60s'")
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    return current_version(conn)


def _run(conn: psycopg.Connection[Any], path: Path) -> None:
    # a reviewed file of this program, the only SQL that is not written in the code
    conn.execute(path.read_text(encoding="utf-8").encode(), prepare=False)


def _columns(conn: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    return set(
        conn.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
        ).fetchall()
    )


def _lost(
    conn: psycopg.Connection[Any], before: set[tuple[str, str]], after: set[tuple[str, str]]
) -> tuple[tuple[str, int], ...]:
    """What of ``before`` is not in ``after``, with how many rows have something there."""
    tables = {table for table, _ in before} - {table for table, _ in after}
    found = [(table, sql.SQL("SELECT count(*) FROM chattui.{}").format(sql.Identifier(table))) for table in tables]
    found += [
        (
            f"{table}.{column}",
            sql.SQL("SELECT count({}) FROM chattui.{}").format(sql.Identifier(column), sql.Identifier(table)),
        )
        for table, column in before - after
        if table not in tables
    ]
    counted = []
    for name, statement in sorted(found, key=lambda pair: pair[0]):
        row = conn.execute(statement).fetchone()
        counted.append((name, int(row[0]) if row else 0))
    return tuple(counted)


@contextmanager
def _explained() -> Iterator[None]:
    """Errors of migrating as sentences."""
    try:
        yield
    except pg.InsufficientPrivilege as error:
        raise SchemaMismatch(
            "The database's schema is missing or older than this program needs, and this user may not change it. "
            "Ask the owner of the database to run chattui once, or to grant CREATE on the database."
        ) from error
    except pg.FeatureNotSupported as error:
        raise DatabaseError(
            "The database server lacks something that chattui needs (PostgreSQL 15 or newer, btree_gin and pg_trgm). "
            f"It says: {error.diag.message_primary}."
        ) from error
    except pg.UndefinedFile as error:
        raise DatabaseError(
            "The database server lacks the extensions btree_gin and pg_trgm. Install its contrib package."
        ) from error
    except psycopg.Error as error:
        log.exception("migration failed")
        raise translate(error) from error
