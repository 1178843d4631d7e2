"""Search by meaning: what was typed, asked of the embeddings, and fused with what was found by its words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, Connection, Text, and_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from chattui.domain.kinds import Kind, Role
from chattui.domain.language import And, Field, Literal, Node, Not, Or, Phrase, Query, Word
from chattui.domain.query import match_ranges, pattern_of
from chattui.domain.search import FoundBy, Hit
from chattui.domain.semantic import FUSED
from chattui.store.database import Database
from chattui.store.search_query import as_json
from chattui.store.storable import storable_json
from chattui.store.tables import ME, chats

BUDGET_MS = 60


def _statement() -> Any:
    found = (
        func.chattui.search_meaning(
            cast(BindParameter("query", type_=Text), JSONB),
            BindParameter("vector", type_=Text),
            bindparam("limit"),
            bindparam("budget_ms"),
        )
        .table_valued("chat_id", "seq", "created_at", "role", "kind", "snippet", "nearness", with_ordinality="nr")
        .render_derived(name="s")
    )
    columns = (found.c.chat_id, found.c.seq, found.c.role, found.c.kind, found.c.created_at, found.c.snippet)
    of_chat = (chats.c.title, chats.c.source, chats.c.source_id, chats.c.project, chats.c.parent_id)
    joined = found.join(chats, and_(chats.c.owner == ME, chats.c.id == found.c.chat_id))
    return select(*columns, *of_chat).select_from(joined).order_by(found.c.nr)


_SEARCH = _statement()


def said(query: Query) -> str:
    """What of a query has a meaning: its words and phrases."""
    return " ".join(leaf.text for leaf in query.positive if isinstance(leaf, Word | Phrase | Literal))


def near(db: Database, query: Query, vector: str, *, limit: int = FUSED, slot: str | None = None) -> list[Hit]:
    """The messages whose meaning is nearest to ``vector``, the nearest first; none where it is off.

    The query's fields bound them, and so does what must not be. ``Cancelled`` is raised when ``db.cancel(slot)`` ended it.
    """
    words = [leaf.text.lower() for leaf in query.positive if isinstance(leaf, Word | Phrase) and len(leaf.text) > 3]
    bounds = Query(query.text, And(tuple(part for part in query.parts if not _has_words(part))), ())
    asked = storable_json(json.loads(as_json(bounds)) | {"words": words})
    params = {"query": asked, "vector": vector, "limit": limit, "budget_ms": BUDGET_MS}
    pattern = pattern_of(query)

    def work(conn: Connection) -> list[Hit]:
        hits = []
        for chat_id, seq, role, kind, created_at, snippet, *of_chat in conn.execute(_SEARCH, params):
            ranges = match_ranges(snippet, pattern)
            hit = Hit(chat_id, seq, Role(role), Kind(kind), created_at, snippet, ranges, *of_chat)
            hits.append(replace(hit, found_by=FoundBy.MEANING))
        return hits

    return db.read(work, slot=slot)


def _has_words(node: Node) -> bool:
    """Whether a part asks for text: such a part is what has a meaning, and bounds nothing."""
    match node:
        case Field() | Not():
            return False
        case And(items) | Or(items):
            return any(map(_has_words, items))
    return True
