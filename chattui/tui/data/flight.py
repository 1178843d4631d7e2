"""Search as one types: one quick look at a time, only the newest text waits, late answers are dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.domain.errors import Cancelled
from chattui.domain.search import Cursor, Page
from chattui.tui.data.meaning import Meaning
from chattui.tui.data.worker import Worker
from chattui.tui.messages import SearchAnswered

if TYPE_CHECKING:
    from chattui.store.database import Database

PAGE = 25
_Wanted = tuple[int, str, Cursor | None, int, bool]


class SearchFlight:
    """Single-flight search. Every request gets a number; an answer with an older number is of no use any more.

    A first look takes at most the budget of a key press; when it was cut short, a patient one follows, which is cancelled
    in the server as soon as something newer is typed. So is the look for what is near in meaning, which comes last: its
    answer has the hits that are shown already, and others among them. Patient looks have a thread of their own, made with
    the first: until the server has given one up, the next key does not wait.
    """

    def __init__(
        self, searches: Worker, helper: Worker, post: Callable[[Message], None], patience: Callable[[], Worker]
    ) -> None:
        self._searches = searches
        self._helper = helper
        self._make_patience = patience
        self._patience: Worker | None = None
        self._post = post
        self._lock = threading.Lock()
        self._wanted: _Wanted | None = None
        self._busy = False
        self._patient = 0  # the number of the patient look that runs
        self.generation = 0
        self.meaning = Meaning()
        self.db: Database | None = None

    def request(self, text: str, after: Cursor | None = None, limit: int = PAGE, *, by_meaning: bool = False) -> int:
        """Search for ``text``, or for what follows ``after``; returns the request's number. A page has ``limit`` hits; the
        first one also those by meaning, when they are asked for here or in the text."""
        with self._lock:
            self.generation += 1
            self._wanted = (self.generation, text, after, limit, by_meaning)
            self._cancel_patient()
            if not self._busy:
                self._busy = True
                self._searches.submit(self._run)
            return self.generation

    def forget(self) -> None:
        """Nothing is searched for any more: answers on their way are dropped."""
        with self._lock:
            self.generation += 1
            self._wanted = None
            self._cancel_patient()

    def _cancel_patient(self) -> None:
        """Cancel the patient look, once. Its slot is its own: a cancel that comes late can hit nothing that follows."""
        if self._patient:
            slot, self._patient = _slot(self._patient), 0
            self._helper.submit(lambda: self._cancel(slot))

    def _cancel(self, slot: str) -> None:
        if self.db is not None:
            self.db.cancel(slot)

    def _take(self) -> _Wanted | None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
            self._busy = wanted is not None
            return wanted

    def _run(self) -> None:
        while (wanted := self._take()) is not None:
            try:
                self._answer(*wanted)
            except Cancelled:
                continue
            except Exception:
                with self._lock:
                    self._busy = self._wanted is not None
                    if self._busy:
                        self._searches.submit(self._run)
                raise

    def _answer(self, number: int, text: str, after: Cursor | None, limit: int, by_meaning: bool) -> None:
        from chattui.domain.language import parse
        from chattui.store import search

        if self.db is None:
            return
        slot = _slot(number)
        by_meaning = after is None and (by_meaning or ("~" in text and parse(text).by_meaning))
        quick = search.search(self.db, text, limit=limit, after=after, budget_ms=search.TYPING_BUDGET_MS, slot=slot)
        self._post(SearchAnswered(number, text, quick, [], quick.complete and not by_meaning, after is not None))
        at_a_loss = quick.complete and not quick.hits and after is None and bool(text.split())
        with self._lock:
            if (quick.complete and not at_a_loss and not by_meaning) or self._stale(number):
                return
            self._patient = number
            if self._patience is None:
                self._patience = self._make_patience()
        self._patience.submit(lambda: self._answer_patiently(number, text, after, limit, by_meaning, quick))

    def _answer_patiently(
        self, number: int, text: str, after: Cursor | None, limit: int, by_meaning: bool, quick: Page
    ) -> None:
        from chattui.store import search

        if self.db is None or self._stale(number):
            return
        slot, page = _slot(number), quick
        at_a_loss = quick.complete and not quick.hits and after is None and bool(text.split())
        try:
            if not quick.complete:
                page = search.search(
                    self.db,
                    text,
                    limit=limit,
                    after=after,
                    budget_ms=search.PATIENT_BUDGET_MS,
                    slot=slot,
                    stop=lambda: number != self.generation,
                )
                self._post(SearchAnswered(number, text, page, [], not by_meaning, after is not None))
                at_a_loss = page.complete and not page.hits and after is None
            if by_meaning:
                fused = self.meaning.fused(self.db, text, page, slot, lambda: self._stale(number))
                if fused is None:
                    return
                page, at_a_loss = fused, at_a_loss and not fused.hits
                self._post(SearchAnswered(number, text, page, [], True, False))
            if at_a_loss:
                from chattui.store.corrections import corrections

                if meant := corrections(self.db, text, slot):
                    self._post(SearchAnswered(number, text, page, meant, True, False))
        except Cancelled:
            pass
        finally:
            with self._lock:
                if self._patient == number:
                    self._patient = 0

    def close(self) -> None:
        """End the thread of patient looks, if there is one."""
        self.forget()
        if self._patience is not None:
            self._patience.stop()

    def _stale(self, number: int) -> bool:
        return self._wanted is not None or number != self.generation


def _slot(number: int) -> str:
    return f"search {number}"
