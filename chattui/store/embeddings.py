"""Embeddings of messages: room made for them and given up, what is not embedded yet, and what is stored in batches.

``schema/0012_semantic.sql`` says what there is. Everything here is done as the person behind the connection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.pq import TransactionStatus

from chattui.domain.errors import DatabaseError
from chattui.domain.semantic import SemanticStatus
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.failures import translate
from chattui.store.search_index import owns_tables

log = logging.getLogger("chattui.store")

NEEDED = (0, 8)
"""The first version of pgvector with iterative scans."""

INDEX_FROM = 50_000
"""With fewer chunks of a person their search reads all of them, exactly; ``search_meaning`` has the same number."""

_CHARS = 26_000
"""So much of a message is read: more is not embedded."""

_HIGHEST = (1 << 31) - 1
_ELIGIBLE: LiteralString = "m.kind IN ('text', 'thinking', 'summary')"  # the key knows the kind
_BUILD_LOCK: LiteralString = "1667788407"  # "chnw"
_LOCK: LiteralString = "hashtextextended('chattui.semantic ' || CURRENT_USER, 0)"

_SWITCH: LiteralString = """
INSERT INTO chattui.semantic_settings AS s (model) VALUES (%(model)s)
    ON CONFLICT (owner) DO UPDATE SET model = excluded.model, chunks = 0, switched_at = now() WHERE s.model <> excluded.model
 RETURNING chunks
"""
_FORGET: tuple[LiteralString, ...] = (
    "DELETE FROM chattui.embedded_chats WHERE owner = CURRENT_USER::text",
    "DELETE FROM chattui.embeddings WHERE owner = CURRENT_USER::text",
)
_CHATS: LiteralString = """
SELECT c.id, c.updated_at, c.message_count
  FROM chattui.chats c LEFT JOIN chattui.embedded_chats e ON e.owner = c.owner AND e.chat_id = c.id
 WHERE c.owner = CURRENT_USER::text AND c.message_count > 0 AND e.seen IS DISTINCT FROM c.updated_at
 ORDER BY c.last_message_at DESC, c.id DESC LIMIT %(limit)s
"""
_WAITING: LiteralString = f"""
SELECT count(*) FROM chattui.messages m
 WHERE m.owner = CURRENT_USER::text AND {_ELIGIBLE} AND m.chat_id IN (
   SELECT c.id FROM chattui.chats c LEFT JOIN chattui.embedded_chats e ON e.owner = c.owner AND e.chat_id = c.id
    WHERE c.owner = CURRENT_USER::text AND c.message_count > 0 AND e.seen IS DISTINCT FROM c.updated_at)
"""  # noqa: S608
_MISSING: LiteralString = f"""
WITH missing AS MATERIALIZED (
  SELECT m.chat_id, m.seq, c.nr
    FROM unnest(%(chats)s::bigint[]) WITH ORDINALITY AS c (id, nr)
    JOIN chattui.messages m ON m.owner = CURRENT_USER::text AND m.chat_id = c.id
   WHERE {_ELIGIBLE} AND (c.nr > 1 OR m.seq < %(below)s)
     AND NOT EXISTS (SELECT FROM chattui.embeddings e WHERE e.owner = m.owner AND e.chat_id = m.chat_id AND e.seq = m.seq)
   ORDER BY c.nr, m.seq DESC LIMIT %(limit)s
)
SELECT m.chat_id, m.seq, m.xmin::text, left(m.content, {_CHARS})
  FROM missing x JOIN chattui.messages m ON m.owner = CURRENT_USER::text AND m.chat_id = x.chat_id AND m.seq = x.seq
 ORDER BY x.nr, x.seq DESC
