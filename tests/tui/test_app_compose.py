"""Writing: a message is durable before it is shown as saved, and nothing that was written is lost."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from app_driver import AppMaker, part, quit_app, running, seen_in, toasts, until, until_seen
from psycopg import sql

from chattui.domain.errors import DatabaseError
from chattui.store import chats, messages, sending
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.drafts import Drafts

FULL_DISK = """
CREATE FUNCTION public.no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON chattui.messages FOR EACH ROW EXECUTE FUNCTION public.no_room();
"""


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0].strip()


def contents(db: Database, chat_id: int) -> list[str]:
    """What another connection finds in a chat."""
    chat = chats.get(db, chat_id)
    assert chat is not None
    return [m.content for m in messages.page(db, chat_id, 1, chat.message_count)]


async def test_the_first_message_names_the_new_chat(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"Tide tables", "ctrl+j", *"for May", "enter")
        await until(pilot, lambda: title(app).startswith("Tide tables"))
        await until(pilot, lambda: "▌Tide tables" in seen_in(app.main.sidebar.recents))
        shown = seen_in(app.main.pane)
        assert "You  " in shown
        assert "Tide tables" in shown
        assert "for May" in shown
        assert app.main.composer.text == ""
    newest = chats.recents(store, limit=1)[0]
    assert (newest.title, newest.source) == ("Tide tables", "chattui")
    assert contents(store, newest.id) == ["Tide tables\nfor May"]


async def test_a_message_is_durable_before_it_is_shown(
    samples: str, app_on: AppMaker, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_return, append = threading.Event(), sending.send

    def slow(*args: Any, **more: Any) -> Any:
        done = append(*args, **more)
        assert may_return.wait(20)
        return done

    monkeypatch.setattr(sending, "send", slow)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"remember", "enter")
        await until_seen(pilot, "Saving …")
        await until(pilot, lambda: chats.recents(store, limit=1)[0].title == "remember", "the other connection's view")
        await pilot.press(*"xyz")
        assert "remember" not in seen_in(app.main.sidebar.recents)
        assert app.main.composer.text == "remember", "it can not be changed while it is saved"
        may_return.set()
        await until(pilot, lambda: title(app).startswith("remember") and "Saving" not in seen_in(app.main.composer))


async def test_writing_goes_on_in_an_imported_chat(samples: str, app_on: AppMaker, store: Database) -> None:
    open_one = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w", *"a note of my own", "enter")
        await until(pilot, lambda: "a note of my own" in part(app.main.pane)[-1])
        assert title(app).endswith(str(open_one.message_count + 1))
    assert contents(store, open_one.id)[-1] == "a note of my own"


async def test_empty_messages_are_not_sent(samples: str, app_on: AppMaker, store: Database) -> None:
    before = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w", "enter", "space", "ctrl+j", "enter")
        await pilot.pause()
        assert app.main.composer.is_writing
    assert chats.recents(store, limit=1)[0] == before


async def test_each_chat_keeps_its_own_draft(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        composer = app.main.composer
        await pilot.press("w", *"one", "escape", "escape")
        await until_seen(pilot, "A draft is waiting")
        await pilot.press("down", "enter")
        await until(pilot, lambda: title(app).startswith("Why is my index"))
        assert "A draft is waiting" not in seen_in(composer)
        await pilot.press("w", *"two", "ctrl+n")
        await until(pilot, lambda: app.main.open_chat.is_new)
        assert composer.text == ""
        await pilot.press(*"three", "escape", "escape", "home", "enter")
        await until(pilot, lambda: title(app).startswith("Pool exhausted"))
        await pilot.press("w")
        await until(pilot, lambda: composer.text == "one")
        await pilot.press("escape", "escape", "down", "enter")
        await until(pilot, lambda: title(app).startswith("Why is my index"))
        await pilot.press("w")
        await until(pilot, lambda: composer.text == "two")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: composer.text == "three")


async def test_a_draft_survives_a_crash(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w", *"half a thought")
        kept = app.settings.state_dir / "drafts"
        await until(pilot, lambda: any("half a thought" in f.read_text() for f in kept.glob("*.json")), "on the disk")
    again = app_on(samples)  # the first one was never closed
    async with running(again) as pilot:
        await until_seen(pilot, "A draft is waiting")
        await pilot.press("w")
        await until_seen(pilot, "half a thought")


async def test_a_draft_survives_quitting_at_once(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w", *"quick")
        await quit_app(pilot)
    again = app_on(samples)
    async with running(again) as pilot:
        await until_seen(pilot, "A draft is waiting")


async def test_two_apps_do_not_lose_each_other_s_drafts(samples: str, app_on: AppMaker) -> None:
    first, second = app_on(samples), app_on(samples)
    async with running(first) as one:
        await one.press("w", "a")
        first.main.composer.keep()
        async with running(second) as two:
            await two.press("ctrl+n", "b")
            second.main.composer.keep()
            await one.press("a")
            first.main.composer.keep()
    third = app_on(samples)
    async with running(third) as pilot:
        await pilot.press("w")
        await until(pilot, lambda: third.main.composer.text == "aa")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: third.main.composer.text == "b")


async def test_what_could_not_be_saved_is_kept_and_saved_once_when_sent_again(
    samples: str, app_on: AppMaker, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, keys = sending.send, []

    def lost(*args: Any, **more: Any) -> Any:
        done = append(*args, **more)
        keys.append(more["key"])
        if len(keys) == 1:
            raise DatabaseError("The connection to the database was lost.")
        return done

    monkeypatch.setattr(sending, "send", lost)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"only once", "enter")
        await until(pilot, lambda: "Not saved, but kept as a draft" in toasts(app))
        assert "The connection to the database was lost." in toasts(app)
        assert app.main.composer.text == "only once"
        await pilot.press("enter")
        await until(pilot, lambda: title(app).startswith("only once"))
    assert keys[0] == keys[1]
    newest, older = chats.recents(store, limit=2)
    assert older.title != "only once"
    assert contents(store, newest.id) == ["only once"]


async def test_a_full_disk_is_said_and_the_draft_kept(samples: str, app_on: AppMaker, store: Database) -> None:
    with connect(samples, autocommit=True) as conn:
        conn.execute(sql.SQL(FULL_DISK))
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w", *"no room", "enter")
        await until(pilot, lambda: "disk is full" in toasts(app))
        assert app.main.composer.text == "no room"
        with connect(samples, autocommit=True) as conn:
            conn.execute("DROP TRIGGER no_room ON chattui.messages")
        await pilot.press("enter")
        await until(pilot, lambda: "no room" in part(app.main.pane)[-1])


async def test_a_new_chat_begun_while_a_message_is_saved_stays_a_new_chat(
    samples: str, app_on: AppMaker, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, append = threading.Event(), sending.send

    def slow(*args: Any, **more: Any) -> Any:
        assert go.wait(20)
        return append(*args, **more)

    monkeypatch.setattr(sending, "send", slow)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w", *"for the old one", "enter")
        await until_seen(pilot, "Saving …")
        await pilot.press("ctrl+n")
        go.set()
        await until(pilot, lambda: "Saving" not in seen_in(app.main.composer))
        await until_seen(pilot, "A new chat. Its first line will name it.")
        await pilot.press(*"for the new one", "enter")
        await until(pilot, lambda: title(app).startswith("for the new one"))
    assert chats.recents(store, limit=1)[0].title == "for the new one"


async def test_news_from_elsewhere_do_not_disturb_who_writes_a_new_chat(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"half a thought")
        messages.append(store, chats.create(store).id, "Made elsewhere", key="k")
        await until(pilot, lambda: "Made elsewhere" in seen_in(app.main.sidebar.recents))
        await pilot.press(*", whole")
        assert app.main.composer.text == "half a thought, whole"
        assert app.main.open_chat.is_new


def test_a_draft_keeps_the_key_it_is_sent_under_until_it_is_saved(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, "db")
    drafts.put(7, "hello")
    key = drafts.key_for(7, "hello")
    assert Drafts(tmp_path, "db").key_for(7, "hello") == key  # another run of the app, after a crash
    assert drafts.key_for(7, "hello you") != key
    drafts.put(7, "hello")
    key = drafts.key_for(7, "hello")
    drafts.put(7, "")
    assert drafts.key_for(7, "hello") != key
