"""Chats of containers on their way in: each comes whole, is held against what is there, and changed from where it differs.

A chat that another file has brought messages of too is only taken over when all of them come again; else what is not here
yet is added, and nothing is lost. What was added here (``OWN_ASIDE``) stays, behind what comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg

from chattui.store import delivery as sql
from chattui.store.delivery import Delivery
from chattui.store.numbering import Target
from chattui.store.storable import storable, storable_json, storable_path

Key = tuple[str, str]

_HERE: LiteralString = """
SELECT source_id, seq, starts_with(source_id, 'chattui:') FROM chattui.messages
 WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND source_id IS NOT NULL
"""

_SAID: LiteralString = (
    "(s.role, s.kind, s.content_type, s.content, s.source_id, s.parent_seq, s.reply_id, s.call_id, s.thread, s.model, "
    "s.tokens_in, s.tokens_out, s.tokens_cached, s.error, s.metadata)"
)
"""Without the time: where a source knows none it is that of the file, and the first one is nearer to the truth. It is
compared where a source knows one."""

_FIRST_DIFFERENCE: LiteralString = """
SELECT coalesce(i.chat_id, m.chat_id), min(coalesce(i.seq, m.seq))
  FROM (SELECT s.chat_id, s.seq, s.created_at, {said} AS said FROM pg_temp.chattui_incoming s WHERE s.chat_id = ANY (%(chats)s)) i
  FULL JOIN (SELECT s.chat_id, s.seq, s.created_at, {said} AS said FROM chattui.messages s
              WHERE s.owner = CURRENT_USER::text AND s.chat_id = ANY (%(chats)s)
                AND NOT coalesce(starts_with(s.source_id, 'chattui:'), false)) m
    ON m.chat_id = i.chat_id AND m.seq = i.seq
 WHERE i.said IS DISTINCT FROM m.said
    OR (i.created_at <> m.created_at AND (i.chat_id, i.seq) NOT IN
        (SELECT u.chat_id, u.seq FROM unnest(%(untimed_chats)s::bigint[], %(untimed_seqs)s::integer[]) AS u (chat_id, seq)))
 GROUP BY 1
""".replace("{said}", _SAID)

_TAKE_OUT: tuple[LiteralString, ...] = (
    "DELETE FROM chattui.tool_calls WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s",
    "DELETE FROM chattui.messages WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq >= %(first)s"
    " AND seq < 1000000000",
    "DELETE FROM chattui.files WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq >= %(first)s",
)

_KEEP: LiteralString = """
DELETE FROM pg_temp.chattui_incoming i USING unnest(%(chats)s::bigint[], %(kept)s::integer[]) AS k (chat_id, kept)
 WHERE i.chat_id = k.chat_id AND i.seq <= k.kept
"""

_START_READING: LiteralString = """
UPDATE chattui.imports SET line = 0, problems = '[]', problem_count = 0
 WHERE owner = CURRENT_USER::text AND machine = %(machine)s AND path = %(path)s
"""

_REMEMBER: LiteralString = """
WITH brought AS MATERIALIZED (
  SELECT i.id AS import_id, x.source_id, x.chat_id, x.version, x.message_count,
         CASE WHEN x.adds THEN 0 ELSE coalesce(k.message_count, 0) END AS before
    FROM jsonb_to_recordset(%(chats)s::jsonb) AS x (path text, source_id text, chat_id bigint, version text,
         message_count integer, adds boolean)
    JOIN chattui.imports i ON i.owner = CURRENT_USER::text AND i.machine = %(machine)s AND i.path = x.path
    LEFT JOIN chattui.imported_chats k ON k.owner = i.owner AND k.import_id = i.id AND k.source_id = x.source_id
), put AS (
  INSERT INTO chattui.imported_chats AS k (import_id, source_id, chat_id, version, message_count)
  SELECT import_id, source_id, chat_id, version, message_count FROM brought ORDER BY 1, 2
      ON CONFLICT (owner, import_id, source_id) DO UPDATE SET
         chat_id = coalesce(excluded.chat_id, k.chat_id), version = excluded.version,
         message_count = k.message_count + excluded.message_count
           - (SELECT b.before FROM brought b WHERE b.import_id = k.import_id AND b.source_id = k.source_id)
)
UPDATE chattui.imports i SET message_count = i.message_count + b.more
  FROM (SELECT import_id, sum(message_count - before)::integer AS more FROM brought GROUP BY 1) b
 WHERE i.owner = CURRENT_USER::text AND i.id = b.import_id AND b.more <> 0
