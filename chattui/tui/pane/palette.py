"""The styles of the pane, made from the theme's variables: no colour is written down here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from textual.color import Color

from chattui.domain.kinds import Role
from chattui.tui.pane.inks import BOLD, ITALIC, REVERSED, UNDERLINED, Inks

PROMPT_TINT = 0.05
CODE_TINT = 0.08
INLINE_TINT = 0.11


@dataclass(frozen=True, slots=True)
class Palette:
    """Complete styles, background included, for messages on one background.

    Differences are never a matter of colour alone: weight, underline, a glyph or a word says the same.
    """

    text: Style
    muted: Style
    faint: Style
    headings: tuple[Style, Style, Style]
    code: Style  # inline
    link: Style
    bullet: Style
    quote: Style
    quote_bar: Style
    block: Style  # fenced code
    block_edge: str  # what a row of fenced code begins with; as wide with and without colours
    block_label: Style
    tokens: Mapping[str, Style]  # by the beginning of a Pygments token type
    names: Mapping[Role, Style]
    bars: Mapping[Role, Style]
    tool: Style
    done: Style
    failed: Style
    notice: Style
    mark: Style
    mark_here: Style
    selected: Style  # laid over other styles
    pill: Style


@dataclass(frozen=True, slots=True)
class Palettes:
    """The styles on the pane's background and on that of a prompt."""

    plain: Palette
    prompt: Palette


def make_palettes(variables: Mapping[str, str], *, ansi: bool) -> Palettes:
    """The palettes of a theme. An ``ansi`` theme yields the terminal's own colours only, or attributes instead."""
    return Palettes(_make(Inks(variables, ansi=ansi)), _make(Inks(variables, ansi=ansi, tint=PROMPT_TINT)))


def _make(inks: Inks) -> Palette:
    style, quiet = inks.style, inks.quiet
    block = inks.mixed("foreground", CODE_TINT)
    inline = inks.mixed("foreground", INLINE_TINT)
    names = {
        Role.USER: style("text-accent", more=BOLD),
        Role.ASSISTANT: style("text-primary", more=BOLD),
        Role.TOOL: quiet(0.35, more=BOLD),
        Role.SYSTEM: style("text-error", more=BOLD),
    }
    bars = {
        Role.USER: style("text-accent"),
        Role.ASSISTANT: style("text-primary"),
        Role.TOOL: quiet(0.6),
        Role.SYSTEM: style("text-error"),
    }
    return Palette(
        text=style(),
        muted=quiet(0.42),
        faint=quiet(0.65),
        headings=(
            style("text-primary", more=BOLD + UNDERLINED),
            style("text-primary", more=BOLD),
            style(more=BOLD),
        ),
        code=style("text-warning", on=inline),
        link=style("text-primary", more=UNDERLINED),
        bullet=style("text-primary"),
        quote=quiet(0.25, more=ITALIC),
        quote_bar=quiet(0.6),
        block=style(on=block),
        block_edge="│ " if inks.ansi else "  ",
        block_label=quiet(0.5, on=block),
        tokens=_tokens(inks, block),
        names=names,
        bars=bars,
        tool=quiet(0.2),
        done=style("text-success"),
        failed=style("text-error", more=BOLD),
        notice=style("text-accent", more=ITALIC),
        mark=style("text-warning", more=REVERSED),
        mark_here=style("text-success", more=REVERSED + BOLD + UNDERLINED),
        selected=REVERSED if inks.ansi else Style(bgcolor=inks.colour("screen-selection-background").rich_color),
        pill=style("text-accent", more=REVERSED + BOLD),
    )


def _tokens(inks: Inks, block: Color) -> dict[str, Style]:
    """Longest prefixes first, so that the first one that fits is the right one."""
    keyword = inks.style("text-primary", on=block)
    string = inks.style("text-success", on=block)
    number = inks.style("text-warning", on=block)
    name = inks.style("text-accent", on=block)
    gone = inks.style("text-error", on=block)
    return {
        "Token.Literal.Number": number,
        "Token.Literal": string,
        "Token.Keyword.Constant": number,
        "Token.Keyword": keyword,
        "Token.Comment": inks.quiet(0.5, on=block, more=ITALIC),
        "Token.Name.Function": name,
        "Token.Name.Class": name,
        "Token.Name.Decorator": name,
        "Token.Name.Tag": keyword,
        "Token.Name.Attribute": name,
        "Token.Name.Builtin": inks.style("text-secondary", on=block),
        "Token.Operator.Word": keyword,
        "Token.Generic.Deleted": gone,
        "Token.Generic.Inserted": string,
        "Token.Generic.Heading": inks.style(on=block, more=BOLD),
        "Token.Generic.Subheading": keyword,
        "Token.Generic.Prompt": inks.quiet(0.5, on=block),
        "Token.Error": inks.style(on=block),
    }
