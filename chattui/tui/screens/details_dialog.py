"""The details of a chat: what is known of it, each that a person may say changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.domain.chat import Chat
from chattui.domain.details import clean_fact, issue_of
from chattui.domain.errors import ChattuiError
from chattui.domain.kinds import ChatStatus
from chattui.domain.secrets import restored, shown_line
from chattui.domain.visible import visible_line
from chattui.tui.habits import HABITS
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from chattui.tui.data.session import Session

_NAME = 14


@dataclass(frozen=True, slots=True)
class Fact:
    """A line. ``how`` it is changed: typed on its line, "asked" in a dialog, "turned", or not at all ("")."""

    name: str
    label: str
    text: str
    how: str = ""


def facts_of(chat: Chat) -> list[Fact]:
    """All that is known of a chat, what a person may change first."""
    issue = issue_of(chat.settings)
    created, last = (
        f"{HABITS.full_day(t)} {t:%H:%M}" for t in (chat.created_at.astimezone(), chat.last_message_at.astimezone())
    )
    tokens = f"{chat.tokens_in:,} in, {chat.tokens_out:,} out, {chat.tokens_cached:,} from the cache"
    facts = [
        Fact("title", "title", chat.title, "typed"),
        Fact("project", "project", chat.project or "", "typed"),
        Fact("repository", "repository", chat.repository or "", "typed"),
        Fact("git_branch", "branch", chat.git_branch or "", "typed"),
        Fact("issue", "issue", issue.line if issue is not None else "", "typed"),
        Fact("tags", "tags", " ".join(f"#{tag}" for tag in chat.tags), "asked"),
        Fact("note", "note", " ".join((chat.description or "").split()), "asked"),
        Fact("status", "status", chat.status.value, "turned"),
        Fact("quiet", "quiet", "on: no notifications" if chat.is_quiet else "off", "turned"),
        Fact("model", "model", chat.model or ""),
        Fact("agent", "agent", chat.agent or ""),
        Fact("source", "source", chat.source),
        Fact("id", "its own id", chat.source_id or ""),
        Fact("messages", "messages", f"{chat.message_count:,}, of these {chat.prompt_count:,} prompts"),
        Fact("tokens", "tokens", tokens if chat.tokens_in or chat.tokens_out else ""),
        Fact("cost", "cost", f"${chat.cost:,.2f}" if chat.cost is not None else ""),
        Fact("created", "begun", created),
        Fact("last", "last message", last),
    ]
    return [fact for fact in facts if fact.text or fact.how]


class FactList(ItemList):
    """The facts, a row each."""

    DEFAULT_CSS = "FactList { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pick", "Change", id="details.change", tooltip="Change the detail")
    ]

    def __init__(self, *, masks: bool = True) -> None:
        """``masks``: secrets are hidden."""
        super().__init__(id="facts")
        self._masks = masks
        self._facts: Sequence[Fact] = ()

    def set_facts(self, facts: Sequence[Fact]) -> None:
        """Show these; the cursor stays."""
        self._facts = facts
        self.tops = range(len(facts) + 1)
        self.replaced(max(0, self.cursor), more=False)

    @property
    def fact(self) -> Fact | None:
        """The fact at the cursor."""
        return self._facts[self.cursor] if 0 <= self.cursor < len(self._facts) else None

    def selectable(self, index: int) -> bool:  # noqa: ARG002
        """All are."""
        return True

    def hint(self) -> str:
        """While they are being read."""
        return "Looking …"

    def action_pick(self) -> None:
        """Change the fact at the cursor."""
        if self.fact is not None and isinstance(self.screen, DetailsDialog):
            self.screen.change(self.fact)

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:  # noqa: ARG002
        """What it is, and how it is with this chat."""
        fact = self._facts[index]
        over = palette.over(focused=self.has_focus) if at_cursor else Style.null()
        text = clip(shown_line(fact.text, self._masks) or "-", max(1, width - _NAME - 1))
        return [
            Segment("▌" if at_cursor else " ", palette.accent + over),
            Segment(f"{fact.label:<{_NAME}}", palette.aside(at_cursor=at_cursor) + over),
            Segment(
                text + " " * (width - _NAME - 1 - cells(text)), (palette.text if fact.how else palette.muted) + over
            ),
        ]


class DetailsDialog(Dialog[str | None]):
    """Shows a chat's details when they are read. Answers "tags" or "note" when these are to be written, which have dialogs
    of their own; everything else is changed here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Close", id="details.close"),
        Binding("q,K", "dismiss(None)", "Close", show=False, id="details.leave"),
    ]

    def __init__(self, session: Session, chat_id: int, *, masks: bool = True) -> None:
        """``masks``: secrets are hidden, and stay in what is changed as long as nobody writes over them."""
        super().__init__()
        self._masks = masks
        self._before = ""
        self.chat_id = chat_id
        self._session = session
        self._chat: Chat | None = None
        self._list = FactList(masks=masks)
        self._line = LineInput(id="fact")
        self._fault = Static("", markup=False, id="save-fault")
        self._changing = ""

    def compose(self) -> ComposeResult:
        """A list, and a line to write on while a fact is changed."""
        with Vertical(classes="dialog tall wide"):
            yield Static("Details of this chat", markup=False, classes="dialog-title")
            yield self._list
            yield self._line
            yield self._fault
            yield Static("Enter changes · Esc closes", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """Read them."""
        self._line.display = self._fault.display = False
        self._list.focus()
        self._session.marks.read_about(self.chat_id)

    def show(self, chat: Chat) -> None:
        """The chat is read, or was changed."""
        self._chat = chat
        self._list.set_facts(facts_of(chat))

    def action_back(self) -> None:
        """Leave the line as it was; else close."""
        if self._line.display:
            self._end()
        else:
            self.dismiss(None)

    def change(self, fact: Fact) -> None:
        """Let a fact be changed, in the way that it can be."""
        if fact.how == "typed":
            self._begin(fact.name, fact.text)
        elif fact.how == "asked":
            self.dismiss(fact.name)
        elif fact.how == "turned" and self._chat is not None:
            self._turn(fact.name, self._chat)
        else:
            self.notify("That is counted or told by its tool: it cannot be changed.", timeout=3)

    def _turn(self, name: str, chat: Chat) -> None:
        changes = self._session.changes
        if name == "quiet":
            changes.detail(chat.id, "quiet", not chat.is_quiet, lambda: None)
        elif chat.status is ChatStatus.DELETED:
            changes.restore(chat.id)
        else:
            changes.archive(chat.id, chat.status is not ChatStatus.ARCHIVED)

    def _begin(self, name: str, text: str) -> None:
        self._changing = name
        self._before = visible_line(text)
        self._line.value = shown_line(text, self._masks)
        self._line.placeholder = "#12 What it is about https://…" if name == "issue" else ""
        self._line.cursor_position = len(self._line.value)
        self._line.display = True
        self._line.focus()

    def _end(self) -> None:
        self._line.display = self._fault.display = False
        self._list.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The fact is given."""
        event.stop()
        try:
            text = clean_fact(restored(event.value, self._before) if self._masks else event.value)
        except ChattuiError as error:
            self._fault.update(str(error))
            self._fault.display = True
            return
        name = self._changing
        self._end()
        if name == "title":
            if text:
                self._session.changes.rename(self.chat_id, text)
        else:
            self._session.changes.detail(self.chat_id, name, text, lambda: self._again(name, text))

    def _again(self, name: str, text: str) -> None:
        """It could not be saved: it is on the line again."""
        if self.is_attached:
            self._begin(name, text)
