"""Which model replies: the names that there are, filtered while one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from chattui.domain.visible import visible_line
from chattui.tui.habits import HABITS
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.widgets.line_input import LineInput


@dataclass
class ModelPicked(Message):
    """A model was chosen."""

    name: str


class ModelList(ItemList):
    """Names of models."""

    DEFAULT_CSS = "ModelList { height: 1fr; }"

    def __init__(self, current: str) -> None:
        super().__init__(id="models")
        self._current = current
        self._names: Sequence[str] = ()
        self._shown: Sequence[str] = ()
        self._hint = "Asking which models there are …"

    def set_names(self, names: Sequence[str], hint: str) -> None:
        """Show other names; ``hint`` in the place of none."""
        self._names, self._hint = names, hint
        self.filter("")

    def set_default(self, name: str) -> None:
        """What replies where nothing was chosen."""
        self._current = self._current or name

    def filter(self, needle: str) -> None:
        """Show only names that hold every word of ``needle``."""
        words = needle.lower().split()
        self._shown = [name for name in self._names if all(word in name.lower() for word in words)]
        self.tops = range(len(self._shown) + 1)
        at = self._shown.index(self._current) if self._current in self._shown else 0
        self.replaced(at, more=False)

    @property
    def name_at_cursor(self) -> str:
        """The model at the cursor; empty for none."""
        return self._shown[self.cursor] if 0 <= self.cursor < len(self._shown) else ""

    def selectable(self, index: int) -> bool:  # noqa: ARG002
        """All are."""
        return True

    def hint(self) -> str:
        """In place of none."""
        return self._hint if not self._names else "No model has this in its name."

    def action_pick(self) -> None:
        """Choose the model at the cursor."""
        if name := self.name_at_cursor:
            self.post_message(ModelPicked(name))

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:  # noqa: ARG002
        """A name, marked when it is the one that replies now."""
        over = palette.over(focused=True) if at_cursor else Style.null()
        name = self._shown[index]
        room = max(4, width - 4)
        value = clip(visible_line(name), room)
        mark = HABITS.icon("✓ ") if name == self._current else "  "
        return [
            Segment("▌ " if at_cursor else "  ", palette.accent + over),
            Segment(mark + value + " " * (room - cells(value)), palette.text + over),
        ]


class ModelDialog(Dialog[str | None]):
    """Asks which model is to reply; None when that stays as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel"),
        Binding("down", "move(1)", "Down", show=False, priority=True, id="models.down"),
        Binding("up", "move(-1)", "Up", show=False, priority=True, id="models.up"),
    ]

    def __init__(self, current: str) -> None:
        super().__init__()
        self._list = ModelList(current)
        self._hint = Static("Enter chooses · Esc leaves it as it is", markup=False, classes="dialog-hint")

    def compose(self) -> ComposeResult:
        """A line to filter by, and the names."""
        with Vertical(classes="dialog tall"):
            yield Static("Model", markup=False, classes="dialog-title")
            yield LineInput(placeholder="Filter, or the whole name of a model that is not listed", id="model-filter")
            yield self._list
            yield self._hint

    def on_mount(self) -> None:
        """Typing filters."""
        self.query_one(LineInput).focus()

    def show_names(self, names: Sequence[str], sentence: str, default: str = "") -> None:
        """The names are here, or why they are not; ``default`` is the one that replies where none is chosen."""
        self._list.set_default(default)
        self._list.set_names([*names], visible_line(sentence) or "There is no model.")
        self._list.filter(self.query_one(LineInput).value)

    def action_move(self, step: int) -> None:
        """Move the cursor of the list while the line has the focus."""
        self._list.action_move(step)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list.filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The model at the cursor, or what was typed."""
        event.stop()
        self.dismiss(self._list.name_at_cursor or event.value.strip() or None)

    def on_model_picked(self, event: ModelPicked) -> None:
        """A model was clicked."""
        self.dismiss(event.name)
