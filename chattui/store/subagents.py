"""The chats that others come from: subagents, which a tool call has started, and forks; and the way back from them."""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, exists, func, or_, select

from chattui.domain.chat import Fork, Subagent
from chattui.domain.kinds import ChatStatus
from chattui.store.database import Database
from chattui.store.tables import ME, chats, messages, tool_calls

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


def forks_of_chat(db: Database, chat_id: int) -> list[Fork]:
    """The chats that go on from a message of this one, the newest first."""
    ours, theirs = messages.alias("ours"), messages.alias("theirs")
    repeats = exists().where(
        *(ours.c.owner == ME, ours.c.chat_id == chat_id, ours.c.seq == chats.c.forked_seq),
        *(theirs.c.owner == ME, theirs.c.chat_id == chats.c.id, theirs.c.seq == chats.c.forked_seq),
        ours.c.source_id == theirs.c.source_id,
    )
    statement = (
        select(chats.c.id, chats.c.title, chats.c.forked_seq, case((repeats, chats.c.forked_seq + 1), else_=1))
        .where(chats.c.owner == ME, chats.c.forked_from == chat_id, chats.c.forked_seq.is_not(None))
        .where(chats.c.status != ChatStatus.DELETED.value)
        .order_by(chats.c.last_message_at.desc(), chats.c.id.desc())
        .limit(MOST)
    )
    return db.read(lambda conn: [Fork(*row) for row in conn.execute(statement)])


def place_in_parent(db: Database, chat_id: int) -> tuple[int, int | None] | None:
    """(chat, seq) of the call that started a subagent, or of the message that a fork goes on from; seq is None where that
    is not known. None for other chats."""
    call = and_(
        tool_calls.c.owner == chats.c.owner,
        tool_calls.c.chat_id == chats.c.parent_id,
        tool_calls.c.call_id == chats.c.parent_call_id,
    )
    statement = (
        select(
            func.coalesce(chats.c.parent_id, chats.c.forked_from),
            case((chats.c.parent_id.is_not(None), tool_calls.c.call_seq), else_=chats.c.forked_seq),
        )
        .select_from(chats.outerjoin(tool_calls, call))
        .where(chats.c.owner == ME, chats.c.id == chat_id)
        .where(or_(chats.c.parent_id.is_not(None), chats.c.forked_from.is_not(None)))
    )

    def work(conn: Connection) -> tuple[int, int | None] | None:
        row = conn.execute(statement).first()
        return None if row is None else (row[0], row[1])

    return db.read(work)
