"""The bookmarks of all chats, newest first, with a filter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.domain.kinds import Kind, Role
from chattui.domain.marks import Bookmark
from chattui.domain.search import Hit
from chattui.domain.visible import visible_line
from chattui.tui import mark_messages as of_marks
from chattui.tui.habits import HABITS
from chattui.tui.recents.item_list import MoreWanted
from chattui.tui.results.hit_list import HitList, HitPicked
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from chattui.tui.data.session import Session


class BookmarksDialog(Dialog[Bookmark | None]):
    """Answers with the bookmark that was picked, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="bookmarks.cancel"),
        Binding("down", "move(1)", "Next", id="bookmarks.down"),
        Binding("up", "move(-1)", "Previous", id="bookmarks.up"),
        Binding("pagedown", "page(1)", "Next page", id="bookmarks.page_down"),
        Binding("pageup", "page(-1)", "Previous page", id="bookmarks.page_up"),
        Binding("ctrl+d", "forget", "Remove", priority=True, id="bookmarks.remove"),
    ]

    def __init__(self, session: Session, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._session = session
        self._bookmarks: list[Bookmark] = []
        self._filter = LineInput(placeholder="Filter by words in message, note or title", id="bookmarks-filter")
        self._hits = HitList(id="bookmarks", now=now, masks=session.masks)

    def compose(self) -> ComposeResult:
        """A filter and the list."""
        with Vertical(classes="dialog tall"):
            yield Static("Bookmarks", markup=False, classes="dialog-title")
            yield self._filter
            yield self._hits
            yield Static(
                "Enter opens the chat there · Ctrl+D removes the bookmark · Esc closes",
                markup=False,
                classes="dialog-hint",
            )

    def on_mount(self) -> None:
        """Read the first page."""
        self._filter.focus()
        self._session.marks.read_bookmarks()

    def read(self, event: of_marks.BookmarksRead) -> None:
        """A page that was asked for."""
        if event.needle != self._filter.value.strip():
            return
        hits = [_hit(bookmark) for bookmark in event.bookmarks]
        if event.appended:
            self._bookmarks += event.bookmarks
            self._hits.append_hits(hits, event.more)
            return
        self._bookmarks = list(event.bookmarks)
        none = "No bookmark has these words." if event.needle else "No bookmarks yet: b in the messages makes one."
        self._hits.set_hits(hits, more=event.more, note="" if hits else none)

    def failed(self, sentence: str) -> None:
        """They could not be read: the list says so, where it has none."""
        if not self._bookmarks:
            self._hits.set_hits([], more=False, note=visible_line(sentence))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another filter."""
        event.stop()
        self._session.marks.read_bookmarks(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Open the bookmark at the cursor."""
        event.stop()
        self._hits.action_pick()

    def on_more_wanted(self, event: MoreWanted) -> None:
        """The list is near its end."""
        event.stop()
        if self._bookmarks:
            self._session.marks.read_bookmarks(self._filter.value.strip(), self._bookmarks[-1])

    def on_hit_picked(self, event: HitPicked) -> None:
        """A bookmark was picked."""
        event.stop()
        self.dismiss(self._at_cursor())

    def action_move(self, step: int) -> None:
        """Go to another bookmark."""
        self._hits.action_move(step)

    def action_page(self, pages: int) -> None:
        """Go up or down by a page."""
        self._hits.action_page(pages)

    def action_forget(self) -> None:
        """Take the bookmark at the cursor away."""
        if (bookmark := self._at_cursor()) is not None:
            self._session.changes.forget_bookmark(bookmark.chat_id, bookmark.key)
            self._session.marks.read_bookmarks(self._filter.value.strip())

    def _at_cursor(self) -> Bookmark | None:
        at = self._hits.cursor - 1
        return self._bookmarks[at] if 0 <= at < len(self._bookmarks) else None


def _hit(bookmark: Bookmark) -> Hit:
    """The bookmark as the list shows it: the note before the message's beginning."""
    gone = "(this message is gone) " if bookmark.seq is None else ""
    note = f"{HABITS.icon('✎')} {bookmark.note} — " if bookmark.note else ""
    return Hit(
        bookmark.chat_id,
        bookmark.seq or 0,
        bookmark.role or Role.USER,
        bookmark.kind or Kind.TEXT,
        bookmark.said_at or bookmark.bookmarked_at,
        f"{gone}{note}{bookmark.excerpt}",
        (),
        bookmark.title,
        bookmark.source,
        bookmark.source_id,
        bookmark.project,
    )
