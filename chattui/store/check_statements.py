"""What a check asks of the rows themselves: statements that give ``what`` and ``wrong``, counted by ``COUNTED``."""

from __future__ import annotations

from typing import LiteralString

BLOBS = "blobs"

COUNTED: LiteralString = (
    "SELECT count(*), count(*) FILTER (WHERE wrong), (array_agg(what ORDER BY what) FILTER (WHERE wrong))[1:5] FROM "
)
DAYS: LiteralString = """
(SELECT to_char(date '1970-01-01' + coalesce(d.day, m.day), 'YYYY-MM-DD') AS what, coalesce(d.n, 0) <> coalesce(m.n, 0) AS wrong
   FROM (SELECT owner, chattui.day_of(created_at) AS day, count(*) AS n FROM chattui.messages GROUP BY 1, 2) m
   FULL JOIN chattui.day_counts d ON d.owner = m.owner AND d.day = m.day) x
"""
SOME_DAYS: LiteralString = """
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
CHATS: LiteralString = """
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
SEQS: LiteralString = """
(SELECT c.id AS what, n.n > 0 AND (n.first <> 1 OR n.last <> n.n) AS wrong
   FROM (SELECT * FROM chattui.chats ORDER BY random() LIMIT %(limit)s) c
   CROSS JOIN LATERAL (SELECT count(*) AS n, min(seq) AS first, max(seq) AS last
                         FROM chattui.messages m WHERE m.owner = c.owner AND m.chat_id = c.id) n) x
"""
TIMES: LiteralString = """
(SELECT c.id AS what, coalesce(n.last > c.last_message_at OR c.created_at > n.last, false) AS wrong
   FROM (SELECT * FROM chattui.chats ORDER BY random() LIMIT %(limit)s) c
   CROSS JOIN LATERAL (SELECT max(created_at) AS last FROM chattui.messages m WHERE m.owner = c.owner AND m.chat_id = c.id) n) x
"""
SHARE: LiteralString = """
SELECT least(100, 100.0 * %(pages)s * current_setting('block_size')::integer / greatest(1, pg_relation_size(%(table)s::regclass)))
"""
ORPHANS: tuple[tuple[str, str, str, LiteralString], ...] = (
    (
        "messages",
        "chattui.messages",
        "messages have their chat",
        """(SELECT r.chat_id || ':' || r.seq AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id) AS wrong
             FROM chattui.messages r TABLESAMPLE SYSTEM (%(share)s)) x""",
    ),
    (
        "tool calls",
        "chattui.tool_calls",
        "tool calls have their chat and messages",
        """(SELECT r.chat_id || ':' || coalesce(r.call_seq, r.result_seq, 0) AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id)
                  OR EXISTS (SELECT FROM unnest(ARRAY[r.call_seq, r.result_seq]) s (seq)
                      WHERE s.seq IS NOT NULL AND NOT EXISTS (SELECT FROM chattui.messages m
                              WHERE m.owner = r.owner AND m.chat_id = r.chat_id AND m.seq = s.seq)) AS wrong
             FROM chattui.tool_calls r TABLESAMPLE SYSTEM (%(share)s)) x""",
    ),
    (
        "files",
        "chattui.files",
        "files have their chat and bytes",
        """(SELECT r.chat_id || ':' || coalesce(r.seq, 0) AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id)
                  OR NOT EXISTS (SELECT FROM chattui.blobs b WHERE b.owner = r.owner AND b.sha256 = r.sha256) AS wrong
             FROM chattui.files r TABLESAMPLE SYSTEM (%(share)s)) x""",
    ),
    (
        "marks",
        "chattui.marks",
        "bookmarks and notes have their chat",
        """(SELECT r.chat_id AS what,
                  NOT EXISTS (SELECT FROM chattui.chats c WHERE c.owner = r.owner AND c.id = r.chat_id) AS wrong
             FROM chattui.marks r TABLESAMPLE SYSTEM (%(share)s)) x""",
    ),
    (
        BLOBS,
        "chattui.blobs",
        "bytes of attachments are used by a file",
        """(SELECT left(encode(b.sha256, 'hex'), 12) AS what, NOT EXISTS
             (SELECT FROM chattui.files f WHERE f.owner = b.owner AND f.sha256 = b.sha256) AS wrong
             FROM chattui.blobs b TABLESAMPLE SYSTEM (%(share)s)) x""",
    ),
)
WORDS: LiteralString = r"""
(SELECT '' AS what, w.n > %(total)s OR NOT EXISTS (SELECT FROM (SELECT m.owner FROM chattui.messages m
          WHERE chattui.tsv(m.content) @@ ('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''')::tsquery OFFSET 0) s
         WHERE s.owner = w.owner) AS wrong
   FROM (SELECT * FROM chattui.words WHERE owner = CURRENT_USER::text ORDER BY random() LIMIT %(limit)s) w) x
"""
