"""Turns: one program of several has it, it ends with the program, and it is in nobody's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from steps import begin, kill_backends, people

from chattui.domain.errors import Unreachable
from chattui.store import search_index, stats
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.turns import Turn


@pytest.fixture
def turn(conninfo: str) -> Iterator[Callable[..., Turn]]:
    """Makes turns, and leaves them with the test."""
    made: list[Turn] = []

    def make(work: str = "watch", as_whom: str = conninfo) -> Turn:
        made.append(Turn(as_whom, work))
        return made[-1]

    yield make
    for each in made:
        each.leave()


def test_one_has_it_until_it_leaves(turn: Callable[..., Turn]) -> None:
    first, second, other = turn(), turn(), turn("another work")
    assert first.take()
    assert first.take(), "asked again it is still held"
    assert not second.take()
    assert other.take()
    first.leave()
    assert second.take()


def test_a_turn_is_no_transaction_that_holds_others_up_and_another_one_is(
    turn: Callable[..., Turn], db: Database
) -> None:
    taken = turn("watch", db.conninfo)
    assert taken.take()
    assert stats.state(db.conninfo).longest_transaction is None
    with connect(db.conninfo, autocommit=False) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        conn.execute("SELECT 1")
        assert stats.state(db.conninfo).longest_transaction is not None


def test_a_lost_connection_is_found_out_and_gives_it_up(turn: Callable[..., Turn], conninfo: str) -> None:
    first, second = turn(), turn()
    assert first.take()
    kill_backends(conninfo)
    with pytest.raises(Unreachable):
        first.take()
    assert not first.held
    assert second.take()
    assert not first.take(), "asked for anew"


def test_every_person_has_turns_of_their_own(turn: Callable[..., Turn], server: str, conninfo: str) -> None:
    with people(server, conninfo, "ann", "ben") as (ann, ben):
        first, second = turn(as_whom=ann), turn(as_whom=ben)
        assert first.take()
        assert second.take()
        first.leave()
        second.leave()


def test_it_holds_up_neither_writers_nor_the_building_of_an_index(turn: Callable[..., Turn], db: Database) -> None:
    assert turn().take()
    waiting = turn()
    assert not waiting.take()
    begin(db, "one", "two")
    with db.raw() as conn, conn.transaction():
        conn.execute("DROP INDEX chattui.messages_search")
    assert search_index.build(db)
    assert search_index.rebuild(db).indexes
