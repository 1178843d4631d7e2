"""Colours of a theme as complete Rich styles on one background; the terminal's own colours in an ANSI theme."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color, ColorParseError

PLAIN = Style()
DIM = Style(dim=True)
BOLD = Style(bold=True)
ITALIC = Style(italic=True)
UNDERLINED = Style(underline=True)
REVERSED = Style(reverse=True)


class Inks:
    """Makes styles from theme variables. ``tint`` mixes that much of the foreground into the background."""

    def __init__(
        self, variables: Mapping[str, str], *, ansi: bool, background: str = "background", tint: float = 0.0
    ) -> None:
        self.ansi = ansi
        self._variables = variables
        self._ground = Color.parse("ansi_default") if ansi else self._parse(background)
        self.foreground = self.colour("foreground")
        self.background = self.mixed("foreground", tint)

    def _parse(self, name: str) -> Color:
        try:
            return Color.parse(self._variables[name])
        except (KeyError, ColorParseError):
            return Color.parse("ansi_default")

    def colour(self, name: str) -> Color:
        """A theme variable, its transparency resolved against the background."""
        colour = self._parse(name)
        if self.ansi:
            return colour if colour.a == 1 else Color.parse("ansi_default")
        return colour if colour.a == 1 else self._ground.blend(colour.with_alpha(1), colour.a)

    def mixed(self, name: str, amount: float) -> Color:
        """The background with that much of another colour in it; just the background in an ANSI theme."""
        return self._ground if self.ansi or not amount else self._ground.blend(self.colour(name), amount)

    def style(self, name: str = "foreground", *, on: Color | None = None, more: Style = PLAIN) -> Style:
        """A theme colour on the background, or on another one."""
        background = self.background if on is None else on
        return Style(color=self.colour(name).rich_color, bgcolor=background.rich_color) + more

    def quiet(self, amount: float, *, on: Color | None = None, more: Style = PLAIN) -> Style:
        """Text that stands back: nearer to the background, or dim where colours are the terminal's."""
        background = self.background if on is None else on
        if self.ansi:
            return self.style(on=on, more=more + DIM)
        return Style(color=self.foreground.blend(background, amount).rich_color, bgcolor=background.rich_color) + more
