"""Text as it is, without Markdown: a window of rows on it, so that megabytes cost no more than what is shown."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from chattui.domain.visible import visible
from chattui.tui.pane.cutting import UNWRAPPED
from chattui.tui.pane.layout import TAB, code_breaks
from chattui.tui.pane.lines import Line

_PIECE = 4_096
"""Characters of one line that are wrapped at a time."""

_UNWRAPPED = 100_000
"""Characters that are laid out at first where lines are not wrapped; and, for more rows, for each of them:"""

_TYPICAL = 50


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of a text from one character on. ``end`` is where the next window begins: the text's length at its end."""

    lines: list[Line]
    end: int


def set_plain(text: str, start: int, width: int, most: int, style: Style) -> Window:
    """About ``most`` rows of ``text`` from ``start`` on."""
    lines: list[Line] = []
    position, size = start, len(text)
    piece = max(width, _PIECE // width * width)
    limit = start + (size if width < UNWRAPPED else max(_UNWRAPPED, most * _TYPICAL))
    fresh = True
    while position < size and len(lines) < most and position < limit:
        feed = text.find("\n", position, position + piece)
        stop = feed if feed >= 0 else min(size, position + piece)
        source = visible(text[position:stop]).expandtabs(TAB)
        for begin, finish, indent, join in code_breaks(source, width):
            blanks = (Segment(" " * indent, style),) if indent else ()
            shown = (Segment(source[begin:finish], style),) if finish > begin else ()
            lines.append(Line((*blanks, *shown), indent, join if fresh or begin else ""))
        fresh = feed >= 0
        position = stop + 1 if fresh else stop
    return Window(lines, min(position, size))


def window_at(text: str, offset: int) -> int:
    """Where a window begins that shows ``offset`` near its top: at the start of a line not too far above."""
    feed = text.rfind("\n", max(0, offset - _PIECE), offset)
    return feed + 1 if feed >= 0 else max(0, offset - _PIECE // 4)


def rest_of(text: str, end: int) -> str:
    """What is not shown below ``end``, in words: lines, and how much text that is."""
    count = text.count("\n", end) + (not text.endswith("\n"))
    return f"{count:,} more {'line' if count == 1 else 'lines'} ({size_of(len(text) - end)})"


def size_of(characters: int) -> str:
    """A number of characters for people."""
    if characters < 10_000:
        return f"{characters:,} characters"
    if characters < 1_000_000:
        return f"{characters / 1_000:.0f} K characters"
    return f"{characters / 1_000_000:.1f} M characters"
