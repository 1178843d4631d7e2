"""The bar of tabs: one line, as many of them as have room around the active one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from chattui.domain.secrets import shown_line
from chattui.domain.tabs import Tab
from chattui.tui.habits import HABITS
from chattui.tui.pane.wrap import cells, clip

_WIDEST, _NARROWEST = 24, 8  # columns of a tab
_NEW, _PIN = "New chat", "▪ "


@dataclass
class TabPicked(Message):
    """A tab was clicked. ``closes``: by the middle button."""

    index: int
    closes: bool


class TabBar(Static):
    """Shows tabs; a click goes to one, the middle button closes one. What has no room is counted at the ends."""

    def __init__(self, id: str, *, masks: bool = True) -> None:  # noqa: A002
        """``masks``: secrets in titles are hidden."""
        super().__init__("", id=id, markup=False)
        self._masks = masks
        self._tabs: Sequence[Tab] = ()
        self._active = 0
        self._spans: list[tuple[int, int, int]] = []

    def show(self, tabs: Sequence[Tab], active: int) -> None:
        """Other tabs, or another one is active."""
        self._tabs, self._active = tuple(tabs), active
        self._draw()

    def on_resize(self) -> None:
        """Other columns, other tabs."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Go to the tab, or close it."""
        x = event.x - self.gutter.left
        for start, end, index in self._spans:
            if start <= x < end:
                self.post_message(TabPicked(index, closes=event.button == 2))
                return

    def _draw(self) -> None:
        width = self.content_size.width
        if not width or not self._tabs:
            return
        shown = {index: self._label(self._tabs[index], width) for index in self._fitting(width)}
        first, last = min(shown), max(shown)
        parts: list[tuple[str, str]] = []
        self._spans, at = [], 0
        if first:
            parts.append((f"‹{first} ", "$foreground-muted"))
            at = cells(parts[0][0])
        for index in range(first, last + 1):
            label = f" {shown[index]} "
            self._spans.append((at, at + cells(label), index))
            at += cells(label)
            parts.append((label, "bold $text-accent on $surface" if index == self._active else "$foreground-muted"))
        if rest := len(self._tabs) - 1 - last:
            parts.append((f" {rest}›", "$foreground-muted"))
        self.update(Content.assemble(*parts), layout=False)

    def _label(self, tab: Tab, width: int) -> str:
        most = max(_NARROWEST, min(_WIDEST, width // min(4, len(self._tabs)) - 4))
        title = shown_line(tab.title, self._masks) or ("(untitled)" if tab.chat_id is not None else _NEW)
        return clip((HABITS.icon(_PIN) if tab.pinned else "") + title, most)

    def _fitting(self, width: int) -> list[int]:
        """The active tab and as many on both sides as there is room for, by turns."""
        ends = len(f"‹{len(self._tabs)} ") * 2
        room = width - ends - cells(self._label(self._tabs[self._active], width)) - 2
        found = [self._active]
        before, after = self._active - 1, self._active + 1
        while before >= 0 or after < len(self._tabs):
            grew = False
            for index in (after, before):
                if 0 <= index < len(self._tabs) and index not in found:
                    needed = cells(self._label(self._tabs[index], width)) + 2
                    if needed <= room:
                        room -= needed
                        found.append(index)
                        before, after, grew = min(before, index - 1), max(after, index + 1), True
            if not grew:
                break
        return found
