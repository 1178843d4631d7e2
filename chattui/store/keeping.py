"""Upkeep: chats that nobody opens are archived, deleted ones forgotten, tables and indexes kept small, where it is worth it.

Every step is harmless to end at any moment, and what it has done by then stays done. Archiving and purging are the
functions of ``schema/``, which can also be called from psql.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from chattui.domain.errors import Conflict, DatabaseError
from chattui.domain.state import Relation
from chattui.domain.upkeep import Kept, Thinning, UpkeepRules
from chattui.store import search_index
from chattui.store.advice import wants_analyze, wants_reindex, wants_vacuum
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.failures import translate
from chattui.store.index_progress import Tell as TellIndex
from chattui.store.stats import RELATIONS

log = logging.getLogger("chattui.store")

Tell = Callable[[str, int, int], None]
"""Told the name of a step, how much of it is done, and how much there is (0: not known)."""

ARCHIVE, PURGE, SNAPSHOTS, ORPHANS, TABLES, INDEXES = "archive", "purge", "snapshots", "orphans", "tables", "indexes"
_THINGS = {
    ARCHIVE: "chats archived",
    PURGE: "deleted chats forgotten",
    SNAPSHOTS: "old snapshots of chats removed",
    ORPHANS: "unused attachments removed",
    TABLES: "tables vacuumed or analyzed",
    INDEXES: "indexes built or rebuilt",
}
_LOCK = 0x6B656570  # "keep": one upkeep of a person at a time
_AT_ONCE = 20  # chats that are purged in one transaction: other writers do not wait for long
_RUNS_KEPT = 100

_COUNTS: LiteralString = """
SELECT CASE WHEN %(archive)s::integer IS NULL THEN 0 ELSE chattui.archive_chats(%(archive)s, true) END,
       CASE WHEN %(purge)s::integer IS NULL THEN 0 ELSE chattui.purge_deleted(%(purge)s, 1, true) END,
       chattui.thin_snapshots(%(all)s, %(hourly)s, %(daily)s, true),
       (SELECT count(*) FROM chattui.blobs b WHERE b.owner = CURRENT_USER::text
           AND NOT EXISTS (SELECT FROM chattui.files f WHERE f.owner = b.owner AND f.sha256 = b.sha256))
"""
_LOCK_TIMEOUT: LiteralString = "SET lock_timeout = '30s'"
_NOT_ARCHIVED: LiteralString = """
DELETE FROM chattui.archived_chats a USING chattui.chats c
 WHERE a.owner = CURRENT_USER::text AND c.owner = a.owner AND c.id = a.chat_id AND c.status <> 'archived'
"""
_LOST: LiteralString = """
WITH RECURSIVE tree AS (
  SELECT c.id, true AS is_named FROM chattui.chats c
   WHERE c.owner = CURRENT_USER::text AND c.status = 'deleted' AND c.deleted_at <= now() - %(days)s * interval '1 day'
     AND (c.message_count > 0 OR NOT c.metadata ? 'purged')
   UNION
  SELECT s.id, false FROM tree t JOIN chattui.chats s ON s.owner = CURRENT_USER::text AND s.parent_id = t.id
)
SELECT (SELECT count(*) FROM tree WHERE is_named), coalesce(sum(c.message_count), 0), coalesce(sum(c.byte_count), 0),
       (SELECT count(*) FROM chattui.marks k WHERE k.owner = CURRENT_USER::text AND k.chat_id IN (SELECT id FROM tree))
  FROM chattui.chats c WHERE c.owner = CURRENT_USER::text AND c.id IN (SELECT id FROM tree)
