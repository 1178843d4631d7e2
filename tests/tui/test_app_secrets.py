"""Secrets on the screen: hidden in pane, hits and titles and in what is copied, until they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_driver import AppMaker, running, screen_text, toasts, until, until_seen
from made_chats import chat_of, import_all, write_session

from chattui.store import chats
from chattui.store.database import Database

KEY = "ghp" + "_" + "a1B2" * 9
SHOWN = "ghp_" + "•" * 36


@pytest.fixture
def chat(samples: str, store: Database, tmp_path: Path) -> int:
    write_session(tmp_path / "home", [f"my wombat token is {KEY}, use it", f"It is `{KEY}`."], title="Tokens")
    import_all(store, tmp_path / "home")
    return chat_of(store, "Tokens")


async def test_they_are_hidden_until_they_are_asked_for(samples: str, chat: int, app_on: AppMaker) -> None:
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, SHOWN, "my wombat token")
        assert KEY not in screen_text(app)
        app.main.pane.focus()
        await pilot.press("g", "y")
        await until(pilot, lambda: SHOWN in app.clipboard)
        await pilot.press("M")
        await until_seen(pilot, f"is {KEY}, use")
        assert "•••" not in screen_text(app)
        assert "2 messages" in toasts(app)
        await pilot.press("y")
        await until(pilot, lambda: KEY in app.clipboard)
        await pilot.press("M")
        await until(pilot, lambda: "No secrets are hidden here" in toasts(app))


async def test_they_are_hidden_again_when_the_chat_was_left(samples: str, chat: int, app_on: AppMaker) -> None:
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, SHOWN)
        await pilot.press("M")
        await until_seen(pilot, KEY)
        other = next(row.id for row in app.main.recents._rows if row.id != chat)
        app.main.open_chat.ask(other)
        await until(pilot, lambda: app.main.open_chat.chat_id == other)
        app.main.open_chat.ask(chat)
        await until_seen(pilot, SHOWN)
        assert KEY not in screen_text(app)


async def test_hits_and_titles_do_not_show_them(samples: str, chat: int, store: Database, app_on: AppMaker) -> None:
    chats.rename(store, chat, f"About {KEY}")
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, "About ghp_••••")
        assert KEY not in screen_text(app)
        await pilot.press("slash", *"wombat")
        await until(pilot, lambda: app.main.hits.display and len(app.main.hits.hits) == 1)
        await until_seen(pilot, "wombat token is ghp_••••")
        assert KEY not in screen_text(app)
        await pilot.press("escape")
        await pilot.press("f2")
        await until_seen(pilot, KEY)  # what is edited is the title as it is
