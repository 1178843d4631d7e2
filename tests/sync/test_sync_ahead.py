"""What is looked at and read before the database is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from homes import MACHINE, Home, add, conversation, held, rollout

from chattui.domain.errors import SourceError
from chattui.sources.registry import all_sources
from chattui.sync import looking
from chattui.sync.engine import Sync
from chattui.sync.looking import Looked, look, read_ahead


def looked_into(home: Home) -> Looked:
    return look(all_sources(), {}, home.path)


def import_(home: Home, looked: Looked) -> Any:
    return Sync(home.db, all_sources(), machine=MACHINE).run({}, home.path, looked=looked)


def never() -> bool:
    return False


@pytest.fixture
def full(home: Home) -> Home:
    home.claude(conversation(turns=40))
    home.codex(rollout())
    return home


def test_files_read_ahead_are_stored_as_if_read_then(full: Home, other: Home) -> None:
    ahead = looked_into(full)
    read_ahead(ahead, never)
    assert len(ahead.ready) == 2
    report = import_(full, ahead)
    assert (report.read, report.problems, report.faults) == (2, 0, ())
    plain = Home(full.path, other.db)
    plain.sync()
    assert held(full.db) == held(other.db)


def test_what_was_read_ahead_is_not_read_again(full: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = looked_into(full)
    read_ahead(ahead, never)
    for source in ahead.found:
        monkeypatch.setattr(type(source[0]), "read", lambda *_a, **_k: pytest.fail("read again"))
    assert import_(full, ahead).messages > 80


def test_a_file_that_is_known_by_then_is_not_stored_twice(full: Home) -> None:
    full.sync()
    before = held(full.db)
    ahead = looked_into(full)
    read_ahead(ahead, never)
    assert import_(full, ahead).messages == 0
    assert held(full.db) == before


def test_a_file_that_grows_meanwhile_loses_nothing(home: Home, other: Home) -> None:
    whole = conversation(turns=4)
    path = home.claude(whole.records[:5])
    ahead = looked_into(home)
    read_ahead(ahead, never)
    add(path, whole.records[5:])
    import_(home, ahead)
    home.sync()
    grown = held(home.db, paths=False)["messages"]
    other.claude(whole)
    other.sync()
    assert grown == held(other.db, paths=False)["messages"]


def test_it_ends_when_the_database_is_there(full: Home) -> None:
    ahead = looked_into(full)
    read_ahead(ahead, lambda: True)
    assert ahead.ready == {}
    assert import_(full, ahead).read == 2


def test_it_holds_only_so_much(full: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "READ_AHEAD_MESSAGES", 5)
    ahead = looked_into(full)
    read_ahead(ahead, never)
    assert ahead.ready == {}


def test_a_file_that_cannot_be_read_is_left_to_the_sync(full: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Any, path: Path, **_: Any) -> Any:
        raise SourceError(f"Cannot read {path}: no.")

    ahead = looked_into(full)
    with monkeypatch.context() as broken:
        for source, _file in ahead.found:
            broken.setattr(type(source), "read", refuse)
        read_ahead(ahead, never)
    assert ahead.ready == {}
    assert import_(full, ahead).read == 2
