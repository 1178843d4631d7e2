"""Greedy wrapping by cells: where text breaks, and styled runs as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment

from chattui.tui.pane.lines import Line, Run

ELLIPSIS = "…"
_BETWEEN = " · "


def cells(text: str) -> int:
    """Terminal columns of printable text."""
    return len(text) if text.isascii() else cell_len(text)


def breaks(text: str, width: int) -> list[tuple[int, int]]:
    """Rows of one line of text as (start, end): words stay whole where they fit ``width`` columns.

    What lies between the end of a row and the start of the next are blanks, or nothing in a word too long for a row
    and between wide characters. No row is wider than ``width``, unless one character alone is.
    """
    if cells(text) <= width:
        return [(0, len(text))]
    if text.isascii():
        return list(_narrow_breaks(text, width))
    spans, _ = split_graphemes(text)
    if all(span[2] == 1 for span in spans) and len(spans) == len(text):
        return list(_narrow_breaks(text, width))
    return list(_wide_breaks(text, width, spans))


def _narrow_breaks(text: str, width: int) -> Iterator[tuple[int, int]]:
    start, size = 0, len(text)
    while size - start > width:
        space = text.rfind(" ", start + 1, start + width + 1)
        end = len(text[start:space].rstrip(" ")) + start if space > start else start
        if end == start:
            yield start, start + width
            start += width
            continue
        yield start, end
        start = _after_blanks(text, space)
    if start < size:
        yield start, size


def _wide_breaks(text: str, width: int, spans: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    index, count = 0, len(spans)
    while index < count:
        start = spans[index][0]
        used, at, split = 0, index, index
        while at < count and used + spans[at][2] <= width:
            used += spans[at][2]
            if text[spans[at][0]] == " " or spans[at][2] == 2:
                split = at + 1
            at += 1
        if at == count:
            yield start, len(text)
            return
        if text[spans[at][0]] == " " or spans[at][2] == 2:
            split = at
        if split == index or not text[start : spans[split][0]].strip(" "):
            split = max(at, index + 1)
        cut = spans[split][0] if split < count else len(text)
        yield start, len(text[start:cut].rstrip(" ")) + start
        following = _after_blanks(text, cut)
        while index < count and spans[index][0] < following:
            index += 1


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def wrap(
    runs: Sequence[Run], width: int, *, first: Sequence[Run] = (), rest: Sequence[Run] = (), lead: int = 0
) -> list[Line]:
    """Styled text as lines of at most ``width`` columns, each after its prefix: ``first``, then ``rest``.

    Both prefixes are equally wide. ``lead`` characters of the first one are ornament, all of the others are.
    """
    room = max(1, width - sum(cells(text) for text, _ in rest))
    hang = sum(len(text) for text, _ in rest)
    head = tuple([Segment(text, style) for text, style in first])
    tail = tuple([Segment(text, style) for text, style in rest])
    lines: list[Line] = []
    for paragraph in split_runs(runs):
        text = "".join([part for part, _ in paragraph])
        end = 0
        for number, (start, stop) in enumerate(breaks(text, room)):
            body = slice_runs(paragraph, start, stop)
            join = text[end:start] if number else "\n"
            lines.append(Line((*(tail if lines else head), *body), hang if lines else lead, join))
            end = stop
    return lines


def split_runs(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs cut at line feeds; at least one, perhaps empty, line."""
    lines: list[list[Run]] = [[]]
    for text, style in runs:
        parts = text.split("\n")
        lines[-1].append((parts[0], style))
        lines.extend([(part, style)] for part in parts[1:])
    return lines


def slice_runs(runs: Sequence[Run], start: int, stop: int) -> tuple[Segment, ...]:
    """The characters ``start`` … ``stop`` of the runs."""
    if len(runs) == 1:
        text, style = runs[0]
        return (Segment(text[start:stop], style),) if stop > start else ()
    parts: list[Segment] = []
    position = 0
    for text, style in runs:
        end = position + len(text)
        if end > start and position < stop and text:
            parts.append(Segment(text[max(0, start - position) : stop - position], style))
        position = end
        if position >= stop:
            break
    return tuple(parts)


def whole_parts(text: str, width: int, *, last: int = 0) -> str:
    """As many of the parts of a text, between "·", as fit whole into ``width`` columns; the first stays, and the ``last``
    ones, before which others are left out."""
    parts = text.split(_BETWEEN)
    while len(parts) > last + 1 and cells(_BETWEEN.join(parts)) > width:
        parts.pop(-1 - last)
    return _BETWEEN.join(parts)


def clip(text: str, width: int) -> str:
    """The text cut to ``width`` columns, with an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    if width <= 0:
        return ""
    if text.isascii():
        return text[: width - 1] + ELLIPSIS
    used, end = 0, 0
    spans, _ = split_graphemes(text[: width * 8])
    for _start, stop, size in spans:
        if used + size > width - 1:
            break
        used, end = used + size, stop
    return text[:end] + ELLIPSIS
