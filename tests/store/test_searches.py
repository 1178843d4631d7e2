"""Searches that are kept: the last ones once each, and those with a name."""

from __future__ import annotations

import pytest
from steps import begin, value

from chattui.domain.search import HitCount, SavedSearch
from chattui.store import searches
from chattui.store.database import Database


def test_the_last_searches_come_newest_first_each_once(db: Database) -> None:
    for query in ("one", "two", " one ", "three", "  "):
        searches.remember(db, query)
    assert searches.recent(db) == ["three", "one", "two"]
    assert searches.recent(db, 1) == ["three"]


def test_so_many_are_remembered_and_saved_ones_always(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "KEPT", 3)
    searches.save(db, "kept", "for ever")
    for number in range(6):
        searches.remember(db, f"query {number}")
    assert searches.recent(db) == ["query 5", "query 4", "query 3", "kept"]
    searches.forget(db, "kept")
    searches.remember(db, "query 6")
    assert searches.recent(db) == ["query 6", "query 5", "query 4"]


def test_a_name_belongs_to_one_search(db: Database) -> None:
    searches.remember(db, "pool")
    searches.save(db, "pool", "Pools")
    searches.save(db, "schema", " Schemas ")
    assert searches.saved(db) == [SavedSearch("Pools", "pool"), SavedSearch("Schemas", "schema")]
    searches.save(db, "pool size", "Pools")
    searches.save(db, "schema", "Tables")
    assert searches.saved(db) == [SavedSearch("Pools", "pool size"), SavedSearch("Tables", "schema")]
    searches.forget(db, "schema")
    assert [s.name for s in searches.saved(db)] == ["Pools"]


@pytest.mark.parametrize("query", ["\x00", "\ud800", "x" * 501, "\U0001f600" * 500, "'; DROP TABLE", "%_\\"])
def test_any_text_is_kept_or_let_go_without_an_error(db: Database, query: str) -> None:
    searches.remember(db, query)
    searches.save(db, query, query)
    assert value(db, "SELECT count(*) FROM chattui.searches") == (0 if len(query) > 500 else 1)


def test_hits_are_counted_as_far_as_it_goes(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(db, *["needle in hay"] * 7, "hay")
    assert searches.count(db, "needle") == HitCount(7)
    assert searches.count(db, "need") == HitCount(0), "a whole word, not the beginning of one"
    assert str(HitCount(1_500, at_least=True)) == "1,500+"
    monkeypatch.setattr(searches, "COUNTED", 5)
    monkeypatch.setattr(searches.search, "search", _inexact(searches.search.search))
    assert searches.count(db, "hay") == HitCount(5, at_least=True)


def _inexact(search: object) -> object:
    from dataclasses import replace

    return lambda *args, **named: replace(search(*args, **named), exact=False)  # type: ignore[operator]
