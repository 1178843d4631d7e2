"""The bar of tabs: one line, the pinned ones and as many as have room around the active one."""

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
        kept = self._kept(width)
        shown = [*range(kept), *self._fitting(width, kept)]
        parts: list[tuple[str, str]] = []
        self._spans, at = [], 0

        def add(text: str, style: str) -> None:
            nonlocal at
            parts.append((text, style))
            at += cells(text)

        for place, index in enumerate(shown):
            before = shown[place - 1] if place else -1
            if hidden := index - before - 1:
                add(f"‹{hidden} ", "$foreground-muted")
            label = f" {self._label(self._tabs[index], width)} "
            self._spans.append((at, at + cells(label), index))
            add(label, "bold $text-accent on $surface" if index == self._active else "$foreground-muted")
        if rest := len(self._tabs) - 1 - shown[-1]:
            add(f" {rest}›", "$foreground-muted")
        self.update(Content.assemble(*parts), layout=False)

    def _kept(self, width: int) -> int:
        """How many of the pinned tabs, from the first, always stay: as many as fit into half of the bar."""
        taken = kept = 0
        for tab in self._tabs:
            taken += cells(self._label(tab, width)) + 2
            if not tab.pinned or taken > width // 2:
                break
            kept += 1
        return kept

    def _label(self, tab: Tab, width: int) -> str:
        most = max(_NARROWEST, min(_WIDEST, width // min(4, len(self._tabs)) - 4))
        title = shown_line(tab.title, self._masks) or ("(untitled)" if tab.chat_id is not None else _NEW)
        return clip((HABITS.icon(_PIN) if tab.pinned else "") + title, most)

    def _fitting(self, width: int, kept: int) -> list[int]:
        """The active tab and as many on both sides as there is room for, by turns, behind those that stay anyway."""
        room = width - len(f"‹{len(self._tabs)} ") * 2
        room -= sum(cells(self._label(tab, width)) + 2 for tab in self._tabs[:kept])
        if kept == len(self._tabs):
            return []
        middle = max(self._active, kept)
        room -= cells(self._label(self._tabs[middle], width)) + 2
        found = [middle]
        before, after = middle - 1, middle + 1
        while True:
            grew = False
            for index in (after, before):
                if kept <= index < len(self._tabs) and index not in found:
                    needed = cells(self._label(self._tabs[index], width)) + 2
                    if needed <= room:
                        room -= needed
                        found.append(index)
                        before, after, grew = min(before, index - 1), max(after, index + 1), True
            if not grew:
                return sorted(found)
