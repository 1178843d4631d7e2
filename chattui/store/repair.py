"""Mending what a check found: counters are counted again, the index is rebuilt. One transaction each; no chat is touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from chattui.domain.errors import DatabaseError
from chattui.domain.upkeep import Finding, Repair
from chattui.store import search_index
from chattui.store.check import CHAT_COUNTERS, CHAT_TIMES, DAY_COUNTS, INDEX, INDEX_NOTES, INDEX_TEXT, VOCABULARY
from chattui.store.check_statements import BLOBS
from chattui.store.database import Database
from chattui.store.index_progress import Tell

# writers wait while messages are counted, so that what is counted is what is there
_LOCK_MESSAGES: LiteralString = "LOCK TABLE chattui.messages IN SHARE ROW EXCLUSIVE MODE"

_DAYS: LiteralString = """
WITH counted AS MATERIALIZED (
  SELECT owner, chattui.day_of(created_at) AS day, count(*)::integer AS n FROM chattui.messages GROUP BY 1, 2
), gone AS (
  UPDATE chattui.day_counts d SET n = 0 WHERE d.n <> 0
     AND NOT EXISTS (SELECT FROM counted c WHERE c.owner = d.owner AND c.day = d.day) RETURNING 1
), right_ AS (
  INSERT INTO chattui.day_counts AS d (owner, day, n) SELECT owner, day, n FROM counted
      ON CONFLICT (owner, day) DO UPDATE SET n = excluded.n WHERE d.n <> excluded.n RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM right_)
"""
_CHATS: LiteralString = """
WITH counted AS MATERIALIZED (
  SELECT c.owner, c.id, count(m.seq)::integer AS messages,
         count(*) FILTER (WHERE m.role = 'user' AND m.kind = 'text' AND m.thread IS NULL)::integer AS prompts,
         coalesce(sum(octet_length(m.content)), 0)::bigint AS bytes, coalesce(sum(m.tokens_in), 0)::bigint AS tokens_in,
         coalesce(sum(m.tokens_out), 0)::bigint AS tokens_out, coalesce(sum(m.tokens_cached), 0)::bigint AS tokens_cached
    FROM chattui.chats c LEFT JOIN chattui.messages m ON m.owner = c.owner AND m.chat_id = c.id GROUP BY 1, 2
), mended AS (
  UPDATE chattui.chats c
     SET message_count = n.messages, prompt_count = n.prompts, byte_count = n.bytes, tokens_in = n.tokens_in,
         tokens_out = n.tokens_out, tokens_cached = n.tokens_cached
    FROM counted n WHERE n.owner = c.owner AND n.id = c.id
     AND (c.message_count, c.prompt_count, c.byte_count, c.tokens_in, c.tokens_out, c.tokens_cached)
         IS DISTINCT FROM (n.messages, n.prompts, n.bytes, n.tokens_in, n.tokens_out, n.tokens_cached) RETURNING 1
)
SELECT count(*) FROM mended
"""
_TIMES: LiteralString = """
WITH counted AS MATERIALIZED (
  SELECT owner, chat_id, min(created_at) AS first, max(created_at) AS last FROM chattui.messages GROUP BY 1, 2
), mended AS (
  UPDATE chattui.chats c
     SET last_message_at = greatest(c.last_message_at, n.last),
         created_at = CASE WHEN c.created_at > n.last THEN n.first ELSE c.created_at END
    FROM counted n WHERE n.owner = c.owner AND n.chat_id = c.id AND (n.last > c.last_message_at OR c.created_at > n.last)
   RETURNING 1
)
SELECT count(*) FROM mended
"""
_UNUSED_BLOBS: LiteralString = """
WITH gone AS (
  DELETE FROM chattui.blobs b
   WHERE NOT EXISTS (SELECT FROM chattui.files f WHERE f.owner = b.owner AND f.sha256 = b.sha256) RETURNING 1
)
SELECT count(*) FROM gone
"""
_STATEMENTS: dict[str, tuple[LiteralString, LiteralString, str]] = {
    DAY_COUNTS: (_LOCK_MESSAGES, _DAYS, "counted again"),
    CHAT_COUNTERS: (_LOCK_MESSAGES, _CHATS, "counted again"),
    CHAT_TIMES: (_LOCK_MESSAGES, _TIMES, "set again"),
    BLOBS: ("LOCK TABLE chattui.blobs, chattui.files IN SHARE ROW EXCLUSIVE MODE", _UNUSED_BLOBS, "removed"),
}
_TIMEOUT = "1800s"


def repair(db: Database, findings: Sequence[Finding], progress: Tell | None = None) -> list[Repair]:
    """Mend what can be of what is wrong; what was done about each check, or why not."""
    wrong = {f.check for f in findings if f.wrong and f.can_repair}
    done: list[Repair] = []
    if rebuilt := [name for name in (INDEX, INDEX_TEXT, INDEX_NOTES) if name in wrong]:
        done.append(_rebuild(db, rebuilt[0], progress))
    elif VOCABULARY in wrong:
        done.append(_words(db))
    done += [_run(db, name, *_STATEMENTS[name]) for name in _STATEMENTS if name in wrong]
    return done


def _rebuild(db: Database, check: str, progress: Tell | None) -> Repair:
    try:
        rebuilt = search_index.rebuild(db, progress)
    except DatabaseError as error:
        return Repair(check, "not rebuilt", fault=str(error))
    return Repair(check, f"{', '.join(rebuilt.indexes)} rebuilt, with the vocabulary", len(rebuilt.indexes))


def _words(db: Database) -> Repair:
    try:
        count = search_index.refresh_words(db)
    except DatabaseError as error:
        return Repair(VOCABULARY, "not sampled", fault=str(error))
    return Repair(VOCABULARY, "words sampled again", count)


def _run(db: Database, check: str, lock: LiteralString, statement: LiteralString, said: str) -> Repair:
    try:
        with db.raw() as conn, conn.transaction():
            conn.execute(
                "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', '30s', true)", (_TIMEOUT,)
            )
            conn.execute(lock)
            row = conn.execute(statement).fetchone()
    except DatabaseError as error:
        return Repair(check, f"not {said}", fault=str(error))
    return Repair(check, said, int(row[0]) if row else 0)
