"""A Markdown table as lines: columns as wide as needed, squeezed and wrapped where the pane is narrower."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from chattui.tui.pane.lines import Line, Run
from chattui.tui.pane.markdown import Cell, Table
from chattui.tui.pane.palette import Palette
from chattui.tui.pane.wrap import cells, wrap

_BETWEEN = " │ "
_NARROWEST = 6
_COMFORTABLE = 12
_MOST_ROWS = 500


def set_table(table: Table, width: int, palette: Palette) -> list[Line]:
    """The table within ``width`` columns. Where not even narrow columns fit, each cell gets its own row."""
    columns = max((len(row) for row in table.rows), default=0)
    if not columns:
        return []
    room = width - sum(cells(text) for text, _ in table.rest)
    rows = [tuple(row) + ((),) * (columns - len(row)) for row in table.rows]
    natural = [max(1, *(_width(row[column]) for row in rows[:_MOST_ROWS])) for column in range(columns)]
    widths = _squeeze(natural, room - len(_BETWEEN) * (columns - 1))
    if widths is None:
        return _records(table, rows, width, palette)
    lines: list[Line] = []
    for number, row in enumerate(rows):
        lines.extend(_row(table, row, widths, palette, first=not lines))
        if number == 0:
            rule = "─┼─".join("─" * size for size in widths)
            lines.append(_prefixed(table, [Segment(rule, palette.faint)], first=False))
    return lines


def _row(table: Table, row: Sequence[Cell], widths: Sequence[int], palette: Palette, *, first: bool) -> list[Line]:
    columns = [wrap(cell, size) for cell, size in zip(row, widths, strict=True)]
    lines: list[Line] = []
    for level in range(max(map(len, columns))):
        segments: list[Segment] = []
        for column, (wrapped, size) in enumerate(zip(columns, widths, strict=True)):
            if column:
                segments.append(Segment(_BETWEEN, palette.faint))
            piece = wrapped[level].segments if level < len(wrapped) else ()
            space = max(0, size - sum(cells(segment.text) for segment in piece))
            align = table.aligns[column] if column < len(table.aligns) else "left"
            before = {"right": space, "center": space // 2}.get(align, 0)
            after = space - before
            segments += [Segment(" " * before, palette.text), *piece, Segment(" " * after, palette.text)]
        lines.append(_prefixed(table, [segment for segment in segments if segment.text], first=first and not level))
    return lines


def _records(table: Table, rows: Sequence[Sequence[Cell]], width: int, palette: Palette) -> list[Line]:
    heads, *body = rows
    lines: list[Line] = []
    for number, row in enumerate(body or [heads]):
        if number:
            lines.append(_prefixed(table, [], first=False))
        for head, cell in zip(heads, row, strict=True):
            runs: list[Run] = [*head, (": ", palette.muted), *cell] if body else list(cell)
            first = table.rest if lines else table.first
            lines.extend(wrap(runs, width, first=first, rest=table.rest, lead=table.lead))
    return lines


def _prefixed(table: Table, segments: list[Segment], *, first: bool) -> Line:
    prefix = table.first if first else table.rest
    lead = table.lead if first else sum(len(text) for text, _ in table.rest)
    return Line((*(Segment(text, style) for text, style in prefix), *segments), lead)


def _width(cell: Cell) -> int:
    return sum(cells(text) for text, _ in cell)


def _squeeze(natural: Sequence[int], room: int) -> list[int] | None:
    """Widths that fit: the widest columns give first. None when that leaves too little for words."""
    widths = list(natural)
    if sum(widths) <= room:
        return widths
    floor = sum(min(size, _NARROWEST) for size in widths)
    if floor > room:
        return None
    low, high = _NARROWEST, max(widths)
    while low < high:
        cap = (low + high + 1) // 2
        if sum(min(size, cap) for size in widths) <= room:
            low = cap
        else:
            high = cap - 1
    if low < _COMFORTABLE and max(widths) > 3 * low:
        return None
    capped = [min(size, low) for size in widths]
    spare = room - sum(capped)
    for column, size in enumerate(widths):
        if spare and size > capped[column]:
            capped[column] += 1
            spare -= 1
    return capped
