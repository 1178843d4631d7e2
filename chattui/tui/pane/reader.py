"""A chat on the screen: its messages measured, painted, refined as they arrive. Keys and mouse are not its business."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import islice

from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer

from chattui.domain.marks import Mark
from chattui.tui.pane.bar_marks import BarMarks
from chattui.tui.pane.cutting import Cutter
from chattui.tui.pane.feed import MessageFeed
from chattui.tui.pane.finder import Finder
from chattui.tui.pane.heights import Heights, estimate
from chattui.tui.pane.laid import Place
from chattui.tui.pane.line_scroll import LineScroll
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.paint import GUTTER, Painter, centred, placeholder, select, shifted, stamped, with_pill
from chattui.tui.pane.palette import Palettes, make_palettes
from chattui.tui.pane.selection import Document
from chattui.tui.pane.sieve import Sieve
from chattui.tui.pane.typeset import MOST_ROWS, NARROWEST, Typesetter

_MARGIN = 20
"""Messages above and below the window that are asked for with it."""

_QUIET = 0.7
"""Seconds without a change after which a growing message is set as a whole."""

_HINT = "Nothing here yet. What you write below begins the chat."


class Reader(LineScroll):
    """Shows the messages of a feed. All methods are to be called on the UI thread."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.feed: MessageFeed | None = None
        self.document = Document()
        self.sieve = Sieve()
        self.typeset = Typesetter(self._theme, now)
        self.typeset.branch = lambda seq: self.sieve.branches.place(seq) if self.sieve.branches is not None else None
        self.typeset.before = lambda seq: self.viewport.heights.before(seq)  # noqa: PLW0108  # heights are made anew
        self.typeset.after = lambda seq: self.viewport.heights.after(seq)  # noqa: PLW0108  # heights are made anew
        self.cutter = Cutter(self.typeset)
        self._now = now
        self._palettes: Palettes | None = None
        self._painter = Painter()
        self.finder = Finder(self.typeset, self.forget)
        self.bar_marks = BarMarks(lambda: self.viewport.heights, lambda: self._theme().plain.mark)
        self._selected: int | None = None
        self._current = 1
        self._unseen = 0
        self._writing: Timer | None = None

    def on_mount(self) -> None:
        """Let the scroll bar show where matches are."""
        self.bar_marks.attach(self.vertical_scrollbar)

    def show(
        self, feed: MessageFeed, *, at: int | None = None, marks: Marks | None = None, at_end: bool = True
    ) -> None:
        """Show a chat: at its end, at its beginning, or at message ``at``; with marks at the match in that message."""
        self._begin(feed)
        self.finder.set(marks)
        self.bar_marks.show(marks.seqs if marks else ())
        if at is not None and feed.count:
            self._selected = max(1, min(at, feed.count))
            found = self.finder.walk is not None and self.finder.walk.start(self._selected)
            self.go(self._place_match if found else partial(self._place_head, self._selected, 0))
        elif at_end:
            self._selected = feed.count or None
            self.go(self.viewport.end)
        else:
            self.go(partial(self._place_head, 1, 0))
        self._rename_keys()

    def clear(self) -> None:
        """Show nothing."""
        self._begin(None)
        self.finder.set(None)
        self.bar_marks.show(())
        self.go(None)
        self._rename_keys()

    def _rename_keys(self) -> None:
        if self.is_attached:
            self.refresh_bindings()

    def _begin(self, feed: MessageFeed | None) -> None:
        self.drop_selection()
        self.feed = feed
        self.sieve.begin(feed.count if feed else 0)
        self.typeset.begin(feed)
        self._painter.clear()
        self.finder.clear()
        self._selected, self._unseen, self._current = None, 0, 1
        self.cutter.left = 0
        self._remeasure()
        self.viewport.anchor = (1, 0)

    @property
    def position(self) -> tuple[int, int]:
        """The message and its line in the first row of the window."""
        return self.viewport.anchor

    @property
    def current_seq(self) -> int:
        """The message that keys act on: the one that was chosen, or the first one in the window."""
        return self._current

    def messages_loaded(self, first: int, last: int) -> None:
        """The feed has the messages ``first`` … ``last`` now."""
        self.forget(self.viewport.heights.after(last))
        if first - 1 <= self.viewport.last and self.viewport.anchor[0] <= last + 1:
            self.settle()

    def sizes_loaded(self) -> None:
        """The feed knows the sizes of its blocks now."""
        self.viewport.heights.estimated(self._estimates())
        self.settle()

    def grown(self) -> None:
        """The feed's count has grown: follow at the end, otherwise count what has not been seen."""
        if self.feed is None:
            return
        heights = self.viewport.heights
        before, bottom = heights.count, heights.before(heights.count + 1)
        self._finish_writing()
        self.sieve.grow(self.feed.count)
        heights.grow(self.feed.count, shown=self.sieve.shown())
        if self._goal == self.viewport.end or not before:
            if self._selected in {bottom, None}:
                self._selected = heights.before(heights.count + 1)
            self._goal = self.viewport.end
        else:
            self._unseen += heights.shown_between(before + 1, heights.count)
        self.settle()

    def shrunk(self) -> None:
        """The feed's count has become smaller: what was shown behind its messages is gone."""
        if self.feed is None:
            return
        self._finish_writing()
        self.sieve.shrink(self.feed.count)
        at_end = self._goal == self.viewport.end
        self._remeasure()
        self._painter.clear()
        if self._selected is not None:
            self._selected = min(self._selected, self.feed.count) or None
        if at_end:
            self._goal = self.viewport.end
        seq, line = self.viewport.anchor
        self.viewport.anchor = (max(1, min(seq, self.feed.count)), line)
        self.viewport.last = min(self.viewport.last, self.feed.count)
        self.settle()

    def refresh_message(self, seq: int) -> None:
        """The message has changed. At the end of a chat only what was added is set anew."""
        heights = self.viewport.heights
        if not 1 <= seq <= heights.count:
            return
        rows = heights.rows(seq)
        kept = 0
        if seq == heights.count and self.typeset.width:
            laid = self.typeset.grow(seq)
            kept = max(0, laid.kept - 1) if laid else 0
            self._wait_for_quiet()
        else:
            self.typeset.changed(seq)
        heights.forget(seq)
        self.finder.drop(seq)
        self._painter.drop(seq, kept, max(rows, self.measure(seq)) + 1)
        self.settle()

    def set_marks(self, marks: Marks | None, *, keep: bool = False) -> None:
        """Highlight other matches, or none, without moving; with ``keep`` the reader stays at the match they are at."""
        walk = self.finder.walk
        self.finder.set(marks)
        if keep and walk is not None and walk.seq is not None and self.finder.walk is not None:
            self.finder.walk.start(walk.seq, walk.number)
        if marks is None or walk is None or walk.marks.pattern != marks.pattern or not keep:
            self._painter.clear()
            self.refresh()
        self.bar_marks.show(marks.seqs if marks else ())
        if (marks is None) != (walk is None):
            self._rename_keys()

    def set_notes(self, notes: dict[int, Mark]) -> None:
        """Show other bookmarks and notes, by seq; what is read stays where it is."""
        before, self.typeset.notes = self.typeset.notes, notes
        if before == notes:
            return
        for seq in {*before, *notes}:
            if before.get(seq) != notes.get(seq):
                self.forget(seq)
        self.settle()

    def changed(self, seqs: Iterable[int]) -> None:
        """The text of these messages is another one now."""
        for seq in seqs:
            self.typeset.changed(seq)
            self.forget(seq)
        self.settle()
        self.refresh()

    # What the scroll view asks

    def measure(self, seq: int) -> int:
        """Rows of a message, exact as soon as it is loaded."""
        heights = self.viewport.heights
        if not heights.is_shown(seq):
            return 0
        if not heights.is_exact(seq) and (laid := self.typeset.laid(seq)) is not None:
            heights.measured(seq, len(laid.lines))
        return heights.rows(seq)

    def resized(self, width: int) -> None:
        """Wrap for another width, and go on with the line that was being read."""
        width = max(NARROWEST, width - GUTTER - 1)
        if width != self.typeset.width:
            self.lay_anew(partial(self.typeset.resize, width))
        else:
            self._painter.clear()
            self.settle()

    def lay_anew(self, change: Callable[[], None]) -> None:
        """Lay everything out as it is to be after ``change``, and go on with the line that was being read."""
        self.drop_selection()
        self._finish_writing()
        seq, line = self.viewport.anchor
        laid = self.typeset.laid(seq)
        if self._goal is None and laid is not None:
            self._goal = partial(self._place_text, seq, laid.place(line))
        change()
        self._remeasure()
        self._painter.clear()
        self.settle()

    def _remeasure(self) -> None:
        self.finder.clear()
        shown = self.sieve.shown()
        self.viewport.heights = Heights(self.feed.count if self.feed else 0, self._estimates(), shown)

    def _estimates(self) -> list[int]:
        sizes = self.feed.sizes() if self.feed else None
        if sizes and self.sieve.hides:
            sizes = self.sieve.of_sizes(sizes)
        return [estimate(block, self.typeset.columns) for block in sizes] if sizes and self.typeset.width else []

    def moved(self) -> None:
        """Ask for what is near, and keep the current message in the window."""
        viewport = self.viewport
        first, last = viewport.anchor[0], viewport.last
        if self.feed is None or not viewport.height or not last:
            return
        if viewport.heights.shown is None:
            self.feed.want(max(1, first - _MARGIN), min(viewport.heights.count, last + _MARGIN))
        else:
            self.feed.want_these(viewport.near(_MARGIN))
        if viewport.at_end:
            self._unseen = 0
        chosen = self._selected
        if chosen is not None and not (first <= chosen <= last and viewport.heights.is_shown(chosen)):
            self._selected = None
        self._current = self._selected or first
        if self.document.strays(first):
            self.drop_selection()
            self.document.origin = first

    # Places

    def _place_head(self, seq: int, above: int) -> None:
        self.measure(seq)
        laid = self.typeset.laid(seq)
        self.viewport.place(seq, laid.head if laid else 0, above)

    def go_to_line(self, seq: int, line: int) -> None:
        """Bring a line of a message to the top, and keep it there if it is laid out otherwise."""
        self.go(partial(self._place_line, seq, line))

    def _place_line(self, seq: int, line: int) -> None:
        if (laid := self.typeset.laid(seq)) is not None and line < len(laid.lines):
            self._goal = partial(self._place_text, seq, laid.place(line))
        self.viewport.place(seq, line, 0)

    def _place_text(self, seq: int, place: Place) -> None:
        laid = self.typeset.laid(seq)
        if laid is not None and not laid.shows(place) and self.typeset.look(seq).rows < MOST_ROWS:
            self.typeset.look(seq).rows = MOST_ROWS
            self.forget(seq)
            laid = self.typeset.laid(seq)
        self.measure(seq)
        self.viewport.place(seq, laid.row_of(place) if laid else 0, 0)

    def _place_match(self) -> None:
        if self.finder.walk is not None and (seq := self.finder.walk.seq) is not None:
            row = self.finder.reveal(seq)
            self.viewport.place(seq, row, self.viewport.height // 3)
            laid, here = self.typeset.laid(seq), self.finder.here(seq)
            spans = [span for span in self.finder.found(seq).spans.get(row, ()) if span.number == here]
            if laid is not None and spans and self.cutter.reveal(laid.lines[row], spans[0].start, spans[0].end):
                self._painter.clear()

    # Parts

    def forget(self, seq: int) -> None:
        """Lay the message out again when it is next needed."""
        heights = self.viewport.heights
        if 1 <= seq <= heights.count:
            self.typeset.drop(seq)
            self.finder.drop(seq)
            self._painter.drop(seq, 0, heights.rows(seq))
            heights.forget(seq)

    def _theme(self) -> Palettes:
        if self._palettes is None:
            self._palettes = make_palettes(self.app.theme_variables, ansi=self.app.native_ansi_color)
        return self._palettes

    def notify_style_update(self) -> None:
        """Styles may have changed; only another theme means new colours."""
        super().notify_style_update()
        palettes, self._palettes = self._palettes, None
        if palettes is not None and palettes != self._theme():
            self.restyled()

    def restyled(self) -> None:
        """The theme has other colours."""
        self.typeset.restyle()
        self._painter.clear()

    def paint(self, top: int, rows: int, *, stamp: bool = False) -> list[Strip]:
        """The rows of the window, each as wide as the widget, the scrollbar's columns included."""
        plain = self._theme().plain
        width = self.size.width
        blank = Strip.blank(width, plain.text)
        strips: list[Strip] = []
        selection = self.text_selection
        for seq, row in islice(self.viewport.seen(), top, top + rows):
            strip = self._row(seq, row, width, selection)
            if stamp:
                laid = self.typeset.laid(seq)
                strip = stamped(strip, self.document.y(seq, row), self.cutter.skipped(laid, seq, row))
            strips.append(strip)
        strips += [blank] * (rows - len(strips))
        height = self.viewport.height
        if self.feed is not None and not self.feed.count and 0 <= (row := height // 2 - top) < rows:
            strips[row] = centred(_HINT, width, plain)
        if self._unseen and 0 <= (row := height - 1 - top) < rows:
            strips[row] = with_pill(
                strips[row], f" {self._unseen:,} new ↓ ", self.scrollable_content_region.width, plain
            )
        return strips

    def _row(self, seq: int, row: int, width: int, selection: Selection | None) -> Strip:
        palettes = self._theme()
        message = self.feed.get(seq) if self.feed is not None else None
        laid = self.typeset.laid(seq) if message is not None else None
        if message is None or laid is None or row >= len(laid.lines):
            return placeholder(width, palettes.plain, first=row == 0)
        gap = row < laid.head
        palette = palettes.plain if gap else self.typeset.palette(message)
        line, skipped, beyond = self.cutter.seen(laid, seq, row)
        spans = self.finder.found(seq).spans.get(row, ())
        strip = self._painter.strip(
            message,
            row,
            line,
            width,
            palette,
            current=seq == self._current,
            shut=len(laid.lines) == laid.head + 1,
            gap=gap,
            spans=[span.moved(skipped) for span in spans] if skipped else spans,
            here=self.finder.here(seq),
            goes_on=beyond > 0,
        )
        span = selection.get_span(self.document.y(seq, row)) if selection else None
        return select(strip, line, shifted(span, skipped), palette.selected) if span else strip

    # Selection

    def drop_selection(self) -> None:
        """End the selection, if there is one here."""
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002
        """Paint the selection."""
        self.refresh()

    # Writing

    def _wait_for_quiet(self) -> None:
        if self._writing is None:
            self._writing = self.set_timer(_QUIET, self._written)
        else:
            self._writing.reset()

    def _written(self) -> None:
        self._writing = None
        self._finish_writing()
        self.settle()

    def _finish_writing(self) -> None:
        seq = self.typeset.finish()
        if seq is not None:
            self.forget(seq)
