"""Takes batches of history into the database: chats, messages by COPY, tool calls, blobs, how far each file got.

One batch is one transaction: the messages and the offset of their file become durable together, so an import that is
killed anywhere goes on where it stood, without loss or doubling.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg

from chattui.domain.history import ChatInfo
from chattui.store import delivery as sql
from chattui.store import raw_records
from chattui.store.containers import Containers
from chattui.store.database import Database
from chattui.store.delivery import Delivery, Receipt
from chattui.store.imports import PROBLEMS_KEPT
from chattui.store.numbering import Target, call_rows, number
from chattui.store.storable import storable, storable_json, storable_path

log = logging.getLogger("chattui.store")

_COPY_PIECES = 512
_LONG_PIECE = 8 << 20
_RECENT = 1_000
_INT8 = (1 << 63) - 1


class HistoryWriter:
    """Writes deliveries of one machine. Not thread-safe; several writers, also in other programs, wait for each other."""

    def __init__(self, db: Database, machine: str) -> None:
        self._db = db
        self._machine = machine
        self._is_restricted: bool | None = None  # row-level security holds; asked once
        self._second_copies: set[str] = set()  # paths whose session was there before, from another file

    def write(self, deliveries: Sequence[Delivery]) -> Receipt:
        """Store a batch in one transaction. Raises ``DatabaseError``; then nothing of it is stored."""
        with self._db.raw() as conn, conn.transaction():
            conn.execute(sql.LIMITS)
            conn.execute(sql.LOCK)
            return self._write(conn, deliveries)

    def _write(self, conn: psycopg.Connection[Any], deliveries: Sequence[Delivery]) -> Receipt:
        accepted, skipped = self._accepted(conn, deliveries)
        targets = self._targets(conn, accepted)
        goes = [targets.get(_key(d.chunk.chat)) if d.chunk is not None else None for d in accepted]
        containers = Containers(conn, self._machine, accepted)
        for item, target in zip(accepted, goes, strict=True):
            if item.file.container and item.replace:
                containers.begin_reading(item)
            if target is None:
                continue
            if item.file.container:
                containers.prepare(target, item)
            else:
                if item.replace:
                    self._make_room(conn, target, item)
                self._look_up(conn, target, item)
            if item.chunk is not None and item.chunk.messages:
                target.path = target.path or storable_path(item.file.path)
        stored, calls = self._write_messages(conn, accepted, goes, containers)
        afresh = [{"chat_id": t.chat_id, **t.facts} for t in targets.values() if t.afresh or t.compared]
        if afresh:
            conn.execute(sql.AFRESH, {"chats": storable_json(afresh)})
        for target in targets.values():
            if target.own:
                conn.execute(sql.OWN_BACK, {"chat_id": target.chat_id, "behind": target.next_seq - 1})
        if calls:
            conn.execute(sql.TOOL_CALLS, {"calls": calls})
        self._write_attachments(conn, accepted, targets)
        self._write_imports(conn, accepted, targets, stored)
        raw_records.keep(conn, self._machine, accepted, goes, self._second_copies)
        containers.remember(accepted, targets, stored)
        changed = frozenset(t.chat_id for t in targets.values())
        return Receipt(sum(stored), changed, tuple(skipped))

    def _write_messages(
        self,
        conn: psycopg.Connection[Any],
        items: Sequence[Delivery],
        goes: Sequence[Target | None],
        containers: Containers,
    ) -> tuple[list[int], str]:
        """Number and store the messages, the server taking in what is numbered while the rest still is.

        Returns how many came of each delivery, and the tool calls as JSON ("" for none).
        """
        if not any(d.chunk and (d.chunk.messages or d.chunk.tool_updates) for d in items):
            return [0] * len(items), ""
        if self._is_restricted is None:
            row = conn.execute(sql.IS_RESTRICTED).fetchone()
            self._is_restricted = row is not None and bool(row[0])
        targets = list({id(t): t for t in goes if t}.values())
        aside = self._is_restricted or any(t.compared for t in targets)
        if aside:  # then by way of another table
            conn.execute(sql.BY_WAY_OF)
        stored = []
        with conn.cursor().copy(sql.COPY_ASIDE if aside else sql.COPY_MESSAGES) as copy:
            for item, target in zip(items, goes, strict=True):
                lines = [] if target is None else number(target, item, self._known(target, item))
                stored.append(len(lines) // 2)
                for at in range(0, len(lines), _COPY_PIECES):
                    piece = lines[at : at + _COPY_PIECES]
                    if sum(map(len, piece)) > _LONG_PIECE:
                        for line in piece:
                            copy.write(line)
                    else:
                        copy.write(b"".join(piece))
            calls = [row for target in targets for row in call_rows(target)]
            text = storable_json(calls) if calls else ""
        if aside:
            containers.settle(targets)
            conn.execute(sql.TAKE_IN)
            left = {t.chat_id: t.kept for t in targets}
            for n, target in enumerate(goes):
                if target is not None:
                    here = min(left[target.chat_id], stored[n])
                    left[target.chat_id] -= here
                    stored[n] -= here
        return stored, text

    def _accepted(self, conn: psycopg.Connection[Any], items: Sequence[Delivery]) -> tuple[list[Delivery], list[str]]:
        """The deliveries whose file still stands where it was when it was read; the paths of the others."""
        paths = sorted({storable_path(d.file.path) for d in items})
        rows = conn.execute(sql.OFFSETS, {"machine": self._machine, "paths": paths})
        offsets: dict[str, int] = {}
        times: dict[str, int] = {}
        for path, offset, is_second, mtime_ns in rows:
            offsets[path], times[path] = offset, mtime_ns
            if is_second:
                self._second_copies.add(path)
        accepted, skipped = [], []
        for item in items:
            path = storable_path(item.file.path)
            if item.moved_from is not None and path not in offsets:
                moved = {"machine": self._machine, "path": path, "moved_from": item.moved_from}
                if row := conn.execute(sql.MOVE, moved).fetchone():
                    offsets[path] = row[0]
                    if row[1]:
                        self._second_copies.add(path)
            is_other = item.file.container and times.get(path) not in (
                None,
                item.expected_mtime_ns,
                item.file.mtime_ns,
            )
            if path in skipped or is_other or offsets.get(path, 0) != item.expected_offset:
                skipped.append(path)
                continue
            if item.chunk is not None:
                offsets[path] = item.chunk.offset
            accepted.append(item)
        return accepted, skipped

    def _targets(self, conn: psycopg.Connection[Any], items: Sequence[Delivery]) -> dict[tuple[str, str], Target]:
        """Insert or update the chats of the batch. A chat is made with its first message, not before."""
        infos: dict[tuple[str, str], ChatInfo] = {}
        times: dict[tuple[str, str], datetime] = {}
        known: dict[tuple[str, str], datetime] = {}  # of those that the histories tell
        filled: set[tuple[str, str]] = set()
        for item in items:
            if item.chunk is None or not item.chunk.chat.source_id:
                continue
            key = _key(item.chunk.chat)
            infos[key] = item.chunk.chat
            goes_on = item.expected_offset > 0 and not item.file.container
            if item.chunk.messages or goes_on or item.chunk.chat.is_copy:
                filled.add(key)
            began = item.chunk.chat.created_at or next(
                (m.created_at for m in item.chunk.messages if m.created_at), None
            )
            if began:
                known.setdefault(key, began)
            times.setdefault(key, began or datetime.fromtimestamp(item.file.mtime_ns / 1e9, UTC))
        infos = {k: v for k, v in infos.items() if k in filled}
        if not infos:
            return {}
        named = {(i.source, n) for i in infos.values() for n in (i.parent_source_id, i.forked_from_id) if n} - set(
            infos
        )
        if named:
            chats = [{"source": s, "source_id": storable(n)} for s, n in sorted(named)]
            conn.execute(sql.PLACEHOLDERS, {"chats": storable_json(chats)})
        self._leave_what_is_known(conn, infos)
        targets = {}
        for level in _levels(infos):
            rows = [_chat_values(i, times[_key(i)]) for i in level]
            for chat_id, source, source_id, count in conn.execute(sql.CHATS, {"chats": storable_json(rows)}):
                targets[source, source_id] = Target(chat_id, count + 1, count > 0)
        found = {k: targets[storable(k[0]), storable(k[1])] for k in infos}
        for key, target in found.items():
            began = known.get(key)
            target.facts = _chat_values(infos[key], times[key]) | {"began": began.isoformat() if began else None}
        return found

    @staticmethod
    def _leave_what_is_known(conn: psycopg.Connection[Any], infos: dict[tuple[str, str], ChatInfo]) -> None:
        """A copy tells nothing of a chat that is here with messages: it may be older than what was renamed since."""
        copies = [
            {"source": storable(i.source), "source_id": storable(i.source_id)} for i in infos.values() if i.is_copy
        ]
        if not copies:
            return
        here = set(conn.execute(sql.FILLED, {"chats": storable_json(copies)}))
        for key, info in infos.items():
            if info.is_copy and (storable(info.source), storable(info.source_id)) in here:
                infos[key] = ChatInfo(info.source, info.source_id, created_at=info.created_at, is_copy=True)

    def _make_room(self, conn: psycopg.Connection[Any], target: Target, item: Delivery) -> None:
        """Take out what the chat's file brought before; what was added here moves behind what comes now.

        Where another file has brought messages too, nothing is taken out: what only that one holds would be lost. Nor
        is it for a copy, which may hold a part of the chat.
        """
        path = storable_path(item.file.path)
        of = {"chat_id": target.chat_id, "machine": self._machine, "path": path}
        conn.execute(sql.START_OVER, of)
        assert item.chunk is not None
        is_second = target.path not in (None, path)  # another file brings it too, in this batch
        if is_second or item.chunk.chat.is_copy or conn.execute(sql.OTHER_FILE, of).fetchone():
            self._second_copies.add(path)
            return
        target.own = conn.execute(sql.OWN_ASIDE, of).rowcount > 0
        for statement in sql.TAKE_OUT:
            conn.execute(statement, of)
        if not item.chunk.chat.forked_from_id:
            conn.execute(sql.FORGET_FORK, of)  # found by its messages, and found again by those that come now
        target.next_seq, target.existing, target.afresh = 1, False, True

    def _look_up(self, conn: psycopg.Connection[Any], target: Target, item: Delivery) -> None:
        """What numbering must know of a chat that holds messages: the ids it has of those that come or are answered."""
        assert item.chunk is not None
        new = item.chunk.messages
        if not target.existing or not new:
            return
        if target.last_at is None:
            last = {"chat_id": target.chat_id, "seq": target.next_seq - 1}
            at = conn.execute(sql.LAST_TIME, last).fetchone()
            target.last_at = at[0] if at else None
        wanted = {m.parent_id for m in new if m.parent_id}
        path = storable_path(item.file.path)
        if item.expected_offset == 0:  # first seen under this path: the same session may have come from elsewhere
            self._second_copies.add(path)
        if path in self._second_copies:
            wanted |= {m.source_id for m in new}
        for first in (target.next_seq - _RECENT, 1):  # what is answered is rarely far back, and a chat can be long
            ids = [storable(w) for w in wanted if w not in target.seqs and storable(w) not in target.seqs]
            if ids:
                target.seqs.update(conn.execute(sql.SEQS, {"chat_id": target.chat_id, "ids": ids, "first": first}))

    def _known(self, target: Target, item: Delivery) -> Container[str]:
        """Ids that are not taken again: those of the chat, where the delivery's file is not its first one."""
        path = storable_path(item.file.path)
        if item.file.container:
            return set(target.seqs) if path in target.added_by else ()
        if not target.existing and target.path != path:
            self._second_copies.add(path)
            return set(target.seqs)
        return set(target.seqs) if target.existing and path in self._second_copies else ()

    def _write_attachments(
        self, conn: psycopg.Connection[Any], items: Iterable[Delivery], targets: dict[tuple[str, str], Target]
    ) -> None:
        for item in items:
            if item.chunk is None or (target := targets.get(_key(item.chunk.chat))) is None:
                continue
            held = ((m.source_id, m.attachments) for m in item.chunk.messages if m.attachments)
            for source_id, attachments in item.aside.attachments() if item.aside is not None else held:
                seq = target.seqs.get(source_id)
                if seq is not None and seq <= target.kept:
                    continue
                for nth, attachment in enumerate(attachments, 1):
                    digest = hashlib.sha256(attachment.data).digest()
                    size = len(attachment.data)
                    conn.execute(sql.BLOB, {"sha256": digest, "size": size, "data": attachment.data})
                    name = storable(attachment.name.replace("/", "_").replace("\\", "_"))[:120] or "attachment"
                    path = f"{seq}-{nth}-{name}"
                    values = {"chat_id": target.chat_id, "path": path, "seq": seq, "sha256": digest, "size": size}
                    conn.execute(sql.FILE, values | {"mime": storable(attachment.mime)[:120]})

    def _write_imports(
        self,
        conn: psycopg.Connection[Any],
        items: Sequence[Delivery],
        targets: dict[tuple[str, str], Target],
        stored: Sequence[int],
    ) -> None:
        rows: dict[str, dict[str, Any]] = {}
        shared: set[int] = set()  # chats of which several files have brought something
        for item, count in zip(items, stored, strict=True):
            path = storable_path(item.file.path)
            if item.chunk is None and path in rows:  # what came before the damage stands in this batch too
                rows[path]["error"] = item.error
                rows[path]["outcome"] = "partial" if item.error else rows[path]["outcome"]
                continue
            if item.chunk is None and item.expected_offset > 0:
                conn.execute(sql.TOUCH, _file_values(item) | {"machine": self._machine})
                continue
            target = targets.get(_key(item.chunk.chat)) if item.chunk else None
            is_other = item.chunk is not None and (item.chunk.chat.is_copy or path in self._second_copies)
            if target and is_other and count:
                conn.execute(sql.COPIED, {"chat_id": target.chat_id, "machine": self._machine, "path": path})
                shared.add(target.chat_id)
            earlier = rows.get(path, {"problems": [], "problem_count": 0, "message_count": 0})
            is_many = item.file.container  # its chats are remembered one by one
            rows[path] = _import_values(item, None if is_many else target, 0 if is_many else count, earlier)
        for path, row in rows.items():
            if path in self._second_copies or row["chat_id"] in shared:
                row["state"] = row["state"] | {"second_copy": True}
        if rows:
            conn.execute(sql.IMPORTS, {"machine": self._machine, "files": storable_json(list(rows.values()))})


