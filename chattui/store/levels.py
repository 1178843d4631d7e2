"""Of every message of a chat, at which level of detail it is shown: one character a message."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chattui.domain.kinds import Kind, Role
from chattui.domain.levels import code_of
from chattui.store.database import Database
from chattui.store.tables import ME, messages


def _code() -> ColumnElement[str]:
    """``code_of``, by the database."""
    kind, role = messages.c.kind, messages.c.role
    note = and_(kind == Kind.EVENT.value, or_(messages.c.error, role != Role.SYSTEM.value))
    return case(
        (kind == Kind.TOOL_CALL.value, code_of(Role.ASSISTANT, Kind.TOOL_CALL, error=False)),
        (kind == Kind.TOOL_RESULT.value, code_of(Role.TOOL, Kind.TOOL_RESULT, error=False)),
        (kind == Kind.THINKING.value, code_of(Role.ASSISTANT, Kind.THINKING, error=False)),
        (kind == Kind.ATTACHMENT.value, code_of(Role.USER, Kind.ATTACHMENT, error=False)),
        (kind == Kind.SUMMARY.value, code_of(Role.SYSTEM, Kind.SUMMARY, error=False)),
        (note, code_of(Role.USER, Kind.EVENT, error=False)),
        (kind == Kind.EVENT.value, code_of(Role.SYSTEM, Kind.EVENT, error=False)),
        (role == Role.USER.value, code_of(Role.USER, Kind.TEXT, error=False)),
        (role == Role.SYSTEM.value, code_of(Role.SYSTEM, Kind.TEXT, error=False)),
        else_=code_of(Role.ASSISTANT, Kind.TEXT, error=False),
    )


def codes(db: Database, chat_id: int, first: int, last: int) -> bytes:
    """The codes of messages ``first`` … ``last``, one byte each, in order; fewer when there are fewer."""
    statement = select(func.string_agg(_code(), aggregate_order_by(literal(""), messages.c.seq))).where(
        messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq.between(first, last)
    )
    return db.read(lambda conn: (conn.execute(statement).scalar() or "").encode())
