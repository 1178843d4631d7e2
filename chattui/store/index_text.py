"""Index against text: for every lexeme the messages that the index answers with, and those whose texts hold it.

Two ways. ``compare_all`` makes a digest of each lexeme's messages from the texts, and asks the index for the same: each lexeme
once, whatever their number, so that the time grows with the texts alone. ``compare_some`` asks whether the index leads to
single messages by all their words, and by words that they do not hold.

Neither sees an entry of a word that is in no text and in no vocabulary, nor of another owner: the searches of one's own
cannot come upon the first, and test the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

SAMPLED_DAYS = 10
_SAMPLED_MESSAGES = 10  # of each of these days
_BATCH = 2_000  # lexemes that the index is asked for in one statement
_NAMED = 50  # wrong lexemes whose messages are named
_VOCABULARY = 200_000

Step = Callable[[int, int], None]
"""Told how many lexemes are done, of how many; (0, 0) while texts are read."""

DAYS: LiteralString = "SELECT owner, day FROM chattui.day_counts WHERE n > 0 ORDER BY 1, 2"


@dataclass(frozen=True, slots=True)
class Source:
    """What an index of words is made of: a table, its text as lexemes, which rows, and what a row is called."""

    table: LiteralString
    lexemes: LiteralString
    rows: LiteralString
    name: LiteralString


MESSAGES = Source("chattui.messages", "chattui.tsv(m.content)", "true", "m.chat_id || ':' || m.seq")
MARKS = Source("chattui.marks", "chattui.tsv(m.note)", "m.note IS NOT NULL", "m.chat_id || ':' || m.seq")
CHAT_NOTES = Source(
    "chattui.chats",
    "chattui.tsv(chattui.chat_note(m.description, m.tags))",
    "(m.description IS NOT NULL OR m.tags <> '{}')",
    "m.id::text",
)


@dataclass(frozen=True, slots=True)
class _Key:
    """A column of an index: its values in a row, and the condition that only this index answers (%s is the value)."""

    type: LiteralString
    values: LiteralString
    condition: LiteralString


_DAY = _Key("integer", "chattui.day_of(m.created_at)", "chattui.day_of(m.created_at) = t.key")
_BLOCK = _Key("integer", "chattui.day_of(m.created_at) >> 4", "(chattui.day_of(m.created_at) >> 4) = t.key")

# OFFSET 0 and count(*) keep the planner from turning a question round, so that it would ask the texts for the words.
# In these statements $table, $lexemes, $rows and $name stand for what a source says, $type, $values and $condition for a key.
_COUNT: LiteralString = "SELECT count(*) FROM $table m WHERE $rows"
_TOLD: LiteralString = """
SELECT x.*, count(*) OVER ()
  FROM (SELECT k.key, count(*) AS n, sum(hashtid(m.ctid)::bigint)::bigint AS digest
          FROM $table m CROSS JOIN LATERAL (SELECT $values AS key) k WHERE $rows GROUP BY 1) x
"""
_ASKED: LiteralString = """
SELECT t.key FROM unnest(%s::$type[], %s::bigint[], %s::bigint[]) t (key, n, digest)
 CROSS JOIN LATERAL (SELECT count(*) AS n, sum(hashtid(m.ctid)::bigint)::bigint AS digest
                       FROM $table m WHERE $rows AND $condition) g
 WHERE (g.n, g.digest) IS DISTINCT FROM (t.n, t.digest)
"""
_GOT: LiteralString = """
SELECT t.key, g.what FROM unnest(%s::$type[]) t (key)
 CROSS JOIN LATERAL (SELECT $name AS what FROM $table m WHERE $rows AND $condition OFFSET 0) g
"""
_HOLD: LiteralString = """
SELECT k.key, $name FROM $table m CROSS JOIN LATERAL (SELECT $values AS key) k WHERE $rows AND k.key = ANY (%s::$type[])
"""


def _filled(statement: LiteralString, source: Source, key: _Key = _DAY) -> LiteralString:
    for name, value in (("$type", key.type), ("$values", key.values), ("$condition", key.condition)):
        statement = statement.replace(name, value)
    for name, value in (("$table", source.table), ("$rows", source.rows), ("$name", source.name)):
        statement = statement.replace(name, value)
    return statement.replace("$lexemes", source.lexemes)


_WORD = _Key(
    "text",
    "unnest(tsvector_to_array($lexemes))",
    r"""$lexemes @@ ('''' || replace(replace(t.key, '\', '\\'), '''', '''''') || '''')::tsquery""",
)


def compare_all(conn: psycopg.Connection[Any], source: Source, step: Step) -> tuple[int, int, list[str]]:
    """How many rows were looked at, how many the index has wrong (when very much is: at least), and the first of them."""
    keys = (_WORD, _DAY, _BLOCK) if source is MESSAGES else (_WORD,)
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for name in ("jit", "enable_indexscan", "enable_indexonlyscan"):
            conn.execute(f"SET LOCAL {name} = off")
        conn.execute("SET LOCAL work_mem = '128MB'")
        total = conn.execute(_filled(_COUNT, source)).fetchone()
        wrong: set[str] = set()
        for key in keys:
            bad = _differing(conn, source, key, step)
            if bad:
                wrong |= _rows_of(conn, source, key, bad)
    assert total is not None
    return total[0], len(wrong), sorted(wrong)


