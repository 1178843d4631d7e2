"""Blocks of Markdown as lines of a given width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rich.segment import Segment

from chattui.domain.visible import visible
from chattui.tui.pane.cutting import UNWRAPPED
from chattui.tui.pane.highlight import Highlighter
from chattui.tui.pane.lines import Line, Run
from chattui.tui.pane.markdown import Block, Code, Paragraph, Rule, Table
from chattui.tui.pane.palette import Palette
from chattui.tui.pane.tables import set_table
from chattui.tui.pane.wrap import breaks, cells, clip, slice_runs, wrap

PROSE_WIDTH = 108
"""Columns after which prose is hard to read, however wide the pane. Code and tables may go on."""

TAB = 4


class CodeAt(NamedTuple):
    """A code block in a message: the row of its first line, its source, and its language as the fence says it."""

    row: int
    text: str
    language: str = ""


@dataclass(slots=True)
class Body:
    """The lines of a message's text, and what was found in it."""

    lines: list[Line] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # the first rows of its blocks
    codes: list[CodeAt] = field(default_factory=list)
    plain_codes: list[tuple[str, str]] = field(default_factory=list)  # (source, language) that still lack colours


def set_blocks(blocks: Sequence[Block], width: int, palette: Palette, colours: Highlighter) -> Body:
    """The blocks one below the other, empty rows between them where they ask for one."""
    body = Body()
    prose = width if width >= UNWRAPPED else min(width, PROSE_WIDTH)
    for number, block in enumerate([_shallow(block, width) for block in blocks]):
        body.starts.append(len(body.lines))
        match block:
            case Paragraph():
                body.lines.extend(wrap(block.runs, prose, first=block.first, rest=block.rest, lead=block.lead))
            case Code():
                _set_code(body, block, width, palette, colours)
            case Table():
                body.lines.extend(set_table(block, width, palette))
            case Rule():
                room = min(width, PROSE_WIDTH) - _width(block.rest)
                body.lines.append(_ornament((*block.first, ("─" * room, palette.faint))))
        if block.gap and number < len(blocks) - 1:
            quoted = _common_bars(block, blocks[number + 1])
            body.lines.append(_ornament(quoted))
    return body


def _set_code(body: Body, block: Code, width: int, palette: Palette, colours: Highlighter) -> None:
    edge: Run = (palette.block_edge, palette.block)
    first, rest = (*block.first, edge), (*block.rest, edge)
    language = block.language
    if block.painted is not None:
        coloured: tuple[tuple[Run, ...], ...] | None = block.painted
        code = "\n".join("".join(text for text, _ in line) for line in block.painted)
    else:
        code = clean(block.text)
        coloured = colours.lines(code, language)
    if coloured is None and not colours.ready(code, language):
        body.plain_codes.append((code, language))
    if language:
        label = _ornament((*first, (clip(language, width - _width(first)), palette.block_label)))
        body.lines.append(label._replace(fill=palette.block))
        first = rest
    body.codes.append(CodeAt(len(body.lines), block.text, language))
    room = max(1, width - _width(rest) - 1)
    lead = sum(len(text) for text, _ in rest)
    prefix = tuple([Segment(text, style) for text, style in rest])
    start = tuple([Segment(text, style) for text, style in first])
    for number, source in enumerate(code.split("\n")):
        runs: Sequence[Run] = coloured[number] if coloured and number < len(coloured) else ((source, palette.block),)
        for begin, stop, indent, join in code_breaks(source, room):
            opening = prefix if number or begin else start
            hang = (Segment(" " * indent, palette.block),) if indent else ()
            parts = (*opening, *hang, *slice_runs(runs, begin, stop))
            body.lines.append(Line(parts, lead + indent, join, palette.block))


def code_breaks(source: str, width: int) -> list[tuple[int, int, int, str]]:
    """Rows of a line of code as (start, end, blanks before it, join): what is wrapped hangs below the code's indentation."""
    if cells(source) <= width:
        return [(0, len(source), 0, "\n")]
    indent = min(len(source) - len(source.lstrip(" ")), width // 2)
    rows: list[tuple[int, int, int, str]] = []
    end = indent
    for begin, stop in breaks(source[indent:], width - indent):
        first = not rows
        start = 0 if first else begin + indent
        rows.append((start, stop + indent, 0 if first else indent, "\n" if first else source[end:start]))
        end = stop + indent
    return rows


def clean(code: str) -> str:
    """Code as it may be drawn: harmless, tabs as blanks."""
    code = visible(code)
    if "\t" not in code:
        return code
    return "\n".join(line.expandtabs(TAB) if "\t" in line else line for line in code.split("\n"))


def _ornament(runs: Sequence[Run]) -> Line:
    return Line(tuple([Segment(text, style) for text, style in runs]), sum(len(text) for text, _ in runs))


def _common_bars(above: Block, below: Block) -> tuple[Run, ...]:
    """The bars of the quotations that go on from one block to the next."""
    common: list[Run] = []
    for one, other in zip(above.rest, below.rest, strict=False):
        if one != other:
            break
        common.append(one)
    while common and not common[-1][0].strip():
        common.pop()
    return tuple(common)


def _shallow(block: Block, width: int) -> Block:
    """The block with no more indentation than leaves half of the width for text."""
    if _width(block.rest) <= width // 2:
        return block
    marker = block.first[-1:] if block.first[-1:] != block.rest[-1:] else ()
    if _width(marker) >= width:
        marker = ()
    keep = len(block.rest) - len(marker)
    while keep and _width(block.rest[:keep]) + _width(marker) > width // 2:
        keep -= 1
    hang = tuple([(" " * len(text), style) for text, style in marker])
    return replace(block, first=(*block.first[:keep], *marker), rest=(*block.rest[:keep], *hang), lead=0)


def _width(runs: Sequence[Run]) -> int:
    return sum(cells(text) for text, _ in runs)
