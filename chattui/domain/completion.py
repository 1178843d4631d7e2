"""Completion of a query: names of fields, and values that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chattui.domain.fields import FIELDS
from chattui.domain.language import TokenKind, parse
from chattui.domain.narrowing import quoted

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand from ``start`` to ``end`` instead; the likeliest first."""

    start: int
    end: int
    texts: tuple[str, ...]


def complete(text: str, cursor: int, values: Values) -> Completion | None:
    """What is begun before the cursor, completed; None when nothing is. ``values`` are those that exist, by field."""
    for token in parse(text[:cursor]).tokens:
        if token.end != cursor:
            continue
        if token.kind is TokenKind.WORD:
            begun = text[token.start : cursor].lower()
            if text[token.start - 1 : token.start] == '"':  # a phrase is being typed
                return None
            names = tuple(f"{name}:" for name in FIELDS if name.startswith(begun))
            return Completion(token.start, cursor, names) if names else None
        if token.kind is TokenKind.FIELD and token.name is not None and token.value_start is not None:
            start = max(token.value_start, text.rfind(",", token.value_start, cursor) + 1)
            begun = text[start:cursor].strip('"').lower()
            known = FIELDS[token.name].values or values.get(token.name, ())
            found = [v for v in known if v.lower().startswith(begun)]
            found += [v for v in known if begun and begun in v.lower() and v not in found]
            texts = tuple(quoted(value) for value in found if value.lower() != begun)
            return Completion(start, cursor, texts) if texts else None
    return None
