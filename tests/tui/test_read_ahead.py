"""The process that reads the first screen beside the app, and what the app does with and without it."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest
from app_driver import AppMaker, part, running, until
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chattui.domain.chat import FirstScreen
from chattui.domain.errors import ChattuiError
from chattui.store import chats, startup
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.tui.data.ahead import ReadAhead, chat_id_of
from chattui.tui.screens.main import MainScreen


@pytest.fixture(autouse=True)
def elsewhere(app_on: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process takes its directories from the environment."""
    monkeypatch.setenv("CHATTUI_HOME", str(app_on.home))


def expected(conninfo: str, chat_id: int | None = None) -> FirstScreen:
    with connect(conninfo, autocommit=True) as conn:
        return startup.first_screen(conn, chat_id=chat_id)


def test_it_reads_what_the_app_would_read_itself(samples: str, store: Database) -> None:
    oldest = chats.recents(store, limit=100)[-1].id
    newest = ReadAhead(samples, None).wait(pytest.fail)
    named = ReadAhead(samples, oldest).wait(pytest.fail)
    assert newest is not None
    assert named is not None
    assert newest.first == expected(samples)
    assert newest.first.messages
    assert named.first == expected(samples, oldest)
    assert conninfo_to_dict(newest.conninfo) == conninfo_to_dict(samples)


def test_what_it_meets_is_the_sentence_that_the_app_would_say(samples: str) -> None:
    with pytest.raises(ChattuiError, match="no such database"):
        ReadAhead(make_conninfo(samples, dbname="no_such_database"), None).wait(pytest.fail)


def test_only_a_number_names_a_chat_by_its_id() -> None:
    assert [chat_id_of(text) for text in ("17", "", None, "5e55", "9" * 30, "-4")] == [17, None, None, None, None, None]


async def test_the_app_shows_what_was_read_ahead(
    samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chattui.tui.data.session.Session._read_first", lambda *_: pytest.fail("read twice"))
    app = app_on(samples)
    app._ahead = ReadAhead(samples, None)
    async with running(app):
        assert "psycopg docs explain each counter" in part(app.main.pane)[-1]
        assert len(part(app.main.sidebar.recents)) > 5


async def test_a_reader_that_was_killed_costs_nothing_but_time(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    app._ahead = ReadAhead(samples, None)
    os.kill(app._ahead.pid, signal.SIGKILL)
    async with running(app):
        assert "psycopg docs explain each counter" in part(app.main.pane)[-1]


async def test_a_database_that_is_not_there_is_said_in_the_banner(samples: str, app_on: AppMaker) -> None:
    wrong = make_conninfo(samples, dbname="not_here")
    app = app_on(wrong)
    app._ahead = ReadAhead(wrong, None)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(
            pilot, lambda: app.main.furnished and "no such database" in str(app.main.banner.render()), "the sentence"
        )


async def test_a_database_that_is_made_meanwhile_is_waited_for_by_the_import(
    app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first start: what is imported later is got ready while the database is being set up, and once."""
    monkeypatch.setenv("CHATTUI_LINGER", "0")  # or the server outlives the test
    begun: list[bool] = []
    watch = "chattui.tui.data.background_watch.BackgroundWatch.start"
    monkeypatch.setattr(watch, lambda _: begun.append(app.main._connected))
    app = app_on(None, imports=True)
    app._ahead = ReadAhead(None, None)
    async with app.run_test(size=(120, 40)) as pilot:
        assert isinstance(app.main, MainScreen)
        await until(pilot, lambda: app.main.furnished and "for the first time" in str(app.main.banner.render()))
        assert "No chats yet" not in part(app.main.sidebar.recents)[0]
        await until(pilot, lambda: app._session is not None and app._session._db is not None)
        await until(pilot, lambda: "No chats yet" in "".join(part(app.main.sidebar.recents)))
        await pilot.pause(0.3)
    assert begun == [False], "before the database was there, and not again when it was"


def test_the_process_leaves_nothing_behind(samples: str) -> None:
    ahead = ReadAhead(samples, None)
    assert ahead.wait(pytest.fail) is not None
    assert ahead.end() == 0
    with psycopg.connect(samples) as conn:
        left = conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert left == (0,)
