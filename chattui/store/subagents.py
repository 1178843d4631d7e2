"""Subagents: the chats that a chat's tool calls have started, and the way back from one of them."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from chattui.domain.chat import Subagent
from chattui.store.database import Database
from chattui.store.tables import ME, chats, tool_calls

MOST = 2_000


def of_chat(db: Database, chat_id: int) -> list[Subagent]:
    """The subagents of a chat, oldest first."""
    statement = (
        select(chats.c.id, chats.c.title, chats.c.message_count, chats.c.parent_call_id, chats.c.source_id)
        .where(chats.c.owner == ME, chats.c.parent_id == chat_id, chats.c.message_count > 0)
        .order_by(chats.c.created_at, chats.c.id)
        .limit(MOST)
    )
    return db.read(
        lambda conn: [
            Subagent(found, title, count, call_id, (source_id or "").rpartition("/")[2])
            for found, title, count, call_id, source_id in conn.execute(statement)
        ]
    )


def place_in_parent(db: Database, chat_id: int) -> tuple[int, int | None] | None:
    """(chat, seq) of the call that started a subagent; seq is None where that is not known. None for other chats."""
    call = and_(
        tool_calls.c.owner == chats.c.owner,
        tool_calls.c.chat_id == chats.c.parent_id,
        tool_calls.c.call_id == chats.c.parent_call_id,
    )
    statement = (
        select(chats.c.parent_id, tool_calls.c.call_seq)
        .select_from(chats.outerjoin(tool_calls, call))
        .where(chats.c.owner == ME, chats.c.id == chat_id, chats.c.parent_id.is_not(None))
    )

    def work(conn: Connection) -> tuple[int, int | None] | None:
        row = conn.execute(statement).first()
        return None if row is None else (row[0], row[1])

    return db.read(work)
