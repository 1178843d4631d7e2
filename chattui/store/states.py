"""Snapshots of the state of chats: taken, listed, gone back to. Messages are never changed by it, and never removed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, insert, or_, select, text, update

from chattui.domain.chat import Chat
from chattui.domain.errors import Conflict
from chattui.domain.kinds import OWN_SOURCE, ContentType, Kind, Role
from chattui.domain.replies import Reply, ReplyEnd
from chattui.domain.snapshots import (
    CALLS,
    RESULT_CHARS,
    TEXT_CHARS,
    TODO_TOOLS,
    CallState,
    ChatState,
    Desk,
    Snapshot,
    SnapshotRow,
    Streaming,
    Todo,
    clean_name,
    plan_text,
    todo_of_call,
    todo_of_plan,
)
from chattui.store import columns, replies, turn_parts, values
from chattui.store.database import Database
from chattui.store.messages import locked
from chattui.store.storable import storable, storable_json
from chattui.store.tables import ME, chats, messages, snapshots, tool_calls
from chattui.store.tables import replies as unfinished

KIND: Final = "state"

_ROW = (
    snapshots.c.id,
    snapshots.c.chat_id,
    func.coalesce(snapshots.c.name, ""),
    snapshots.c.created_at,
    snapshots.c.data["messages"].as_integer(),
    func.jsonb_array_length(snapshots.c.data["todo"]),
    func.jsonb_array_length(
        func.jsonb_path_query_array(snapshots.c.data, text("""'$.todo[*] ? (@.status == "completed")'"""))
    ),
    snapshots.c.data["desk"]["draft"].as_string() != "",
    snapshots.c.data["streaming"].as_string().is_not(None),
)
_OF_CALL = func.greatest(tool_calls.c.call_seq, tool_calls.c.result_seq)


@dataclass(frozen=True, slots=True)
class GoneBack:
    """What going back to a snapshot did: the chat as it is now, the snapshot of what it was before, and how many messages
    were added at its end (a reply that nobody had stored, a to-do list that is another one now)."""

    chat: Chat
    before: int
    added: int


def of_chat(db: Database, chat_id: int) -> list[SnapshotRow]:
    """The snapshots of a chat, the newest first."""
    statement = select(*_ROW).where(*_mine(chat_id)).order_by(snapshots.c.id.desc())
    return db.read(lambda conn: [SnapshotRow(*row) for row in conn.execute(statement)])


def find(db: Database, chat_id: int, reference: str) -> Snapshot:
    """The snapshot of this number, or the newest of this name. Raises ``Conflict`` when there is none."""
    is_number = reference.isdecimal() and len(reference) < 19
    meant = snapshots.c.id == int(reference) if is_number else snapshots.c.name == storable(reference)
    found = db.read(lambda conn: conn.execute(_whole(chat_id).where(meant).limit(1)).first())
    if found is None:
        raise Conflict(f"This chat has no snapshot {reference!r}. `chattui snapshots list CHAT` shows what there is.")
    return _snapshot(found)


def present(db: Database, chat_id: int, desk: Desk | None = None) -> ChatState:
    """The state of a chat now. Raises ``Conflict`` when it is gone."""
    return db.read(lambda conn: _present(conn, chat_id, desk))


def save(db: Database, chat_id: int, name: str, desk: Desk | None = None) -> SnapshotRow:
    """Keep the state of a chat for ever, by a name. Raises ``ChattuiError`` for a name that is none, ``Conflict`` when the chat
    is gone."""
    clean = storable(clean_name(name))
    return db.write(lambda conn: _save(conn, chat_id, clean, _present(conn, chat_id, desk)))


def save_if_changed(db: Database, chat_id: int, desk: Desk, every: float) -> float:
    """Keep the state of a chat if it has changed, and the last snapshot is ``every`` seconds old; seconds that are missing
    until then, 0 when nothing is. A chat that is gone has none."""

    def work(conn: Connection) -> float:
        conn.execute(select(chats.c.id).where(chats.c.owner == ME, chats.c.id == chat_id).with_for_update())
        age = func.extract("epoch", func.now() - snapshots.c.created_at)
        newest = conn.execute(
            _whole(chat_id).add_columns(age.label("age")).order_by(None).order_by(snapshots.c.id.desc()).limit(1)
        ).first()
        if newest is not None and 0 <= newest.age < every:  # one of the future is of a clock that was wrong
            return every - float(newest.age)
        try:
            state = _present(conn, chat_id, desk)
        except Conflict:
            return 0.0
        if newest is None or not state.is_like(_snapshot(newest[:5]).state):
            _save(conn, chat_id, None, state)
        return 0.0

    return db.write(work)


def remove(db: Database, chat_id: int, snapshot_id: int) -> bool:
    """Forget a snapshot; False when it is not there."""
    statement = delete(snapshots).where(*_mine(chat_id), snapshots.c.id == snapshot_id)
    return db.write(lambda conn: conn.execute(statement).rowcount > 0, idempotent=True)


def go_back(db: Database, snapshot: Snapshot, desk: Desk | None = None) -> GoneBack:
    """Set a chat as it was; ``desk`` is how it is now, for the snapshot that is made of that before. One transaction.

    Title, note, tags, pin, place, branch, issue and the settings of its replies are as they were. A reply that was being
    written and that nobody has stored since is added at the end, and so is the to-do list, where it is another one now.
    Draft and place are of the program in which the chat is open: the caller's. Raises ``Conflict`` when the chat is gone.
    """
    return db.write(lambda conn: _go_back(conn, snapshot, desk))


def _go_back(conn: Connection, snapshot: Snapshot, desk: Desk | None) -> GoneBack:
    chat_id, state = snapshot.chat_id, snapshot.state
    count, _, _, _ = locked(conn, chat_id)
    now = _present(conn, chat_id, desk)
    before = _save(conn, chat_id, f"before {snapshot.name or snapshot.id}"[:120], now)
    facts = {
        "title": state.title,
        "title_is_own": state.title_is_own,
        "description": state.note or None,
        "tags": list(state.tags),
        "pinned": state.pinned,
        "project": state.project,
        "repository": state.repository,
        "git_branch": state.git_branch,
        "settings": state.settings,
        "updated_at": func.now(),
    }
    conn.execute(update(chats).where(chats.c.owner == ME, chats.c.id == chat_id).values(**facts))
    _bring_reply(conn, chat_id, state.streaming, count)
    if state.todo and state.todo != now.todo:
        _bring_todo(conn, chat_id, state.todo, snapshot.id)
    row = conn.execute(select(*columns.CHAT).where(chats.c.owner == ME, chats.c.id == chat_id)).one()
    chat = values.chat(row)
    return GoneBack(chat, before.id, chat.message_count - count)


def _bring_reply(conn: Connection, chat_id: int, streaming: Streaming | None, count: int) -> None:
    """Make messages of a reply that was being written, unless it is there already or still being written."""
    if streaming is None or not count:
        return
    name = f"{OWN_SOURCE}:{streaming.key}"
    of_it = or_(messages.c.source_id == name, messages.c.source_id.startswith(f"{name}-", autoescape=True))
    there = select(messages.c.seq).where(messages.c.owner == ME, messages.c.chat_id == chat_id, of_it).limit(1)
    written = select(unfinished.c.key).where(
        unfinished.c.owner == ME, unfinished.c.chat_id == chat_id, unfinished.c.key == streaming.key
    )
    if conn.execute(there).first() is None and conn.execute(written).first() is None:
        reply = _reply(chat_id, replace(streaming, parent_seq=min(max(1, streaming.parent_seq), count)))
        replies.finish_in(conn, reply, ReplyEnd("interrupted"))


def _bring_todo(conn: Connection, chat_id: int, todo: Sequence[Todo], snapshot_id: int) -> None:
    """Write a to-do list at the end of a chat, as agents write their plans."""
    count, _, _, _ = locked(conn, chat_id)
    conn.execute(
        insert(messages).values(
            chat_id=chat_id,
            seq=count + 1,
            role=Role.SYSTEM.value,
            kind=Kind.EVENT.value,
            content_type=ContentType.TEXT.value,
            content=storable(plan_text(todo)),
            source_id=func.concat(f"{OWN_SOURCE}:plan-of-{snapshot_id}-", func.gen_random_uuid()),
            parent_seq=count or None,
            created_at=func.clock_timestamp(),
        )
    )


def _mine(chat_id: int) -> tuple[Any, ...]:
    return (snapshots.c.owner == ME, snapshots.c.chat_id == chat_id, snapshots.c.kind == KIND)


def _whole(chat_id: int) -> Select[Any]:
    name = func.coalesce(snapshots.c.name, "")
    return (
        select(snapshots.c.id, snapshots.c.chat_id, name, snapshots.c.created_at, snapshots.c.data)
        .where(*_mine(chat_id))
        .order_by(snapshots.c.id.desc())
    )


def _snapshot(row: Sequence[Any]) -> Snapshot:
    snapshot_id, chat_id, name, taken_at, data = row
    return Snapshot(snapshot_id, chat_id, name, taken_at, ChatState.from_json(data))


def _save(conn: Connection, chat_id: int, name: str | None, state: ChatState) -> SnapshotRow:
    kept = json.loads(storable_json(state.as_json()))
    row = {"kind": KIND, "chat_id": chat_id, "name": name, "data": kept}
    made = conn.execute(insert(snapshots).values(**row).returning(*_ROW)).one()
    return SnapshotRow(*made)


def _present(conn: Connection, chat_id: int, desk: Desk | None) -> ChatState:
    row = conn.execute(
        select(*columns.CHAT, chats.c.title_is_own).where(chats.c.owner == ME, chats.c.id == chat_id)
    ).first()
    if row is None:
        raise Conflict(f"There is no chat {chat_id} any more. It may have been deleted elsewhere.")
    chat, desk = values.chat(row[:-1]), desk or Desk()
    return ChatState(
        chat.message_count,
        chat.title,
        row.title_is_own,
        chat.description or "",
        chat.tags,
        chat.pinned,
        chat.project,
        chat.repository,
        chat.git_branch,
        chat.settings or {},
        _todo(conn, chat_id),
        _calls(conn, chat_id),
        _streaming(conn, chat_id),
        replace(desk, draft=desk.draft[:TEXT_CHARS]),
    )


def _todo(conn: Connection, chat_id: int) -> tuple[Todo, ...]:
    """The to-do list of a chat: what the last call of a tool for them was given, or the last plan of an agent."""
    of_message = (messages.c.owner == ME, messages.c.chat_id == chat_id)
    call = conn.execute(
        select(tool_calls.c.call_seq, func.left(messages.c.content, TEXT_CHARS))
        .join(
            messages,
            (messages.c.owner == tool_calls.c.owner)
            & (messages.c.chat_id == tool_calls.c.chat_id)
            & (messages.c.seq == tool_calls.c.call_seq),
        )
        .where(tool_calls.c.owner == ME, tool_calls.c.chat_id == chat_id, func.lower(tool_calls.c.name).in_(TODO_TOOLS))
        .order_by(tool_calls.c.call_seq.desc())
        .limit(1)
    ).first()
    plan = conn.execute(
        select(messages.c.seq, func.left(messages.c.content, TEXT_CHARS))
        .where(*of_message, messages.c.kind == Kind.EVENT.value, messages.c.content.startswith("Plan: "))
        .order_by(messages.c.seq.desc())
        .limit(1)
    ).first()
    if call is not None and (plan is None or call[0] > plan[0]):
        return todo_of_call(call[1])
    return todo_of_plan(plan[1]) if plan is not None else ()


def _calls(conn: Connection, chat_id: int) -> tuple[CallState, ...]:
    """The last tool calls of a chat in their order, with the beginning of what they gave."""
    last = (
        select(tool_calls)
        .where(tool_calls.c.owner == ME, tool_calls.c.chat_id == chat_id)
        .order_by(_OF_CALL.desc().nulls_last(), tool_calls.c.call_id)
        .limit(CALLS)
        .subquery()
    )
    result = (
        select(func.left(messages.c.content, RESULT_CHARS))
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq == last.c.result_seq)
        .scalar_subquery()
    )
    statement = select(
        last.c.call_id, last.c.name, last.c.target, last.c.status, func.coalesce(result, last.c.error, "")
    ).order_by(func.greatest(last.c.call_seq, last.c.result_seq), last.c.call_id)
    return tuple(CallState(*row) for row in conn.execute(statement))


def _streaming(conn: Connection, chat_id: int) -> Streaming | None:
    """The reply that is being written, as it was saved last."""
    c = unfinished.c
    row = conn.execute(
        select(c.key, c.parent_seq, c.again, c.model, c.thinking, c.content)
        .where(c.owner == ME, c.chat_id == chat_id)
        .order_by(c.began_at.desc())
        .limit(1)
    ).first()
    if row is None or not (row.thinking or row.content):
        return None
    reply = _reply(chat_id, Streaming(*row))
    content = reply.content[:TEXT_CHARS]
    if reply.is_turn:
        short = (replace(part, output=part.output[:RESULT_CHARS]) for part in reply.parts)
        content = turn_parts.packed(replace(reply, parts=tuple(short)))
    return Streaming(reply.key, reply.parent_seq, reply.again, reply.model, reply.thinking[:TEXT_CHARS], content)


def _reply(chat_id: int, kept: Streaming) -> Reply:
    row = (kept.key, kept.parent_seq, kept.again, kept.model, kept.thinking, kept.content)
    return replies.reply_of(chat_id, row)
