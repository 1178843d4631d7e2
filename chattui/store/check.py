"""Whether the database agrees with itself: index and text, counters and what they count, rows and what they belong to.

As the tables' owner everybody's rows are looked at, as anybody else one's own. Each check is one transaction that only
reads. Nothing of a chat's text leaves it: examples are numbers of chats and messages, and days.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, LiteralString

import psycopg

from chattui.domain.upkeep import Finding
from chattui.store import search_index
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.failures import translate
from chattui.store.index_text import DAYS, SAMPLED_DAYS, compare_day

INDEX, INDEX_TEXT, VOCABULARY = "index", "index text", "vocabulary"
DAY_COUNTS, CHAT_COUNTERS, BLOBS = "day counts", "chat counters", "blobs"
EXAMPLES = 5
_SAMPLED_CHATS = 200
_SAMPLED_WORDS = 40

Tell = Callable[[str, int, int], None]
"""Told the name of a check, how much of it is done, and how much there is."""

_COUNTED: LiteralString = (
    "SELECT count(*), count(*) FILTER (WHERE wrong), (array_agg(what ORDER BY what) FILTER (WHERE wrong))[1:5] FROM "
)
_DAYS: LiteralString = """
(SELECT to_char(date '1970-01-01' + coalesce(d.day, m.day), 'YYYY-MM-DD') AS what, coalesce(d.n, 0) <> coalesce(m.n, 0) AS wrong
   FROM (SELECT owner, chattui.day_of(created_at) AS day, count(*) AS n FROM chattui.messages GROUP BY 1, 2) m
   FULL JOIN chattui.day_counts d ON d.owner = m.owner AND d.day = m.day) x
"""
_SOME_DAYS: LiteralString = """
(SELECT to_char(date '1970-01-01' + d.day, 'YYYY-MM-DD') AS what,
        d.n <> (SELECT count(*) FROM chattui.messages m
                 WHERE m.owner = d.owner AND m.created_at >= to_timestamp(d.day * 86400.0)
                   AND m.created_at < to_timestamp((d.day + 1) * 86400.0)) AS wrong
   FROM (SELECT * FROM chattui.day_counts ORDER BY random() LIMIT 30) d
 UNION ALL
 SELECT 'all days together', coalesce(c.n, 0) <> coalesce(d.n, 0)
   FROM (SELECT owner, sum(message_count) AS n FROM chattui.chats GROUP BY 1) c
   FULL JOIN (SELECT owner, sum(n) AS n FROM chattui.day_counts GROUP BY 1) d USING (owner)) x
"""
_CHATS: LiteralString = """
(SELECT c.id AS what,
        (c.message_count, c.prompt_count, c.byte_count, c.tokens_in, c.tokens_out, c.tokens_cached)
          IS DISTINCT FROM (n.messages, n.prompts, n.bytes, n.tokens_in, n.tokens_out, n.tokens_cached) AS wrong
   FROM (SELECT * FROM chattui.chats ORDER BY random() LIMIT %(limit)s) c
   CROSS JOIN LATERAL (
     SELECT count(*) AS messages, count(*) FILTER (WHERE role = 'user' AND kind = 'text' AND thread IS NULL) AS prompts,
            coalesce(sum(octet_length(content)), 0) AS bytes, coalesce(sum(tokens_in), 0) AS tokens_in,
            coalesce(sum(tokens_out), 0) AS tokens_out, coalesce(sum(tokens_cached), 0) AS tokens_cached
       FROM chattui.messages m WHERE m.owner = c.owner AND m.chat_id = c.id) n) x
"""
_ORPHANS: tuple[tuple[str, str, LiteralString], ...] = (
    (
        "messages",
        "messages have their chat",
        """(SELECT r.chat_id || ':' || r.seq AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id) AS wrong
             FROM chattui.messages r) x""",
    ),
    (
        "tool calls",
        "tool calls have their chat and messages",
        """(SELECT r.chat_id || ':' || coalesce(r.call_seq, r.result_seq, 0) AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id)
                  OR EXISTS (SELECT FROM unnest(ARRAY[r.call_seq, r.result_seq]) s (seq)
                      WHERE s.seq IS NOT NULL AND NOT EXISTS (SELECT FROM chattui.messages m
                              WHERE m.owner = r.owner AND m.chat_id = r.chat_id AND m.seq = s.seq)) AS wrong
             FROM chattui.tool_calls r) x""",
    ),
    (
        "files",
        "files have their chat and bytes",
        """(SELECT r.chat_id || ':' || coalesce(r.seq, 0) AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id)
                  OR NOT EXISTS (SELECT FROM chattui.blobs b WHERE b.owner = r.owner AND b.sha256 = r.sha256) AS wrong
             FROM chattui.files r) x""",
    ),
    (
        "marks",
        "bookmarks and notes have their chat",
        """(SELECT r.chat_id AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id) AS wrong
             FROM chattui.marks r) x""",
    ),
    (
        BLOBS,
        "bytes of attachments are used by a file",
        """(SELECT left(encode(b.sha256, 'hex'), 12) AS what, NOT EXISTS
             (SELECT FROM chattui.files f WHERE f.owner = b.owner AND f.sha256 = b.sha256) AS wrong FROM chattui.blobs b) x""",
    ),
)
_WORDS: LiteralString = r"""
(SELECT '' AS what, w.n > %(total)s OR NOT EXISTS (SELECT FROM (SELECT m.owner FROM chattui.messages m
          WHERE chattui.tsv(m.content) @@ ('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''')::tsquery OFFSET 0) s
         WHERE s.owner = w.owner) AS wrong
   FROM (SELECT * FROM chattui.words WHERE owner = CURRENT_USER::text ORDER BY random() LIMIT %(limit)s) w) x
