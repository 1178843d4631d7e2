"""A server that goes away under the app: a banner, no traceback, and nothing that was written is lost."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from app_driver import AppMaker, part, quit_app, running, screen_text, seen_in, until, until_seen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chattui.server import status, stop
from chattui.store import chats
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.tui.data import session

END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_the_app_goes_on_when_all_its_connections_are_ended(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        with connect(samples, autocommit=True) as conn:
            conn.execute(END_ALL)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Why is my index" in part(app.main.title_bar)[0])
        with connect(samples, autocommit=True) as conn:
            conn.execute(END_ALL)
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in part(app.main.title_bar)[0])
        await pilot.press("escape")
        with connect(samples, autocommit=True) as conn:
            conn.execute(END_ALL)
        await pilot.press("w", *"still here", "enter")
        await until(pilot, lambda: "still here" in part(app.main.pane)[-1])
        await until(pilot, lambda: not app.main.banner.display)
        assert "Traceback" not in screen_text(app)


async def test_changes_elsewhere_are_seen_again_after_a_lost_connection(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        with connect(samples, autocommit=True) as conn:
            conn.execute(END_ALL)
        chats.create(store, title="Made in the meantime")
        await until(pilot, lambda: "Made in the meantime" in seen_in(app.main.sidebar.recents))
        chats.create(store, title="Made later")
        await until(pilot, lambda: "Made later" in seen_in(app.main.sidebar.recents))


async def test_a_killed_embedded_server_is_started_again_and_the_draft_is_saved(app_on: AppMaker) -> None:
    settings = app_on.settings(None)
    app = app_on(None)
    try:
        async with running(app, size=(100, 30)) as pilot:
            await pilot.press("ctrl+n", *"half a")
            pid = status(settings).pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await until_seen(pilot, "The connection to the database was lost")
            assert "Traceback" not in screen_text(app)
            await pilot.press(*" thought")
            assert app.main.composer.text == "half a thought"
            await until(pilot, lambda: not app.main.banner.display, "the end of the banner")
            assert status(settings).pid not in (None, pid)
            await pilot.press("enter")
            await until(pilot, lambda: "half a thought" in seen_in(app.main.sidebar.recents))
            assert "half a thought" in seen_in(app.main.pane)
            await quit_app(pilot)
    finally:
        with suppress(ProcessLookupError):
            stop(settings)


async def test_a_database_that_answers_later_is_there_by_itself_with_what_was_sent_meanwhile(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_RETRY_SECONDS", (0.2,))
    parts = conninfo_to_dict(samples)
    sockets, door = str(parts["host"]), tmp_path / "s"
    app = app_on(make_conninfo(samples, host=str(door)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_seen(
            pilot, "No database server answers there", "No database yet", "F4      which database is meant"
        )
        await pilot.press("ctrl+n", *"meanwhile", "enter")
        await until_seen(pilot, "not sent yet")
        door.symlink_to(sockets)
        await until(pilot, lambda: "meanwhile" in seen_in(app.main.sidebar.recents), "the database")
        await until(pilot, lambda: not app.main.banner.display and "not sent yet" not in screen_text(app))
        assert "No database yet" not in screen_text(app)
        await quit_app(pilot)


@pytest.fixture
def refusing_server() -> Iterator[int]:
    """The port of something that speaks just enough of PostgreSQL's protocol to refuse a password."""
    listening = socket.create_server(("127.0.0.1", 0))
    fields = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "nora"\0\0'

    def refuse() -> None:
        with suppress(OSError):
            while True:
                conn, _ = listening.accept()
                with conn:
                    conn.recv(1024)
                    conn.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    threading.Thread(target=refuse, daemon=True).start()
    yield int(listening.getsockname()[1])
    listening.close()


async def test_a_wrong_password_is_said_and_never_shown(refusing_server: int, app_on: AppMaker) -> None:
    target = f"postgresql://nora:open-sesame@127.0.0.1:{refusing_server}/x?sslmode=disable&gssencmode=disable"
    app = app_on(target)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_seen(pilot, "The database server refused the password.", "PGPASSWORD")
        assert "open-sesame" not in screen_text(app)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.main.composer.is_writing)
        await pilot.press(*"kept", "enter")
        await until_seen(pilot, "kept", "not sent yet")
        await quit_app(pilot)
    assert app.return_code == 0
