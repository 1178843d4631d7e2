"""An agent asks whether it may do something: what that is, and the answers that it takes. At first the one that refuses is
chosen, so that no key that was meant for something else allows anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from chattui.domain.secrets import masked
from chattui.domain.visible import visible, visible_line
from chattui.tui.screens.dialogs import LOW, Dialog
from chattui.tui.screens.hand_over_dialog import AgentLine

if TYPE_CHECKING:
    from chattui.replies.events import Permission

_REFUSE = "Refuse"
_COLOURS = {"+": "$text-success", "-": "$text-error"}
_AROUND = 8
"""Rows of the box that are neither what is asked nor answers: frame, title, keys."""


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
        with Vertical(classes="dialog"):
            title = f"{self._who} asks: {visible_line(masked(self._asked.title))}"
            yield Static(title, markup=False, classes="dialog-title")
            with VerticalScroll():
                yield Static(readable(self._asked.detail), markup=False, id="permission-detail")
            for index, (_, name) in enumerate(self._options):
                yield AgentLine(index, visible_line(name)[:100])
            yield Static("↑ ↓ choose · Enter answers · Esc refuses", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """Mark the answer that refuses."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """What is asked scrolls where it would leave no room for the answers."""
        around = 2 if event.size.height < LOW else _AROUND
        room = event.size.height * 9 // 10 - around - len(self._options)
        self.query_one(VerticalScroll).styles.max_height = max(3, room)

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


def readable(detail: str) -> Content:
    """What is asked, as lines: arguments not as JSON, edits as what they take away and put in."""
    import json

    from chattui.sources.content import readable_input

    parts: list[Content] = []
    said: list[str] = []  # what is no edit is looked through for secrets as a whole: some have several lines

    def flush() -> None:
        if said:
            parts.append(Content(_plain("\n".join(said))))
            said.clear()

    for line in detail.split("\n"):
        value: object = None
        if line.startswith(("{", "[")):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
        edits = _edits(value)
        if not edits:
            said.append(line if value is None else readable_input(value)[0])
            continue
        if said == [edits[0][0]]:
            said.clear()  # the file is named by its edit
        flush()
        for path, old, new in edits:
            parts += _edit(path, old, new)
    flush()
    return Content("\n").join(parts)


def _plain(text: str) -> str:
    return visible(masked(text))


def _edits(value: object) -> list[tuple[str, str, str]]:
    """File, old and new text of each edit that a call's arguments are; nothing for other arguments."""
    found: list[tuple[str, str, str]] = []
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict) or one.keys() != {"file_path", "old_string", "new_string"}:
            return []
        found.append((str(one["file_path"]), str(one["old_string"]), str(one["new_string"])))
    return found


def _edit(path: str, old: str, new: str) -> list[Content]:
    from chattui.tui.pane.output import MOST_LINES, diff_lines

    before, after = (_plain(text.removesuffix("\n")).split("\n") if text else [] for text in (old, new))
    if len(before) + len(after) > MOST_LINES:
        lines = [f"-{line}" for line in before] + [f"+{line}" for line in after]
    else:
        lines = diff_lines(before, after)
    return [Content.styled(_plain(path), "bold"), *(Content.styled(line, _COLOURS.get(line[:1], "")) for line in lines)]
