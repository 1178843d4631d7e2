"""Forks that no record tells of: a chat whose first messages are another chat's first messages."""

from __future__ import annotations

from typing import LiteralString

from chattui.store.database import Database
from chattui.store.storable import storable

_FAMILIES: LiteralString = """
SELECT unnest(array_agg(c.id)) FROM chattui.chats c
 WHERE c.owner = CURRENT_USER::text AND c.root_id IS NOT NULL AND c.message_count > 0 AND c.parent_id IS NULL
 GROUP BY c.source, c.root_id HAVING count(*) > 1 AND count(*) > count(c.forked_from) + 1
"""
"""Chats of which some may be forks of others; asked for first, because a new database does not know how few they are."""

# So far: what a chat's messages up to one are told apart by. Chats that are the same so far part where they go on differently;
# of the ways that they go from there, the first one taken is the original's.
_LINK: LiteralString = """
WITH family AS (
  SELECT c.id, c.source, c.root_id, c.forked_from FROM chattui.chats c
   WHERE c.owner = CURRENT_USER::text AND c.id = ANY (%(ids)s)
), said AS (
  SELECT f.source, f.root_id, f.forked_from, m.chat_id, m.seq, m.created_at,
         sum(hashtextextended(coalesce(m.source_id, m.chat_id::text), m.seq)) OVER (PARTITION BY m.chat_id ORDER BY m.seq) AS so_far
    FROM family f JOIN chattui.messages m ON m.owner = CURRENT_USER::text AND m.chat_id = f.id
), parted AS (
  SELECT s.source, s.root_id, s.forked_from, s.chat_id, s.seq, s.so_far, lead(s.so_far) OVER w AS goes_on,
         CASE WHEN lead(s.so_far) OVER w IS NULL THEN s.chat_id END AS ends,
         coalesce(lead(s.created_at) OVER w, '-infinity') AS went_on
    FROM said s WINDOW w AS (PARTITION BY s.chat_id ORDER BY s.seq)
), ways AS (
  SELECT p.*, min(p.went_on) OVER way AS first_on, min(p.chat_id) OVER way AS first_chat
    FROM parted p WINDOW way AS (PARTITION BY p.source, p.root_id, p.seq, p.so_far, p.goes_on, p.ends)
), pairs AS (
  SELECT w.chat_id AS fork, w.seq AS shared, w.forked_from,
         min(w.chat_id) OVER (PARTITION BY w.source, w.root_id, w.seq, w.so_far ORDER BY w.first_on, w.first_chat
                              GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS original
    FROM ways w
), chosen AS (
  SELECT DISTINCT ON (p.fork) p.fork, p.original, p.shared FROM pairs p
   WHERE p.original IS NOT NULL AND p.forked_from IS NULL
   ORDER BY p.fork, p.shared DESC
), linked AS (
  UPDATE chattui.chats c SET forked_from = k.original, forked_seq = k.shared FROM chosen k
   WHERE c.owner = CURRENT_USER::text AND c.id = k.fork RETURNING c.id, c.forked_seq
)
SELECT id, forked_seq FROM linked
"""

_UNCOUNT: LiteralString = """
WITH copied AS (
  UPDATE chattui.messages m SET tokens_in = NULL, tokens_out = NULL, tokens_cached = NULL
   WHERE m.owner = CURRENT_USER::text AND m.chat_id = %(chat_id)s AND m.seq <= %(shared)s
)
UPDATE chattui.chats c SET tokens_in = s.tokens_in, tokens_out = s.tokens_out, tokens_cached = s.tokens_cached
  FROM (SELECT coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out,
               coalesce(sum(tokens_cached), 0) AS tokens_cached
          FROM chattui.messages WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq > %(shared)s) s
 WHERE c.owner = CURRENT_USER::text AND c.id = %(chat_id)s
"""


def link_forks(db: Database) -> int:
    """Link chats that begin with a copy of another chat to it, and count the copied tokens once. Returns how many.

    Claude Code's ``--fork-session`` copies the records with their ids and leaves no pointer (FORMATS: identity, forks).
    The original is the chat that went on first after what both share, or the one that did not go on.
    """
    with db.raw() as conn, conn.transaction():
        ids = [chat_id for (chat_id,) in conn.execute(_FAMILIES)]
        linked = conn.execute(_LINK, {"ids": ids}).fetchall() if ids else []
        for chat_id, shared in linked:
            conn.execute(_UNCOUNT, {"chat_id": chat_id, "shared": shared})
    return len(linked)


_TITLES: LiteralString = """
UPDATE chattui.chats c SET title = left(x.title, 200)
  FROM unnest(%(ids)s::text[], %(titles)s::text[]) AS x (source_id, title)
 WHERE c.owner = CURRENT_USER::text AND c.source = %(source)s AND c.source_id = x.source_id
   AND NOT c.title_is_own AND x.title <> '' AND c.title <> left(x.title, 200)
"""


def apply_titles(db: Database, source: str, titles: dict[str, str]) -> int:
    """Give chats the titles that their tool keeps outside its history files. Returns how many changed."""
    if not titles:
        return 0
    with db.raw() as conn, conn.transaction():
        values = {"source": source, "ids": list(titles), "titles": [storable(t) for t in titles.values()]}
        return conn.execute(_TITLES, values).rowcount
