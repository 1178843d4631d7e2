"""Asks in which format and into which directory a chat is to be exported, and whether a file may be replaced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from chattui.domain.visible import visible_line
from chattui.export.formats import NAMES, format_of
from chattui.tui.habits import HABITS
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.widgets.line_input import LineInput


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What is to be written, where to, and whether over a file of that name; ``part``: only from one message to another."""

    format: str
    directory: Path
    replace: bool = False
    part: tuple[int, int] | None = None


def directory_of(base: Path, typed: str) -> Path:
    """The directory that was typed, from ``base`` on; ``~`` is the home directory, where there is one of that name."""
    try:
        return base / Path(typed).expanduser()
    except RuntimeError:  # ~somebody who is not here
        return base / typed


def typed_as(directory: Path) -> str:
    """How a person would type a directory: ``~`` for the home directory."""
    try:
        inside = directory.relative_to(Path.home())
    except (ValueError, RuntimeError):  # elsewhere, or there is no home
        return str(directory)
    return str(Path("~", inside))


class FormatLine(Static):
    """One format in the list; a click chooses it."""

    class Chosen(Message):
        """This format is wanted."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def __init__(self, name: str) -> None:
        self._format = name
        self._label = format_of(name).label
        super().__init__(markup=False, id=f"format-{name}")

    def show(self, *, chosen: bool) -> None:
        """Draw it as chosen or not."""
        mark = HABITS.icon("● " if chosen else "○ ")
        self.update(Content.styled(mark + self._label, "bold $text-primary") if chosen else Content(mark + self._label))

    def on_click(self, event: events.Click) -> None:
        """Choose it."""
        event.stop()
        self.post_message(self.Chosen(self._format))


class PartLine(Static):
    """What of the chat is exported; a click changes it."""

    class Turned(Message):
        """The other one is wanted."""

    def __init__(self) -> None:
        super().__init__(markup=False, id="part")

    def show(self, part: tuple[int, int], *, chosen: bool) -> None:
        """Draw the selection or the whole chat as chosen."""
        first, last = part
        words = f"message {first:,}" if first == last else f"messages {first:,} – {last:,}"
        selection, whole = f"the selection, {words}", "the whole chat"
        styles = ("bold $text-primary", "") if chosen else ("", "bold $text-primary")
        marks = HABITS.icon("●○" if chosen else "○●")
        self.update(Content.assemble((f"{marks[0]} {selection}", styles[0]), "   ", (f"{marks[1]} {whole}", styles[1])))

    def on_click(self, event: events.Click) -> None:
        """Choose the other one."""
        event.stop()
        self.post_message(self.Turned())


class ExportDialog(Dialog[ExportWish | None]):
    """Format and directory; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="export.cancel"),
        Binding("down", "step(1)", "Next format", id="export.down", priority=True),
        Binding("up", "step(-1)", "Format before", id="export.up", priority=True),
        Binding("tab", "turn", "Selection or whole chat", id="export.part", priority=True),
    ]

    def __init__(
        self, title: str, directory: Path, format_name: str = NAMES[0], part: tuple[int, int] | None = None
    ) -> None:
        """``part``: the messages that are selected, which are offered beside the whole chat."""
        super().__init__()
        self._part = part
        self._only_part = part is not None
        self._title = visible_line(title) or "(untitled)"
        self._directory = directory
        self._format = format_name

    def compose(self) -> ComposeResult:
        """The formats, and a line for the directory."""
        with Vertical(classes="dialog"):
            yield Static(f"Export “{self._title[:60]}”", markup=False, classes="dialog-title")
            for name in NAMES:
                yield FormatLine(name)
            if self._part is not None:
                yield PartLine()
            yield Static("Into the directory:", markup=False, classes="dialog-hint")
            yield LineInput(typed_as(self._directory), id="directory", compact=False)
            tab = "Tab selection or chat · " if self._part is not None else ""
            yield Static(
                f"↑ ↓ choose the format · {tab}Enter exports · Esc cancels", markup=False, classes="dialog-hint"
            )

    def on_mount(self) -> None:
        """Mark the first format, write in the directory."""
        self._draw()
        self.query_one(LineInput).focus()

    def action_step(self, by: int) -> None:
        """The next or previous format."""
        self._format = NAMES[(NAMES.index(self._format) + by) % len(NAMES)]
        self._draw()

    def action_turn(self) -> None:
        """The selection or the whole chat, where there is a selection."""
        self._only_part = self._part is not None and not self._only_part
        self._draw()

    def on_part_line_turned(self, event: PartLine.Turned) -> None:
        """A click on what is exported."""
        event.stop()
        self.action_turn()

    def on_format_line_chosen(self, event: FormatLine.Chosen) -> None:
        """A click on a format."""
        event.stop()
        self._format = event.name
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go."""
        event.stop()
        place = event.value.strip()
        if place:
            part = self._part if self._only_part else None
            self.dismiss(ExportWish(self._format, directory_of(self._directory, place), part=part))

    def _draw(self) -> None:
        for name in NAMES:
            self.query_one(f"#format-{name}", FormatLine).show(chosen=name == self._format)
        if self._part is not None:
            self.query_one(PartLine).show(self._part, chosen=self._only_part)


class ReplaceDialog(Dialog[bool]):
    """Whether a file that is there may be replaced; Enter alone does not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Replace", id="replace.yes"),
        Binding("n,escape,enter", "dismiss(False)", "Leave it", id="replace.no"),
    ]

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self._sentence = visible_line(sentence)

    def compose(self) -> ComposeResult:
        """What is there, and the two answers."""
        with Vertical(classes="dialog"):
            yield Static("Replace it?", markup=False, classes="dialog-title")
            yield Static(self._sentence, markup=False)
            yield Static("y replaces it · n or Esc leaves it as it is", markup=False, classes="dialog-hint")
