"""How the database is: reachable, which version, how much is in it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from chattui.domain.kinds import ChatStatus
from chattui.store.database import Database
from chattui.store.tables import ME, chats, day_counts, imports


@dataclass(frozen=True, slots=True)
class Counts:
    """Exact numbers of the caller's own data. ``bytes`` is the text of all messages, in UTF-8."""

    chats: int
    archived: int
    deleted: int
    subagents: int
    messages: int
    bytes: int
    files: int
    failed_files: int


@dataclass(frozen=True, slots=True)
class Health:
    """State of the server behind a connection."""

    server_version: str
    database: str
    user: str
    schema_version: int
    database_bytes: int
    clients: int
    read_only: bool
    index_ready: bool


def counts(db: Database) -> Counts:
    """Count the caller's chats, messages and history files: from counters, not by reading messages."""
    top = chats.c.parent_id.is_(None)

    def work(conn: Connection) -> Counts:
        row = conn.execute(
            select(
                func.count().filter(top, chats.c.status == ChatStatus.ACTIVE.value, chats.c.message_count > 0),
                func.count().filter(top, chats.c.status == ChatStatus.ARCHIVED.value),
                func.count().filter(top, chats.c.status == ChatStatus.DELETED.value),
                func.count().filter(~top),
                func.coalesce(func.sum(chats.c.byte_count), 0),
            ).where(chats.c.owner == ME)
        ).one()
        stored = conn.execute(
            select(func.coalesce(func.sum(day_counts.c.n), 0)).where(day_counts.c.owner == ME)
        ).scalar_one()
        files, failed = conn.execute(
            select(func.count(), func.count().filter(imports.c.outcome != "complete")).where(imports.c.owner == ME)
        ).one()
        return Counts(row[0], row[1], row[2], row[3], int(stored), int(row[4]), files, failed)

    return db.read(work)


_HEALTH = text("""
    SELECT current_setting('server_version'), current_database(), CURRENT_USER::text,
           (SELECT max(version) FROM chattui.schema_versions), pg_database_size(current_database()),
           (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()), pg_is_in_recovery(),
           EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('chattui.messages_search') AND indisvalid)
""")


def health(db: Database) -> Health:
    """Ask the server how it is. Raises ``Unreachable`` when it does not answer."""
    return db.read(lambda conn: Health(*conn.execute(_HEALTH).one()), timeout_ms=5_000)
