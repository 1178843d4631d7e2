"""Searches that are kept, asked for and changed off the UI's thread; saved ones are counted on a thread of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from textual.message import Message

from chattui.tui import messages as told
from chattui.tui.data.worker import Job, Worker, unasked

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
        self._closed = self._values_asked = False

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

        def job() -> None:
            from chattui.store import searches

            searches.remember(self._database(), query)

        self._helpers.submit(unasked(job))
        self.read()

    def save(self, query: str, name: str) -> None:
        """Give a search a name."""
        self._change(lambda db, searches: searches.save(db, query, name))

    def forget(self, query: str) -> None:
        """Take the name of a search away."""
        self._change(lambda db, searches: searches.forget(db, query))

    def count(self, saved: list[SavedSearch]) -> None:
        """Count the hits of saved searches, one after another."""
        for each in saved:
            self._count(each.query)

    def _count(self, query: str) -> None:
        def job() -> None:
            from chattui.store import searches

            if not self._closed:
                self._post(told.SearchCounted(query, searches.count(self._database(), query)))

        self._submit(job)

    def facets(self, query: str, zone: tzinfo | None) -> None:
        """What narrows a search, counted over the newest hits that a moment finds."""

        def job() -> None:
            from chattui.domain.narrowing import facets
            from chattui.domain.search import counted
            from chattui.store import search, searches

            limit, budget = searches.COUNTED, searches.COUNT_BUDGET_MS
            page = search.search(self._database(), query, limit=limit, budget_ms=budget)
            whole = page.more is None and page.complete
            hits = counted(page.hits)
            self._post(told.FacetsRead(query, facets(hits, zone), len(hits), all_of_them=whole))

        self._submit(job)

    def read_values(self) -> None:
        """The values that fields have; asked for once."""
        if not self._values_asked:
            self._values_asked = True

            def job() -> None:
                from chattui.store.field_values import field_values

                self._post(told.FieldValuesRead(field_values(self._database())))

            self._submit(job)

    def where_on(self, begin: Callable[[], None]) -> None:
        """Call ``begin``, on the helper thread, where search by meaning is on."""

        def job() -> None:
            from chattui.store.embeddings import is_on

            if not self._closed and is_on(self._database()):
                begin()

        self._helpers.submit(job)

    def _submit(self, job: Job) -> None:
        if self._counts is None:
            self._counts = Worker("chattui-counts", self._failed)
        self._counts.submit(job)

    def _change(self, change: Callable[[Database, Any], None]) -> None:
        def job() -> None:
            from chattui.store import searches

            change(self._database(), searches)

        self._helpers.submit(job)
        self.read()
