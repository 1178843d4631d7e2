"""Markdown source to blocks of styled runs, independent of width. HTML stays text; nothing in it is interpreted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.style import Style

from chattui.domain.links import bare_links, safe_href
from chattui.domain.visible import visible
from chattui.tui.pane.lines import Run
from chattui.tui.pane.palette import Palette

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_DEEPEST = 90
_TASK = re.compile(r"\[([ xX])\] ")

Cell = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a message with the prefixes of its rows. ``lead`` characters of ``first`` are ornament."""

    first: tuple[Run, ...] = ()
    rest: tuple[Run, ...] = ()
    lead: int = 0
    gap: bool = True  # an empty row before the next block


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    """Text to be wrapped."""

    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Code(Block):
    """Fenced or indented code; ``language`` as written in the fence. ``painted`` lines have their colours already."""

    text: str = ""
    language: str = ""
    painted: tuple[tuple[Run, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Rule(Block):
    """A horizontal line."""


@dataclass(frozen=True, slots=True)
class Table(Block):
    """Rows of cells, the first one the heading; ``aligns`` by column: left, right or center."""

    rows: tuple[tuple[Cell, ...], ...] = ()
    aligns: tuple[str, ...] = ()


@lru_cache(1)
def parser() -> MarkdownIt:
    """The parser, imported when the first Markdown is drawn."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST + 10})
    return markdown.enable(["table", "strikethrough"]).disable("reference")  # definitions would vanish from sight


def parse(text: str, palette: Palette) -> list[Block] | None:
    """The blocks of ``text``, or None where it is nested too deeply to be shown as anything but plain text."""
    tokens = parser().parse(visible(text))
    if any(token.level > _DEEPEST for token in tokens):
        return None
    return _Reader(palette).read(tokens)


@dataclass(slots=True)
class _Level:
    """A quotation or list item that blocks stand in. The marker goes before its first row only."""

    rest: Run
    ornament: bool
    marker: Run | None = None


class _Reader:
    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.blocks: list[Block] = []
        self.levels: list[_Level] = []
        self.numbers: list[int | None] = []
        self.heading = 0
        self.tight = False
        self.rows: list[list[Cell]] = []
        self.aligns: list[str] = []
        self.in_table = False

    def read(self, tokens: Sequence[Token]) -> list[Block]:
        for token in tokens:
            self.take(token)
        return self.blocks

    def take(self, token: Token) -> None:
        palette = self.palette
        match token.type:
            case "inline":
                self.inline(token)
            case "paragraph_open":
                self.tight = token.hidden
            case "heading_open":
                self.heading = int(token.tag[1])
            case "heading_close":
                self.heading = 0
            case "fence" | "code_block":
                language = token.info.split()[0] if token.info.strip() else ""
                self.add(Code(text=token.content.removesuffix("\n"), language=visible(language)[:24]))
            case "hr":
                self.add(Rule())
            case "blockquote_open":
                self.levels.append(_Level(("│ ", palette.quote_bar), ornament=True))
            case "blockquote_close":
                self.close_level()
            case "bullet_list_open":
                self.numbers.append(None)
            case "ordered_list_open":
                self.numbers.append(int(token.attrGet("start") or 1) if token.attrGet("start") != 0 else 0)
            case "bullet_list_close" | "ordered_list_close":
                self.numbers.pop()
                if not self.numbers and self.blocks:
                    self.blocks[-1] = replace(self.blocks[-1], gap=True)
            case "list_item_open":
                self.open_item()
            case "list_item_close":
                self.close_level()
            case "table_open":
                self.in_table, self.rows, self.aligns = True, [], []
            case "tr_open":
                self.rows.append([])
            case "th_open":
                style = str(token.attrGet("style") or "")
                self.aligns.append(style.rpartition(":")[2] or "left")
            case "table_close":
                self.in_table = False
                self.add(Table(rows=tuple(map(tuple, self.rows)), aligns=tuple(self.aligns)))

    def open_item(self) -> None:
        number = self.numbers[-1]
        if number is None:
            depth = sum(1 for listed in self.numbers if listed is None)
            marker = "•◦▪"[(depth - 1) % 3] + " "
        else:
            marker = f"{number}. "
            self.numbers[-1] = number + 1
        self.levels.append(_Level((" " * len(marker), self.palette.text), False, (marker, self.palette.bullet)))

    def close_level(self) -> None:
        level = self.levels[-1]
        if level.marker is not None:
            self.add(Paragraph(gap=False))
        self.levels.pop()

    def add(self, block: Block) -> None:
        first = tuple([level.marker or level.rest for level in self.levels])
        rest = tuple([level.rest for level in self.levels])
        lead = 0
        for level in self.levels:
            if not level.ornament:
                break
            lead += len(level.rest[0])
        for level in self.levels:
            level.marker = None
        gap = block.gap and not (self.numbers and self.tight and isinstance(block, Paragraph))
        self.blocks.append(replace(block, first=first, rest=rest, lead=lead, gap=gap))

    def inline(self, token: Token) -> None:
        children = token.children or []
        if self.in_table:
            base = self.palette.headings[2] if len(self.rows) == 1 else self.palette.text
            self.rows[-1].append(self.runs(children, base))
            return
        quoted = any(level.ornament for level in self.levels)
        base = self.palette.quote if quoted else self.palette.text
        if self.heading:
            base = self.palette.headings[min(self.heading, 3) - 1]
        runs = self.runs(children, base)
        marked = self.levels[-1].marker if self.levels else None
        if marked and runs and (task := _TASK.match(runs[0][0])):
            box = "☐ " if task[1] == " " else "☑ "
            self.levels[-1].marker = (box, marked[1])
            self.levels[-1].rest = ("  ", self.palette.text)
            runs = ((runs[0][0][task.end() :], runs[0][1]), *runs[1:])
        self.add(Paragraph(runs=runs))

    def runs(self, children: Sequence[Token], base: Style) -> tuple[Run, ...]:
        palette = self.palette
        out: list[Run] = []
        stack = [base]
        for child in children:
            style = stack[-1]
            match child.type:
                case "text":
                    out.extend(self.linked(child.content, style))
                case "code_inline":
                    out.append((shown(child.content), style + palette.code))
                case "softbreak":
                    out.append((" ", style))
                case "hardbreak":
                    out.append(("\n", style))
                case "strong_open":
                    stack.append(style + Style(bold=True))
                case "em_open":
                    stack.append(style + Style(italic=True))
                case "s_open":
                    stack.append(style + Style(strike=True))
                case "link_open":
                    href = safe_href(str(child.attrGet("href") or ""))
                    stack.append(style + palette.link + Style(link=href) if href else style)
                case "image":
                    href = safe_href(str(child.attrGet("src") or ""))
                    label = shown(child.content or str(child.attrGet("src") or "image"))
                    out.append((f"▣ {label}", style + palette.link + Style(link=href) if href else style))
                case kind if kind.endswith("_close") and len(stack) > 1:
                    stack.pop()
                case _:
                    out.append((shown(child.content), style))
        return tuple([run for run in out if run[0]])

    def linked(self, text: str, style: Style) -> list[Run]:
        """Text with addresses that are written out made into links."""
        text = shown(text)
        if "://" not in text or style.link:
            return [(text, style)]
        return [
            (part, style + self.palette.link + Style(link=href) if href else style) for part, href in bare_links(text)
        ]


def shown(text: str) -> str:
    """Text out of the parser, which decodes entities: checked again, and on one line."""
    return visible(text).replace("\t", "    ").replace("\n", " ")
