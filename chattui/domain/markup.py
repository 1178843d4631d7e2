"""How much Markdown a parser may be given: some texts, harmless to read, take it minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 100_000
"""Characters above which text is shown as it is: parsing must not stall the pane."""

MOST_LINES = 4_000
_MOST_BRACKETS = 1_500
_MOST_OPENERS = 4_000
_MOST_ITEMS = 600
_MOST_CELLS = 4_000
_ITEM = re.compile(r"^[ >]*(?:[-+*|]|\d+[.)])", re.MULTILINE)


def too_heavy(text: str) -> bool:
    """Whether parsing could take longer than a few frames: by length, lines, or what makes parsers slow."""
    if len(text) > LONGEST or text.count("\n") > MOST_LINES:
        return True
    if len(text) < _MOST_BRACKETS:
        return False
    return (
        text.count("[") > _MOST_BRACKETS
        or sum(map(text.count, "*_`~<&\\")) > _MOST_OPENERS
        or _items(text) > _MOST_ITEMS
        or _cells(text) > _MOST_CELLS
    )


def _items(text: str) -> int:
    """List items, quotations and table rows that stand outside of fenced code; only counted where they may be many."""
    if sum(1 for _ in _ITEM.finditer(text)) <= _MOST_ITEMS:
        return 0
    return sum(1 for line in _unfenced(text) if _ITEM.match(line))


def _cells(text: str) -> int:
    """Cells of tables outside of fenced code; only counted where they may be many."""
    return sum(line.count("|") for line in _unfenced(text)) if text.count("|") > _MOST_CELLS else 0


def _unfenced(text: str) -> Iterator[str]:
    fenced = False
    for line in text.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            yield line
