"""Something of everything that a person can have, and a digest of all that a database holds."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import psycopg
from steps import NOON, begin, fill, rows

from chattui.domain.backup import OF_THE_PLACE
from chattui.store import chats
from chattui.store.content import TEXT_FORMS, Digest, column_list, table_name, tables_of
from chattui.store.database import Database

NASTY = (
    "a\ttab, a \\ backslash, \\N, \\., a new\nline, a \r return, \x1b[31mred\x1b[0m, 東京, Zürich, 'quote', \u202eback"
)
"""What COPY, a terminal or a careless reader would trip over."""

_MORE = """
INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256(%(data)s), octet_length(%(data)s), %(data)s);
INSERT INTO chattui.files (chat_id, path, seq, sha256, mime, size)
  VALUES (%(chat)s, 'a.png', 1, sha256(%(data)s), 'image/png', octet_length(%(data)s));
INSERT INTO chattui.tool_calls (chat_id, call_id, name, target, status, call_seq)
  VALUES (%(chat)s, 'c1', 'Bash', E'rg \\t x', 'failed', 1);
INSERT INTO chattui.imports
  (machine, path, source, chat_id, inode, device, size, mtime_ns, byte_offset, line, head_hash, state, problems)
  VALUES ('box', E'/h/\\t.jsonl', 'codex', %(chat)s, 1, 2, 3, 4, 5, 6, '\\x00ff', '{"x": [1, "\\u00e9"]}', '[{"line": 1}]');
INSERT INTO chattui.imported_chats (import_id, source_id, chat_id, version)
  SELECT id, 'one', chat_id, 'v' FROM chattui.imports WHERE owner = CURRENT_USER;
INSERT INTO chattui.raw_records (import_id, digest, chat_id, line, part, what, size, data)
  SELECT id, sha256(%(data)s), chat_id, 1, 0, E'a \\t record', 2, %(data)s FROM chattui.imports WHERE owner = CURRENT_USER;
INSERT INTO chattui.upkeep_runs (kind, report) VALUES ('upkeep', '{"purged": 1}');
INSERT INTO chattui.archived_chats (chat_id) VALUES (%(chat)s);
INSERT INTO chattui.replies (chat_id, key, parent_seq, content) VALUES (%(chat)s, 'half', 1, %(text)s);
INSERT INTO chattui.snapshots (kind, data) VALUES ('app', '{"chat": 1}');
INSERT INTO chattui.snapshots (kind, chat_id, data, name)
  VALUES ('state', %(chat)s, jsonb_build_object('note', %(text)s::text), E'my \t name');
INSERT INTO chattui.marks (chat_id, source_id, seq, bookmarked_at, note, excerpt) VALUES (%(chat)s, 'r1', 1, now(), %(text)s, 'x');
INSERT INTO chattui.searches (query, name, used_at, saved_at) VALUES ('redis -x', 'mine', now(), now());
UPDATE chattui.chats SET tags = '{a,"b c","d,e"}', description = %(text)s, metadata = '{"k": null}', cost = 1.5
 WHERE id = %(chat)s AND owner = CURRENT_USER
"""


def furnish(db: Database, *, messages: int = 60, data: bytes | None = None) -> int:
    """Everything that there are tables for; the id of the chat that has it."""
    chat = begin(db, title="os.path.join")
    texts = [(f"{NASTY} number {n} of it", NOON + timedelta(hours=n)) for n in range(messages)]
    fill(db, chat, texts)
    sub = begin(db, "a subagent", title="sub")
    rows(db, "UPDATE chattui.chats SET parent_id = %s, forked_from = %s, forked_seq = 1 WHERE id = %s", chat, chat, sub)
    values = {"chat": chat, "data": data or os.urandom(3000), "text": NASTY}
    with psycopg.connect(db.conninfo, autocommit=True) as conn:
        for statement in _MORE.strip().split(";\n"):
            conn.execute(statement, values)  # type: ignore[arg-type]
    chats.create(db, title="empty")
    rows(db, "SELECT chattui.refresh_words()")
    return chat


def state(conninfo: str, *, owner: str | None = None) -> dict[str, tuple[int, str]]:
    """Rows and digest of each table that travels, owners included; of one owner without the name where it is given."""
    found: dict[str, tuple[int, str]] = {}
    with psycopg.connect(conninfo) as conn:
        conn.execute(TEXT_FORMS)
        for table, columns in tables_of(conn).items():
            if table in OF_THE_PLACE:
                continue
            digest = Digest()
            what = psycopg.sql.SQL("owner, {}").format(column_list(columns)) if owner is None else column_list(columns)
            where = psycopg.sql.SQL("") if owner is None else psycopg.sql.SQL("WHERE owner = {}").format(owner)
            if table == "day_counts":
                where = psycopg.sql.SQL("WHERE n <> 0 {}").format(
                    psycopg.sql.SQL("") if owner is None else psycopg.sql.SQL("AND owner = {}").format(owner)
                )
            statement = psycopg.sql.SQL("COPY (SELECT {} FROM {} {}) TO STDOUT").format(what, table_name(table), where)
            with conn.cursor().copy(statement) as copy:
                for row in copy:
                    digest.add(row)
            found[table] = (digest.rows, digest.hex())
    return found


_SHAPE = """
SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'chattui'
UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || convalidated
  FROM pg_constraint WHERE connamespace = 'chattui'::regnamespace AND contype <> 'n'
UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger
  WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'chattui'::regnamespace)
UNION ALL SELECT 'default', adrelid::regclass || ' ' || adnum || ' ' || pg_get_expr(adbin, adrelid) FROM pg_attrdef
  WHERE adrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'chattui'::regnamespace)
UNION ALL SELECT 'policy', tablename || policyname || qual || with_check FROM pg_policies WHERE schemaname = 'chattui'
UNION ALL SELECT 'table', relname || relrowsecurity || coalesce(relacl::text, '') || coalesce(reloptions::text, '') FROM pg_class
  WHERE relnamespace = 'chattui'::regnamespace AND relkind = 'r'
UNION ALL SELECT 'function', oid::regprocedure || coalesce(proacl::text, '') FROM pg_proc
  WHERE pronamespace = 'chattui'::regnamespace
UNION ALL SELECT 'schema', nspname FROM pg_namespace WHERE nspname LIKE 'chattui%'
"""


def shape(conninfo: str) -> list[tuple[Any, ...]]:
    """Indexes, constraints, triggers, defaults, policies and grants."""
    return sorted(rows(conninfo, _SHAPE))
