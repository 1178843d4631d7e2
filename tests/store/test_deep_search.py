"""Regular expressions over all messages: what is found before a text that takes too long is kept, and the rest follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from steps import NOON, begin, fill

from chattui.domain.errors import Cancelled
from chattui.domain.search import Page
from chattui.store import deep_search, search
from chattui.store.database import Database

SLOW = r"/(.+)(.+)(.+)\1\3\2\1bc|needle/"
LONG = "a" * 1_000 + "bc"


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_search, "_PATIENCE_MS", 150)


def history(db: Database, *texts: str, **about: str) -> int:
    """A chat with these messages, the newest first."""
    chat = begin(db, **about)
    fill(db, chat, [(text, NOON - timedelta(minutes=n)) for n, text in enumerate(texts)])
    return chat


def seqs(page: Page) -> list[int]:
    return [hit.seq for hit in page.hits]


def test_hits_before_and_behind_a_text_that_takes_too_long_are_found(db: Database) -> None:
    history(db, "needle 1", "hay", "needle 3", LONG, "needle 5", "hay", "needle 7")
    page = search.search(db, SLOW)
    assert seqs(page) == [1, 3]
    assert page.problems == (deep_search.LEFT_OUT,)
    assert page.more is not None
    assert not page.complete
    rest = search.search(db, SLOW, after=page.more)
    assert seqs(rest) == [5, 7]
    assert (rest.more, rest.problems) == (None, ())


def test_several_such_texts_are_left_out_one_after_another(db: Database) -> None:
    history(db, LONG, "needle 2", LONG, LONG, "needle 5", project="/srv/web")
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = search.search(db, f"{SLOW} project:web", after=cursor)
        found += seqs(page)
        cursor, pages = page.more, pages + 1
    assert found == [2, 5]
    assert pages == 4


def test_where_nothing_can_be_left_out_what_was_found_is_kept(db: Database) -> None:
    history(db, "needle 1", "other 2", LONG, "needle 4")
    page = search.search(db, f"{SLOW} OR other")
    assert seqs(page) == [1, 2]
    assert page.problems == (deep_search.TOO_LONG,)
    assert page.more is None, "it would end at the same text"


def test_what_is_asked_while_typing_is_left_to_the_patient_look(db: Database) -> None:
    history(db, LONG, "needle")
    page = search.search(db, SLOW, budget_ms=search.TYPING_BUDGET_MS)
    assert (page.hits, page.complete, page.problems) == ((), False, ())


def test_slices_are_one_page(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_search, "SLICES_MS", (1, 1, 0))
    history(db, *(f"needle {n} " + "x" * 3_000 for n in range(400)))
    page = search.search(db, "/need.e/", limit=1_000)
    assert seqs(page) == list(range(1, 401))
    assert (page.about, page.exact, page.complete, page.more) == (400, True, True, None)
    first = search.search(db, "/need.e/", limit=30)
    assert seqs(first) == list(range(1, 31))
    assert first.more is not None
    assert seqs(search.search(db, "/need.e/", limit=30, after=first.more)) == list(range(31, 61))


def test_the_phrase_comes_first_whatever_is_excluded_by_an_expression(db: Database) -> None:
    history(db, "exhausted the pool", "pool exhausted", "pool exhausted by hay", "exhausted pool")
    assert seqs(search.search(db, "pool exhausted -/hay$/ ")) == [2, 1, 4]


def test_a_search_that_was_given_up_ends_between_its_slices(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_search, "SLICES_MS", (1, 1, 0))
    history(db, *("hay " + "x" * 3_000 for n in range(400)))
    asked: list[bool] = []
    with pytest.raises(Cancelled):
        search.search(db, "/need.e/", stop=lambda: asked.append(True) or len(asked) > 2)
    assert len(asked) == 3
