"""What the list of chats shows: pages of recents, a filter, and what changes meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui import messages as told
from chattui.tui.recents.recents_list import RecentsList
from chattui.tui.soon import Soon

if TYPE_CHECKING:
    from chattui.domain.chat import ChatRow
    from chattui.tui.data.session import Session

_SOON = 0.25  # seconds; in the first second of a first import a list fills that a person waits for
"""Seconds between two requests for the list while other programs change chats."""

_FIRST_PAGE = 100


class RecentsView:
    """The rows of the list and the requests for more of them."""

    def __init__(self, recents: RecentsList, session: Session) -> None:
        self.list = recents
        self._session = session
        self._rows: list[ChatRow] = []
        self._needle = ""
        self.refresh_soon = Soon(recents, self.refresh, _SOON)
        self.has_any = False

    def show_first(self, rows: list[ChatRow]) -> None:
        """The rows of the first screen."""
        self._set(rows, more=len(rows) >= _FIRST_PAGE)

    def read(self, event: told.RecentsRead) -> None:
        """A page that was asked for."""
        if event.needle != self._needle:
            return
        if event.appended:
            known = {r.id for r in self._rows}
            new = [r for r in event.rows if r.id not in known]
            self._rows += new
            self.list.append_rows(new, event.more)
        else:
            self._set(event.rows, more=event.more)

    def filter(self, needle: str) -> None:
        """Show only chats that have the words."""
        self._needle = needle.strip()
        self._session.read_recents(self._needle)

    def more(self) -> None:
        """Ask for the page behind the last row."""
        if self._rows:
            self._session.read_recents(self._needle, self._rows[-1])

    def refresh(self) -> None:
        """Ask again for what is shown: all of it, so that nobody is taken out of the place they have scrolled to."""
        self._session.read_recents(self._needle, limit=max(_FIRST_PAGE, len(self._rows)))

    def draw_anew(self) -> None:
        """The same rows, drawn as the settings are now."""
        self.list.set_rows(self._rows, needle=self._needle, more=self.list.more)

    def title_of(self, chat_id: int) -> str:
        """The title of a chat in the list; empty when it is not there."""
        return next((r.title for r in self._rows if r.id == chat_id), "")

    def is_pinned(self, chat_id: int) -> bool:
        """Whether a chat in the list is pinned."""
        return any(r.pinned for r in self._rows if r.id == chat_id)

    def _set(self, rows: list[ChatRow], *, more: bool) -> None:
        self._rows = rows
        if not self._needle:
            self.has_any = bool(rows)
        self.list.set_rows(rows, needle=self._needle, more=more)
