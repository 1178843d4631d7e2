"""The first start in six lines. They come once, and never again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from chattui.tui.key_names import with_keys

_SEEN = "tour-seen"
LINES = (
    "{app.search} or / searches every message; Enter opens a hit, Esc goes back.",
    "Enter opens a chat; {pane.previous} {pane.next} step through it, {app.find} finds in it.",
    "{screen.write} writes, {app.new} starts a chat, {screen.resume} goes on in the agent's own tool.",
    "{screen.sources} shows where chats come from; new ones come in by themselves.",
    "{screen.settings} changes every option and every key.",
    "{screen.help} shows all keys. Esc puts these lines away for good.",
)
"""Ids of commands stand for their keys."""


class Tour(Static):
    """The lines, with the keys that hold. A click puts them away."""

    DEFAULT_CSS = """
    Tour { height: auto; margin: 0 1; padding: 0 1; border: round $primary; background: $surface; }
    MainScreen.-low Tour { display: none; }
    """

    class Closed(Message):
        """They are to be put away."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__(Content("\n".join(tour_lines(keymap))), id="tour")
        self.border_title = "The first minute"

    def on_click(self) -> None:
        """Away."""
        self.post_message(self.Closed())


def tour_lines(keymap: Mapping[str, str]) -> list[str]:
    """The six lines, with these keys in place of the usual ones."""
    return [with_keys(line, keymap) for line in LINES]


def first_time(state: Path) -> bool:
    """Whether the tour was never shown here; from now on it was. False where that cannot be remembered."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (state / _SEEN).open("x"):
            return True
    except OSError:
        return False
