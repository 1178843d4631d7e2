"""What is kept beside chats, read for the screen: bookmarks, notes and tags. Answers are messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.tui import mark_messages as of_marks
from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.domain.marks import Bookmark
    from chattui.store.database import Database

PAGE = 100
"""Bookmarks that are read at a time."""


class MarkReader:
    """Asked on the thread of pages, so that what was changed before it is seen."""

    def __init__(self, pages: Worker, db: Callable[[], Database], post: Callable[[Message], None]) -> None:
        self._pages = pages
        self._db = db
        self._post = post

    def read(self, chat_id: int) -> None:
        """The bookmarks and notes of a chat."""

        def job() -> None:
            from chattui.store import marks

            self._post(of_marks.MarksRead(chat_id, marks.of_chat(self._db(), chat_id)))

        self._pages.submit(job)

    def read_about(self, chat_id: int) -> None:
        """A chat with its tags and its note, and every tag there is."""

        def job() -> None:
            from chattui.store import chats

            db = self._db()
            if (chat := chats.get(db, chat_id)) is not None:
                self._post(of_marks.AboutRead(chat, chats.all_tags(db)))

        self._pages.submit(job)

    def read_bookmarks(self, needle: str = "", after: Bookmark | None = None) -> None:
        """A page of the bookmarks of all chats."""

        def job() -> None:
            from chattui.store import marks

            found = marks.bookmarks(self._db(), needle=needle, limit=PAGE + 1, after=after)
            page = found[:PAGE]
            self._post(of_marks.BookmarksRead(needle, page, len(page) < len(found), after is not None))

        self._pages.submit(job)
