"""What a query matches in a text that one has before one's eyes: what is marked in snippets and in the pane."""

from __future__ import annotations

import re
from functools import cache

from chattui.domain.language import Literal, Phrase, Query, Regex, Word, parse
from chattui.domain.needle import Needle

CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
_SPREAD = re.compile(r"[^\w]+|_")
_ACCENT = "[\u0300-\u036f]*"


def match_pattern(text: str) -> re.Pattern[str] | None:
    """What to mark for what was typed; None when nothing in it can match."""
    return pattern_of(parse(text))


def pattern_of(query: Query) -> re.Pattern[str] | None:
    """What to mark for a query; None when nothing in it can match.

    Whole words, the last one a prefix while it is typed; phrases and dotted names literally; CJK and ``sub:`` anywhere;
    expressions when marking them cannot take long. Accents do not matter. What must not be is not marked.
    """
    wanted = query.positive
    alternatives: list[str] = []
    for leaf in wanted:
        match leaf:
            case Phrase(text):
                alternatives.append(r"\s+".join(map(_folded, text.split())) or re.escape(text))
            case Literal(text):
                alternatives.append(_folded(text))
            case Regex(text):
                known = Needle(text, regex=True).pattern
                alternatives.extend([f"(?:{text})"] if known is not None else [])
            case Word(text, is_typed):
                alternatives.extend(_word(text, is_typed))
    if not alternatives:
        return None
    bare = [leaf.text for leaf in wanted if isinstance(leaf, Word)]
    if len(bare) > 1 and len(bare) == len(wanted):
        alternatives.insert(0, r"\W".join(map(_folded, bare)))
    flags = re.IGNORECASE | re.MULTILINE
    try:
        return re.compile("|".join(dict.fromkeys(alternatives)), flags)
    except re.error:  # an expression that stands only alone, as one with flags
        return re.compile("|".join(a for a in alternatives if not a.startswith("(?:")) or "(?!)", flags)


def _word(text: str, is_typed: bool) -> list[str]:
    """A word as a whole word and as a part of a name; a name literally."""
    if CJK.search(text):
        return [_folded(text)]
    parts = [p for p in _SPREAD.split(text) if p]
    found = [_folded(text)] if parts != [text] else []
    if len(parts) == 1:
        found.append(rf"(?<![^\W_]){_folded(parts[0])}" + ("" if is_typed else r"(?![^\W_])"))
        if parts[0].isascii() and len(parts[0]) > 1:
            found.append(_camel(parts[0], is_typed))
    return found


def _camel(word: str, prefix: bool) -> str:
    """The word as a part of a camel-case identifier: ``user`` in ``getUserById``."""
    head, tail = word[0].upper(), word[1:].lower()
    return rf"(?-i:(?<=[a-z0-9]){re.escape(head + tail)}" + (")" if prefix else "(?![a-z]))")


def _folded(text: str) -> str:
    """A pattern of the text in which accents do not matter: ``zurich`` matches ``Zürich``."""
    from unicodedata import normalize

    bare = "".join(c for c in normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    letters = _accented()
    found = []
    for char in normalize("NFC", bare) or text:
        with_accents = letters.get(char.lower())
        found.append(f"[{with_accents}]{_ACCENT}" if with_accents else re.escape(char))
    return "".join(found)


@cache
def _accented() -> dict[str, str]:
    """Letters with all that are the same letter with an accent, as ``fold`` of the database knows them."""
    from unicodedata import normalize

    found: dict[str, str] = {}
    for first, last in ((0xC0, 0x24F), (0x370, 0x45F), (0x1E00, 0x1FFF)):
        for char in map(chr, range(first, last + 1)):
            base = normalize("NFD", char)
            if len(base) > 1 and all("\u0300" <= mark <= "\u036f" for mark in base[1:]):
                key = base[0].lower()
                found[key] = found.get(key, key) + char
    return found


def match_ranges(snippet: str, pattern: re.Pattern[str] | None) -> tuple[tuple[int, int], ...]:
    """(start, end) of every match in a snippet, in order, not overlapping."""
    if pattern is None:
        return ()
    return tuple((m.start(), m.end()) for m in pattern.finditer(snippet) if m.end() > m.start())
