"""The first screen: the statements that were compiled ahead, and which chat is opened."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql
from steps import NOON, begin, fill

from chattui.domain.chat import FirstScreen
from chattui.domain.kinds import ChatStatus
from chattui.store import chats, columns, messages, snapshots, startup
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.tables import ME
from chattui.store.tables import chats as table


@pytest.fixture
def conn(db: Database) -> Iterator[psycopg.Connection]:
    with connect(db.conninfo, autocommit=True) as made:
        yield made


def compiled(statement: Select, **names: object) -> str:
    """The statement on one line with its values written in; numbers given as ``names`` become parameters."""
    text = str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    for name, number in names.items():
        text = text.replace(str(number), f"%({name})s")
    return " ".join(text.split())


def test_recents_are_the_statement_of_chats() -> None:
    assert compiled(chats.recents_statement(limit=startup.RECENTS)) == startup.RECENTS_SQL


def test_the_snapshot_is_the_statement_of_snapshots() -> None:
    assert compiled(snapshots.latest_statement(snapshots.APP)) == startup.SNAPSHOT_SQL


def test_the_place_of_a_chat_is_the_statement_of_snapshots() -> None:
    assert compiled(snapshots.place_statement(910001), chat_id=910001) == startup.PLACE_SQL


def test_a_named_chat_is_opened_where_it_was_left(db: Database, conn: psycopg.Connection) -> None:
    first, last = begin(db, "first"), begin(db, "last")
    for chat_id in (first, last):
        fill(db, chat_id, [(f"line {n}", NOON) for n in range(2, 301)], first=2)
    snapshots.save(db, {"chat": last, "seq": 300, "line": 0, "at_end": True})
    snapshots.save_place(db, first, {"seq": 40, "line": 1, "at_end": False})
    screen = startup.first_screen(conn, chat_id=first)
    assert screen.snapshot == {"chat": first, "seq": 40, "line": 1, "at_end": False}
    assert 40 in [message.seq for message in screen.messages]


def test_the_chat_has_the_columns_of_a_chat() -> None:
    whole = select(*columns.CHAT).where(table.c.owner == ME, table.c.id == 910001)
    assert compiled(whole, chat_id=910001) == startup.CHAT_SQL


def test_the_page_is_the_statement_of_messages() -> None:
    page = messages.page_statement(910001, 910002, 910003)
    assert compiled(page, chat_id=910001, first=910002, last=910003) == startup.PAGE_SQL


def test_an_empty_database_shows_nothing(conn: psycopg.Connection) -> None:
    assert startup.first_screen(conn) == FirstScreen((), None, (), {})


def test_without_a_snapshot_the_newest_chat_is_open_at_its_end(db: Database, conn: psycopg.Connection) -> None:
    begin(db, "older")
    long = begin(db, "newer")
    fill(db, long, [(f"line {n}", NOON) for n in range(2, 101)], first=2)
    screen = startup.first_screen(conn)
    assert screen.chat == chats.get(db, long)
    assert list(screen.recents) == chats.recents(db)
    assert list(screen.messages) == messages.page(db, long, 41, 100)


def test_a_fresh_start_forgets_how_it_was_left(db: Database, conn: psycopg.Connection) -> None:
    left, newest = begin(db, "older"), begin(db, "newer")
    snapshots.save(db, {"chat": left, "at_end": True})
    assert startup.first_screen(conn).chat == chats.get(db, left)
    screen = startup.first_screen(conn, fresh=True)
    assert (screen.chat, screen.snapshot) == (chats.get(db, newest), {})


def test_what_was_open_last_is_open_again_around_where_it_was_left(db: Database, conn: psycopg.Connection) -> None:
    long = begin(db, "older")
    fill(db, long, [(f"line {n}", NOON) for n in range(2, 301)], first=2)
    begin(db, "newer")
    snapshots.save(db, {"chat": long, "seq": 100})
    screen = startup.first_screen(conn)
    assert screen.chat is not None
    assert screen.chat.id == long
    seqs = [m.seq for m in screen.messages]
    assert seqs == list(range(80, 161))
    assert screen.snapshot == {"chat": long, "seq": 100}


def test_a_chat_that_is_named_comes_before_the_one_of_the_snapshot(db: Database, conn: psycopg.Connection) -> None:
    named, saved = begin(db, "named"), begin(db, "saved")
    snapshots.save(db, {"chat": saved})
    screen = startup.first_screen(conn, chat_id=named)
    assert screen.chat is not None
    assert screen.chat.id == named


@pytest.mark.parametrize("saved", [4711, "seven", None, {"a": 1}, -1])
def test_a_snapshot_that_names_no_chat_opens_the_newest(db: Database, conn: psycopg.Connection, saved: object) -> None:
    newest = begin(db, "newest")
    snapshots.save(db, {"chat": saved, "seq": "x"})
    screen = startup.first_screen(conn)
    assert screen.chat is not None
    assert screen.chat.id == newest


def test_a_chat_deleted_since_is_not_opened_unless_it_is_named(db: Database, conn: psycopg.Connection) -> None:
    gone, newest = begin(db, "gone"), begin(db, "newest")
    snapshots.save(db, {"chat": gone})
    chats.delete(db, gone)
    opened = startup.first_screen(conn).chat
    assert opened is not None
    assert opened.id == newest
    named = startup.first_screen(conn, chat_id=gone).chat
    assert named is not None
    assert named.status is ChatStatus.DELETED


def test_only_the_last_snapshots_are_kept(db: Database) -> None:
    for number in range(snapshots.KEPT + 3):
        snapshots.save(db, {"n": number})
    assert snapshots.latest(db) == {"n": snapshots.KEPT + 2}
    assert snapshots.latest(db, "other") == {}
    kept = db.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM chattui.snapshots").scalar())
    assert kept == snapshots.KEPT
