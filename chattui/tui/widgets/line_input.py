"""A line to write on. What is pasted can hold control characters: they are shown, and never reach the terminal."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from chattui.domain.visible import visible


class LineInput(Input):
    """An input whose cursor does not blink and whose text is harmless."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))  # Textual's lays the whole screen out again with each key

    def __init__(self, value: str = "", placeholder: str = "", *, id: str, compact: bool = True) -> None:  # noqa: A002
        super().__init__(value, placeholder, id=id, compact=compact, select_on_focus=False)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Control characters as something that can be seen."""
        return visible(value).replace("\n", " ").replace("\t", " ")
