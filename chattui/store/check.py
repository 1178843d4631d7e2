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
from chattui.store import index_text, search_index
from chattui.store.check_statements import (
    BLOBS,
    CHATS,
    COUNTED,
    DAYS,
    ORPHANS,
    SEQS,
    SHARE,
    SOME_DAYS,
    TIMES,
    WORDS,
)
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.failures import translate
from chattui.store.index_text import CHAT_NOTES, MARKS, MESSAGES, SAMPLED_DAYS, compare_all, compare_some

INDEX, INDEX_TEXT, INDEX_NOTES, VOCABULARY = "index", "index text", "index of notes", "vocabulary"
DAY_COUNTS, CHAT_COUNTERS, CHAT_TIMES, NUMBERS = "day counts", "chat counters", "chat times", "numbers"
EXAMPLES = 5
_SAMPLED_CHATS = 200
_SAMPLED_PAGES = 500  # of a table whose rows are looked at one by one
_SAMPLED_WORDS = 40
_OF_NOTES = ("chats_noted", "marks_search")

Tell = Callable[[str, int, int], None]
"""Told the name of a check, how much of it is done, and how much there is."""


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
            found.append(_index_of_notes(conn, owns=owns, tell=tell))
            tell(DAY_COUNTS, 0, 1)
            found.append(_counted(conn, DAY_COUNTS, "days", DAYS if everything else SOME_DAYS, can_repair=owns))
            tell(CHAT_COUNTERS, 0, 1)
            limit = {"limit": None if everything else _SAMPLED_CHATS}
            found.append(_counted(conn, CHAT_COUNTERS, "chats", CHATS, limit, can_repair=True))
            things = "chats begin before and end with their last message"
            found.append(_counted(conn, CHAT_TIMES, things, TIMES, limit, can_repair=True))
            found.append(
                _counted(conn, NUMBERS, "messages of a chat are numbered without a gap", SEQS, limit, can_repair=False)
            )
            found.append(_vocabulary(conn, owns=owns, usable=usable, everything=everything))
            for name, table, things, statement in ORPHANS:
                tell(name, 0, 1)
                share = {"share": 100 if everything else _share(conn, table)}
                found.append(_counted(conn, name, things, statement, share, can_repair=name == BLOBS))
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
    row = conn.execute(COUNTED + statement, values).fetchone()
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
    wrong += sorted({*search_index.INDEXES, *_OF_NOTES} - {name for name, _ in rows})
    return Finding(INDEX, "indexes are there", len(rows), len(wrong), tuple(wrong), search_index.owns_tables(conn))


def _index_text(conn: psycopg.Connection[Any], *, owns: bool, usable: bool, everything: bool, tell: Tell) -> Finding:
    """Every word of a text leads to its message through the index, and no other word does."""
    things = "messages are found by exactly the words of their text"
    if not owns or not usable:
        why = "the index is not complete" if owns else "only the owner of the tables can look into the index"
        return Finding(INDEX_TEXT, things, 0, skipped=why)
    if everything:
        looked_at, wrong, examples = compare_all(conn, MESSAGES, lambda done, total: tell(INDEX_TEXT, done, total))
        return Finding(INDEX_TEXT, things, looked_at, wrong, tuple(examples[:EXAMPLES]), can_repair=True)
    days = conn.execute(index_text.DAYS).fetchall()
    looked_at = wrong = 0
    found: list[str] = []
    for owner, day in random.sample(days, min(SAMPLED_DAYS, len(days))):
        tell(INDEX_TEXT, 0, 1)
        messages, bad = compare_some(conn, owner, day)
        looked_at, wrong = looked_at + messages, wrong + len(bad)
        found += bad
    return Finding(INDEX_TEXT, things, looked_at, wrong, tuple(found[:EXAMPLES]), can_repair=True)


def _index_of_notes(conn: psycopg.Connection[Any], *, owns: bool, tell: Tell) -> Finding:
    """The same of notes and tags, always of all: people write them, there are never many."""
    things = "notes and tags are found by exactly their words"
    if not owns:
        return Finding(INDEX_NOTES, things, 0, skipped="only the owner of the tables can look into the index")
    looked_at = wrong = 0
    found: list[str] = []
    for source in (MARKS, CHAT_NOTES):
        tell(INDEX_NOTES, 0, 1)
        rows, bad, examples = compare_all(conn, source, lambda _done, _total: None)
        looked_at, wrong = looked_at + rows, wrong + bad
        found += examples
    return Finding(INDEX_NOTES, things, looked_at, wrong, tuple(found[:EXAMPLES]), can_repair=True)


def _share(conn: psycopg.Connection[Any], table: str) -> float:
    """How many per cent of a table are ``_SAMPLED_PAGES`` pages."""
    row = conn.execute(SHARE, {"pages": _SAMPLED_PAGES, "table": table}).fetchone()
    assert row is not None
    return float(row[0])


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
        found = _counted(conn, VOCABULARY, things, WORDS, {"total": total, "limit": limit}, can_repair=True)
    if found.wrong * 2 <= found.looked_at:
        return Finding(VOCABULARY, things, found.looked_at)
    return found
