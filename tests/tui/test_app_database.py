"""The screen of the database: what is wrong first, with what to do; read again by a key; no answer is said so."""

from __future__ import annotations

import pytest
from app_driver import AppMaker, lines, running, screen_text, until, until_seen

from chattui.domain.errors import Unreachable
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.tui.screens.database_dialog import DatabaseDialog


async def test_the_database_is_shown_with_what_to_do_and_read_again(
    samples: str, store: Database, app_on: AppMaker
) -> None:
    from sqlalchemy import text

    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f5")
        await until_seen(
            pilot, "PostgreSQL 18", "The search index is complete.", "Tables and indexes", "messages_search"
        )
        shown = [line for line in lines(app) if any(sign in line for sign in "✓!✗")]
        assert "No backup is recorded." in shown[0], "what is not right comes first"
        assert "chattui db backup" in screen_text(app)
        store.write(lambda conn: conn.execute(text("DROP INDEX chattui.messages_search")))
        await pilot.press("r")
        await until_seen(pilot, "! The search index is not complete")
        await pilot.press("end")
        await until_seen(pilot, "Messages by day", "▪")
        await pilot.press("escape")
        assert app.screen is app.main


async def test_an_app_holds_few_connections_and_leaves_none_however_it_ends(samples: str, app_on: AppMaker) -> None:
    def held() -> int:
        with connect(samples, autocommit=True) as conn:
            row = conn.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
            assert row is not None
            return int(row[0])

    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: app.main.hits.hit is not None)
        await pilot.press("down", "enter", "f5")
        await until_seen(pilot, "Tables and indexes")
        assert 2 <= held() <= 5, "one that listens, and at most four for questions"
    for _ in range(100):  # a server process takes a moment to end
        if held() == 0:
            break
    assert held() == 0


async def test_a_database_that_does_not_answer_is_a_sentence(
    samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise Unreachable("No database server answers there.")

    app = app_on(samples)
    async with running(app) as pilot:
        monkeypatch.setattr("chattui.store.survey.read_state", gone)
        await pilot.press("f5")
        await until_seen(pilot, "No database server answers there.")
        monkeypatch.undo()
        await pilot.press("r")
        await until_seen(pilot, "PostgreSQL 18")
        await pilot.press("f5")
        await until(pilot, lambda: not isinstance(app.screen, DatabaseDialog))
