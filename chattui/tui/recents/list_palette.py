"""The styles of the lists, made from the theme's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style

from chattui.tui.pane.inks import BOLD, REVERSED, UNDERLINED, Inks


@dataclass(frozen=True, slots=True)
class ListPalette:
    """Complete styles; ``cursor`` and ``cursor_far`` (without focus) are laid over the others."""

    text: Style
    strong: Style
    muted: Style
    faint: Style
    heading: Style
    accent: Style
    match: Style
    cursor: Style
    cursor_far: Style

    def cursor_style(self, *, focused: bool) -> Style:
        """Text in the row of the cursor."""
        return self.text + self.over(focused=focused)

    def aside(self, *, at_cursor: bool) -> Style:
        """Text that tells less: in the row of the cursor it would be lost on its colour."""
        return self.text if at_cursor else self.muted

    def over(self, *, focused: bool) -> Style:
        """What the cursor changes in the styles under it."""
        return self.cursor if focused else self.cursor_far


def make_list_palette(variables: Mapping[str, str], *, ansi: bool) -> ListPalette:
    """The styles of a theme on its surface."""
    inks = Inks(variables, ansi=ansi, background="surface")
    near, far = inks.mixed("primary", 0.4).rich_color, inks.mixed("foreground", 0.1).rich_color
    return ListPalette(
        text=inks.style(),
        strong=inks.style(more=BOLD),
        muted=inks.quiet(0.42),
        faint=inks.quiet(0.6),
        heading=inks.quiet(0.3, more=BOLD),
        accent=inks.style("text-accent", more=BOLD),
        match=inks.style("text-warning", more=BOLD + UNDERLINED),
        cursor=REVERSED if ansi else Style(bgcolor=near),
        cursor_far=UNDERLINED if ansi else Style(bgcolor=far),
    )
