"""A parsed query as the database's search functions take it: jsonb. See ``schema/0007_query.sql``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chattui.domain.fields import FIELDS, Scope
from chattui.domain.language import And, Field, Literal, Node, Not, Or, Phrase, Query, Regex, Word
from chattui.domain.needle import Needle
from chattui.store.storable import storable_json


def as_json(query: Query) -> str:
    """The query for ``search_messages`` and ``search_beside``.

    What bounds the walk is taken out of the tree: fields of chats, and fields of time with one period.
    """
    chats: list[Any] = []
    since: datetime | None = None
    until: datetime | None = None
    others: list[Node] = []
    for part in query.parts:
        inner = part.item if isinstance(part, Not) else part
        if isinstance(part, Field) and len(part.periods) == 1:
            [(first, end)] = part.periods
            since = max(filter(None, (since, first)), default=None)
            until = min(filter(None, (until, end)), default=None)
        elif isinstance(inner, Field) and inner.scope is Scope.CHAT:
            chats.append(_field(inner) if inner is part else {"not": _field(inner)})
        else:
            others.append(part)
    phrase, anchor = _bare_words(others)
    return storable_json(
        {
            "node": {"k": "and", "of": [_node(part) for part in others]},
            "chats": chats,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "phrase": phrase,
            "anchor": anchor,
        }
    )


def has_text(query: Query) -> bool:
    """Whether there is text to look for; else there are only fields, or what must not be."""
    return bool(query.positive)


def has_regex(node: Node | None) -> bool:
    """Whether there is a regular expression anywhere in it."""
    match node:
        case Regex():
            return True
        case Not(item):
            return has_regex(item)
        case And(items) | Or(items):
            return any(map(has_regex, items))
    return False


def like(text: str) -> str:
    """The text with what a LIKE pattern would take for its own escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _bare_words(parts: list[Node]) -> tuple[str | None, str | None]:
    """The bare words as one pattern, when there are several and nothing else is looked for; and what a snippet shows."""
    words = [part.text for part in parts if isinstance(part, Word)]
    if len(words) > 1 and all(isinstance(part, Word | Field | Not) for part in parts):
        return f"%{'_'.join(map(like, words))}%", " ".join(words).lower()
    for part in parts:
        if isinstance(part, Phrase | Literal) or (isinstance(part, Word) and not part.text.isalnum()):
            return None, part.text.lower()
    return None, None


def _node(node: Node) -> dict[str, Any]:
    match node:
        case Word(text, prefix):
            return {"k": "word", "t": text, "open": prefix}
        case Phrase(text):
            return {"k": "phrase", "t": text, "open": False}
        case Literal(text):
            return {"k": "sub", "t": text}
        case Regex(text):
            return {"k": "re", "t": Needle(text, regex=True).sql}
        case Field():
            return _field(node)
        case Not(item):
            return {"k": "not", "of": _node(item)}
        case And(items):
            return {"k": "and", "of": [_node(item) for item in items]}
        case Or(items):
            return {"k": "or", "of": [_node(item) for item in items]}


def _field(field: Field) -> dict[str, Any]:
    if field.periods:
        spans = [[moment.isoformat() if moment else None for moment in period] for period in field.periods]
        return {"k": "field", "name": field.name, "spans": spans}
    whole = FIELDS[field.name].whole
    patterns = []
    for number, value in enumerate(field.values):
        is_beginning = value.endswith("*") or (field.prefix and number == len(field.values) - 1)
        text = like(value.removesuffix("*"))
        patterns.append(text + ("%" if is_beginning else "") if whole else f"%{text}%")
    return {"k": "field", "name": field.name, "any": list(field.values), "pats": patterns}
