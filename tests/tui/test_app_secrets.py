"""Secrets on the screen: hidden in pane, hits and titles and in what is copied, until they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_driver import AppMaker, running, screen_text, toasts, until, until_seen
from made_chats import chat_of, import_all, write_session

from chattui.store import chats
from chattui.store.database import Database
from chattui.tui.screens.bookmarks_dialog import BookmarksDialog
from chattui.tui.screens.details_dialog import DetailsDialog
from chattui.tui.screens.dialogs import RenameDialog
from chattui.tui.screens.mark_dialogs import NoteDialog
from chattui.tui.screens.places import OutlineDialog
from chattui.tui.widgets.line_input import LineInput

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


async def test_a_title_and_a_note_are_edited_without_being_shown(
    samples: str, chat: int, store: Database, app_on: AppMaker
) -> None:
    chats.rename(store, chat, f"About {KEY}")
    chats.describe(store, chat, f"note {KEY} end")
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, f"About {SHOWN}")
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, RenameDialog))
        await until_seen(pilot, "Title of this chat", f"About {SHOWN}")
        await pilot.press("end", *" it", "enter")
        await until(pilot, lambda: title_of(store, chat) == f"About {KEY} it")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, NoteDialog))
        await until_seen(pilot, f"note {SHOWN} end")
        await pilot.press("end", *"ed", "enter")
        await until(pilot, lambda: note_of(store, chat) == f"note {KEY} ended")
        assert KEY not in screen_text(app)


@pytest.mark.parametrize("mask", [True, False])
async def test_every_place_does_what_the_configuration_says(
    samples: str,
    chat: int,
    store: Database,
    app_on: AppMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mask: bool,
) -> None:
    (tmp_path / "exported").mkdir()
    monkeypatch.chdir(tmp_path / "exported")
    config = app_on.settings(samples).config_file
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f"[secrets]\nmask = {str(mask).lower()}\n")
    chats.rename(store, chat, KEY)
    shown, hidden = (SHOWN, KEY) if mask else (KEY, SHOWN)
    app = app_on(samples, chat=str(chat))

    async def looks(*words: str) -> None:
        await until_seen(pilot, *words)
        assert hidden not in screen_text(app)

    async with running(app, size=(170, 45)) as pilot:
        await looks(f"token is {shown}, use", f"{shown[:20]}")
        app.main.pane.focus()
        await pilot.press("b", "o")  # a bookmark; the outline
        await until(pilot, lambda: isinstance(app.screen, OutlineDialog))
        await looks(f"my wombat token is {shown}", "1 prompt")
        await pilot.press("escape", "B")
        await until(pilot, lambda: isinstance(app.screen, BookmarksDialog))
        await looks("Bookmarks", f"{shown}")
        await pilot.press("escape", "f2")
        await until(pilot, lambda: isinstance(app.screen, RenameDialog))
        await looks("Title of this chat")
        assert app.screen.query_one(LineInput).value == shown
        await pilot.press("escape", "K")
        await until(pilot, lambda: isinstance(app.screen, DetailsDialog))
        await looks("Details of this chat", shown)
        await pilot.press("enter")  # the title, on its line
        await until(pilot, lambda: app.screen.query_one("#fact", LineInput).value == shown)
        await pilot.press("enter")
        await until(pilot, lambda: not app.screen.query_one("#fact", LineInput).display)
        assert title_of(store, chat) == KEY
        await pilot.press("escape", "ctrl+f", *"token")
        await looks("1 message", f"token is {shown}")
        await pilot.press("escape", "p")
        await until(pilot, lambda: f"“{shown}” pinned" in toasts(app))
        await pilot.press("x", "enter")
        await until(pilot, lambda: "written to" in toasts(app))
        [made] = (tmp_path / "exported").iterdir()
        assert shown in made.read_text()
        assert hidden not in made.read_text()
        await pilot.press("slash", *"wombat")
        await until(pilot, lambda: app.main.hits.display and len(app.main.hits.hits) == 1)
        await looks(f"wombat token is {shown}")
        await pilot.press("escape")
        app.main.pane.focus()
        await pilot.press("M")
        if mask:
            await until_seen(pilot, KEY)
        else:
            await until(pilot, lambda: "No secrets are hidden here" in toasts(app))


def title_of(store: Database, chat: int) -> str:
    found = chats.get(store, chat)
    assert found is not None
    return found.title


def note_of(store: Database, chat: int) -> str:
    found = chats.get(store, chat)
    assert found is not None
    return found.description or ""
