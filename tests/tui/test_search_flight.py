"""Search as one types, with a database as slow as need be: one quick look at a time, and only the newest text counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from textual.message import Message

from chattui.domain.errors import Cancelled, Unreachable
from chattui.domain.search import Page
from chattui.store import search
from chattui.tui.data.flight import SearchFlight
from chattui.tui.data.worker import Worker
from chattui.tui.messages import SearchAnswered

PATIENCE = 10
CUT, WHOLE = Page((), 0, False, None, False), Page((), 0, True, None, True)


@dataclass
class SlowDatabase:
    """Answers when it is told to; knows what it was asked and what was cancelled."""

    asked: list[tuple[str, int]] = field(default_factory=list)
    cancelled: int = 0
    running: int = 0
    most: int = 0
    cut: bool = False
    fails: list[Exception] = field(default_factory=list)
    slot: str | None = None

    def __post_init__(self) -> None:
        self.go, self.arrived = threading.Semaphore(0), threading.Semaphore(0)
        self.go_patiently, self.cancel_now = threading.Semaphore(0), threading.Event()

    def cancel(self, slot: str) -> None:
        self.cancelled += 1
        if slot == self.slot:
            self.cancel_now.set()
            self.go_patiently.release()

    def search(self, text: str, budget_ms: int, slot: str) -> Page:
        self.asked.append((text, budget_ms))
        if budget_ms != search.TYPING_BUDGET_MS:
            return self._search_patiently(slot)
        self.running += 1
        self.most = max(self.most, self.running)
        self.arrived.release()
        assert self.go.acquire(timeout=PATIENCE)
        self.running -= 1
        if self.fails:
            raise self.fails.pop(0)
        return CUT if self.cut else WHOLE

    def _search_patiently(self, slot: str) -> Page:
        self.slot = slot
        self.arrived.release()
        assert self.go_patiently.acquire(timeout=PATIENCE)
        self.slot = None
        if self.cancel_now.is_set():
            self.cancel_now.clear()
            raise Cancelled("cancelled")
        return WHOLE


class Flight:
    """A flight over a slow database, and what it told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.db = SlowDatabase()
        self.told: list[SearchAnswered] = []
        self.errors: list[Exception] = []
        self._told = threading.Semaphore(0)
        monkeypatch.setattr(
            search, "search", lambda db, text, *, budget_ms, slot, **_: db.search(text, budget_ms, slot)
        )
        monkeypatch.setattr(search, "suggest", lambda db, word: [])
        self.workers = [Worker("searches", self.errors.append), Worker("helper", self.errors.append)]
        self.flight = SearchFlight(*self.workers, self._post, lambda: Worker("patience", self.errors.append))
        self.flight.db = self.db  # type: ignore[assignment]

    def _post(self, message: Message) -> None:
        assert isinstance(message, SearchAnswered)
        self.told.append(message)
        self._told.release()

    def wait_asked(self) -> None:
        assert self.db.arrived.acquire(timeout=PATIENCE)

    def wait_told(self) -> SearchAnswered:
        assert self._told.acquire(timeout=PATIENCE)
        return self.told[-1]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flight]:
    flight = Flight(monkeypatch)
    yield flight
    for _ in range(20):
        flight.db.go.release()
        flight.db.go_patiently.release()
    flight.flight.close()
    for worker in flight.workers:
        worker.stop()


def test_what_is_typed_during_a_query_waits_and_only_the_newest_of_it_is_asked(made: Flight) -> None:
    made.flight.request("p")
    made.wait_asked()
    for text in ("po", "poo"):
        made.flight.request(text)
    newest = made.flight.request("pool")
    made.db.go.release()
    assert made.wait_told().text == "p"
    made.wait_asked()
    made.db.go.release()
    answer = made.wait_told()
    assert (answer.text, answer.generation, answer.final) == ("pool", newest, True)
    assert [text for text, _ in made.db.asked] == ["p", "pool"]
    assert made.db.most == 1, "one quick look at a time"


