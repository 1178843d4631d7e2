"""Asks in which agent a chat is to go on, and whether it is run or its command copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from chattui.domain.visible import visible_line
from chattui.resume.agents import Agent
from chattui.tui.habits import HABITS
from chattui.tui.pane.wrap import clip
from chattui.tui.screens.dialogs import Dialog

_LONGEST = 60
_NONE = (
    "No agent is installed here: Claude Code, Codex, Gemini CLI, OpenCode and others are found on the PATH. "
    "Any other program is set in the config file, under [agents.NAME]."
)
_OWN = "Its own tool, where it was held (as r does)"


@dataclass(frozen=True, slots=True)
class HandOverWish:
    """The agent, None for the chat's own tool; ``only_copy``: its command is wanted, not its start."""

    agent: str | None
    only_copy: bool = False


class AgentLine(Static):
    """One agent in the list; a click chooses it."""

    class Chosen(Message):
        """This one is wanted."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    def __init__(self, index: int, label: str) -> None:
        self._index = index
        self._label = label
        super().__init__(markup=False, id=f"agent-{index}")

    def show(self, *, chosen: bool) -> None:
        """Draw it as chosen or not."""
        mark = HABITS.icon("● " if chosen else "○ ")
        self.update(Content.styled(mark + self._label, "bold $text-primary") if chosen else Content(mark + self._label))

    def on_click(self, event: events.Click) -> None:
        """Choose it."""
        event.stop()
        self.post_message(self.Chosen(self._index))


class HandOverDialog(Dialog[HandOverWish | None]):
    """The agents that are installed here, and the chat's own tool; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="hand_over.cancel"),
        Binding("down,j", "step(1)", "Next agent", id="hand_over.down"),
        Binding("up,k", "step(-1)", "Agent before", id="hand_over.up"),
        Binding("enter", "choose", "Begin", id="hand_over.begin"),
        Binding("c,y", "choose(True)", "Copy the command", id="hand_over.copy"),
    ]

    def __init__(self, title: str, agents: Sequence[Agent], *, is_new: bool = False) -> None:
        """``is_new``: nothing is handed over, ``title`` is the directory in which a session begins."""
        super().__init__()
        self._is_new = is_new
        self._title = visible_line(title) or "(untitled)"
        self._names = [*(agent.name for agent in agents), *([] if is_new else [None])]
        self._labels = [*(f"{agent.label}, a new session" for agent in agents), *([] if is_new else [_OWN])]
        self._index = 0

    def compose(self) -> ComposeResult:
        """The agents, one a line."""
        with Vertical(classes="dialog"):
            heading = (
                f"Begin a session in {_end_of(self._title)}"
                if self._is_new
                else f"Go on with “{clip(self._title, _LONGEST)}” in"
            )
            yield Static(heading, markup=False, classes="dialog-title")
            for index, label in enumerate(self._labels):
                yield AgentLine(index, label)
            hint = (
                "A new session begins by reading the conversation from a file that only you can read."
                if len(self._names) > 1 and not self._is_new
                else "The terminal is handed to it, and taken back when it ends. Its history appears in the list by itself."
                if self._names
                else _NONE
            )
            yield Static(hint, markup=False, classes="dialog-hint")
            keys = "↑ ↓ choose · Enter begins · c copies the command instead · Esc cancels"
            yield Static(keys if self._names else "Esc closes", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """Mark the first one."""
        self._draw()

    def action_step(self, by: int) -> None:
        """The next or previous one."""
        self._index = (self._index + by) % max(1, len(self._names))
        self._draw()

    def action_choose(self, only_copy: bool = False) -> None:
        """Go."""
        self.dismiss(HandOverWish(self._names[self._index], only_copy) if self._names else None)

    def on_agent_line_chosen(self, event: AgentLine.Chosen) -> None:
        """A click on one."""
        event.stop()
        self._index = event.index
        self._draw()

    def _draw(self) -> None:
        for index, line in enumerate(self.query(AgentLine)):
            line.show(chosen=index == self._index)


def _end_of(path: str) -> str:
    """The end of a path, which tells most of it."""
    return path if len(path) <= _LONGEST else f"…{path[1 - _LONGEST :]}"
