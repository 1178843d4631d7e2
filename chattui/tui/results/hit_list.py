"""The results of a search: a title line and the snippet for each hit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from chattui.domain.kinds import Kind
from chattui.domain.search import BY, FoundBy, FoundIn, Hit
from chattui.domain.secrets import masked, shown_line
from chattui.domain.visible import visible_line
from chattui.tui.pane.headline import KIND_NAMES, ROLE_NAMES
from chattui.tui.pane.lines import Run
from chattui.tui.pane.wrap import breaks, cells, clip, slice_runs
from chattui.tui.recents.days import age
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.results.snippet import Ranges, flatten

INDENT = 1
CURSOR_MARK = "▌"
_SNIPPET_ROWS = 2
_BESIDE = {
    FoundIn.NOTE: "Note",
    FoundIn.TITLE: "Title",
    FoundIn.FILE: "File",
    FoundIn.ISSUE: "Issue",
    FoundIn.BRANCH: "Branch",
}


@dataclass
class HitPicked(Message):
    """A hit is to be opened at its message."""

    hit: Hit


@dataclass
class HitHighlighted(Message):
    """The cursor has come to a hit."""

    hit: Hit


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A hit's snippet, flat, and where it breaks at the present width."""

    text: str
    ranges: Ranges
    rows: tuple[tuple[int, int], ...]


def wrapped(text: str, ranges: Ranges, width: int) -> Wrapped:
    """A snippet at a width: two rows, the second one with all that is left."""
    rows = tuple(breaks(text, width)[: _SNIPPET_ROWS + 1])
    if len(rows) > _SNIPPET_ROWS:
        rows = (*rows[: _SNIPPET_ROWS - 1], (rows[_SNIPPET_ROWS - 1][0], len(text)))
    return Wrapped(text, ranges, rows)


def said_by(hit: Hit) -> str:
    """Who a hit is from, or what it is; and how it was found, where that is not by its words."""
    who = _BESIDE.get(hit.found_in) or (ROLE_NAMES[hit.role] if hit.kind is Kind.TEXT else KIND_NAMES[hit.kind])
    return who if hit.found_by is FoundBy.WORDS else f"{who} · {BY[hit.found_by]}"


def _clock() -> datetime:
    return datetime.now().astimezone()


class HitList(ItemList):
    """The hits in the order given, with a note (how many, how fast) above them."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _clock,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        masks: bool = True,
    ) -> None:
        """``masks``: secrets in titles and snippets are hidden."""
        super().__init__(name=name, id=id, classes=classes)
        self._now = now
        self._masks = masks
        self._hits: list[Hit] = []
        self._flat: list[tuple[str, Ranges]] = []
        self._rows: list[Wrapped] = []
        self._note = ""

    def set_hits(self, hits: Sequence[Hit], *, more: bool = False, note: str = "") -> None:
        """Show other hits, the cursor on the first."""
        self.refill(hits, note)
        self.scroll_to(y=0, animate=False)
        self.replaced(0, more=more)
        self.highlighted()

    def refill(self, hits: Sequence[Hit], note: str) -> None:
        """Take other hits; whoever calls this says where the cursor is."""
        self._hits = []
        self._flat, self._rows, self._note = [], [], visible_line(note)
        self._add(hits)

    def append_hits(self, hits: Sequence[Hit], more: bool = False) -> None:
        """Add hits at the end; the cursor stays."""
        before = self.hit
        self._add(hits)
        self.extended(more=more)
        if before is None:
            self.highlighted()

    @property
    def hit(self) -> Hit | None:
        """The hit at the cursor."""
        return self._hits[self.cursor - 1] if self.cursor > 0 else None

    def _add(self, hits: Sequence[Hit]) -> None:
        start = len(self._hits)
        self._hits.extend(hits)
        self._flat.extend(flatten(masked(hit.snippet) if self._masks else hit.snippet, hit.ranges) for hit in hits)
        self._lay_out(start)

    def measure(self, width: int) -> None:  # noqa: ARG002
        """Wrap the snippets for another width."""
        self._rows = []
        self._lay_out(0)

    def _lay_out(self, start: int) -> None:
        """Set the rows of the hits from ``start`` on, and ``tops``."""
        width = max(4, self.inner_width - INDENT - 1)
        self._rows += [wrapped(text, ranges, width) for text, ranges in self._flat[start:]]
        note = self.note_rows
        self.tops = list(accumulate((len(each.rows) + 2 for each in self._rows), initial=note))
        self.tops.insert(0, 0)

    @property
    def note_rows(self) -> int:
        """Rows that the note takes, with the empty one below it."""
        return len(self._note_lines()) + 1 if self._note else 0

    def _note_lines(self) -> list[str]:
        return [self._note[start:end] for start, end in breaks(self._note, max(4, self.inner_width - 2))]

    def selectable(self, index: int) -> bool:
        """Hits are, the note is not."""
        return index > 0

    def highlighted(self) -> None:
        """Tell which hit the cursor is on."""
        if self.hit is not None:
            self.post_message(HitHighlighted(self.hit))

    def action_pick(self) -> None:
        """Open the hit at the cursor."""
        if self.hit is not None:
            self.post_message(HitPicked(self.hit))

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:
        """A row of the note or of a hit."""
        if not index:
            note = self._note_lines()
            return [Segment(f" {note[row]}", palette.muted)] if row < len(note) else []
        over = palette.over(focused=self.has_focus) if at_cursor else Style.null()
        hit, lines = self._hits[index - 1], self._rows[index - 1]
        if row == 0:
            return self._title(hit, width, palette, over, at_cursor=at_cursor)
        if row > len(lines.rows):
            return []
        return snippet_row(lines, row - 1, width, palette, over, at_cursor=at_cursor)

    def _title(self, hit: Hit, width: int, palette: ListPalette, over: Style, *, at_cursor: bool) -> list[Segment]:
        about = f" · {said_by(hit)} · {age(hit.created_at, self._now())} "
        title = clip(shown_line(hit.title, self._masks) or "Untitled", max(4, width - INDENT - cells(about)))
        return [
            Segment(CURSOR_MARK if at_cursor else " ", palette.accent + over),
            Segment(title, palette.strong + over),
            Segment(about, (palette.text if at_cursor else palette.muted) + over),
        ]


def snippet_row(
    lines: Wrapped,
    row: int,
    width: int,
    palette: ListPalette,
    over: Style,
    *,
    at_cursor: bool,
    indent: str = "",
    lead: int = 0,
) -> list[Segment]:
    """A row of a snippet, its matches marked. ``indent`` stands after the mark of the cursor; of the text, ``lead``
    characters are no snippet."""
    start, end = lines.rows[row]
    text = lines.text[start:end]
    room = max(4, width - INDENT - len(indent) - 1)
    shown = clip(text, room)
    cut = shown != text
    plain, match = (palette.text if at_cursor else palette.muted) + over, palette.match + over
    runs: list[Run] = [(lines.text[:lead], (palette.heading + over))] if lead else []
    position = lead
    for left, right in lines.ranges:
        runs += [(lines.text[position:left], plain), (lines.text[left:right], match)]
        position = right
    runs.append((lines.text[position:], plain))
    body = slice_runs(runs, start, start + len(shown) - 1 if cut else end)
    ending = (Segment("…", plain),) if cut else ()
    mark = (Segment(CURSOR_MARK if at_cursor else " ", palette.accent + over),)
    return [*mark, *([Segment(indent, palette.accent + over)] if indent else []), *body, *ending]
