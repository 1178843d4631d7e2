"""Search in notes and tags. They are few, and come before everything else that is found."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import Text

from chattui.domain.kinds import Kind, Role
from chattui.domain.query import match_ranges
from chattui.domain.search import Cursor, Hit
from chattui.store.tables import ME, chats, messages

TIER = -1
"""The tier of a cursor that goes on among notes."""

_SNIPPET_CHARS = 240


def _statement() -> Any:
    found = (
        func.chattui.search_notes(
            cast(BindParameter("query", type_=Text), JSONB),
            bindparam("limit"),
            BindParameter("before", type_=TIMESTAMP(timezone=True)),
            bindparam("before_chat"),
            bindparam("before_seq"),
        )
        .table_valued("chat_id", "seq", "place", "noted_at", "note", with_ordinality="nr")
        .render_derived(name="n")
    )
    said = and_(messages.c.owner == ME, messages.c.chat_id == found.c.chat_id, messages.c.seq == found.c.seq)
    return (
        select(
            found.c.chat_id,
            found.c.seq,
            found.c.place,
            found.c.noted_at,
            found.c.note,
            func.coalesce(messages.c.role, text("'user'")),
            func.coalesce(messages.c.kind, text("'text'")),
            chats.c.title,
            chats.c.source,
            chats.c.source_id,
            chats.c.project,
            chats.c.parent_id,
        )
        .select_from(
            found.join(chats, and_(chats.c.owner == ME, chats.c.id == found.c.chat_id)).outerjoin(messages, said)
        )
        .where(literal(True))
        .order_by(found.c.nr)
    )


_SEARCH = _statement()


def find(
    conn: Connection, query: str, pattern: re.Pattern[str] | None, *, limit: int, after: Cursor | None = None
) -> list[tuple[Hit, Cursor]]:
    """At most ``limit`` notes that fulfil a query (as ``search_query.as_json`` writes it), the newest first, each with the
    place behind it. What a query asks of messages no note fulfils, but ``has:note``."""
    params = {
        "query": query,
        "limit": limit,
        "before": after.created_at.isoformat() if after else "infinity",
        "before_chat": after.chat_id if after else 0,
        "before_seq": after.seq if after else 0,
    }
    return [_hit(row, pattern) for row in conn.execute(_SEARCH, params)]


def _hit(row: Any, pattern: Any) -> tuple[Hit, Cursor]:
    (chat_id, seq, place, noted_at, note, role, kind, title, source, source_id, project, parent_id) = row
    snippet = _snippet(note, pattern)
    ranges = match_ranges(snippet, pattern)
    hit = Hit(
        chat_id,
        seq or 0,
        Role(role),
        Kind(kind),
        noted_at,
        snippet,
        ranges,
        title,
        source,
        source_id,
        project,
        parent_id,
        is_note=True,
    )
    return hit, Cursor(TIER, noted_at, chat_id, place)


def _snippet(note: str, pattern: Any) -> str:
    """The part of a note around its first match."""
    found = pattern.search(note) if pattern is not None else None
    start = max(0, found.start() - 60) if found is not None and len(note) > _SNIPPET_CHARS else 0
    return note[start : start + _SNIPPET_CHARS]