def test_a_quick_look_that_was_cut_is_followed_by_a_patient_one(made: Flight) -> None:
    made.db.cut = True
    made.flight.request("the")
    made.db.go.release()
    assert not made.wait_told().final
    made.db.go_patiently.release()
    assert made.wait_told().final
    assert made.db.asked == [("the", search.TYPING_BUDGET_MS), ("the", search.PATIENT_BUDGET_MS)]


def looking_patiently(made: Flight, text: str) -> None:
    """Ask, and wait until the patient look runs; what is asked then is not cut."""
    made.db.cut = True
    made.flight.request(text)
    made.wait_asked()
    made.db.go.release()
    made.wait_told()
    made.wait_asked()
    made.db.cut = False


def test_the_next_key_does_not_wait_until_the_server_has_given_a_patient_look_up(made: Flight) -> None:
    looking_patiently(made, "the")
    held = threading.Event()
    made.workers[1].submit(lambda: held.wait(PATIENCE))  # the cancel is on its way
    made.flight.request("then")
    made.wait_asked()
    made.flight.request("thena")
    assert made.db.asked[-1] == ("then", search.TYPING_BUDGET_MS)
    for text in ("then", "thena"):
        made.db.go.release()
        assert made.wait_told().text == text
    assert made.db.slot is not None, "the patient look still runs"
    held.set()
    done = threading.Event()
    made.workers[1].submit(done.set)
    assert done.wait(PATIENCE)
    assert made.db.cancelled == 1
    assert made.errors == []


def test_a_cancel_that_comes_late_does_not_hit_the_query_that_follows(made: Flight) -> None:
    looking_patiently(made, "the")
    held = threading.Event()
    made.workers[1].submit(lambda: held.wait(PATIENCE))
    newest = made.flight.request("then")
    made.wait_asked()  # the next one runs
    made.db.go_patiently.release()  # the patient one ends by itself, before it is cancelled
    assert made.wait_told().text == "the"
    held.set()
    done = threading.Event()
    made.workers[1].submit(done.set)
    assert done.wait(PATIENCE)
    assert made.db.cancelled == 1
    made.db.go.release()
    answer = made.wait_told()
    assert (answer.text, answer.generation) == ("then", newest)


def test_a_patient_look_that_nobody_waits_for_any_more_is_not_begun(made: Flight) -> None:
    looking_patiently(made, "the")
    held = threading.Event()
    made.workers[1].submit(lambda: held.wait(PATIENCE))  # it is not cancelled yet
    made.db.cut = True
    made.flight.request("then")
    made.wait_asked()
    made.db.go.release()
    made.wait_told()  # its patient look waits for the one before it
    made.flight.forget()
    held.set()
    made.db.go_patiently.release()
    done = threading.Event()
    assert made.flight._patience is not None
    made.flight._patience.submit(done.set)
    assert done.wait(PATIENCE)
    assert ("then", search.PATIENT_BUDGET_MS) not in made.db.asked


def test_leaving_the_search_cancels_the_patient_look_and_makes_its_answers_late(made: Flight) -> None:
    looking_patiently(made, "the")
    number = made.flight.generation
    made.flight.forget()
    assert made.flight.generation > number
    made.flight.request("after")
    made.wait_asked()
    made.db.go.release()
    assert made.wait_told().text == "after"
    done = threading.Event()
    made.workers[1].submit(done.set)
    assert done.wait(PATIENCE)
    assert made.db.cancelled == 1


def test_a_query_that_fails_does_not_end_the_search(made: Flight) -> None:
    made.db.fails.append(Unreachable("gone"))
    made.flight.request("a")
    made.wait_asked()
    made.flight.request("ab")
    made.db.go.release()
    made.wait_asked()
    made.db.go.release()
    assert made.wait_told().text == "ab"
    assert [type(error) for error in made.errors] == [Unreachable]
    made.flight.request("abc")
    made.db.go.release()
    assert made.wait_told().text == "abc"
