"""The schema's migrations: numbered SQL files, each run once, all in one transaction under a lock."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import psycopg
from psycopg import errors as pg

from chattui.domain.errors import DatabaseError, SchemaMismatch
from chattui.store.failures import translate
from chattui.store.migration_files import Migration, available, latest_version, schema_directory

__all__ = ["Migration", "available", "check", "current_version", "latest_version", "migrate", "schema_directory"]

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


def migrate(
    conn: psycopg.Connection[tuple[int | None]], migrations: Sequence[Migration] | None = None
) -> list[Migration]:
    """Bring the database up to date; returns what was run. All of it happens, or nothing.

    Programs that start together wait for each other. Raises ``SchemaMismatch`` for a database newer than the program or
    one that this user may not migrate, ``DatabaseError`` when a migration fails.
    """
    wanted = available() if migrations is None else migrations
    done = []
    try:
        with conn.transaction():
            conn.execute("SET LOCAL client_min_messages = warning")
            conn.execute("SET LOCAL lock_timeout = '60s'")
            conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            version = current_version(conn)
            check(version)
            for migration in wanted:
                if migration.version > (version or 0):
                    log.info("migrating to %04d_%s", migration.version, migration.name)
                    # a reviewed file of this program, the only SQL that is not written in the code
                    conn.execute(migration.path.read_text(encoding="utf-8"), prepare=False)
                    done.append(migration)
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
    return done