def _levels(infos: dict[tuple[str, str], ChatInfo]) -> Iterator[list[ChatInfo]]:
    """Parents before their children and originals before their forks, of whatever depth, so that within one batch each finds
    the other."""
    left = dict(infos)
    while left:
        waits = {
            k
            for k, i in left.items()
            if any((i.source, n) in left for n in (i.parent_source_id, i.forked_from_id) if n)
        }
        level = [i for k, i in left.items() if k not in waits]
        level = level or list(left.values())  # a circle
        for info in level:
            left.pop(_key(info), None)
        yield level


def _key(chat: ChatInfo) -> tuple[str, str]:
    return chat.source, chat.source_id


def _chat_values(info: ChatInfo, began: datetime) -> dict[str, Any]:
    return {
        "source": info.source,
        "source_id": info.source_id,
        "title": info.title[:200],
        "project": info.project,
        "repository": info.repository,
        "git_branch": info.git_branch,
        "agent": info.agent,
        "model": info.model,
        "root_id": info.root_id,
        "metadata": info.metadata,
        "title_is_own": info.title_is_own,
        "pinned": info.pinned,
        "tags": info.tags,
        "description": info.description,
        "settings": info.settings,
        "created_at": began.isoformat(),
        "archived": info.archived,
        "parent_source_id": info.parent_source_id,
        "parent_call_id": info.parent_call_id,
        "forked_from_id": info.forked_from_id,
        "forked_count": info.forked_count,
    }


