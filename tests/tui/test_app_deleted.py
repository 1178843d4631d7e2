"""The open chat is deleted by another program: said once, what is shown stays, and nothing that is written is lost."""

from __future__ import annotations

from app_driver import AppMaker, part, running, seen_in, toasts, until
from sqlalchemy import text

from chattui.store import chats, messages
from chattui.store.database import Database


async def test_it_is_said_once_what_is_shown_stays_and_u_brings_it_back(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    newest = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app) as pilot:
        before = part(app.main.pane)[:20]
        chats.delete(store, newest.id)
        await until(pilot, lambda: "deleted by another program" in toasts(app))
        await until(pilot, lambda: newest.title not in seen_in(app.main.sidebar.recents))
        assert part(app.main.pane)[:20] == before
        chats.rename(store, newest.id, "Another name")
        await until(pilot, lambda: "Another name" in part(app.main.title_bar)[0])
        assert toasts(app).count("deleted by another program") == 1
        app.main.pane.focus()
        await pilot.press("home", "pagedown", "u")
        await until(pilot, lambda: "Another name" in seen_in(app.main.sidebar.recents))
        assert chats.recents(store, limit=1)[0].id == newest.id


async def test_a_message_for_it_is_refused_with_a_sentence_and_stays_a_draft(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    newest = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w")
        await until(pilot, lambda: app.main.composer.is_writing)
        await pilot.press(*"not lost")
        chats.delete(store, newest.id)
        await until(pilot, lambda: "deleted by another program" in toasts(app))
        await pilot.press("enter")
        await until(pilot, lambda: "has been deleted, so nothing was added" in toasts(app))
        assert app.main.composer.text == "not lost"
        assert chats.get(store, newest.id).message_count == newest.message_count  # type: ignore[union-attr]
        chats.restore(store, newest.id)
        await pilot.press("enter")
        await until(pilot, lambda: "not lost" in part(app.main.pane)[-1])


async def test_a_chat_that_is_gone_for_good_can_be_scrolled_and_left(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    newest, following = chats.recents(store, limit=2)
    app = app_on(samples)
    async with running(app) as pilot:
        store.write(lambda conn: conn.execute(text("DELETE FROM chattui.chats WHERE id = :id"), {"id": newest.id}))
        app.main.open_chat.look_again()
        await until(pilot, lambda: "It cannot be brought back" in toasts(app))
        app.main.pane.focus()
        for key in ("home", "pagedown", "right_curly_bracket", "o", "escape", "f", "b", "end", "x", "escape"):
            await pilot.press(key)
        await pilot.press("w", *"still here", "enter")
        await until(pilot, lambda: "so nothing was added" in toasts(app))
        assert app.main.composer.text == "still here"
        app.main.sidebar.recents.focus()
        await pilot.press("ctrl+r")
        app.main.recents.refresh()
        await until(pilot, lambda: newest.title not in seen_in(app.main.sidebar.recents))
        await pilot.press("home", "enter")
        await until(pilot, lambda: following.title[:20] in part(app.main.title_bar)[0])
        assert messages.page(store, following.id, 1, 1)