"""


def would_do(db: Database, rules: UpkeepRules) -> list[Kept]:
    """What ``keep`` would do now, of which nothing is done."""
    with _speaking(db) as conn:
        kept = rules.snapshots
        asked = {"archive": rules.archive_after, "purge": rules.purge_after}
        asked |= {"all": kept.keep_all, "hourly": kept.keep_hourly, "daily": kept.keep_daily}
        row = conn.execute(_COUNTS, asked).fetchone()
        assert row is not None
        found = [Kept(SNAPSHOTS, _THINGS[SNAPSHOTS], int(row[2])), Kept(ORPHANS, _THINGS[ORPHANS], int(row[3]))]
        if rules.purge_after is not None:
            found.insert(0, Kept(PURGE, _THINGS[PURGE], int(row[1])))
        if rules.archive_after is not None:
            found.insert(0, Kept(ARCHIVE, _THINGS[ARCHIVE], int(row[0])))
        if search_index.owns_tables(conn):
            relations = _relations(conn)
            tables = tuple(one.name for one in relations if wants_vacuum(one) or wants_analyze(one))
            indexes = tuple(one.name for one in relations if wants_reindex(one))
            found += [Kept(TABLES, _THINGS[TABLES], len(tables), tables)]
            found += [Kept(INDEXES, _THINGS[INDEXES], len(indexes), indexes)]
        return found


def would_lose(db: Database, days: int) -> tuple[int, int, int, int]:
    """Chats, messages, bytes of text, and bookmarks and notes that purging would take, those of subagents too."""
    with _speaking(db) as conn:
        row = conn.execute(_LOST, {"days": days}).fetchone()
        assert row is not None
        return int(row[0]), int(row[1]), int(row[2]), int(row[3])


def keep(db: Database, rules: UpkeepRules, tell: Tell | None = None, progress: TellIndex | None = None) -> list[Kept]:
    """Do what the rules say and what is worth doing, and record it; what each step did, or why not.

    Raises ``Conflict`` when another program is at it, ``DatabaseError`` when the database cannot be reached.
    """
    tell = tell or (lambda _step, _done, _total: None)
    with _speaking(db) as conn:
        row = conn.execute("SELECT pg_try_advisory_lock(%s, hashtext(CURRENT_USER::text)), now()", (_LOCK,)).fetchone()
        assert row is not None
        if not row[0]:
            raise Conflict("Another program is doing the upkeep of this database already.")
        try:
            done = [*_chats(conn, rules, tell), _thinned(conn, rules.snapshots, tell), _orphans(conn, tell)]
            if search_index.owns_tables(conn):
                done += [_tables(conn, tell), _indexes(db, conn, tell, progress)]
            report = {k.step: {"done": k.done, "names": list(k.names), "fault": k.fault} for k in done}
            record(conn, "upkeep", row[1], report)
        finally:
            if not conn.closed:
                conn.execute("SELECT pg_advisory_unlock_all()")
    return done


def bring_back(db: Database) -> int:
    """Undo every archiving that upkeep did; how many chats came back."""
    with _speaking(db) as conn:
        row = conn.execute("SELECT chattui.unarchive_chats()").fetchone()
        return int(row[0]) if row else 0


def last_run(db: Database) -> datetime | None:
    """When upkeep was done last for the caller."""
    with _speaking(db) as conn:
        row = conn.execute(
            "SELECT max(finished_at) FROM chattui.upkeep_runs WHERE owner = CURRENT_USER::text AND kind = 'upkeep'"
        ).fetchone()
        return row[0] if row else None


def record(
    conn: psycopg.Connection[Any], kind: str, began: datetime, report: dict[str, Any], owner: str | None = None
) -> None:
    """Write down what was done for the caller, or for ``owner``; of each kind the newest are kept."""
    given = {"kind": kind, "kept": _RUNS_KEPT, "began": began, "report": Jsonb(report), "owner": owner}
    conn.execute(
        "INSERT INTO chattui.upkeep_runs (owner, kind, started_at, report) "
        "VALUES (coalesce(%(owner)s, CURRENT_USER::text), %(kind)s, %(began)s, %(report)s)",
        given,
    )
    conn.execute(
        "DELETE FROM chattui.upkeep_runs WHERE owner = coalesce(%(owner)s, CURRENT_USER::text) AND kind = %(kind)s "
        "AND id < (SELECT min(id) FROM (SELECT id FROM chattui.upkeep_runs "
        "WHERE owner = coalesce(%(owner)s, CURRENT_USER::text) AND kind = %(kind)s "
        "ORDER BY id DESC LIMIT %(kept)s) newest)",
        given,
    )


def record_backup(conninfo: str, owners: Iterable[str], began: datetime, report: dict[str, Any]) -> None:
    """Write down that these people's chats were backed up. Where that may not be written, as on a standby, it is left out."""
    try:
        with connect(conninfo) as conn:
            for owner in owners:
                record(conn, "backup", began, report, owner)
    except (psycopg.Error, DatabaseError) as error:
        log.info("the backup is not recorded in the database: %s", type(error).__name__)


def _chats(conn: psycopg.Connection[Any], rules: UpkeepRules, tell: Tell) -> Iterator[Kept]:
    if rules.archive_after is not None:
        tell(ARCHIVE, 0, 0)
        yield _counted(conn, ARCHIVE, "SELECT chattui.archive_chats(%s)", rules.archive_after)
    if rules.purge_after is not None:
        yield _purged(conn, rules.purge_after, tell)


