"""Corrections: what may have been meant by a text that finds nothing."""

from __future__ import annotations

import re
from itertools import islice

from chattui.domain.language import TokenKind, parse
from chattui.store import search
from chattui.store.database import Database

_PROPOSED, _TRIED = 3, 6
_BARE = re.compile(r"[^\W\d_]\w{2,}")


def bare_words(text: str) -> list[tuple[int, int]]:
    """(start, end) of the words that may be mistyped: not in quotes, no fields, no names in parts; at most 8."""
    words = (t for t in parse(text).tokens if t.kind is TokenKind.WORD and _BARE.fullmatch(text[t.start : t.end]))
    return [(word.start, word.end) for word in islice(words, 8)]


def corrections(db: Database, text: str, slot: str | None = None) -> list[str]:
    """The text with its mistyped words as words that there are, the likeliest first. Each one finds something."""
    similar: list[tuple[int, int, list[str]]] = []
    for start, end in bare_words(text):
        words = search.suggest(db, text[start:end])
        if words and text[start:end].lower() not in words:
            similar.append((start, end, words))
    tried = list(dict.fromkeys(_candidates(text, similar)))[:_TRIED]
    finds = (
        each for each in tried if search.search(db, each, limit=1, budget_ms=search.TYPING_BUDGET_MS, slot=slot).hits
    )
    return list(islice(finds, _PROPOSED))


def _candidates(text: str, similar: list[tuple[int, int, list[str]]]) -> list[str]:
    if not similar:
        return []
    found = []
    for rank in range(max(len(words) for _, _, words in similar)):
        candidate = text
        for start, end, words in reversed(similar):
            candidate = candidate[:start] + words[min(rank, len(words) - 1)] + candidate[end:]
        found.append(candidate)
    return found
