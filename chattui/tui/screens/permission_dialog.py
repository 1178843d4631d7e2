"""An agent asks whether it may do something: what that is, and the answers that it takes. At first the one that refuses is
chosen, so that no key that was meant for something else allows anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from chattui.domain.secrets import masked
from chattui.domain.visible import visible, visible_line
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.screens.hand_over_dialog import AgentLine

if TYPE_CHECKING:
    from chattui.replies.events import Permission

_REFUSE = "Refuse"


class PermissionDialog(Dialog[str | None]):
    """Gives the id of the option that was chosen, None for a refusal. ``key`` is the turn's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Refuse", id="permission.refuse"),
        Binding("down", "step(1)", "Next answer", id="permission.down"),
        Binding("up", "step(-1)", "Answer before", id="permission.up"),
        Binding("enter", "choose", "Answer", id="permission.answer"),
        Binding("pagedown", "scroll(1)", "Down", show=False, id="permission.page_down"),
        Binding("pageup", "scroll(-1)", "Up", show=False, id="permission.page_up"),
    ]

    def __init__(self, who: str, permission: Permission, key: str) -> None:
        super().__init__()
        self.key = key
        self._who = visible_line(who)
        self._asked = permission
        self._options: list[tuple[str | None, str]] = [(option, name) for option, name, _ in permission.options]
        refusing = [n for n, (_, _, kind) in enumerate(permission.options) if kind == "reject_once"]
        if not refusing:
            self._options.append((None, _REFUSE))
        self._index = refusing[0] if refusing else len(self._options) - 1

    def compose(self) -> ComposeResult:
        """What is asked, and the answers, one a line."""
        with Vertical(classes="dialog tall"):
            title = f"{self._who} asks: {visible_line(masked(self._asked.title))}"
            yield Static(title, markup=False, classes="dialog-title")
            with VerticalScroll():
                yield Static(visible(masked(_readable(self._asked.detail))), markup=False, id="permission-detail")
            for index, (_, name) in enumerate(self._options):
                yield AgentLine(index, visible_line(name)[:100])
            yield Static("↑ ↓ choose · Enter answers · Esc refuses", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """Mark the answer that refuses."""
        self._draw()

    def action_step(self, by: int) -> None:
        """The next or previous one."""
        self._index = (self._index + by) % len(self._options)
        self._draw()

    def action_scroll(self, by: int) -> None:
        """Read on in what is asked."""
        self.query_one(VerticalScroll).scroll_relative(y=by * 10, animate=False)

    def action_choose(self) -> None:
        """Answer."""
        self.dismiss(self._options[self._index][0])

    def on_agent_line_chosen(self, event: AgentLine.Chosen) -> None:
        """A click on one: it is marked, Enter answers."""
        event.stop()
        self._index = event.index
        self._draw()

    def _draw(self) -> None:
        for index, line in enumerate(self.query(AgentLine)):
            line.show(chosen=index == self._index)


def _readable(detail: str) -> str:
    """Arguments as lines, not as JSON."""
    import json

    from chattui.sources.content import readable_input

    lines = []
    for line in detail.split("\n"):
        value: object = None
        if line.startswith(("{", "[")):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
        lines.append(readable_input(value)[0] if value is not None else line)
    return "\n".join(lines)
