"""The find bar: what is looked for in the open chat, how it is meant, and what was found."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from chattui.domain.needle import Needle
from chattui.domain.visible import visible_line
from chattui.tui.habits import HABITS
from chattui.tui.widgets.line_input import LineInput

_NARROW = 60
"""Columns below which what was found and what is wrong need the room of names."""

_ROOM_FOR_HINTS = 100
"""Columns from which the bar also says which keys change how the text is meant."""


def _switch(key: str, what: str, name: str, tooltip: str) -> Binding:
    """A key before the line itself: terminals send Alt+R with the character r, which the line would take for text."""
    return Binding(key, f"mean('{what}')", name, priority=True, id=f"find.{what}", tooltip=tooltip)


class FindLine(LineInput):
    """What is typed. Enter and the arrows step through the matches without leaving it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down,f3", "step(1)", "Next match", id="find.next", tooltip="Go to the next match"),
        Binding("shift+enter,up", "step(-1)", "Match before", id="find.previous", tooltip="Go to the match before"),
        _switch("alt+r", "regex", "Regex", "Look for a regular expression, or for text"),
        _switch("alt+c", "case", "Case", "Tell capital letters from small ones, or not"),
    ]

    def action_step(self, step: int) -> None:
        """Ask for the next match."""
        self.post_message(FindBar.Stepped(step))

    def action_mean(self, what: str) -> None:
        """Ask for another meaning of what is typed."""
        self.post_message(FindBar.Toggled(what))


class FindBar(Horizontal):
    """One line. It knows nothing of chats: it tells what is typed, and shows what it is told."""

    DEFAULT_CSS = """
    FindBar { height: 1; background: $panel; }
    FindBar > #find-name { width: auto; padding: 0 1; color: $text-accent; text-style: bold; }
    FindBar > #find-line { width: 1fr; min-width: 8; background: $panel; }
    FindBar > #find-says { width: 31; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
        text-align: right; }
    FindBar.-problem > #find-says { width: 60%; color: $text-error; }
    FindBar.-narrow.-problem > #find-line { width: 14; }
    FindBar.-narrow.-problem > #find-says { width: 1fr; }
    FindBar.-narrow.-problem > #find-name { display: none; }
    FindBar > #find-how { width: auto; padding: 0 1 0 0; color: $text-muted; }
    """

    class Typed(Message):
        """Something else is looked for."""

        def __init__(self, needle: Needle) -> None:
            self.needle = needle
            super().__init__()

    class Stepped(Message):
        """The next match is wanted (``step`` 1), or the one before (-1)."""

        def __init__(self, step: int) -> None:
            self.step = step
            super().__init__()

    class Toggled(Message):
        """``what`` is meant ("regex" or "case") is to change."""

        def __init__(self, what: str) -> None:
            self.what = what
            super().__init__()

    def __init__(self) -> None:
        super().__init__(id="find")
        self.line = FindLine(placeholder="alt+r regex · alt+c case", id="find-line")
        self._says = Static("", id="find-says", markup=False)
        self._how = Static("", id="find-how", markup=False)
        self._title = Static("Find in chat", id="find-name", markup=False)
        self._regex = self._case = False

    def compose(self) -> ComposeResult:
        """A name, the line, what was found, and the switches."""
        yield self._title
        yield self.line
        yield self._says
        yield self._how

    def on_mount(self) -> None:
        """Show the switches."""
        self._draw_how()

    def on_resize(self) -> None:
        """There may be room for the keys of the switches, or none."""
        narrow = self.size.width < _NARROW
        self.set_class(narrow, "-narrow")
        self._title.update("Find" if narrow else "Find in chat")
        self._draw_how()

    @property
    def needle(self) -> Needle:
        """What is looked for."""
        return Needle(self.line.value, regex=self._regex, case=self._case)

    def say(self, text: str, *, problem: bool = False) -> None:
        """Show what was found, or what is wrong."""
        if problem != self.has_class("-problem"):
            self.set_class(problem, "-problem")
            self._draw_how()
        self._says.update(visible_line(text), layout=False)  # its width is fixed: a key must not lay the screen out

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another text."""
        event.stop()
        self.post_message(self.Typed(self.needle))

    def on_find_bar_toggled(self, event: Toggled) -> None:
        """Another meaning."""
        event.stop()
        if event.what == "regex":
            self._regex = not self._regex
        else:
            self._case = not self._case
        self._draw_how()
        self.post_message(self.Typed(self.needle))

    def _draw_how(self) -> None:
        """On is said by a word and a sign, not by colour alone."""
        hints = self.size.width >= _ROOM_FOR_HINTS
        parts: list[Content] = []
        for key, name, on in (("alt+r", "regex", self._regex), ("alt+c", "case", self._case)):
            if on:
                parts.append(Content.styled(f"{HABITS.icon('✓')}{name}", "bold $text-accent"))
            elif hints:
                parts.append(Content(f"{key} {name}"))
        self._how.update(Content(" · ").join(parts))
        self._how.display = bool(parts) and not (self.has_class("-narrow") and self.has_class("-problem"))
