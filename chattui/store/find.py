"""Find in chat: which messages of one chat hold a needle, asked for in parts.

A test of every message, not the search index: the index knows whole words of all chats, and what is looked for here is
any part of a word, or an expression. PostgreSQL tests about 300,000 messages a second (65 MB of text in 0.21 s with
ILIKE, 0.45 s with an expression, one core), so a chat of 100,000 is asked in parts, those around the reader first: the
first part answers within a frame, the rest while the next key is on its way. When a literal needle grows, only messages
that matched before are tested again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import errors as pg
from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy import literal as value

from chattui.domain.errors import Cancelled, DatabaseError
from chattui.domain.needle import BadExpression, Needle, SlowExpression
from chattui.store.database import Database
from chattui.store.storable import storable
from chattui.store.tables import ME, messages

EXPRESSION_TIMEOUT_MS = 1_000
"""For one part of a chat. What PostgreSQL's engine does with an expression has no bound, in time or in memory."""

_TEXTS, _TEXT_FROM = 5, 20_000
"""Matches of a message that are told, and the characters in which they are looked for."""


def seqs_in(
    db: Database, chat_id: int, needle: Needle, first: int, last: int, *, slot: str | None = None
) -> tuple[list[int], set[str]]:
    """Messages ``first`` … ``last`` that match, ascending, and what an expression matched that only the server can run.

    Raises ``BadExpression`` and ``SlowExpression``, with a sentence, and ``Cancelled``.
    """
    return _look(db, chat_id, needle, messages.c.seq.between(first, last), slot)


def seqs_among(
    db: Database, chat_id: int, needle: Needle, seqs: Sequence[int], *, slot: str | None = None
) -> tuple[list[int], set[str]]:
    """As ``seqs_in``, of these messages only."""
    return _look(db, chat_id, needle, messages.c.seq == func.any(list(seqs)), slot)


def _look(
    db: Database, chat_id: int, needle: Needle, where: ColumnElement[bool], slot: str | None
) -> tuple[list[int], set[str]]:
    tells = needle.regex and needle.pattern is None
    statement = (
        _statement(needle, tells=tells)
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id, where)
        .order_by(messages.c.seq)
    )

    def work(conn: Connection) -> list[Any]:
        return list(conn.execute(statement))

    try:
        rows = db.read(work, timeout_ms=EXPRESSION_TIMEOUT_MS if needle.regex else None, slot=slot)
    except Cancelled:
        raise
    except DatabaseError as error:
        if needle.regex and (explained := _explained(error)) is not None:
            raise explained from error
        raise
    texts = {text for row in rows for text in row[1] if text} if tells else set()
    return [row[0] for row in rows], texts


def _statement(needle: Needle, *, tells: bool) -> Select[Any]:
    content = messages.c.content
    if not needle.regex:
        text = storable(needle.text)
        holds = content.contains if needle.case else content.icontains
        return select(messages.c.seq).where(holds(text, autoescape=True))
    pattern, flags = storable(needle.sql), "n" if needle.case else "in"  # n: . and ^ know lines
    found = select(messages.c.seq).where(func.regexp_like(content, pattern, flags))
    if not tells:
        return found
    nth = func.generate_series(1, _TEXTS).table_valued("n").render_derived(name="nth")
    matched = func.regexp_substr(func.left(content, _TEXT_FROM), value(pattern), 1, nth.c.n, flags)
    return found.add_columns(func.array(select(matched).select_from(nth).correlate(messages).scalar_subquery()))


def _explained(error: DatabaseError) -> Exception | None:
    original = getattr(error.__cause__, "orig", None)
    match original:
        case pg.InvalidRegularExpression():
            reason = (original.diag.message_primary or "").rpartition(": ")[2]
            return BadExpression(f"Not a regular expression: {reason}")
        case pg.QueryCanceled():
            return SlowExpression("This expression takes too long here.")
    return None
