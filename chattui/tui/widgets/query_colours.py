"""The colours of a query while it is typed: fields, phrases, expressions, operators, and what is mistaken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    from textual.app import App

_INKS = {"field": "text-accent", "phrase": "text-success", "regex": "text-secondary", "operator": "text-primary"}
_PROBLEM = "problem"


class QueryColours(Highlighter):
    """Colours a text by its tokens, in the theme's colours. What is mistaken is underlined too: not by colour alone."""

    def __init__(self) -> None:
        self._styles: dict[str, Style] = {}
        self._app: App[object] | None = None

    def use(self, app: App[object]) -> None:
        """Take the colours of the app's theme, when they are needed first."""
        self._app = app
        self._styles = {}

    def highlight(self, text: Text) -> None:
        """Colour what was typed. A plain word stays as it is."""
        from chattui.domain.language import parse

        if not self._styles and self._app is not None:
            self._styles = _styles(self._app)
        for token in parse(text.plain).tokens:
            style = self._styles.get(_PROBLEM if token.problem else token.kind.value)
            if style is not None:
                text.stylize(style, token.start, token.end)


def _styles(app: App[object]) -> dict[str, Style]:
    from chattui.tui.pane.inks import UNDERLINED, Inks

    inks = Inks(app.theme_variables, ansi=app.native_ansi_color, background="panel")
    styles = {kind: Style(color=inks.colour(name).rich_color) for kind, name in _INKS.items()}
    return styles | {_PROBLEM: Style(color=inks.colour("text-error").rich_color) + UNDERLINED}
