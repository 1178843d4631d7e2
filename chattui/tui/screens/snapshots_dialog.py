"""The snapshots of a chat: a list, what the one at the cursor keeps, and what differs between two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from chattui.domain.errors import ChattuiError
from chattui.domain.secrets import masked, shown_line
from chattui.domain.snapshots import Section, SnapshotRow, clean_name
from chattui.domain.visible import visible_line
from chattui.tui.habits import HABITS
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.days import age
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from chattui.domain.snapshots import Desk
    from chattui.tui.data.session import Session

_NOW: Final = 0
_MOST_LINES: Final = 400
_NONE = "No snapshots of this chat yet. s takes one now, by a name; one is taken by itself while the chat changes."


class Keeper(Protocol):
    """Whose chat it is: the data layer, and what is on the desk."""

    session: Session

    def desk_of(self, chat_id: int) -> Desk:
        """What only this program knows of a chat."""


class NameDialog(Dialog[str | None]):
    """Asks for the name of a snapshot; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel")]

    def __init__(self) -> None:
        super().__init__()
        self._fault = Static("", markup=False, id="save-fault")

    def compose(self) -> ComposeResult:
        """A line to write on."""
        with Vertical(classes="dialog"):
            yield Static("Keep the chat as it is now, by this name", markup=False, classes="dialog-title")
            yield LineInput(id="snapshot-name", compact=False)
            yield self._fault
            yield Static("Enter keeps it · Esc cancels", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """Nothing is wrong yet."""
        self._fault.display = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The name is given; one that is none is said so, and stays."""
        event.stop()
        try:
            self.dismiss(clean_name(event.value))
        except ChattuiError as error:
            self._fault.update(str(error))
            self._fault.display = True


class SnapshotList(ItemList):
    """Now, and the snapshots, a row each."""

    class Moved(Message):
        """Another one is at the cursor."""

    DEFAULT_CSS = "SnapshotList { height: 1fr; max-height: 12; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "screen.mark", "Mark", id="snapshots.mark", tooltip="Hold the others against this one")
    ]

    def __init__(self, now: Callable[[], datetime], *, masks: bool = True) -> None:
        super().__init__(id="snapshots")
        self._now = now
        self._masks = masks
        self.rows: Sequence[SnapshotRow] | None = None
        self.marked: int | None = None

    def set_rows(self, rows: Sequence[SnapshotRow]) -> None:
        """Show these; the cursor stays."""
        self.rows = rows
        self.tops = range(len(rows) + 2) if rows else range(1)
        self.replaced(max(1, self.cursor), more=False)
        self.post_message(self.Moved())

    @property
    def snapshot_id(self) -> int | None:
        """The snapshot at the cursor, 0 for now; None while there is none."""
        if not self.rows or not 0 <= self.cursor <= len(self.rows):
            return None
        return self.rows[self.cursor - 1].id if self.cursor else _NOW

    @property
    def row(self) -> SnapshotRow | None:
        """What is known of the one at the cursor."""
        return self.rows[self.cursor - 1] if self.rows and self.cursor > 0 else None

    def mark(self, snapshot_id: int | None) -> None:
        """Hold the others against this one."""
        self.marked = snapshot_id
        self.replaced(self.cursor, more=False)

    def selectable(self, index: int) -> bool:  # noqa: ARG002
        """All are."""
        return True

    def highlighted(self) -> None:
        """Another one is to be shown."""
        self.post_message(self.Moved())

    def hint(self) -> str:
        """In place of none."""
        return "Looking …" if self.rows is None else _NONE

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:  # noqa: ARG002
        """When, what it is called, and what is in it."""
        over = palette.over(focused=self.has_focus) if at_cursor else Style.null()
        kept = self.rows[index - 1] if self.rows and index else None
        sign = HABITS.icon("●") if self.marked == (kept.id if kept is not None else _NOW) else " "
        when, name, facts = "now", "as it is", ""
        if kept is not None:
            when, name, facts = age(kept.taken_at, self._now()), shown_line(kept.name, self._masks), _facts(kept)
        facts = f"  {facts} "
        room = max(8, width - 12 - cells(facts))
        text = clip(name or "by itself", room)
        return [
            Segment("▌" if at_cursor else " ", palette.accent + over),
            Segment(f"{sign} ", palette.accent + over),
            Segment(f"{when:<9}", palette.muted + over),
            Segment(text + " " * (room - cells(text)), (palette.text if name else palette.muted) + over),
            Segment(facts[: max(0, width - 12)], palette.muted + over),
        ]


def _facts(row: SnapshotRow) -> str:
    facts = [f"{row.done} of {row.todo} done"] if row.todo else []
    facts += ["draft"] * row.has_draft + ["reply"] * row.has_reply
    return " · ".join([*facts, f"{row.messages:,}"])


class SnapshotsDialog(Dialog[None]):
    """Shows the snapshots of a chat when they are read; what is asked for here is done by the data layer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,Z", "dismiss(None)", "Close", id="snapshots.close"),
        Binding("s", "save", "Save", id="snapshots.save"),
        Binding("c", "compare", "Compare", id="snapshots.compare"),
        Binding("r", "restore", "Go back", id="snapshots.restore"),
        Binding("d,delete", "remove", "Remove", id="snapshots.remove"),
        Binding("tab", "other", "Other part", id="snapshots.other", priority=True),
    ]

    def __init__(self, keeper: Keeper, chat_id: int, *, masks: bool = True) -> None:
        """``masks``: secrets are hidden."""
        super().__init__()
        self.chat_id = chat_id
        self._keeper = keeper
        self._masks = masks
        self._compares = False
        self._to_remove: int | None = None
        self._list: SnapshotList | None = None
        self._text = Static("", markup=False, id="snapshot")
        self._hint = Static("", markup=False, classes="dialog-hint")

    @property
    def listed(self) -> SnapshotList:
        """The list."""
        if self._list is None:
            self._list = SnapshotList(self._clock, masks=self._masks)
        return self._list

    def _clock(self) -> datetime:
        now: datetime = getattr(self.app, "now")()  # noqa: B009
        return now

    def compose(self) -> ComposeResult:
        """A list above what the one at the cursor keeps."""
        with Vertical(classes="dialog tall wide"):
            yield Static("Snapshots of this chat", markup=False, classes="dialog-title")
            yield self.listed
            with VerticalScroll(id="snapshot-scroll"):
                yield self._text
            yield self._hint

    def on_mount(self) -> None:
        """Read them."""
        self.listed.focus()
        self._tell()
        self._keeper.session.states.read(self.chat_id)

    def set_rows(self, rows: Sequence[SnapshotRow]) -> None:
        """They are read."""
        self.listed.set_rows(rows)

    def show(self, snapshot_id: int, against: int | None, sections: Sequence[Section]) -> None:
        """What one keeps, or what differs; late answers are passed over."""
        if (snapshot_id, against) == self._wanted:
            nothing = "Nothing differs." if against is not None else "Nothing is kept in it."
            self._text.update(_content(sections, masks=self._masks) if sections else Content(nothing))

    @property
    def _wanted(self) -> tuple[int, int | None] | None:
        """Which one is to be shown, against which."""
        at = self.listed.snapshot_id
        if at is None:
            return None
        marked = self.listed.marked
        against = (marked if marked is not None else _NOW) if self._compares else None
        return at, against

    def on_snapshot_list_moved(self) -> None:
        """Show the one at the cursor."""
        self._to_remove = None
        self._tell()
        if (wanted := self._wanted) is None:
            self._text.update("")
        else:
            self._keeper.session.states.show(self.chat_id, *wanted, self._keeper.desk_of(self.chat_id))

    def action_mark(self) -> None:
        """Hold the others against the one at the cursor, or against now again."""
        at = self.listed.snapshot_id
        self.listed.mark(None if at == self.listed.marked else at)
        self._compares = self._compares or self.listed.marked is not None
        self.on_snapshot_list_moved()

    def action_compare(self) -> None:
        """Show what differs, or what is kept."""
        self._compares = not self._compares
        if not self._compares:
            self.listed.mark(None)
        self.on_snapshot_list_moved()

    def action_other(self) -> None:
        """Between the list and the text below it."""
        (self.query_one("#snapshot-scroll") if self.listed.has_focus else self.listed).focus()

    def action_save(self) -> None:
        """Keep the chat as it is, by a name."""

        def named(name: str | None) -> None:
            if name:
                self._keeper.session.states.save(self.chat_id, name, self._keeper.desk_of(self.chat_id))

        self.app.push_screen(NameDialog(), named)

    def action_restore(self) -> None:
        """Set the chat as it was at the cursor."""
        if at := self.listed.snapshot_id:
            self._keeper.session.states.go_back(self.chat_id, at, self._keeper.desk_of(self.chat_id))
        else:
            self.notify("That is how the chat is now.", timeout=3)

    def action_remove(self) -> None:
        """Forget the one at the cursor; one with a name only when the key is pressed again."""
        row = self.listed.row
        if row is None:
            return
        if row.name and self._to_remove != row.id:
            self._to_remove = row.id
            self._hint.update("It has a name, so it would be kept for ever. d once more removes it.")
            return
        self._to_remove = None
        self._keeper.session.states.remove(self.chat_id, row.id)

    def _tell(self) -> None:
        against = "now" if self.listed.marked in (None, _NOW) else "the marked one"
        compare = f"c what it keeps, here against {against}" if self._compares else "c compares with now"
        self._hint.update(f"r goes back to it · {compare} · Space marks · s saves · d removes · Tab text · Esc closes")


def _content(sections: Sequence[Section], *, masks: bool) -> Content:
    parts: list[Content | str] = []
    for label, lines in sections:
        text = "\n".join(lines)
        shown = (masked(text) if masks else text).split("\n")
        is_short = len(shown) == 1
        parts.append(Content.styled(f"{label:<16}" if is_short else f"{label}\n", "$text-muted"))
        for line in shown[:_MOST_LINES]:
            style = {"+": "$text-success", "-": "$text-error"}.get(line[:1] if line[1:2] == " " else "", "")
            parts.append(Content.styled(f"{'' if is_short else '  '}{visible_line(line)}\n", style))
        if len(shown) > _MOST_LINES:
            parts.append(Content.styled(f"  … {len(shown) - _MOST_LINES:,} more lines\n", "$text-muted"))
    return Content.assemble(*parts)
