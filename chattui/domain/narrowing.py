"""Narrowing: fields put into a query and taken out of it, as a person would type them; and what narrows a list of hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from chattui.domain.language import Or, Token, TokenKind, parse
from chattui.domain.search import Hit

_PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


@dataclass(frozen=True, slots=True)
class Facet:
    """A value of a field, and how many of the hits have it."""

    field: str
    value: str
    count: int


def project_name(project: str) -> str:
    """The last part of a project's directory."""
    return project.rstrip("/").rpartition("/")[2]


def quoted(value: str) -> str:
    """A value as it is typed behind a field: in quotes where it must be."""
    if value and (set(value) <= _PLAIN or (value.isalnum() and value.isprintable())):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def has_field(text: str, name: str) -> bool:
    """Whether the query asks for something of a field."""
    return bool(_fields(text, name))


def with_field(text: str, name: str, value: str) -> str:
    """The query with ``name:value`` in front, in place of what it asks of this field."""
    rest = without_field(text, name)
    query = parse(rest)
    if isinstance(query.root, Or) and not any(t.problem for t in query.tokens):
        rest = f"({rest.strip()}) "
    return f"{name}:{quoted(value)} {rest}"


def without_field(text: str, name: str) -> str:
    """The query with nothing that it asks of a field. What must not be stays."""
    for token in reversed(_fields(text, name)):
        end = token.end
        while end < len(text) and text[end].isspace():
            end += 1
        text = text[: token.start] + text[end:]
    return text


def _fields(text: str, name: str) -> list[Token]:
    found: list[Token] = []
    before: Token | None = None
    for token in parse(text).tokens:
        negated = before is not None and before.end == token.start and text[before.start : before.end] == "-"
        if token.kind is TokenKind.FIELD and token.name == name and not negated:
            found.append(token)
        before = token
    return found


def facets(hits: Sequence[Hit], zone: tzinfo | None) -> list[Facet]:
    """What the hits have by source, project and role, the commonest first, and by month, the newest first."""
    values = {
        "source": Counter(hit.source for hit in hits),
        "project": Counter(project_name(hit.project) for hit in hits if hit.project and project_name(hit.project)),
        "role": Counter(str(hit.role) for hit in hits if hit.is_message),
    }
    found = [Facet(field, value, n) for field, counted in values.items() for value, n in counted.most_common()]
    months = Counter(hit.created_at.astimezone(zone).strftime("%Y-%m") for hit in hits)
    return found + [Facet("on", month, months[month]) for month in sorted(months, reverse=True)]
