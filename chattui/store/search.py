"""Search: the database's one search function and its pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Text, and_, bindparam, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from chattui.domain.errors import Cancelled, DatabaseError
from chattui.domain.kinds import Kind, Role
from chattui.domain.language import And, Literal, Node, Or, Phrase, Query, Regex, Word, parse
from chattui.domain.needle import Needle
from chattui.domain.query import match_ranges, pattern_of
from chattui.domain.search import Cursor, Hit, Page, counted
from chattui.store import beside
from chattui.store.database import Database
from chattui.store.deep_search import deep_search, explained, has_phrase, without_expressions
from chattui.store.search_query import as_json, has_regex, has_text, like
from chattui.store.storable import storable
from chattui.store.tables import ME, chats, messages

TYPING_BUDGET_MS = 20
PATIENT_BUDGET_MS = 2_000
SEARCH_TIMEOUT_MS = 20_000


def _statement() -> Any:
    found = (
        func.chattui.search_messages(
            cast(BindParameter("query", type_=Text), JSONB),
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
    asked: str | Query,
    *,
    limit: int = 20,
    after: Cursor | None = None,
    budget_ms: int = PATIENT_BUDGET_MS,
    slot: str | None = None,
    stop: Callable[[], bool] | None = None,
) -> Page:
    """A page of hits for what was typed: notes first, then messages with the words as a phrase, then the others;
    newest first in each.

    The last word is a prefix unless a blank or a quote follows it. Ends early when ``budget_ms`` is spent; the page
    then says so and ``more`` goes on from there, and may bring hits of the page again. What is mistaken in the query is
    told in ``problems``. ``Cancelled`` is raised when ``db.cancel(slot)`` ended it, or ``stop`` says so between statements.
    """
    query = parse(asked.replace("\x00", " ")) if isinstance(asked, str) else asked
    if query.root is None:
        return Page((), 0, True, None, True, query.problems)
    pattern = pattern_of(query)
    wanted = as_json(query)

    def once(start: Cursor | None, limit: int, budget_ms: int, timeout_ms: int) -> Page:
        def work(conn: Connection) -> Page:
            return _read(conn, query, wanted, pattern, limit, start, budget_ms)

        if stop is not None and stop():
            raise Cancelled("The search was given up.")
        return db.read(work, timeout_ms=timeout_ms, slot=slot)

    if not has_regex(query.root):
        page = once(after, limit, budget_ms, SEARCH_TIMEOUT_MS)
        return replace(page, problems=query.problems)

    def skipped(start: Cursor | None) -> Cursor | None:
        tried_on = without_expressions(wanted)
        if tried_on is None:
            return None
        found = db.read(lambda conn: _rows(conn, tried_on, 1, start, budget_ms), slot=slot)
        return _cursor(found[0]) if found else None

    page = deep_search(once, skipped, after, limit, budget_ms, whole=has_phrase(wanted))
    return replace(page, problems=(*query.problems, *page.problems))


def _read(
    conn: Connection,
    query: Query,
    wanted: str,
    pattern: re.Pattern[str] | None,
    limit: int,
    after: Cursor | None,
    budget_ms: int,
) -> Page:
    """A page: notes before messages, names among the messages of their time."""
    began = time.perf_counter()
    looks_beside = has_text(query) and (after is None or after.tier == beside.TIER)
    first = beside.find(conn, wanted, pattern, limit=limit, after=after)[:limit] if looks_beside else []
    found = [hit for hit, _ in first]
    if first and len(first) == limit:  # messages come on the next page
        return Page(tuple(found), limit, False, first[-1][1], True)
    notes, names = counted(found), [hit for hit in found if hit.is_name]
    room = limit - len(first)
    spent = round((time.perf_counter() - began) * 1e3)  # of the page's budget; half of it is kept for the messages
    page = _page(_rows(conn, wanted, room + 1, after, max(budget_ms // 2, budget_ms - spent)), room, pattern)
    if after is None and page.more is None:  # nothing was left out
        page = replace(page, about=len(page.hits), exact=True)
    return replace(page, hits=(*notes, *_among(names, page.hits)), about=page.about + len(notes))


def _among(names: list[Hit], messages: tuple[Hit, ...]) -> list[Hit]:
    """Names, the newest first, each before the first message that is older."""
    hits = list(messages)
    for name in sorted(names, key=lambda hit: hit.created_at, reverse=True):
        older = (nr for nr, hit in enumerate(hits) if hit.is_message and hit.created_at < name.created_at)
        hits.insert(next(older, len(hits)), name)
    return hits


def _rows(conn: Connection, wanted: str, limit: int, after: Cursor | None, budget_ms: int) -> list[Any]:
    """What ``search_messages`` finds behind a cursor."""
    start = None if after is None or after.tier == beside.TIER else after
    params = {
        "query": wanted,
        "limit": limit,
        "tier": start.tier if start else 0,
        "before": start.created_at.isoformat() if start else "infinity",
        "before_chat": start.chat_id if start else 0,
        "before_seq": start.seq if start else 0,
        "budget_ms": budget_ms,
    }
    return list(conn.execute(_SEARCH, params))


def _cursor(row: Any) -> Cursor:
    return Cursor(row.tier, row.created_at, row.chat_id, row.seq)


def suggest(db: Database, word: str, limit: int = 5) -> list[str]:
    """Words of one's own chats that look like ``word``, the likeliest first."""
    function = func.chattui.suggest_words(bindparam("word"), bindparam("limit"))
    found = function.table_valued("word", "n").render_derived(name="s")
    clean = word.replace("\x00", "").encode("utf-8", "replace").decode()
    return db.read(lambda conn: list(conn.execute(select(found.c.word), {"word": clean, "limit": limit}).scalars()))


