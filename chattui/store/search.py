"""Search: the database's one search function, its pages, and where in a snippet the matches are."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import TIMESTAMP

from chattui.domain.kinds import Kind, Role
from chattui.domain.search import Cursor, Hit, Page
from chattui.store.database import Database
from chattui.store.tables import ME, chats, messages

TYPING_BUDGET_MS = 25
PATIENT_BUDGET_MS = 2_000
SEARCH_TIMEOUT_MS = 20_000

_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
_TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
_SPREAD = re.compile(r"[^\w]+|_")


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
    """A page of hits for what was typed: the words as a phrase first, then all the words; newest first in each.

    The last word is a prefix unless a blank or a quote follows it. Ends early when ``budget_ms`` is spent; the page
    then says so and ``more`` goes on from there. ``Cancelled`` is raised when ``db.cancel(slot)`` ended it.
    """
    typed = text.replace("\x00", " ")
    params = {
        "text": typed.encode("utf-8", "replace").decode(),
        "limit": limit + 1,
        "tier": after.tier if after else 0,
        "before": after.created_at.isoformat() if after else "infinity",
        "before_chat": after.chat_id if after else 0,
        "before_seq": after.seq if after else 0,
        "budget_ms": budget_ms,
    }

    def work(conn: Connection) -> list[Any]:
        return list(conn.execute(_SEARCH, params))

    return _page(db.read(work, timeout_ms=SEARCH_TIMEOUT_MS, slot=slot), limit, match_pattern(typed))


def suggest(db: Database, word: str, limit: int = 5) -> list[str]:
    """Words of one's own chats that look like ``word``, the likeliest first."""
    function = func.chattui.suggest_words(bindparam("word"), bindparam("limit"))
    found = function.table_valued("word", "n").render_derived(name="s")
    clean = word.replace("\x00", "").encode("utf-8", "replace").decode()
    return db.read(lambda conn: list(conn.execute(select(found.c.word), {"word": clean, "limit": limit}).scalars()))


def matching_seqs(db: Database, chat_id: int, text: str, *, limit: int = 5_000, slot: str | None = None) -> list[int]:
    """The messages of one chat that match, in order: what ``n`` and ``N`` step through."""
    words = [w for w, _ in terms(text)]
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


def terms(text: str) -> list[tuple[str, bool]]:
    """What was typed as (term, quoted): quoted phrases and bare words, at most 32."""
    found = [(m[1] or m[2], m[1] is not None) for m in _TERM.finditer(text[:1000])]
    return [(t, q) for t, q in found[:32] if q or any(c.isalnum() for c in t)]


def match_pattern(text: str) -> re.Pattern[str] | None:
    """What to mark in snippets and in the pane for a query; None when nothing in it can match.

    Whole words, the last one a prefix while it is typed; phrases and dotted names literally; CJK anywhere.
    """
    wanted = terms(text)
    if not wanted:
        return None
    alternatives: list[str] = []
    for number, (term, quoted) in enumerate(wanted):
        is_typed = number == len(wanted) - 1 and not quoted and not text[-1:].isspace()
        literal = re.escape(term)
        if quoted or _CJK.search(term):
            alternatives.append(r"\s+".join(map(re.escape, term.split())) or literal)
            continue
        parts = [p for p in _SPREAD.split(term) if p]
        if len(parts) > 1 or parts != [term]:
            alternatives.append(literal)
        if len(parts) == 1:
            alternatives.append(rf"(?<![^\W_]){re.escape(parts[0])}" + ("" if is_typed else r"(?![^\W_])"))
            if parts[0].isascii() and len(parts[0]) > 1:
                alternatives.append(_camel(parts[0], is_typed))
    bare = [t for t, q in wanted if not q]
    if len(bare) > 1 and len(bare) == len(wanted):
        alternatives.insert(0, r"\W".join(map(re.escape, bare)))
    return re.compile("|".join(dict.fromkeys(alternatives)), re.IGNORECASE)


def _camel(word: str, prefix: bool) -> str:
    """The word as a part of a camel-case identifier: ``user`` in ``getUserById``."""
    head, tail = word[0].upper(), word[1:].lower()
    return rf"(?-i:(?<=[a-z0-9]){re.escape(head + tail)}" + (")" if prefix else "(?![a-z]))")


def match_ranges(snippet: str, pattern: re.Pattern[str] | None) -> tuple[tuple[int, int], ...]:
    """(start, end) of every match in a snippet, in order, not overlapping."""
    if pattern is None:
        return ()
    return tuple((m.start(), m.end()) for m in pattern.finditer(snippet) if m.end() > m.start())


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
