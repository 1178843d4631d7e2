"""Places in a chat: prompts, errors, moments, found by the database without reading what is between."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, union_all

from chattui.domain.kinds import Kind, Role, ToolStatus
from chattui.domain.place import Prompt
from chattui.store.database import Database
from chattui.store.tables import ME, messages, tool_calls

OUTLINE_MOST = 50_000
_LINE = 200


def _prompts(chat_id: int, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).where(
        messages.c.owner == ME,
        messages.c.chat_id == chat_id,
        messages.c.role == Role.USER.value,
        messages.c.kind == Kind.TEXT.value,
    )


def near_prompt(db: Database, chat_id: int, seq: int, step: int) -> int | None:
    """The next prompt after message ``seq`` (before it when ``step`` is negative)."""
    return _nearest(db, _prompts(chat_id, messages.c.seq), messages.c.seq, seq, step)


def near_error(db: Database, chat_id: int, seq: int, step: int) -> int | None:
    """The next message after ``seq`` (before it when ``step`` is negative) that is an error, or belongs to a failed call.

    A failed call is at its result, where the error stands, or at the call when there is no result.
    """
    flagged = select(messages.c.seq).where(messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.error)
    place = func.coalesce(tool_calls.c.result_seq, tool_calls.c.call_seq)
    failed = select(place.label("seq")).where(
        tool_calls.c.owner == ME,
        tool_calls.c.chat_id == chat_id,
        tool_calls.c.status == ToolStatus.FAILED.value,
    )
    both = union_all(
        _next(flagged, messages.c.seq, seq, step).subquery().select(),
        _next(failed, place, seq, step).subquery().select(),
    ).subquery()
    best = func.min(both.c.seq) if step > 0 else func.max(both.c.seq)
    return db.read(lambda conn: conn.execute(select(best)).scalar())


def _next(statement: Select[Any], place: ColumnElement[Any], seq: int, step: int) -> Select[Any]:
    if step > 0:
        return statement.where(place > seq).order_by(place).limit(1)
    return statement.where(place < seq).order_by(place.desc()).limit(1)


def _nearest(db: Database, statement: Select[Any], place: ColumnElement[Any], seq: int, step: int) -> int | None:
    return db.read(lambda conn: conn.execute(_next(statement, place, seq, step)).scalar())


def at_time(db: Database, chat_id: int, moment: datetime, count: int) -> int:
    """The first message at or after ``moment`` in a chat of ``count`` messages; the last one when all are older.

    By halves over the primary key, at most 20 rows: an index over time would have to be walked through the messages of
    all other chats of that time. Where the clocks of a chat went back it is one of the places that fit.
    """

    def work(conn: Connection) -> int:
        low, high = 1, count
        while low < high:
            middle = (low + high) // 2
            when = conn.execute(
                select(messages.c.created_at).where(
                    messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq == middle
                )
            ).scalar()
            if when is None or when >= moment:
                high = middle
            else:
                low = middle + 1
        return max(1, low)

    return db.read(work)


def outline(db: Database, chat_id: int, *, limit: int = OUTLINE_MOST) -> list[Prompt]:
    """The prompts of a chat, in order; the first ``limit``."""
    start = func.left(func.ltrim(messages.c.content, " \t\r\n"), _LINE)
    statement = _prompts(chat_id, messages.c.seq, messages.c.created_at, start).order_by(messages.c.seq).limit(limit)
    return db.read(lambda conn: [Prompt(*row) for row in conn.execute(statement)])
