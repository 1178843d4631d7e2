"""What was typed into a search: its terms, and what they match in a text that one has before one's eyes."""

from __future__ import annotations

import re

CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
_TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
_SPREAD = re.compile(r"[^\w]+|_")


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
        if quoted or CJK.search(term):
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
