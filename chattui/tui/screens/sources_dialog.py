"""Sources: what is read, from where, what came of it, and a switch for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from chattui.domain.sources import SourceState
from chattui.domain.visible import visible_line
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.screens.dialogs import Dialog, faults_dialog

if TYPE_CHECKING:
    from chattui.tui.data.session import Session

_ROWS = 2
_NAME = 14
_SWITCH = 7
"""Columns of the switch, as far as a click on it reaches."""


class SourceSwitched(Message):
    """A source is to be switched."""

    def __init__(self, source: SourceState) -> None:
        self.source = source
        super().__init__()


class SourcePicked(Message):
    """The problems of a source are to be seen."""

    def __init__(self, source: SourceState) -> None:
        self.source = source
        super().__init__()


class SourceList(ItemList):
    """Sources, two rows each: the counts, and where they come from."""

    DEFAULT_CSS = "SourceList { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "On/off", id="sources.switch", tooltip="Switch the source on or off")
    ]

    def __init__(self) -> None:
        super().__init__(id="sources")
        self._sources: Sequence[SourceState] = ()

    def set_sources(self, sources: Sequence[SourceState]) -> None:
        """Show other sources; the cursor stays on its own."""
        before = self.source
        self._sources = sources
        self.tops = range(0, _ROWS * len(sources) + 1, _ROWS)
        same = (nr for nr, one in enumerate(sources) if before is not None and one.name == before.name)
        self.replaced(next(same, 0), more=False)

    @property
    def source(self) -> SourceState | None:
        """The source at the cursor."""
        return self._sources[self.cursor] if 0 <= self.cursor < len(self._sources) else None

    def selectable(self, index: int) -> bool:  # noqa: ARG002
        """All are."""
        return True

    def hint(self) -> str:
        """While they are being read."""
        return "Looking …"

    def action_pick(self) -> None:
        """See the problems of the source at the cursor."""
        if self.source is not None:
            self.post_message(SourcePicked(self.source))

    def action_switch(self) -> None:
        """Switch the source at the cursor."""
        if self.source is not None:
            self.post_message(SourceSwitched(self.source))

    def on_click(self, event: events.Click) -> None:
        """A click on the switch switches; one elsewhere is the list's."""
        row = round(self.scroll_y) + event.y
        if event.button == 1 and event.x < _SWITCH and row < self.tops[-1]:
            event.prevent_default()
            self.move_to(self.index_at(row))
            self.action_switch()

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:
        """The counts above, the places below."""
        one = self._sources[index]
        over = palette.over(focused=self.has_focus) if at_cursor else Style.null()
        mark = Segment("▌" if at_cursor else " ", palette.accent + over)
        if row:
            text = " " * _SWITCH + _places(one)
            room = width - 1 - cells(text)
            side = next((words for words in _wrong(one) if cells(words) <= room), _wrong(one)[-1])
            room = max(1, width - 1 - cells(side))
            shown = clip(text, room)
            return [
                mark,
                Segment(shown + " " * (room - cells(shown)), palette.aside(at_cursor=at_cursor) + over),
                Segment(side, palette.match + over),
            ]
        switch = " [on]  " if one.enabled else " [off] "
        counts = next((c for c in _counts(one) if _SWITCH + _NAME + cells(c) < width), "")
        room = max(4, width - 1 - cells(switch) - cells(counts))
        name = clip(visible_line(one.label), room)
        is_on = palette.strong if one.enabled else palette.muted
        return [
            mark,
            Segment(switch[:_SWITCH], (palette.accent if one.enabled else palette.faint) + over),
            Segment(name + " " * (room - cells(name)), is_on + over),
            Segment(counts, (palette.text if one.enabled else palette.muted) + over),
        ]


def _counts(one: SourceState) -> list[str]:
    """What came of it, and shorter ways to say so."""
    if not one.files:
        return [""]
    files, chats, messages = (
        f"{count:>{width},} {word if count == 1 else word + 's':<{len(word) + 1}} "
        for count, width, word in ((one.files, 7, "file"), (one.chats, 6, "chat"), (one.messages, 9, "message"))
    )
    when = one.last_import.astimezone().strftime(" %Y-%m-%d %H:%M ") if one.last_import is not None else ""
    return [files + chats + messages + when, chats + messages + when, chats + messages, messages]


def _wrong(one: SourceState) -> list[str]:
    """What was not read and what was not understood of it, and a shorter way to say so."""
    faults = f"{one.faults:,} with problems" if one.faults else ""
    raw = f"{one.raw:,} record{'' if one.raw == 1 else 's'} not understood" if one.raw else ""
    told = " · ".join(filter(None, (faults, raw)))
    return [f"{told} " if told else "", f"{faults or raw} " if told else ""]


def _places(one: SourceState) -> str:
    where = ", ".join(visible_line(place) for place in one.places[:2])
    if len(one.places) > 2:
        where += f" and {len(one.places) - 2} more"
    if one.machines > 1:
        where += f"{' · ' if where else ''}{one.machines} machines"
    if not where and one.is_named:
        return "only where you name it"
    return where or ("came from elsewhere" if one.files else "not found here")


class SourcesDialog(Dialog[None]):
    """Shows the sources when they are read; what is switched is written into the configuration at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f6,q", "dismiss(None)", "Close", id="dialog.close"),
        Binding("ctrl+r", "read", "Look again", id="sources.read"),
    ]

    def __init__(self, session: Session, standing: str) -> None:
        super().__init__()
        self._session = session
        self._standing = Static(standing, markup=False, id="sources-standing")
        self._list = SourceList()

    def compose(self) -> ComposeResult:
        """How it stands, and a list."""
        with Vertical(classes="dialog tall wide"):
            yield Static("Sources", markup=False, classes="dialog-title")
            yield self._standing
            yield self._list
            yield Static(
                "Space switches on and off · Enter shows problems · Esc closes",
                markup=False,
                classes="dialog-hint",
            )

    def on_mount(self) -> None:
        """Read them."""
        self._list.focus()
        self.action_read()

    def action_read(self) -> None:
        """Read them again."""
        self._session.sources.read()

    def show(self, sources: Sequence[SourceState]) -> None:
        """The sources are read."""
        self._list.set_sources(sources)

    def say(self, standing: str) -> None:
        """How it stands with the watch."""
        self._standing.update(standing)

    def on_source_switched(self, event: SourceSwitched) -> None:
        """Write it down; the answer shows it."""
        event.stop()
        self._session.sources.switch(event.source.name, not event.source.enabled)

    def on_source_picked(self, event: SourcePicked) -> None:
        """Show what could not be read."""
        event.stop()
        if not event.source.faults:
            self.notify(f"Every file of {visible_line(event.source.label)} could be read.", timeout=3, markup=False)
            return

        def answer(lines: list[str]) -> None:
            self.app.call_from_thread(self.app.push_screen, faults_dialog(lines))

        self._session.sources.read_faults(answer, event.source.name)
