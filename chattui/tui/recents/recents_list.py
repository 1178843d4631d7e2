"""Recents: chats under day headings, one line each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.message import Message

from chattui.domain.chat import ChatRow
from chattui.domain.kinds import OWN_SOURCE, ChatStatus
from chattui.domain.secrets import shown_line
from chattui.domain.visible import visible_line
from chattui.tui.habits import HABITS
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.days import DayClock, age
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette

_TAGS = {
    "claude-code": "cc",
    "codex": "cx",
    "gemini-cli": "gm",
    "copilot-cli": "cp",
    "continue": "cn",
    "vscode-chat": "vs",
    "chatgpt": "gp",
    "claude-ai": "ca",
    "open-webui": "ow",
    OWN_SOURCE: "",
}
_OPEN_MARK, _PIN_MARK, _ARCHIVED_MARK = "▌", "★ ", "▫ "
_TAG_FROM = 24
"""Columns below which the source is left out, for the title's sake."""
_DAY_FROM = 38
"""Columns from which sources stand below each other, whatever the width of the day behind them."""


@dataclass
class ChatPicked(Message):
    """A chat is to be opened."""

    chat_id: int


@dataclass
class ChatHighlighted(Message):
    """The cursor has come to a chat."""

    chat_id: int


def _clock() -> datetime:
    return datetime.now().astimezone()


class RecentsList(ItemList):
    """The list of chats. Rows are expected pinned first, then newest first, and are shown in the order given."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _clock,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        masks: bool = True,
    ) -> None:
        """``masks``: secrets in titles are hidden."""
        super().__init__(name=name, id=id, classes=classes)
        self._now = now
        self._masks = masks
        self._entries: list[ChatRow | str] = []  # "" is an empty row, other text a heading
        self._needle: re.Pattern[str] | None = None
        self._needle_text = ""
        self._open: int | None = None
        self._heading = ""
        self._told = False  # whether there are chats

    def on_mount(self) -> None:
        """Keep ages true."""
        self.set_interval(60, self.repaint)

    def set_rows(self, rows: Sequence[ChatRow], *, needle: str = "", more: bool = False) -> None:
        """Show other chats. The cursor stays on its chat, or near where it was."""
        chat, place = self.chat_id, self.cursor
        self._told = True
        self._needle_text = needle.strip()
        self._needle = _pattern(self._needle_text)
        self._entries, self._heading = [], ""
        self._add(rows)
        found = None
        if chat is not None:
            found = next((at for at, entry in enumerate(self._entries) if _is_chat(entry, chat)), None)
        self.replaced(found if found is not None else place, more=more)
        if self.chat_id is not None and self.chat_id != chat:
            self.highlighted()

    def append_rows(self, rows: Sequence[ChatRow], more: bool) -> None:
        """Add older chats at the end."""
        before = self.chat_id
        self._add(rows)
        self.extended(more=more)
        if self.chat_id is not None and before is None:
            self.highlighted()

    def set_open(self, chat_id: int | None) -> None:
        """Mark the chat that is open in the pane."""
        if chat_id != self._open:
            self._open = chat_id
            self.repaint()

    @property
    def chat_id(self) -> int | None:
        """The chat at the cursor."""
        row = self._row(self.cursor)
        return row.id if row else None

    def _add(self, rows: Iterable[ChatRow]) -> None:
        clock = DayClock(self._now())
        entries = self._entries
        for row in rows:
            heading = "Pinned" if row.pinned else clock.heading(row.last_message_at)
            if heading != self._heading:
                if entries:
                    entries.append("")
                entries.append(heading)
                self._heading = heading
            elif HABITS.density == "comfortable":
                entries.append("")
            entries.append(row)
        self.tops = range(len(entries) + 1)

    def _row(self, index: int) -> ChatRow | None:
        entry = self._entries[index] if 0 <= index < len(self._entries) else None
        return entry if isinstance(entry, ChatRow) else None

    def selectable(self, index: int) -> bool:
        """Chats are, headings are not."""
        return isinstance(self._entries[index], ChatRow)

    def highlighted(self) -> None:
        """Tell which chat the cursor is on."""
        if self.chat_id is not None:
            self.post_message(ChatHighlighted(self.chat_id))

    def action_pick(self) -> None:
        """Open the chat at the cursor."""
        if self.chat_id is not None:
            self.post_message(ChatPicked(self.chat_id))

    def hint(self) -> str:
        """Why there is nothing, once that is known."""
        if not self._told:
            return ""
        return f"No chat matches “{visible_line(self._needle_text)}”" if self._needle_text else "No chats yet"

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Name the chat and its source in the tooltip: the row has room for neither in full."""
        row = round(self.scroll_y) + event.y
        chat = self._row(row)
        lines = (
            [shown_line(chat.title, self._masks), " · ".join(filter(None, [chat.source, chat.project]))] if chat else []
        )
        tip = Content("\n".join([lines[0], visible_line(lines[1])])) if lines else None
        if tip != self.tooltip:
            self.tooltip = tip

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:  # noqa: ARG002
        """A heading, or a chat: marks, title, source and age."""
        entry = self._entries[index]
        if isinstance(entry, str):
            return [Segment(clip(f" {entry}", width), palette.heading)]
        over = palette.over(focused=self.has_focus) if at_cursor else Style.null()
        opened = entry.id == self._open
        mark = HABITS.icon(_PIN_MARK if entry.pinned else _ARCHIVED_MARK if entry.status is ChatStatus.ARCHIVED else "")
        when = age(entry.last_message_at, self._now())
        tag = _TAGS.get(entry.source, visible_line(entry.source)[:2]) if width >= _TAG_FROM else ""
        side = f" {tag:<2} {when:>{6 if width >= _DAY_FROM else 3}} " if width >= _TAG_FROM else f" {when} "
        room = max(1, width - 1 - cells(mark) - cells(side))
        title = clip(shown_line(entry.title, self._masks) or "Untitled", room)
        style = (palette.strong if opened or at_cursor else palette.text) + over
        quiet = (palette.text if at_cursor else palette.faint) + over
        parts = [Segment(_OPEN_MARK if opened else " ", palette.accent + over), Segment(mark, palette.accent + over)]
        parts += _matched(title, self._needle, style, palette.match + over)
        parts.append(Segment(" " * (room - cells(title)), style))
        parts.append(Segment(side, quiet))
        return [part for part in parts if part.text]


def _is_chat(entry: ChatRow | str, chat_id: int) -> bool:
    return isinstance(entry, ChatRow) and entry.id == chat_id


def _pattern(needle: str) -> re.Pattern[str] | None:
    """The needle as a whole where it occurs, else its words."""
    words = [needle, *needle.split()]
    return re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE) if needle else None


def _matched(text: str, pattern: re.Pattern[str] | None, style: Style, match: Style) -> list[Segment]:
    parts: list[Segment] = []
    position = 0
    for found in pattern.finditer(text) if pattern else ():
        parts += [Segment(text[position : found.start()], style), Segment(found[0], match)]
        position = found.end()
    return [*parts, Segment(text[position:], style)]