"""  # noqa: S608
_HOLD: LiteralString = """
SELECT id FROM chattui.chats WHERE owner = CURRENT_USER::text AND id = ANY (%(chats)s) FOR SHARE SKIP LOCKED
"""
"""Who writes messages of a chat writes the chat too: while it is held, its messages stay as they are. Never waited for, so
that an import is never the victim of a deadlock."""
_STORE: LiteralString = """
INSERT INTO chattui.embeddings (chat_id, seq, at, bits, vector)
SELECT x.chat_id, x.seq, x.at, {schema}.binary_quantize(x.vector::{schema}.halfvec(256))::bit(256), x.vector::{schema}.halfvec(256)
  FROM unnest(%(chats)s::bigint[], %(seqs)s::integer[], %(ats)s::integer[], %(vectors)s::text[], %(versions)s::text[])
       AS x (chat_id, seq, at, vector, version)
  JOIN chattui.messages m ON m.owner = CURRENT_USER::text AND m.chat_id = x.chat_id AND m.seq = x.seq AND m.xmin::text = x.version
    ON CONFLICT DO NOTHING
"""
_SEEN: LiteralString = """
INSERT INTO chattui.embedded_chats (chat_id, seen)
SELECT * FROM unnest(%(chats)s::bigint[], %(seen)s::timestamptz[])
    ON CONFLICT (owner, chat_id) DO UPDATE SET seen = excluded.seen
"""
_COUNT: LiteralString = """
UPDATE chattui.semantic_settings SET chunks = chunks + %(stored)s WHERE owner = CURRENT_USER::text
"""
_RECOUNT: LiteralString = """
UPDATE chattui.semantic_settings SET chunks = (SELECT count(*) FROM chattui.embeddings WHERE owner = CURRENT_USER::text)
 WHERE owner = CURRENT_USER::text RETURNING chunks
"""
_INDEX: LiteralString = """
CREATE INDEX CONCURRENTLY embeddings_near ON chattui.embeddings USING ivfflat (bits {schema}.bit_hamming_ops) WITH (lists = {lists})
"""
_INDEX_STATE: LiteralString = """
SELECT i.indisvalid, (SELECT option_value::integer FROM pg_options_to_table(c.reloptions) WHERE option_name = 'lists')
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid = to_regclass('chattui.embeddings_near')
"""
_STATUS: LiteralString = f"""
SELECT (SELECT count(*) FROM chattui.messages m WHERE m.owner = CURRENT_USER::text AND {_ELIGIBLE}),
       (SELECT count(DISTINCT (chat_id, seq)) FROM chattui.embeddings WHERE owner = CURRENT_USER::text),
       pg_total_relation_size('chattui.embeddings')
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A message that is not embedded: ``version`` tells whether it is still the same when its vectors are stored."""

    chat_id: int
    seq: int
    version: str
    content: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk with its vector, as text; None: there is no word in the message."""

    message: Unembedded
    at: int
    vector: str | None


def is_on(db: Database) -> bool:
    """Whether the person has switched it on. One small query."""
    with db.raw() as conn, conn.transaction():
        return _settings(conn) is not None


def is_empty(db: Database) -> bool:
    """Whether nothing of the person is embedded yet."""
    with db.raw() as conn, conn.transaction():
        return _one(conn, "SELECT EXISTS (SELECT FROM chattui.embeddings WHERE owner = CURRENT_USER::text)") == (False,)


def switch_on(db: Database, model: str) -> None:
    """Make room for embeddings by this model; those of another one are forgotten. Raises ``DatabaseError`` with what to do
    where the server or the role cannot."""
    with connect(db.conninfo, autocommit=True) as conn:
        try:
            with conn.transaction():
                conn.execute("SET LOCAL lock_timeout = '20s'")
                if _room(conn) is None:
                    _prepare(conn)
                changed = conn.execute(_SWITCH, {"model": model}).fetchone()
                if changed is not None:
                    for statement in _FORGET:
                        conn.execute(statement)
        except psycopg.Error as error:
            raise translate(error) from error


def switch_off(db: Database) -> None:
    """Forget every embedding of the person; with the last person the tables go too, where their owner says so."""
    with connect(db.conninfo, autocommit=True) as conn:
        try:
            with conn.transaction():
                conn.execute("SET LOCAL lock_timeout = '20s'")
                if _room(conn) is None:
                    return
                others = conn.execute(
                    "SELECT EXISTS (SELECT FROM chattui.semantic_settings WHERE owner <> CURRENT_USER::text)"
                ).fetchone()
                if owns_tables(conn) and others == (False,):
                    conn.execute("DROP TABLE chattui.embeddings, chattui.embedded_chats, chattui.semantic_settings")
                    return
                conn.execute("DELETE FROM chattui.semantic_settings WHERE owner = CURRENT_USER::text")
                for statement in _FORGET:
                    conn.execute(statement)
        except psycopg.Error as error:
            raise translate(error) from error