"""


def check(db: Database, *, everything: bool = False, tell: Tell | None = None) -> list[Finding]:
    """Look at a sample, or at everything; what was looked at and what is wrong. Raises ``DatabaseError``."""
    tell = tell or (lambda _check, _done, _total: None)
    try:
        with connect(db.conninfo, autocommit=True) as conn:
            conn.execute("SET default_transaction_read_only = on")
            conn.execute("SET statement_timeout = 0")
            owns = search_index.owns_tables(conn)
            found = [_index(conn)]
            usable = not found[0].wrong
            found.append(_index_text(conn, owns=owns, usable=usable, everything=everything, tell=tell))
            tell(DAY_COUNTS, 0, 1)
            found.append(_counted(conn, DAY_COUNTS, "days", _DAYS if everything else _SOME_DAYS, can_repair=owns))
            tell(CHAT_COUNTERS, 0, 1)
            limit = {"limit": None if everything else _SAMPLED_CHATS}
            found.append(_counted(conn, CHAT_COUNTERS, "chats", _CHATS, limit, can_repair=True))
            found.append(_vocabulary(conn, owns=owns, usable=usable, everything=everything))
            for name, things, statement in _ORPHANS:
                tell(name, 0, 1)
                found.append(_counted(conn, name, things, statement, can_repair=name == BLOBS))
            return found
    except psycopg.Error as error:
        raise translate(error) from error


def _counted(
    conn: psycopg.Connection[Any],
    name: str,
    things: str,
    statement: LiteralString,
    values: dict[str, Any] | None = None,
    *,
    can_repair: bool,
) -> Finding:
    row = conn.execute(_COUNTED + statement, values).fetchone()
    assert row is not None
    looked_at, wrong, examples = row
    shown = tuple(str(e) for e in examples or () if e != "")
    return Finding(name, things, looked_at, wrong, shown, can_repair=can_repair)


def _index(conn: psycopg.Connection[Any]) -> Finding:
    """Whether the indexes of searches are there and complete, and nothing half-built costs every new message."""
    rows = conn.execute(
        "SELECT c.relname, i.indisvalid AND i.indisready FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_am a ON a.oid = c.relam WHERE c.relnamespace = 'chattui'::regnamespace AND a.amname = 'gin' ORDER BY 1"
    ).fetchall()
    wrong = [str(name) for name, ready in rows if not ready]
    if search_index.NAME not in {name for name, _ in rows}:
        wrong.append(search_index.NAME)
    return Finding(INDEX, "indexes are there", len(rows), len(wrong), tuple(wrong), search_index.owns_tables(conn))


def _index_text(conn: psycopg.Connection[Any], *, owns: bool, usable: bool, everything: bool, tell: Tell) -> Finding:
    """Every word of a text leads to its message through the index, and no other word does."""
    things = "messages are found by exactly the words of their text"
    if not owns or not usable:
        why = "the index is not complete" if owns else "only the owner of the tables can look into the index"
        return Finding(INDEX_TEXT, things, 0, skipped=why)
    days = conn.execute(DAYS).fetchall()
    if not everything:
        days = random.sample(days, min(SAMPLED_DAYS, len(days)))
    looked_at = wrong = 0
    examples: list[str] = []
    for number, (owner, day) in enumerate(days):
        tell(INDEX_TEXT, number, len(days))
        messages, bad = compare_day(conn, owner, day, everything=everything)
        looked_at, wrong = looked_at + messages, wrong + len(bad)
        examples += bad[: EXAMPLES - len(examples)]
    return Finding(INDEX_TEXT, things, looked_at, wrong, tuple(examples), can_repair=True)


def _vocabulary(conn: psycopg.Connection[Any], *, owns: bool, usable: bool, everything: bool) -> Finding:
    """The caller's vocabulary is there, and most of its words are in some message: what is deleted stays until the next."""
    things = "words of the vocabulary are in messages"
    row = conn.execute(
        "SELECT (SELECT count(*) FROM chattui.words WHERE owner = CURRENT_USER::text), "
        "(SELECT coalesce(sum(message_count), 0) FROM chattui.chats WHERE owner = CURRENT_USER::text)"
    ).fetchone()
    assert row is not None
    words, total = row
    if not words:
        missing = int(total >= search_index.WORDS_FROM)
        return Finding(VOCABULARY, things, 0, missing, ("there is none",) if missing else (), can_repair=True)
    if not owns or not usable:
        why = "the index is not complete" if owns else "only the owner of the tables can look into the index"
        return Finding(VOCABULARY, things, 0, skipped=why)
    with conn.transaction():
        conn.execute("SET LOCAL enable_seqscan = off")
        conn.execute("SET LOCAL enable_indexscan = off")
        limit = 10 * _SAMPLED_WORDS if everything else _SAMPLED_WORDS
        found = _counted(conn, VOCABULARY, things, _WORDS, {"total": total, "limit": limit}, can_repair=True)
    if found.wrong * 2 <= found.looked_at:
        return Finding(VOCABULARY, things, found.looked_at)
    return found