"""


class Containers:
    """The containers' part of one batch."""

    def __init__(self, conn: psycopg.Connection[Any], machine: str, items: Sequence[Delivery]) -> None:
        self._conn = conn
        self._machine = machine
        self._ids: dict[tuple[str, Key], set[str]] = defaultdict(set)
        self._met: set[tuple[str, int]] = set()
        for item in items:
            if item.file.container and item.chunk is not None:
                self._ids[_place(item)].update(storable(m.source_id) for m in item.chunk.messages)

    def prepare(self, target: Target, item: Delivery) -> None:
        """Say how the chat of a delivery is taken in; asked for each delivery of the batch, in order."""
        path = storable_path(item.file.path)
        if (path, target.chat_id) in self._met or not self._ids[_place(item)]:
            return  # a chat without messages is left as it is
        self._met.add((path, target.chat_id))
        of = {"chat_id": target.chat_id, "machine": self._machine, "path": path}
        is_first = target.path in (None, path)
        if is_first and not target.existing:
            return
        if is_first and not self._conn.execute(sql.OTHER_FILE, of).fetchone():
            target.compared = True
        else:
            here = self._conn.execute(_HERE, of).fetchall() if target.existing else []
            if is_first and {name for name, _seq, is_own in here if not is_own} <= self._ids[_place(item)]:
                target.compared = True
            else:
                target.seqs.update((name, seq) for name, seq, _is_own in here)
                target.added_by.add(path)
        if target.compared:
            target.next_seq, target.existing = 1, False
        elif target.existing and target.last_at is None:
            last = {"chat_id": target.chat_id, "seq": target.next_seq - 1}
            at = self._conn.execute(sql.LAST_TIME, last).fetchone()
            target.last_at = at[0] if at else None

    def settle(self, targets: Sequence[Target]) -> None:
        """Take out what is different from what waits in ``chattui_incoming``, and of that what is the same."""
        compared = {t.chat_id: t for t in targets if t.compared}
        if not compared:
            return
        untimed = [(chat_id, seq) for chat_id, target in compared.items() for seq in target.untimed]
        asked = {
            "chats": list(compared),
            "untimed_chats": [chat_id for chat_id, _seq in untimed],
            "untimed_seqs": [seq for _chat_id, seq in untimed],
        }
        first = dict(self._conn.execute(_FIRST_DIFFERENCE, asked).fetchall())
        for chat_id, target in compared.items():
            at = first.get(chat_id)
            target.kept = target.next_seq - 1 if at is None else at - 1
            if at is None:
                continue
            of = {"chat_id": chat_id, "first": at}
            target.own = self._conn.execute(sql.OWN_ASIDE, of).rowcount > 0
            for statement in _TAKE_OUT:
                self._conn.execute(statement, of)
        kept = [t.kept for t in compared.values()]
        self._conn.execute(_KEEP, {"chats": list(compared), "kept": kept})

    def begin_reading(self, item: Delivery) -> None:
        """A container is read again: what was wrong with it the last time is told anew, or is not wrong any more."""
        of = {"machine": self._machine, "path": storable_path(item.file.path)}
        self._conn.execute(_START_READING, of)

    def remember(self, items: Sequence[Delivery], targets: Mapping[Key, Target], stored: Sequence[int]) -> None:
        """Which chats have come whole. What was read with problems is read again the next time."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for item, count in zip(items, stored, strict=True):
            if not item.file.container or item.chunk is None or not item.chunk.chat.source_id:
                continue
            place = _place(item)
            target = targets.get(place[1])
            path, (_source, source_id) = place
            adds = target is not None and path in target.added_by
            name = storable(source_id)
            row = rows.setdefault(
                (path, name),
                {
                    "path": path,
                    "source_id": name,
                    "chat_id": target.chat_id if target else None,
                    "version": "",
                    "message_count": 0,
                    "adds": adds,
                    "problems": 0,
                    "is_empty": True,
                },
            )
            row["message_count"] += count if adds else len(item.chunk.messages)
            row["is_empty"] = row["is_empty"] and not item.chunk.messages
            row["problems"] += sum(not problem.lasting for problem in item.chunk.problems)
            if item.chunk.version is not None:
                row["version"] = "" if row["problems"] else storable(item.chunk.version)
        for row in rows.values():
            row["adds"] = row["adds"] or row["is_empty"]  # a chat that was emptied keeps what it brought
        if rows:
            of = {"machine": self._machine, "chats": storable_json(list(rows.values()))}
            self._conn.execute(_REMEMBER, of)


def _place(item: Delivery) -> tuple[str, Key]:
    assert item.chunk is not None
    return storable_path(item.file.path), (item.chunk.chat.source, item.chunk.chat.source_id)
