"""What the world does to new chats: keys that others can read, clocks that jump, pastes of megabytes, titles of markup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from app_driver import AppMaker, part, running, screen_text, seen_in, toasts, until, until_seen
from model_server import ModelServer
from textual import events

from chattui.domain.kinds import Kind
from chattui.samples import BASE
from chattui.store import chats, messages, states, taking
from chattui.store.connection import connect
from chattui.store.database import Database

EVIL = "[bold red]x[/] [@click=app.quit]y[/] \x1b]0;owned\x07 \u202e"


async def test_a_key_in_a_file_that_others_can_read_is_warned_of_once_and_still_used(
    samples: str,
    app_on: AppMaker,
    store: Database,
    speaking: Callable[..., None],
    model_server: ModelServer,
    tmp_path: Path,
) -> None:
    key = tmp_path / "key"
    key.write_text("sk-loopback-0123456789abcdefghijklmnop\n")
    key.chmod(0o644)
    speaking(key_file=str(key))
    app = app_on(samples)
    async with running(app) as pilot:
        for count in (2, 4):
            await pilot.press(*(("ctrl+n",) if count == 2 else ()), *"How?", "enter")
            await until(pilot, lambda count=count: chats.recents(store, limit=1)[0].message_count == count)
        told = toasts(app)
        assert told.count(f"Other people on this machine can read the key in {key}. chmod 600 {key}") == 1
        assert "sk-loopback" not in told
        assert "sk-loopback" not in screen_text(app)
    assert model_server.keys[-1] == "Bearer sk-loopback-0123456789abcdefghijklmnop"


async def test_when_the_clock_jumps_back_messages_stay_in_their_order(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking()
    model_server.said = "To {prompt}"
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"first", "enter")
        await until(pilot, lambda: chats.recents(store, limit=1)[0].message_count == 2)
        chat = chats.recents(store, limit=1)[0].id
        with connect(store.conninfo, autocommit=True) as conn:  # it was tomorrow when these were written
            conn.execute(
                "UPDATE chattui.messages SET created_at = created_at + interval '1 day' WHERE chat_id = %s", (chat,)
            )
            conn.execute(
                "UPDATE chattui.chats SET last_message_at = last_message_at + interval '1 day' WHERE id = %s", (chat,)
            )
        app.now = lambda: BASE - timedelta(days=2)
        last = chats.recents(store, limit=1)[0].last_message_at
        await pilot.press(*"second", "enter")
        await until(pilot, lambda: chats.recents(store, limit=1)[0].message_count == 4)
        found = messages.page(store, chat, 1, 9)
        assert [m.content for m in found] == ["first", "To first", "second", "To second"]
        assert [m.parent_seq for m in found] == [None, 1, 2, 3]
        assert found[2].created_at < found[1].created_at, "the times are as the clock had them"
        assert chats.recents(store, limit=1)[0].last_message_at == last, "and the chat does not go back"
        assert 0 <= (found[3].metadata or {})["reply"]["seconds"] < 60
        await until(pilot, lambda: "To second" in seen_in(app.main.pane))
        text = seen_in(app.main.pane)
        places = [text.index(word) for word in ("first", "To first", "second", "To second")]
        assert places == sorted(places)


async def test_a_paste_of_five_megabytes_is_sent_whole(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    pasted = "all of it \x1b[2J\n" * 350_000
    async with running(app) as pilot:
        await pilot.press("ctrl+n")
        assert app.focused is not None
        app.focused.post_message(events.Paste(pasted))
        await until_seen(pilot, "1 file")
        await pilot.press(*"look", "enter")
        await until(pilot, lambda: chats.recents(store, limit=1)[0].message_count == 2)
    chat = chats.recents(store, limit=1)[0]
    found = messages.page(store, chat.id, 1, 2)
    assert [m.kind for m in found] == [Kind.ATTACHMENT, Kind.TEXT]
    attached = taking.attachment(store, chat.id, 1, 1)
    assert attached is not None
    assert attached.data == pasted.encode()


async def test_a_title_of_markup_is_text_wherever_it_is_told(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking()
    model_server.said, model_server.held_after = "One two", 1
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"why", "enter")
        await until(pilot, lambda: len(model_server.asked) == 1)
        chat = chats.recents(store, limit=1)[0].id
        chats.rename(store, chat, EVIL)
        states.save(store, chat, EVIL)
        await until(pilot, lambda: "[bold red]x[/] [@click=app.quit]y[/]" in part(app.main.title_bar)[0])
        app.main.pane.focus()
        await pilot.press("Z")
        await until_seen(pilot, "Snapshots of this chat", "[bold red]x[/]")
        await pilot.press("escape", "ctrl+t")
        model_server.go.set()
        await until(pilot, lambda: "A reply is there" in toasts(app))
        assert "[bold red]x[/] [@click=app.quit]y[/]" in toasts(app)
        assert "[bold" in seen_in(app.main.tab_bar)
        assert "\x1b" not in screen_text(app)
        assert "\u202e" not in screen_text(app)