def matching_seqs(db: Database, chat_id: int, text: str, *, limit: int = 5_000, slot: str | None = None) -> list[int]:
    """The messages of one chat that hold the words, phrases and expressions of a query, in order: what ``n`` and ``N``
    step through. Fields and what must not be count for nothing here: the chat is open already."""
    query = parse(text)
    held = _held(query.root)
    if held is None:
        return []
    statement = (
        select(messages.c.seq)
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id, held)
        .order_by(messages.c.seq)
        .limit(limit)
    )
    try:
        return db.read(lambda conn: list(conn.execute(statement).scalars()), slot=slot)
    except DatabaseError as error:
        if has_regex(query.root) and explained(error) is not None:
            return []
        raise


def _held(node: Node | None) -> ColumnElement[bool] | None:
    """The condition that a text holds what is positive in a query."""
    match node:
        case Word(text) | Phrase(text) | Literal(text):
            return func.chattui.fold(messages.c.content).ilike(func.chattui.fold(storable(f"%{like(text)}%")))
        case Regex(text):
            return func.regexp_like(messages.c.content, storable(Needle(text, regex=True).sql), "in")
        case And(items) | Or(items):
            held = [condition for condition in map(_held, items) if condition is not None]
            if held:
                return and_(*held) if isinstance(node, And) else or_(*held)
    return None


def _page(found: list[Any], limit: int, pattern: re.Pattern[str] | None) -> Page:
    hits: list[Hit] = []
    ends: list[Cursor] = []
    stopped: Cursor | None = None
    about, exact = 0.0, True
    for row in found:
        (_tier, chat_id, seq, created_at, role, kind, snippet, is_stop, about, exact, title, source, *rest) = row
        if is_stop:
            stopped = stopped or _cursor(row)
            continue
        if title is None:
            continue
        ends.append(_cursor(row))
        ranges = match_ranges(snippet, pattern)
        hits.append(Hit(chat_id, seq, Role(role), Kind(kind), created_at, snippet, ranges, title, source, *rest))
    more = stopped
    if len(hits) > limit:
        hits = hits[:limit]
        more = stopped or ends[limit - 1]
    count = max(round(about), len(hits))
    return Page(tuple(hits), count, bool(exact), more, stopped is None)
