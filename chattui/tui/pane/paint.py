"""Lines as strips: gutter, matches, selection, all in finished styles and kept while they are near."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from chattui.domain.chat import Message
from chattui.domain.kinds import FOLDED_KINDS, Kind, Role
from chattui.tui.pane.cutting import GOES_ON
from chattui.tui.pane.lines import Line
from chattui.tui.pane.lru import Lru
from chattui.tui.pane.marks import Span
from chattui.tui.pane.palette import Palette
from chattui.tui.pane.wrap import cells, clip

GUTTER = 2
"""Columns of the bar and the blank before the text, and of the margin after it."""

BAR, CURRENT_BAR = "▎ ", "▌ "
NO_BAR = "  "


class Painter:
    """Strips by (message, row). They depend on the palette, so ``clear`` when it changes."""

    def __init__(self) -> None:
        self._strips: Lru[tuple[int, int, bool], Strip] = Lru(4_000)

    def clear(self) -> None:
        """Forget all strips."""
        self._strips.clear()

    def drop(self, seq: int, first: int, stop: int) -> None:
        """Forget the rows ``first`` … ``stop - 1`` of a message."""
        for row in range(first, stop):
            self._strips.drop((seq, row, False))
            self._strips.drop((seq, row, True))

    def strip(
        self,
        message: Message,
        row: int,
        line: Line,
        width: int,
        palette: Palette,
        *,
        current: bool,
        shut: bool,
        gap: bool,
        spans: Sequence[Span],
        here: int,
        goes_on: bool = False,
    ) -> Strip:
        """One row, ``width`` columns wide. ``here`` is the number of the match that the reader is at, or -1.

        ``goes_on`` marks the end of a line that has been cut there.
        """
        key = (message.seq, row, current)
        strip = self._strips.get(key)
        if strip is None:
            segments = mark(line.segments, spans, here, palette) if spans else line.segments
            if goes_on:
                segments = [*segments, Segment(GOES_ON, palette.notice)]
            strip = _strip(_bar(message, palette, current=current, shut=shut, gap=gap), segments, line, width, palette)
            self._strips.put(key, strip)
        return strip


def _bar(message: Message, palette: Palette, *, current: bool, shut: bool, gap: bool) -> Segment:
    if gap:
        return Segment(NO_BAR, palette.text)
    role = Role.TOOL if message.kind in FOLDED_KINDS and message.kind is not Kind.SUMMARY else message.role
    style = palette.bars[role]
    if current:
        return Segment(CURRENT_BAR, style)
    return Segment(NO_BAR, palette.text) if shut else Segment(BAR, style)


def _strip(bar: Segment, segments: Sequence[Segment], line: Line, width: int, palette: Palette) -> Strip:
    used = GUTTER + sum([cells(segment.text) for segment in segments])
    margin = min(1, max(0, width - used))
    fill = width - used - margin
    parts = [bar, *segments]
    if fill > 0:
        parts.append(Segment(" " * fill, line.fill or palette.text))
    if margin:
        parts.append(Segment(" ", palette.text if line.segments or line.fill is None else line.fill))
    strip = Strip(parts, max(used, width) if used > width else width)
    return strip.crop(0, width) if used > width else strip


def mark(segments: Sequence[Segment], spans: Sequence[Span], here: int, palette: Palette) -> list[Segment]:
    """The segments with the matches highlighted."""
    out: list[Segment] = []
    position = 0
    for text, style, _ in segments:
        at, end = position, position + len(text)
        for span in spans:
            start, stop = max(span.start, at), min(span.end, end)
            if start >= stop:
                continue
            if start > at:
                out.append(Segment(text[at - position : start - position], style))
            shade = palette.mark_here if span.number == here else palette.mark
            out.append(Segment(text[start - position : stop - position], _relink(shade, style)))
            at = stop
        if at < end:
            out.append(Segment(text[at - position :], style))
        position = end
    return out


def _relink(shade: Style, style: Style | None) -> Style:
    return shade + Style(link=style.link) if style is not None and style.link else shade


def select(strip: Strip, line: Line, span: tuple[int, int], style: Style) -> Strip:
    """The strip with the characters ``span`` of the line shown as selected; an end of -1 is the end of the line."""
    plain = line.plain
    start = max(line.lead, span[0])
    end = len(plain) if span[1] < 0 else min(len(plain), span[1])
    left, right = GUTTER + cells(plain[:start]), GUTTER + cells(plain[:end])
    if not plain and span[1] < 0:
        right = left + 1
    if right <= left:
        return strip
    right = min(right, strip.cell_length)
    middle = [Segment(text, (under or Style()) + style) for text, under, _ in strip.crop(left, right)]
    return Strip.join([strip.crop(0, left), Strip(middle, right - left), strip.crop(right, strip.cell_length)])


def placeholder(width: int, palette: Palette, *, first: bool) -> Strip:
    """A row of a message that is not loaded."""
    return Strip([Segment(BAR, palette.faint), Segment("…" if first else "", palette.faint)]).extend_cell_length(
        width, palette.text
    )


def centred(text: str, width: int, palette: Palette) -> Strip:
    """A quiet line in the middle of a row."""
    text = clip(text, width - 2)
    left = max(0, (width - cells(text)) // 2)
    return Strip([Segment(" " * left, palette.text), Segment(text, palette.muted)]).extend_cell_length(
        width, palette.text
    )


def with_pill(strip: Strip, text: str, right: int, palette: Palette) -> Strip:
    """The row with a short notice over it that ends a column before ``right``."""
    left = max(0, right - cells(text) - 1)
    label = Strip([Segment(text, palette.pill)], cells(text))
    size = strip.cell_length
    return Strip.join([strip.crop(0, left), label, strip.crop(left + label.cell_length, size)]).crop(0, size)


def shifted(span: tuple[int, int], skipped: int) -> tuple[int, int]:
    """The span on a row whose first ``skipped`` characters are not seen; an end of -1 stays the end of the line."""
    return max(0, span[0] - skipped), span[1] if span[1] < 0 else max(0, span[1] - skipped)


def stamped(strip: Strip, y: int, skipped: int = 0) -> Strip:
    """The strip with document offsets in its styles, from which native selection learns where the pointer is."""
    segments: list[Segment] = []
    x = -GUTTER
    for text, style, _ in strip:
        segments.append(Segment(text, (style or Style()) + Style.from_meta({"offset": (skipped + max(0, x), y)})))
        x += len(text)
    return Strip(segments, strip.cell_length)
