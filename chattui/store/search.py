"""Search: the database's one search function and its pages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import TIMESTAMP

from chattui.domain.kinds import Kind, Role
from chattui.domain.query import match_pattern, match_ranges, terms
from chattui.domain.search import Cursor, Hit, Page
from chattui.store import notes
from chattui.store.database import Database
from chattui.store.storable import storable
from chattui.store.tables import ME, chats, messages

TYPING_BUDGET_MS = 20
PATIENT_BUDGET_MS = 2_000
SEARCH_TIMEOUT_MS = 20_000


def _statement() -> Any:
    found = (
        func.chattui.search_messages(
            bindparam("text"),
            bindparam("limit"),
            bindparam("tier"),
            BindParameter("before", type_=TIMESTAMP(timezone=True)),
            bindparam("before_chat"),
            bindparam("before_seq"),
            bindparam("budget_ms"),
        )
        .table_valued(
            *("tier", "chat_id", "seq", "created_at", "role", "kind", "snippet", "stopped", "about", "exact"),
            with_ordinality="nr",
        )
        .render_derived(name="s")
    )
    return (
        select(
            found.c.tier,
            found.c.chat_id,
            found.c.seq,
            found.c.created_at,
            found.c.role,
            found.c.kind,
            found.c.snippet,
            found.c.stopped,
            found.c.about,
            found.c.exact,
            chats.c.title,
            chats.c.source,
            chats.c.source_id,
            chats.c.project,
            chats.c.parent_id,
        )
        .select_from(found.outerjoin(chats, and_(chats.c.owner == ME, chats.c.id == found.c.chat_id)))
        .where(true())
        .order_by(found.c.nr)
    )


_SEARCH = _statement()


def search(
    db: Database,
    text: str,
    *,
    limit: int = 20,
    after: Cursor | None = None,
    budget_ms: int = PATIENT_BUDGET_MS,
    slot: str | None = None,
) -> Page:
    """A page of hits for what was typed: notes and tags first, then messages with the words as a phrase, then those with
    all the words; newest first in each.

    The last word is a prefix unless a blank or a quote follows it. Ends early when ``budget_ms`` is spent; the page
    then says so and ``more`` goes on from there, and may bring hits of the page again. ``Cancelled`` is raised when
    ``db.cancel(slot)`` ended it.
    """
    typed = text.replace("\x00", " ")
    among_notes = after is None or after.tier == notes.TIER
    start = None if among_notes else after
    params = {
        "text": typed.encode("utf-8", "replace").decode(),
        "tier": start.tier if start else 0,
        "before": start.created_at.isoformat() if start else "infinity",
        "before_chat": start.chat_id if start else 0,
        "before_seq": start.seq if start else 0,
        "budget_ms": budget_ms,
    }

    def work(conn: Connection) -> Page:
        noted = notes.find(conn, typed, limit=limit, after=after) if among_notes else []
        found = [hit for hit, _ in noted]
        if noted and len(noted) == limit:  # messages come on the next page
            return Page(tuple(found), limit, False, noted[-1][1], True)
        room = limit - len(noted)
        page = _page(list(conn.execute(_SEARCH, params | {"limit": room + 1})), room, match_pattern(typed))
        return replace(page, hits=(*found, *page.hits), about=page.about + len(found)) if found else page

    return db.read(work, timeout_ms=SEARCH_TIMEOUT_MS, slot=slot)


def suggest(db: Database, word: str, limit: int = 5) -> list[str]:
    """Words of one's own chats that look like ``word``, the likeliest first."""
    function = func.chattui.suggest_words(bindparam("word"), bindparam("limit"))
    found = function.table_valued("word", "n").render_derived(name="s")
    clean = word.replace("\x00", "").encode("utf-8", "replace").decode()
    return db.read(lambda conn: list(conn.execute(select(found.c.word), {"word": clean, "limit": limit}).scalars()))


def matching_seqs(db: Database, chat_id: int, text: str, *, limit: int = 5_000, slot: str | None = None) -> list[int]:
    """The messages of one chat that match, in order: what ``n`` and ``N`` step through."""
    words = [storable(w) for w, _ in terms(text)]
    if not words:
        return []
    statement = (
        select(messages.c.seq)
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id)
        .where(and_(*[messages.c.content.icontains(w, autoescape=True) for w in words]))
        .order_by(messages.c.seq)
        .limit(limit)
    )
    return db.read(lambda conn: list(conn.execute(statement).scalars()), slot=slot)


def _page(found: list[Any], limit: int, pattern: re.Pattern[str] | None) -> Page:
    hits: list[Hit] = []
    ends: list[Cursor] = []
    stopped: Cursor | None = None
    about, exact = 0.0, True
    for row in found:
        (tier, chat_id, seq, created_at, role, kind, snippet, is_stop, about, exact, title, source, *rest) = row
        if is_stop:
            stopped = stopped or Cursor(tier, created_at, chat_id, seq)
            continue
        if title is None:
            continue
        ends.append(Cursor(tier, created_at, chat_id, seq))
        ranges = match_ranges(snippet, pattern)
        hits.append(Hit(chat_id, seq, Role(role), Kind(kind), created_at, snippet, ranges, title, source, *rest))
    more = stopped
    if len(hits) > limit:
        hits = hits[:limit]
        more = stopped or ends[limit - 1]
    count = max(round(about), len(hits))
    return Page(tuple(hits), count, bool(exact), more, stopped is None)
