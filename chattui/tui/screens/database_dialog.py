"""The state of the database: what is right and wrong with it, and how large everything is. Read again with a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from chattui.domain.state import Check, DatabaseState, Level, Relation, size_words, span_words
from chattui.domain.visible import visible_line
from chattui.tui.screens.dialogs import Dialog

if TYPE_CHECKING:
    from datetime import datetime

    from chattui.tui.data.session import Session

_STYLES = {Level.GOOD: "$text-success", Level.WARNING: "$text-warning", Level.BAD: "$text-error"}
_SIGNS = {Level.GOOD: "✓", Level.WARNING: "!", Level.BAD: "✗"}
_TABLES, _DAYS, _BAR = 14, 14, 32


class DatabaseDialog(Dialog[None]):
    """Shows the state of the database when it is read: checks first, those that are bad before the others."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f5,q", "dismiss(None)", "Close", id="dialog.close"),
        Binding("ctrl+r,r", "read", "Look again", id="database.read"),
    ]

    def __init__(self, session: Session, now: datetime) -> None:
        super().__init__()
        self._session = session
        self._now = now
        self._text = Static("Looking …", markup=False, id="database-state")

    def compose(self) -> ComposeResult:
        """A box that scrolls."""
        with Vertical(classes="dialog tall wide"):
            yield Static("Database", markup=False, classes="dialog-title")
            with VerticalScroll(id="database-scroll"):
                yield self._text
            yield Static("r looks again · ↓ ↑ scroll · Esc closes", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """Read it."""
        self.query_one("#database-scroll").focus()
        self.action_read()

    def action_read(self) -> None:
        """Read it again."""
        self._session.state.read()

    def show(self, state: DatabaseState, checks: Sequence[Check]) -> None:
        """The state is read."""
        self._text.update(Content.assemble(*_parts(state, checks, self._now)))

    def fail(self, sentence: str) -> None:
        """It could not be read."""
        self._text.update(Content.styled(visible_line(sentence), "$text-error"))


def _parts(state: DatabaseState, checks: Sequence[Check], now: datetime) -> list[Content | str]:
    parts: list[Content | str] = [*_head(state, now), "\n"]
    order = [Level.BAD, Level.WARNING, Level.GOOD]
    for check in sorted(checks, key=lambda c: order.index(c.level)):
        parts.append(Content.styled(f"{_SIGNS[check.level]} ", f"{_STYLES[check.level]} bold"))
        parts.append(f"{visible_line(check.said)}\n")
        if check.advice:
            parts.append(Content.styled(f"    {check.advice}\n", "$foreground-muted"))
    parts.append(_heading("Tables and indexes"))
    parts += [_relation(one) for one in state.relations[:_TABLES]]
    if rest := state.relations[_TABLES:]:
        together = size_words(sum(one.bytes for one in rest))
        parts.append(Content.styled(f"… and {len(rest)} smaller ones, {together} together\n", "$foreground-muted"))
    if state.days:
        parts.append(_heading("Messages by day"))
        days = state.days[:_DAYS]
        most = max(n for _, n in days)
        parts += [f"{day} {n:>9,} {'▪' * max(1, round(_BAR * n / most))}\n" for day, n in days]
    if state.slow:
        parts.append(_heading("Slowest statements"))
        parts += [f"{s.mean_ms:>8,.0f} ms {s.calls:>6,} ×  {visible_line(s.text)[:70]}\n" for s in state.slow]
    return parts


def _head(state: DatabaseState, now: datetime) -> list[str]:
    up = span_words(max(0.0, (now - state.started_at).total_seconds()))
    held = state.held
    connections = ", ".join(f"{n} {visible_line(name)}" for name, n in state.connections.items())
    return [
        f"PostgreSQL {visible_line(state.version)}, up for {up}, {size_words(held.database_bytes)} in the database\n",
        f"{held.chats:,} chats, {held.messages:,} messages, {size_words(held.text_bytes)} of text\n",
        *([f"other connections: {connections}\n"] if connections else []),
    ]


def _heading(text: str) -> Content:
    return Content.styled(f"\n{text}\n", "bold $accent")


def _relation(one: Relation) -> str:
    name = f"  {one.name}" if one.is_index else one.name
    rows = f"{one.rows:>12,} {'entries' if one.is_index else 'rows'}" if one.rows or not one.is_index else ""
    spare = f"  {size_words(one.spare)} to spare" if one.spare else ""
    dead = f"  {one.dead:,} dead" if one.dead else ""
    return f"{name:<32} {size_words(one.bytes):>9} {rows:<20}{dead}{spare}{'' if one.is_valid else '  not valid'}\n"