def status(db: Database, *, installed: bool) -> SemanticStatus:
    """How it stands; counts everything, which takes a second at a million messages."""
    with db.raw() as conn, conn.transaction():
        server = server_version(conn)
        if _settings(conn) is None:
            return SemanticStatus(False, installed, server)
        eligible, embedded, size = _one(conn, _STATUS)
        [chunks] = _one(conn, _RECOUNT)
        return SemanticStatus(True, installed, server, embedded, max(0, eligible - embedded), chunks, size)


def waiting(db: Database) -> int:
    """About how many messages are not embedded yet: those of all chats in which some are not. Cheap when there are none."""
    with db.raw() as conn, conn.transaction():
        return int(_one(conn, _WAITING)[0])


class Batches:
    """What is not embedded yet, the newest chats first, in batches of one transaction each."""

    def __init__(self, db: Database, model: str, size: int = 256) -> None:
        self._db, self._model, self._size = db, model, size
        self._chats: list[tuple[int, datetime, int]] = []
        self._below = _HIGHEST  # how far down the first of them is done: a chat may be long
        self._gets_on = True

    def next(self, embed: Callable[[list[Unembedded]], list[Piece]]) -> int | None:
        """Embed one batch with ``embed``, from messages to pieces; how many messages that were. None: there is nothing more
        to do, it is switched off, or another program is at it for this person."""
        with self._db.raw() as conn, conn.transaction():
            conn.execute("SET LOCAL lock_timeout = '10s'")
            if _settings(conn) != self._model or _one(conn, f"SELECT pg_try_advisory_xact_lock({_LOCK})") != (True,):
                return None
            if not self._chats:
                self._chats = conn.execute(_CHATS, {"limit": 2_000}).fetchall()
                if not self._chats or not self._gets_on:  # what is left is being written: it is for next time
                    return None
                self._gets_on = False
            group = self._group()
            ids = [chat_id for chat_id, _, _ in group]
            rows = conn.execute(_MISSING, {"chats": ids, "below": self._below, "limit": self._size}).fetchall()
            pieces = embed([Unembedded(*row) for row in rows])
            held = {row[0] for row in conn.execute(_HOLD, {"chats": ids})}
            wanted = [piece for piece in pieces if piece.message.chat_id in held]
            stored = self._store(conn, wanted) if wanted else 0
            self._gets_on = self._gets_on or stored > 0
            if len(rows) < self._size or not stored:
                del self._chats[: len(group)]
                self._below = _HIGHEST
            elif stored == len(wanted) and rows[-1][0] == ids[0]:
                self._below = rows[-1][1]
            if len(rows) < self._size and stored == len(wanted):  # all that these chats had when they were listed
                done = [(chat_id, seen) for chat_id, seen, _ in group if chat_id in held]
                conn.execute(_SEEN, {"chats": [c for c, _ in done], "seen": [s for _, s in done]})
                self._gets_on = self._gets_on or bool(done)
            return len(rows)

    def _group(self) -> list[tuple[int, datetime, int]]:
        """The next chats, about as many as fill a batch."""
        found, messages = 0, 0
        for _, _, count in self._chats:
            found += 1
            messages += count
            if messages >= self._size:
                break
        return self._chats[:found]

    @staticmethod
    def _store(conn: psycopg.Connection[Any], pieces: Sequence[Piece]) -> int:
        values = {
            "chats": [p.message.chat_id for p in pieces],
            "seqs": [p.message.seq for p in pieces],
            "ats": [p.at for p in pieces],
            "vectors": [p.vector for p in pieces],
            "versions": [p.message.version for p in pieces],
        }
        stored = conn.execute(sql.SQL(_STORE).format(schema=_schema(conn)), values).rowcount
        conn.execute(_COUNT, {"stored": stored})
        return stored