def _file_values(item: Delivery) -> dict[str, Any]:
    return {
        "path": storable_path(item.file.path),
        "size": item.file.size,
        "mtime_ns": item.file.mtime_ns,
        "inode": item.file.inode & _INT8,
        "device": item.file.device & _INT8,
        "error": item.error,
    }


def _import_values(item: Delivery, target: Target | None, count: int, earlier: dict[str, Any]) -> dict[str, Any]:
    chunk = item.chunk
    problems = earlier["problems"] + [[p.line, storable(p.reason)] for p in (chunk.problems if chunk else ())]
    total = earlier["problem_count"] + (len(chunk.problems) if chunk else 0)
    outcome = (
        "failed" if item.error and not (chunk and chunk.offset) else "partial" if item.error or total else "complete"
    )
    return _file_values(item) | {
        "source": item.file.source,
        "chat_id": target.chat_id if target else earlier.get("chat_id"),
        "byte_offset": chunk.offset if chunk else item.expected_offset,
        "line": chunk.line if chunk else 0,
        "head_hash": item.head_hash.hex() if item.head_hash else None,
        "tail_hash": item.tail_hash.hex() if item.tail_hash else None,
        "state": chunk.state if chunk else {},
        "outcome": outcome,
        "problems": problems[:PROBLEMS_KEPT],
        "problem_count": total,
        "message_count": earlier["message_count"] + count,
    }
