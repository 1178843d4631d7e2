"""Index against text, one day of one owner at a time: what the index answers for each lexeme, and what the texts hold."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

SAMPLED_DAYS = 10
_SAMPLED_MESSAGES = (
    25  # of each of these days: the index is asked for each of their words, some tenths of a millisecond
)
_SAMPLED_WORDS = 2_000  # of the vocabulary, for each of these days

DAYS: LiteralString = "SELECT owner, day FROM chattui.day_counts WHERE n > 0 ORDER BY 1, 2"

_BOUNDS: LiteralString = """
SELECT min(created_at), max(created_at) FROM (
  SELECT created_at FROM chattui.messages
   WHERE owner = %(owner)s AND created_at >= to_timestamp(%(day)s * 86400.0) AND created_at < to_timestamp((%(day)s + 1) * 86400.0)
   ORDER BY created_at OFFSET floor(random() * greatest(0, 1 +
     (SELECT n FROM chattui.day_counts WHERE owner = %(owner)s AND day = %(day)s) - %(limit)s::integer))
   LIMIT %(limit)s) m
"""

# texts: what is there, by the index on time. told: the messages of each lexeme. got: what the search index answers for it.
# strangers: what it answers for words of the vocabulary that none of these messages holds. What is asked of the search index
# names only what no other index has, and the query comes from outside of the subquery: no plan can go round it.
_COMPARE: LiteralString = r"""
WITH texts AS MATERIALIZED (
  SELECT m.ctid AS at, m.chat_id || ':' || m.seq AS what, tsvector_to_array(chattui.tsv(m.content)) AS lexemes
    FROM chattui.messages m WHERE m.owner = %(owner)s AND m.created_at >= %(first)s AND m.created_at <= %(last)s
), told AS MATERIALIZED (
  SELECT l.lexeme, array_agg(t.at ORDER BY t.at) AS ats FROM texts t CROSS JOIN LATERAL unnest(t.lexemes) l (lexeme) GROUP BY 1
), answers AS MATERIALIZED (
  SELECT t.ats, ARRAY(SELECT s.at FROM (SELECT m.ctid AS at, m.owner, m.created_at FROM chattui.messages m
      WHERE chattui.day_of(m.created_at) = %(day)s
        AND chattui.tsv(m.content) @@ ('''' || replace(replace(t.lexeme, '\', '\\'), '''', '''''') || '''')::tsquery OFFSET 0) s
      WHERE s.owner = %(owner)s AND s.created_at >= %(first)s AND s.created_at <= %(last)s ORDER BY 1) AS got
    FROM told t
), absent AS MATERIALIZED (
  SELECT string_agg('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''', '|')::tsquery AS q
    FROM (SELECT v.word, row_number() OVER () / 500 AS part
            FROM (SELECT word FROM chattui.words WHERE owner = %(owner)s ORDER BY random() LIMIT %(words)s) v
           WHERE NOT EXISTS (SELECT FROM told t WHERE t.lexeme = v.word)) w GROUP BY w.part
), strangers AS MATERIALIZED (
  SELECT unnest(ARRAY(SELECT s.at FROM (SELECT m.ctid AS at, m.owner, m.created_at FROM chattui.messages m
      WHERE chattui.day_of(m.created_at) = %(day)s AND chattui.tsv(m.content) @@ a.q OFFSET 0) s
      WHERE s.owner = %(owner)s AND s.created_at >= %(first)s AND s.created_at <= %(last)s)) AS at FROM absent a
), bad AS (
  SELECT b.at FROM answers a CROSS JOIN LATERAL (
      (SELECT unnest(a.ats) AS at EXCEPT SELECT unnest(a.got)) UNION (SELECT unnest(a.got) EXCEPT SELECT unnest(a.ats))) b
   WHERE a.ats <> a.got
  UNION SELECT at FROM strangers
)
SELECT (SELECT count(*) FROM texts), ARRAY(SELECT t.what FROM texts t JOIN bad USING (at) ORDER BY 1)
"""


def compare_day(conn: psycopg.Connection[Any], owner: str, day: int, *, everything: bool) -> tuple[int, list[str]]:
    """How many messages of the day were looked at, and those that the index has wrong, as ``chat:seq``."""
    values = {"owner": owner, "day": day, "limit": 2**31 - 1 if everything else _SAMPLED_MESSAGES}
    values["words"] = 2**31 - 1 if everything else _SAMPLED_WORDS
    with conn.transaction():
        bounds = conn.execute(_BOUNDS, values).fetchone()
        if bounds is None or bounds[0] is None:
            return 0, []
        for name in ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan", "jit"):
            conn.execute(f"SET LOCAL {name} = off")
        conn.execute("SET LOCAL work_mem = '64MB'")
        row = conn.execute(_COMPARE, values | {"first": bounds[0], "last": bounds[1]}).fetchone()
    assert row is not None
    return row[0], list(row[1])
