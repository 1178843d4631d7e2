"""Searches that are kept, asked for and changed off the UI's thread; saved ones are counted on a thread of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.message import Message

from chattui.tui import messages as told
from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.domain.search import SavedSearch
    from chattui.store.database import Database


class Searches:
    """The thread that counts is made when there is something to count. Answers are messages."""

    def __init__(
        self,
        helpers: Worker,
        db: Callable[[], Database],
        post: Callable[[Message], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._helpers = helpers
        self._database = db
        self._post = post
        self._failed = failed
        self._counts: Worker | None = None
        self._closed = False

    def close(self) -> None:
        """End the thread; what is not counted yet stays so."""
        self._closed = True
        if self._counts is not None:
            self._counts.stop()

    def read(self) -> None:
        """What was looked for last, and the searches that were saved."""

        def job() -> None:
            from chattui.store import searches

            db = self._database()
            self._post(told.SearchesRead(searches.recent(db), searches.saved(db)))

        self._helpers.submit(job)

    def remember(self, query: str) -> None:
        """Keep what was looked for."""
        self._change(lambda db, searches: searches.remember(db, query))

    def save(self, query: str, name: str) -> None:
        """Give a search a name."""
        self._change(lambda db, searches: searches.save(db, query, name))

    def forget(self, query: str) -> None:
        """Take the name of a search away."""
        self._change(lambda db, searches: searches.forget(db, query))

    def count(self, saved: list[SavedSearch]) -> None:
        """Count the hits of saved searches, one after another."""
        if self._counts is None and saved:
            self._counts = Worker("chattui-counts", self._failed)
        for each in saved:
            self._count(each.query)

    def _count(self, query: str) -> None:
        def job() -> None:
            from chattui.store import searches

            if not self._closed:
                self._post(told.SearchCounted(query, searches.count(self._database(), query)))

        assert self._counts is not None
        self._counts.submit(job)

    def _change(self, change: Callable[[Database, Any], None]) -> None:
        def job() -> None:
            from chattui.store import searches

            change(self._database(), searches)

        self._helpers.submit(job)
        self.read()