def _differing(conn: psycopg.Connection[Any], source: Source, key: _Key, step: Step) -> list[Any]:
    """Values for which the index answers other rows than the texts do; at most ``_NAMED``."""
    asked = _filled(_ASKED, source, key)
    bad: list[Any] = []
    step(0, 0)
    strangers = _vocabulary(conn) if source is MESSAGES and key is _WORD else set()
    with conn.cursor(name="told") as cursor:
        _only_index(conn, False)
        cursor.execute(_filled(_TOLD, source, key))
        _only_index(conn, True)
        done = 0
        while found := cursor.fetchmany(_BATCH):
            values, counts, digests, totals = zip(*found, strict=True)
            bad += [row[0] for row in conn.execute(asked, (list(values), list(counts), list(digests)))]
            strangers.difference_update(values)
            done += len(found)
            step(done, totals[0])
    absent = sorted(strangers)
    for words in _batches(absent):
        bad += [row[0] for row in conn.execute(asked, (words, [0] * len(words), [None] * len(words)))]
    return bad[:_NAMED]


def _rows_of(conn: psycopg.Connection[Any], source: Source, key: _Key, bad: list[Any]) -> set[str]:
    """The rows that the index has too many or too few under these values."""
    _only_index(conn, True)
    got = set(conn.execute(_filled(_GOT, source, key), (bad,)))
    _only_index(conn, False)
    held = set(conn.execute(_filled(_HOLD, source, key), (bad,)))
    return {what for _key, what in got ^ held}


def _vocabulary(conn: psycopg.Connection[Any]) -> set[str]:
    statement = "SELECT DISTINCT word FROM chattui.words LIMIT %s"
    return {word for (word,) in conn.execute(statement, (_VOCABULARY,))}


def _batches(words: list[str]) -> Iterator[list[str]]:
    return (words[start : start + _BATCH] for start in range(0, len(words), _BATCH))


def _only_index(conn: psycopg.Connection[Any], only: bool) -> None:
    """Whether the index of words answers (a bitmap, which nothing else can make where only words are asked for), or the
    table alone."""
    conn.execute(f"SET LOCAL enable_seqscan = {'off' if only else 'on'}")
    conn.execute(f"SET LOCAL enable_bitmapscan = {'on' if only else 'off'}")


_BOUNDS: LiteralString = """
SELECT min(created_at), max(created_at) FROM (
  SELECT created_at FROM chattui.messages
   WHERE owner = %(owner)s AND created_at >= to_timestamp(%(day)s * 86400.0) AND created_at < to_timestamp((%(day)s + 1) * 86400.0)
   ORDER BY created_at OFFSET floor(random() * greatest(0, 1 +
     (SELECT n FROM chattui.day_counts WHERE owner = %(owner)s AND day = %(day)s) - %(limit)s::integer))
   LIMIT %(limit)s) m
"""

# own: the words of a text, of which the index must know that they lead to it. others: words of the vocabulary and of the
# texts beside it that it does not hold; the index must not know of any. Asked with all its own words, which are rare
# together, a question costs little however common one of them is.
_SOME: LiteralString = r"""
WITH texts AS MATERIALIZED (
  SELECT m.ctid AS at, m.chat_id || ':' || m.seq AS what, m.created_at, tsvector_to_array(chattui.tsv(m.content)) AS lexemes
    FROM chattui.messages m WHERE m.owner = %(owner)s AND m.created_at >= %(first)s AND m.created_at <= %(last)s LIMIT 200
), strange AS MATERIALIZED (
  (SELECT word FROM chattui.words WHERE owner = %(owner)s ORDER BY random() LIMIT 150)
  UNION (SELECT l.lexeme FROM texts t CROSS JOIN LATERAL unnest(t.lexemes) l (lexeme) ORDER BY random() LIMIT 150)
), asked AS MATERIALIZED (
  SELECT t.at, t.what,
         (SELECT string_agg('''' || replace(replace(o.lexeme, '\', '\\'), '''', '''''') || '''', ' & ')
            FROM (SELECT lexeme FROM unnest(t.lexemes) lexeme ORDER BY random() LIMIT 300) o)::tsquery AS own,
         (SELECT string_agg('''' || replace(replace(s.word, '\', '\\'), '''', '''''') || '''', ' | ')
            FROM strange s WHERE s.word <> ALL (t.lexemes))::tsquery AS others
    FROM texts t WHERE t.lexemes <> '{}'
), looked AS (
  SELECT a.what,
         EXISTS (SELECT FROM (SELECT m.ctid AS at FROM chattui.messages m WHERE chattui.day_of(m.created_at) = %(day)s::integer
             AND (chattui.day_of(m.created_at) >> 4) = %(day)s::integer >> 4 AND chattui.tsv(m.content) @@ a.own OFFSET 0) s
           WHERE s.at = a.at) AS found,
         EXISTS (SELECT FROM (SELECT m.ctid AS at FROM chattui.messages m WHERE chattui.day_of(m.created_at) = %(day)s::integer
             AND chattui.tsv(m.content) @@ (a.own && a.others) OFFSET 0) s
           WHERE s.at = a.at) AS strange
    FROM asked a
)
SELECT (SELECT count(*) FROM texts), ARRAY(SELECT what FROM looked WHERE NOT found OR strange ORDER BY 1)
"""


def compare_some(conn: psycopg.Connection[Any], owner: str, day: int) -> tuple[int, list[str]]:
    """How many messages of the day were looked at, and those that the index has wrong."""
    values = {"owner": owner, "day": day, "limit": _SAMPLED_MESSAGES}
    with conn.transaction():
        bounds = conn.execute(_BOUNDS, values).fetchone()
        if bounds is None or bounds[0] is None:
            return 0, []
        for name in ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan", "jit"):
            conn.execute(f"SET LOCAL {name} = off")
        conn.execute("SET LOCAL work_mem = '64MB'")
        row = conn.execute(_SOME, values | {"first": bounds[0], "last": bounds[1]}).fetchone()
    assert row is not None
    return row[0], list(row[1])
