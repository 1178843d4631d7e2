"""What is looked for inside one chat: literal text or a regular expression, and how its matches are marked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chattui.domain.errors import ChattuiError

_MOST_PATHS = 1_000
_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|.", re.DOTALL)
_LONGEST = 1_000


class BadExpression(ChattuiError):
    """A regular expression that cannot be read."""


class SlowExpression(ChattuiError):
    """A regular expression that takes too long."""


@dataclass(frozen=True, slots=True)
class Needle:
    """What was typed, and how it is meant. Letters match both cases unless ``case``."""

    text: str
    regex: bool = False
    case: bool = False

    def __post_init__(self) -> None:
        """Longer than ``_LONGEST`` characters nobody types; a database knows no NUL."""
        object.__setattr__(self, "text", self.text.replace("\x00", "")[:_LONGEST])

    def narrows(self, other: Needle) -> bool:
        """Whether only messages that hold ``other`` can hold this one: true of literal text that has grown."""
        if self.regex or other.regex or not other.text or (other.case and not self.case):
            return False
        if other.case:
            return other.text in self.text
        return other.text.lower() in self.text.lower()

    @property
    def sql(self) -> str:
        r"""The expression in PostgreSQL's words, where a word boundary is ``\y``: ``\b`` would be a backspace."""
        swap = {r"\b": r"\y", r"\B": r"\Y"}
        return "".join(swap.get(part, part) for part in _CLASS.findall(self.text))

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What to mark on the screen; None when running it there could take long, or Python does not know it.

        Python's engine cannot be stopped. Literal text is always safe; of expressions only those without unbounded
        repeats, whose ways through the pattern can be counted.
        """
        flags = re.MULTILINE | (0 if self.case else re.IGNORECASE)
        if not self.regex:
            return re.compile(re.escape(self.text), flags) if self.text else None
        if "[[" in self.text or "[:" in self.text:  # [[:alpha:]] means something else in Python
            return None
        try:
            compiled = re.compile(self.text, flags)
            return compiled if _paths(_parse(self.text)) <= _MOST_PATHS else None
        except (re.error, OverflowError, RecursionError):
            return None

    def pattern_of(self, found: Iterable[str]) -> re.Pattern[str]:
        """What to mark when the database, which can be stopped, has said what the expression has matched."""
        longest_first = sorted({text for text in found if text.strip()}, key=lambda text: (-len(text), text))
        return re.compile("|".join(map(re.escape, longest_first)) or "(?!)", 0 if self.case else re.IGNORECASE)


def _parse(text: str) -> Any:
    from re import _parser  # type: ignore[attr-defined]  # no public way to see a pattern's parts

    return _parser.parse(text)


def _paths(items: Any) -> float:
    """In how many ways the engine may go through a parsed pattern from one place; infinite when that has no bound."""
    paths = 1.0
    for op, value in items:
        name = str(op)
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "AT"):
            continue
        if name == "SUBPATTERN":
            paths *= _paths(value[-1])
        elif name == "BRANCH":
            paths *= sum(_paths(branch) for branch in value[1])
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = value
            if int(most) > _MOST_PATHS:
                return float("inf")
            paths *= (most - least + 1) * _paths(inner) ** int(most)
        else:
            return float("inf")
        if paths > _MOST_PATHS:
            return float("inf")
    return paths