def _purged(conn: psycopg.Connection[Any], days: int, tell: Tell) -> Kept:
    things, gone = _THINGS[PURGE], 0
    try:
        row = conn.execute("SELECT chattui.purge_deleted(%s, 1, true)", (days,)).fetchone()
        total = int(row[0]) if row else 0
        while True:
            tell(PURGE, gone, total)
            row = conn.execute("SELECT chattui.purge_deleted(%s, %s)", (days, _AT_ONCE)).fetchone()
            if row is None or not row[0]:
                break
            gone += int(row[0])
        if gone:  # their words are not to be suggested any more
            conn.execute("SELECT chattui.refresh_words() WHERE EXISTS (SELECT FROM chattui.vocabularies)")
        return Kept(PURGE, things, gone)
    except psycopg.Error as error:
        return Kept(PURGE, things, gone, fault=_sentence(error))


def _thinned(conn: psycopg.Connection[Any], kept: Thinning, tell: Tell) -> Kept:
    tell(SNAPSHOTS, 0, 0)
    statement: LiteralString = "SELECT chattui.thin_snapshots(%s, %s, %s)"
    return _counted(conn, SNAPSHOTS, statement, kept.keep_all, kept.keep_hourly, kept.keep_daily)


def _orphans(conn: psycopg.Connection[Any], tell: Tell) -> Kept:
    tell(ORPHANS, 0, 0)
    with suppress(psycopg.errors.LockNotAvailable):  # of chats that are not archived any more, whoever did that
        conn.execute(_NOT_ARCHIVED)
    return _counted(conn, ORPHANS, "SELECT chattui.remove_orphans()")


def _tables(conn: psycopg.Connection[Any], tell: Tell) -> Kept:
    """Vacuum and analyze what is worth it. A table of which an index is being built is left for the next time: who builds it
    waits for everybody that looks at the database, also for who waits for the table."""
    wanting = [one for one in _relations(conn) if wants_vacuum(one) or wants_analyze(one)]
    names: list[str] = []
    things = _THINGS[TABLES]
    try:
        conn.execute("SET lock_timeout = '200ms'")  # less than a server's deadlock_timeout
        for one in wanting:
            tell(TABLES, len(names), len(wanting))
            what = sql.SQL("VACUUM (ANALYZE)") if wants_vacuum(one) else sql.SQL("ANALYZE")
            with suppress(psycopg.errors.LockNotAvailable):
                conn.execute(sql.SQL("{} chattui.{}").format(what, sql.Identifier(one.name)))
                names.append(one.name)
    except psycopg.Error as error:
        return Kept(TABLES, things, len(names), tuple(names), _sentence(error))
    finally:
        if not conn.closed:
            conn.execute(_LOCK_TIMEOUT)
    return Kept(TABLES, things, len(names), tuple(names))


def _indexes(db: Database, conn: psycopg.Connection[Any], tell: Tell, progress: TellIndex | None) -> Kept:
    """Build the search index where it is missing, and those anew that would give back much; clear what was left half-built.
    Nothing of it while somebody else builds one."""
    things = _THINGS[INDEXES]
    tell(INDEXES, 0, 0)
    names: list[str] = []
    try:
        if search_index.is_being_built(conn):
            return Kept(INDEXES, things, 0)
        if search_index.build(db, progress):
            names.append(search_index.NAME)
        left = set(search_index.leftovers(conn))
        swollen = [one.name for one in _relations(conn) if wants_reindex(one) and one.name not in {*left, *names}]
        if swollen or left:
            names += search_index.rebuild_these(db, swollen, progress).indexes
    except psycopg.Error as error:
        return Kept(INDEXES, things, len(names), tuple(names), _sentence(error))
    except DatabaseError as error:
        return Kept(INDEXES, things, len(names), tuple(names), str(error))
    return Kept(INDEXES, things, len(names), tuple(names))


def _relations(conn: psycopg.Connection[Any]) -> list[Relation]:
    return [Relation(*row) for row in conn.execute(RELATIONS)]


def _counted(conn: psycopg.Connection[Any], step: str, statement: LiteralString, *values: int | None) -> Kept:
    things = _THINGS[step]
    try:
        with conn.transaction():
            conn.execute("SET LOCAL lock_timeout = '10s'")
            row = conn.execute(statement, values).fetchone()
    except psycopg.Error as error:
        return Kept(step, things, 0, fault=_sentence(error))
    return Kept(step, things, int(row[0]) if row else 0)


def _sentence(error: psycopg.Error) -> str:
    log.info("a step of upkeep failed", exc_info=error)
    return str(translate(error))


@contextmanager
def _speaking(db: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, whose statements may take long."""
    try:
        with connect(db.conninfo, autocommit=True) as conn:
            conn.execute("SET statement_timeout = 0")
            conn.execute(_LOCK_TIMEOUT)
            yield conn
    except psycopg.Error as error:
        raise translate(error) from error
