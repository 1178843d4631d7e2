"""Palettes of real themes, and Markdown set with them."""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES

from chattui.tui.pane.highlight import Highlighter
from chattui.tui.pane.layout import Body, set_blocks
from chattui.tui.pane.markdown import parse
from chattui.tui.pane.palette import Palettes, make_palettes


def palettes(theme: str = "textual-dark") -> Palettes:
    """The palettes of a built-in theme."""
    found = BUILTIN_THEMES[theme]
    return make_palettes(found.to_color_system().generate(), ansi=found.ansi)


PALETTES = palettes()
PALETTE = PALETTES.plain


def set_markdown(text: str, width: int = 60, colours: Highlighter | None = None) -> Body:
    """The lines of a Markdown text."""
    blocks = parse(text, PALETTE)
    assert blocks is not None
    return set_blocks(blocks, width, PALETTE, colours or Highlighter(lambda: PALETTE))


def plain(text: str, width: int = 60) -> list[str]:
    """The rows of a Markdown text, without styles."""
    return [line.plain.rstrip() for line in set_markdown(text, width).lines]
