"""Search in what stands beside messages: titles, issues, branches, names of attachments, notes, tags. They come before the
messages found."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, cast, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import Text

from chattui.domain.kinds import Kind, Role
from chattui.domain.query import match_ranges
from chattui.domain.search import Cursor, FoundIn, Hit
from chattui.store.tables import ME, chats, messages

TIER = -1
"""The tier of a cursor that goes on among notes."""

_BEFORE_NOTES = datetime.max.replace(tzinfo=UTC)  # behind the names, which come with the first page only

_SNIPPET_CHARS = 240

_BEHIND = 1_000_000
"""More than there are rows of search_beside: issues and branches come behind titles, and stay in their order."""


def _statement(*, first: bool) -> Any:
    """What stands beside messages, one page; the ``first`` one has issues and branches, too."""
    query = cast(BindParameter("query", type_=Text), JSONB)
    found = (
        func.chattui.search_beside(
            query,
            bindparam("limit"),
            BindParameter("before", type_=TIMESTAMP(timezone=True)),
            bindparam("before_chat"),
            bindparam("before_seq"),
        )
        .table_valued("found_in", "chat_id", "seq", "place", "found_at", "body", with_ordinality="nr")
        .render_derived(name="n")
    )
    rows: Any = select(found)
    if first:  # in the same statement: a search is asked for with every key
        facts = (
            func.chattui.search_facts(query)
            .table_valued("found_in", "chat_id", "found_at", "body", with_ordinality="nr")
            .render_derived(name="f")
        )
        of_facts: tuple[Any, ...] = (
            facts.c.found_in,
            facts.c.chat_id,
            literal_column("0"),
            literal_column("0"),
            facts.c.found_at,
        )
        rows = rows.union_all(select(*of_facts, facts.c.body, facts.c.nr + _BEHIND))
    n = rows.subquery("beside")
    said = and_(messages.c.owner == ME, messages.c.chat_id == n.c.chat_id, messages.c.seq == n.c.seq)
    return (
        select(
            n.c.found_in,
            n.c.chat_id,
            n.c.seq,
            n.c.place,
            n.c.found_at,
            n.c.body,
            func.coalesce(messages.c.role, text("'user'")),
            func.coalesce(messages.c.kind, text("'text'")),
            chats.c.title,
            chats.c.source,
            chats.c.source_id,
            chats.c.project,
            chats.c.parent_id,
        )
        .select_from(n.join(chats, and_(chats.c.owner == ME, chats.c.id == n.c.chat_id)).outerjoin(messages, said))
        .order_by(n.c.nr)
    )


_FIRST, _NEXT = _statement(first=True), _statement(first=False)


def find(
    conn: Connection, query: str, pattern: re.Pattern[str] | None, *, limit: int, after: Cursor | None = None
) -> list[tuple[Hit, Cursor]]:
    """What fulfils a query (as ``search_query.as_json`` writes it), each with the place behind it: at first the newest few
    titles, issues, branches and names of attachments, then at most ``limit`` notes, the newest first. What a query asks of
    messages, no title fulfils, and no note but for ``has:note``."""
    params = {
        "query": query,
        "limit": limit,
        "before": after.created_at.isoformat() if after else "infinity",
        "before_chat": after.chat_id if after else 0,
        "before_seq": after.seq if after else 0,
    }
    found = [_hit(row, pattern) for row in conn.execute(_NEXT if after else _FIRST, params)]
    return sorted(found, key=lambda pair: pair[0].found_in is FoundIn.NOTE)


def _hit(row: Any, pattern: Any) -> tuple[Hit, Cursor]:
    (found_in, chat_id, seq, place, found_at, body, role, kind, title, source, source_id, project, parent_id) = row
    where = FoundIn(found_in)
    snippet = _snippet(body, pattern)
    ranges = match_ranges(snippet, pattern)
    hit = Hit(
        chat_id,
        seq or 0,
        Role(role),
        Kind(kind),
        found_at,
        snippet,
        ranges,
        title,
        source,
        source_id,
        project,
        parent_id,
        found_in=where,
    )
    return hit, Cursor(TIER, found_at if where is FoundIn.NOTE else _BEFORE_NOTES, chat_id, place)


def _snippet(body: str, pattern: Any) -> str:
    """The part around its first match."""
    found = pattern.search(body) if pattern is not None else None
    start = max(0, found.start() - 60) if found is not None and len(body) > _SNIPPET_CHARS else 0
    return body[start : start + _SNIPPET_CHARS]
