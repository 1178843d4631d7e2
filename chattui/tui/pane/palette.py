"""The styles of the pane, made from the theme's variables: no colour is written down here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from textual.color import Color, ColorParseError

from chattui.domain.kinds import Role

PROMPT_TINT = 0.05
CODE_TINT = 0.06

PLAIN = Style()
DIM = Style(dim=True)
BOLD = Style(bold=True)
ITALIC = Style(italic=True)
UNDERLINED = Style(underline=True)
REVERSED = Style(reverse=True)


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
    plain = _Maker(variables, ansi=ansi, tint=0.0)
    prompt = _Maker(variables, ansi=ansi, tint=PROMPT_TINT)
    return Palettes(plain.make(), prompt.make())


class _Maker:
    def __init__(self, variables: Mapping[str, str], *, ansi: bool, tint: float) -> None:
        self.variables = variables
        self.ansi = ansi
        self.foreground = self.colour("foreground")
        background = self.colour("background")
        self.background = background if ansi else background.blend(self.foreground, tint)

    def colour(self, name: str) -> Color:
        try:
            colour = Color.parse(self.variables[name])
        except (KeyError, ColorParseError):
            return Color.parse("ansi_default")
        if self.ansi or colour.a == 1:
            return colour
        return self.colour("background").blend(colour.with_alpha(1), colour.a) if name != "background" else colour

    def style(self, name: str = "foreground", *, on: Color | None = None, more: Style = PLAIN) -> Style:
        background = self.background if on is None else on
        return Style(color=self.colour(name).rich_color, bgcolor=background.rich_color) + more

    def quiet(self, amount: float, *, on: Color | None = None, more: Style = PLAIN) -> Style:
        """Text that stands back: nearer to the background, or dim where the colours are not known."""
        background = self.background if on is None else on
        if self.ansi:
            return self.style(on=on, more=more + DIM)
        return Style(color=self.foreground.blend(background, amount).rich_color, bgcolor=background.rich_color) + more

    def make(self) -> Palette:
        style, quiet = self.style, self.quiet
        block = self.background if self.ansi else self.background.blend(self.foreground, CODE_TINT)
        inline = self.background if self.ansi else self.background.blend(self.foreground, 0.1)
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
            block_edge="│ " if self.ansi else "  ",
            block_label=quiet(0.5, on=block),
            tokens=self.tokens(block),
            names=names,
            bars=bars,
            tool=quiet(0.2),
            done=style("text-success"),
            failed=style("text-error", more=BOLD),
            notice=style("text-accent", more=ITALIC),
            mark=style("text-warning", more=REVERSED),
            mark_here=style("text-success", more=REVERSED + BOLD + UNDERLINED),
            selected=REVERSED if self.ansi else Style(bgcolor=self.colour("screen-selection-background").rich_color),
            pill=style("text-accent", more=REVERSED + BOLD),
        )

    def tokens(self, block: Color) -> dict[str, Style]:
        """Longest prefixes first, so that the first one that fits is the right one."""
        keyword = self.style("text-primary", on=block)
        string = self.style("text-success", on=block)
        number = self.style("text-warning", on=block)
        name = self.style("text-accent", on=block)
        gone = self.style("text-error", on=block)
        return {
            "Token.Literal.Number": number,
            "Token.Literal": string,
            "Token.Keyword.Constant": number,
            "Token.Keyword": keyword,
            "Token.Comment": self.quiet(0.5, on=block, more=ITALIC),
            "Token.Name.Function": name,
            "Token.Name.Class": name,
            "Token.Name.Decorator": name,
            "Token.Name.Tag": keyword,
            "Token.Name.Attribute": name,
            "Token.Name.Builtin": self.style("text-secondary", on=block),
            "Token.Operator.Word": keyword,
            "Token.Generic.Deleted": gone,
            "Token.Generic.Inserted": string,
            "Token.Generic.Heading": self.style(on=block, more=BOLD),
            "Token.Generic.Subheading": keyword,
            "Token.Generic.Prompt": self.quiet(0.5, on=block),
            "Token.Error": self.style(on=block),
        }