def build_index(db: Database, *, memory_mb: int = 256) -> bool:
    """Build the index where a person has so many embeddings that reading all of them takes too long, and build it again
    where there are four times as many as it was made for. True when it was built.

    Only the tables' owner can; for anybody else searches are as good, and slower.
    """
    with connect(db.conninfo, autocommit=True) as conn:
        try:
            if not owns_tables(conn) or _room(conn) is None:
                return False
            most, total = _one(
                conn, "SELECT coalesce(max(chunks), 0), coalesce(sum(chunks), 0) FROM chattui.semantic_settings"
            )
            lists = min(4_000, max(50, int(total) // 1_000))
            if most <= INDEX_FROM or _one(conn, f"SELECT pg_try_advisory_lock({_BUILD_LOCK})") != (True,):
                return False
            state = conn.execute(_INDEX_STATE).fetchone()
            if state is not None:
                is_valid, made_for = state
                if is_valid and lists < 4 * made_for:
                    return False
                conn.execute("DROP INDEX chattui.embeddings_near")
            conn.execute("SET statement_timeout = 0")
            conn.execute("SELECT set_config('maintenance_work_mem', %s, false)", (f"{memory_mb}MB",))
            conn.execute(sql.SQL(_INDEX).format(schema=_schema(conn), lists=sql.Literal(lists)))
            conn.execute("VACUUM (ANALYZE) chattui.embeddings")
        except psycopg.Error as error:
            raise translate(error) from error
        finally:
            if not conn.closed and conn.info.transaction_status == TransactionStatus.IDLE:
                conn.execute("SELECT pg_advisory_unlock_all()")
                conn.execute("RESET statement_timeout")
                conn.execute("RESET maintenance_work_mem")
    return True


def server_version(conn: psycopg.Connection[Any]) -> str | None:
    """The version of pgvector that this database has, or could have; None: the server has none that is new enough."""
    row = conn.execute(
        "SELECT coalesce(e.extversion, a.default_version) FROM pg_available_extensions a "
        "LEFT JOIN pg_extension e ON e.extname = a.name WHERE a.name = 'vector'"
    ).fetchone()
    version = str(row[0]) if row else ""
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return version if numbers >= NEEDED else None


def _prepare(conn: psycopg.Connection[Any]) -> None:
    if not owns_tables(conn):
        raise DatabaseError(
            "There is no room for search by meaning in this database yet, and only the owner of the tables can make it: "
            "have them run `chattui semantic on` once."
        )
    if server_version(conn) is None:
        raise DatabaseError(
            "Search by meaning needs pgvector 0.8 or newer, which this PostgreSQL does not have: install it on the server "
            "(Debian: postgresql-18-pgvector; a container: the image pgvector/pgvector:pg18) and run `chattui semantic on` again."
        )
    try:
        with conn.transaction():
            conn.execute("SELECT chattui.prepare_semantic()")
    except pg.InsufficientPrivilege as error:
        raise DatabaseError(
            "This user may not create the extension vector: have a superuser run CREATE EXTENSION vector in this database, "
            "and run `chattui semantic on` again."
        ) from error


def _settings(conn: psycopg.Connection[Any]) -> str | None:
    """The model by which the person's messages are embedded; None when it is off."""
    if _room(conn) is None:
        return None
    row = conn.execute("SELECT model FROM chattui.semantic_settings WHERE owner = CURRENT_USER::text").fetchone()
    return None if row is None else str(row[0])


def _room(conn: psycopg.Connection[Any]) -> object:
    return _one(conn, "SELECT to_regclass('chattui.semantic_settings')")[0]


def _schema(conn: psycopg.Connection[Any]) -> sql.Identifier:
    """Where the extension is installed."""
    [name] = _one(
        conn,
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'",
    )
    return sql.Identifier(name)


def _one(conn: psycopg.Connection[Any], statement: LiteralString) -> tuple[Any, ...]:
    row = conn.execute(statement).fetchone()
    assert row is not None
    return tuple(row)
