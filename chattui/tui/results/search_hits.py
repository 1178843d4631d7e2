"""The results of a search: hits by chat, the best few under each, or one below the other; and which of them are selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from chattui.domain.search import FoundIn, Hit
from chattui.domain.secrets import shown_line
from chattui.tui.commands import bindings
from chattui.tui.habits import HABITS
from chattui.tui.pane.wrap import cells, clip
from chattui.tui.recents.days import age
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.results.hit_list import INDENT, HitList, Wrapped, said_by, snippet_row, wrapped

SHOWN = 3
"""Hits of a chat that are shown until all of them are asked for."""

ENOUGH = 100
"""Hits that are looked for by themselves, so that there are chats to show."""

_NESTED = 2  # columns by which a hit stands under its chat
_SELECTED, _UNSELECTED = "✓ ", "  "
Worth = Callable[[Hit], float]
Key = tuple[int, int, FoundIn]


@dataclass
class SelectionChanged(Message):
    """So many hits are selected."""

    count: int


@dataclass(slots=True)
class _Group:
    """The hits of one chat, as places in the list of hits. That in its title is shown as one where there is no other."""

    hits: list[int] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    title: int | None = None

    @property
    def rows(self) -> list[int]:
        """All that can be shown."""
        return self.hits or ([] if self.title is None else [self.title])


@dataclass(frozen=True, slots=True)
class _Row:
    """A hit under its chat: its place, its text with who said it, and how many characters that takes."""

    at: int
    lines: Wrapped
    lead: int
    last: bool


def _any(hit: Hit) -> float:  # noqa: ARG001
    return 0.0


def key_of(hit: Hit) -> Key:
    """What tells a hit from every other one."""
    return hit.chat_id, hit.seq, hit.found_in


class SearchHits(HitList):
    """Hits in the order given. By chat, a chat stands where its first hit does; which of its hits are shown is decided by
    ``worth``, and does not change when more are found."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("search"), *bindings("hits")]

    def __init__(self, *, now: Callable[[], datetime], id: str, masks: bool = True) -> None:  # noqa: A002
        super().__init__(now=now, id=id, masks=masks)
        self.by_chat = True
        self.by_hand = False  # only a person asks for more
        self.partial = False  # there may be more hits than are known
        self.worth: Worth = _any
        self.selected: dict[Key, Hit] = {}
        self._groups: dict[int, _Group] = {}
        self._unfolded: set[int] = set()
        self._entries: list[_Group | _Row] = []  # below the note, which is item 0

    # What is shown

    @property
    def hits(self) -> Sequence[Hit]:
        """All hits that are known."""
        return self._hits

    @property
    def hit(self) -> Hit | None:
        """The hit at the cursor."""
        if not self.by_chat:
            return super().hit
        entry = self._entries[self.cursor - 1] if 0 < self.cursor <= len(self._entries) else None
        return self._hits[entry.at] if isinstance(entry, _Row) else None

    def set_hits(self, hits: Sequence[Hit], *, more: bool = False, note: str = "", looking: bool = False) -> None:
        """Show other hits, the cursor on the first. ``looking``: they will be replaced by all that a longer look finds."""
        self._groups, self._unfolded, self._entries = {}, set(), []
        self.more, self.partial = more, more or looking
        super().set_hits(hits, more=more, note=note)

    def replace_hits(self, hits: Sequence[Hit], *, more: bool = False, note: str = "", looking: bool = False) -> None:
        """Show other hits of the same search, the cursor on the hit it is on, at the same place of the window."""
        before, row = self.hit, self._row_of_cursor()
        self._groups, self._entries = {}, []
        self.partial = more or looking
        self.refill(hits, note)
        self.replaced((self._place_of(before) if before is not None else None) or 0, more=more)
        self._go_to(before, row)

    def append_hits(self, hits: Sequence[Hit], more: bool = False, *, looking: bool = False) -> None:
        """Add hits at the end, or to their chats; the cursor stays on its hit, and the hit where it is seen."""
        before, self.more, self.partial = self.hit, more, more or looking
        with_row = self._row_of_cursor()
        self._add(hits)
        self._go_to(before, with_row)
        self._strips.clear()
        self.extended(more=more)
        if before is None:
            self.highlighted()

    def set_by_chat(self, by_chat: bool) -> None:
        """By chat, or one below the other. The cursor stays on its hit."""
        if by_chat != self.by_chat:
            before, with_row = self.hit, self._row_of_cursor()
            self.by_chat = by_chat
            self._rebuild(before, with_row)

    def _rebuild(self, at: Hit | None, row: int) -> None:
        self.measure(self.inner_width)
        self._go_to(at, row)
        self.replaced(self.cursor, more=self.more)

    def _row_of_cursor(self) -> int:
        """How far below the top of the window the cursor is."""
        return self.tops[self.cursor] - round(self.scroll_y) if 0 <= self.cursor < self.count else 0

    def _go_to(self, hit: Hit | None, row: int) -> None:
        """The cursor on a hit, which is seen at ``row``."""
        at = self._place_of(hit) if hit is not None else None
        if at is None:
            return
        self.cursor = at
        if self.scroll_y:
            self.scroll_to(y=max(0, self.tops[at] - row), animate=False)

    def _place_of(self, hit: Hit) -> int | None:
        key = key_of(hit)
        if not self.by_chat:
            return next((nr for nr, h in enumerate(self._hits, 1) if key_of(h) == key), None)
        group = self._groups.get(hit.chat_id)
        same_chat = None
        for nr, entry in enumerate(self._entries, 1):
            if isinstance(entry, _Row):
                if key_of(self._hits[entry.at]) == key:
                    return nr
                if same_chat is None and group is not None and entry.at in group.shown:
                    same_chat = nr
        return same_chat

    def measure(self, width: int) -> None:
        """Wrap the snippets for another width."""
        self._entries = []
        super().measure(width)

    def _lay_out(self, start: int) -> None:
        if not self.by_chat:
            super()._lay_out(start)
            return
        for at in range(start, len(self._hits)):
            group = self._groups.setdefault(self._hits[at].chat_id, _Group())
            if self._hits[at].found_in is FoundIn.TITLE:
                group.title = at
            elif not group.hits or group.hits[-1] < at:
                group.hits.append(at)
        for group in self._groups.values():
            self._choose(group)
        known = {entry.at: entry for entry in self._entries if isinstance(entry, _Row)}
        self._entries = []
        width = max(4, self.inner_width - INDENT - _NESTED - 1)
        for chat_id, group in self._groups.items():
            shown = group.rows if chat_id in self._unfolded else group.shown
            self._entries.append(group)
            self._entries += [self._row(at, width, at == shown[-1], known.get(at)) for at in shown]
        sizes = (len(e.lines.rows) + e.last if isinstance(e, _Row) else 1 for e in self._entries)
        self.tops = [0, *accumulate(sizes, initial=self.note_rows)]

    def _choose(self, group: _Group) -> None:
        """Which hits of a chat are shown: those that were, and the best of the others while there is room."""
        if group.hits and group.title in group.shown:
            group.shown = []
        if len(group.shown) < SHOWN and len(group.shown) < len(group.rows):
            shown = set(group.shown)
            others = sorted((at for at in group.rows if at not in shown), key=lambda at: -self.worth(self._hits[at]))
            group.shown = sorted([*group.shown, *others[: SHOWN - len(shown)]])

    def _row(self, at: int, width: int, last: bool, known: _Row | None) -> _Row:
        if known is not None and known.last == last:
            return known
        hit = self._hits[at]
        text, ranges = self._flat[at]
        head = f"{said_by(hit)} · {age(hit.created_at, self._now())}  "
        lead = len(head)
        return _Row(at, wrapped(head + text, tuple((a + lead, b + lead) for a, b in ranges), width), lead, last)

    # More of them

    def _ask_when_seen(self) -> None:
        """A chat may have all the newest hits, and show three: from ``ENOUGH`` on, only a person asks for more."""
        if not self.by_hand and (not self.by_chat or len(self._hits) < ENOUGH):
            super()._ask_when_seen()

    def action_move(self, step: int) -> None:
        """Go to the previous or next hit; from the last one, ask for more."""
        super().action_move(step)
        if step > 0:
            self._ask_for_more()

    def action_last(self) -> None:
        """Go to the last hit, and ask for more."""
        super().action_last()
        self._ask_for_more()

    # Keys

    def selectable(self, index: int) -> bool:
        """Hits are, note and chats are not."""
        return index > 0 and (not self.by_chat or isinstance(self._entries[index - 1], _Row))

    def unfold(self, unfolded: bool) -> None:
        """Show all hits of the chat at the cursor, or the best of them."""
        hit = self.hit
        if self.by_chat and hit is not None and (hit.chat_id in self._unfolded) != unfolded:
            row = self._row_of_cursor()
            if unfolded:
                self._unfolded.add(hit.chat_id)
            else:
                self._unfolded.discard(hit.chat_id)
            self._rebuild(hit, row)

    def action_unfold(self) -> None:
        """Show all hits of the chat."""
        self.unfold(True)

    def action_fold(self) -> None:
        """Show the best hits of the chat."""
        self.unfold(False)

    def action_select(self) -> None:
        """Select the hit at the cursor, or no longer, and go on to the next."""
        if (hit := self.hit) is not None:
            if self.selected.pop(key_of(hit), None) is None:
                self.selected[key_of(hit)] = hit
            self._selected()
            self.action_move(1)

    def unselect(self) -> None:
        """No hit is selected."""
        if self.selected:
            self.selected.clear()
            self._selected()

    def _selected(self) -> None:
        self.repaint()
        self.post_message(SelectionChanged(len(self.selected)))

    # Painting

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:
        """A row of the note, of a chat, or of a hit."""
        if not index or not self.by_chat:
            return super().draw(index, row, width, palette, at_cursor=at_cursor)
        entry = self._entries[index - 1]
        if isinstance(entry, _Group):
            return self._chat(entry, width, palette)
        if row >= len(entry.lines.rows):
            return []
        over = palette.over(focused=self.has_focus) if at_cursor else Style.null()
        lead = entry.lead
        selected = not row and key_of(self._hits[entry.at]) in self.selected
        mark = HABITS.icon(_SELECTED) if selected else _UNSELECTED
        return snippet_row(
            entry.lines, row, width, palette, over, at_cursor=at_cursor, indent=mark.ljust(_NESTED), lead=lead
        )

    def _chat(self, group: _Group, width: int, palette: ListPalette) -> list[Segment]:
        first = self._hits[group.rows[0]]
        count, hidden = len(group.rows), len(group.rows) - len(group.shown)
        about = f" · {age(max(self._hits[at].created_at for at in group.rows), self._now())}"
        about += f" · {count}{'+' if self.partial else ''} hit{'' if count == 1 and not self.partial else 's'}"
        if hidden and first.chat_id not in self._unfolded:
            about += f" · → shows {hidden} more"
        title = clip(shown_line(first.title, self._masks) or "Untitled", max(4, width - INDENT - cells(about)))
        marked = self._flat[group.title][1] if group.title is not None and group.hits else ()
        parts, at = [Segment(" ", palette.text)], 0
        for start, end in marked:
            parts += [Segment(title[at:start], palette.strong), Segment(title[start:end], palette.match)]
            at = end
        return [*parts, Segment(title[at:], palette.strong), Segment(about, palette.muted)]

    def _title(self, hit: Hit, width: int, palette: ListPalette, over: Style, *, at_cursor: bool) -> list[Segment]:
        if key_of(hit) not in self.selected:
            return super()._title(hit, width, palette, over, at_cursor=at_cursor)
        mark, *rest = super()._title(hit, width - len(_SELECTED), palette, over, at_cursor=at_cursor)
        return [mark, Segment(HABITS.icon(_SELECTED), palette.accent + over), *rest]
