"""Snapshots of a chat in the app: taken while it changes, by a name, seen, compared and gone back to."""

from __future__ import annotations

import pytest
from app_driver import AppMaker, part, running, screen_text, seen_in, toasts, until, until_seen

from chattui.store import chats, states
from chattui.store.database import Database
from chattui.tui.screens import snapshotting
from chattui.tui.screens.snapshots_dialog import NameDialog, SnapshotsDialog

TITLE = "Pool exhausted at midnight"


async def test_one_is_taken_while_a_chat_changes_and_none_while_it_does_not(
    samples: str, app_on: AppMaker, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshotting, "SOON", 0.01)
    app = app_on(samples)
    async with running(app) as pilot:
        chat = app.main.open_chat.chat_id or 0
        await pilot.press("enter", "home", "down", "end", "o", "escape")
        assert not app.main._snapshots_due
        assert states.of_chat(store, chat) == []
        await pilot.press("w")
        await until(pilot, lambda: app.main.composer.is_writing)
        assert not app.main._snapshots_due
        await pilot.press("h")
        await until(pilot, lambda: len(states.of_chat(store, chat)) == 1)
        await until(pilot, lambda: not app.main._snapshots_due)
        await pilot.press(*" more")
        assert app.main._snapshots_due == {chat}, "the next one waits for the time that is set"
        rows = states.of_chat(store, chat)
        assert (len(rows), rows[0].name, rows[0].has_draft) == (1, "", True)
    app = app_on(samples)
    async with running(app) as pilot:  # the last one is young still: another run waits for the rest of the time
        await pilot.press("p")
        await until(pilot, lambda: app.main._snapshots_taken.get(chat) is not None and chat in app.main._snapshots_due)
        assert len(states.of_chat(store, chat)) == 1


async def test_none_is_taken_where_the_option_says_never(samples: str, app_on: AppMaker) -> None:
    config = app_on.settings(samples).config_file
    config.parent.mkdir(parents=True)
    config.write_text('[snapshots]\nevery = "never"\n')
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("p", "w", *"abc")
        await until(pilot, lambda: "★" in part(app.main.title_bar)[0])
        assert not app.main._snapshots_due


async def test_a_named_one_is_seen_compared_and_gone_back_to(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        chat = app.main.open_chat.chat_id or 0
        await pilot.press("w", *"first thought", "escape", "home", "right_square_bracket", "enter")
        opened = app.main.pane.typeset.opened_by_hand()
        assert opened
        await pilot.press("z")
        await until(pilot, lambda: isinstance(app.screen, NameDialog))
        await pilot.press(*"12", "enter")
        await until_seen(pilot, "12 would be taken for the number of a snapshot.")
        await pilot.press(*" [b]x", "enter")
        await until(pilot, lambda: "The chat is kept as it is, as “12 [b]x”" in toasts(app))
        chats.rename(store, chat, "Another [red]title")
        await until(pilot, lambda: "Another [red]title" in part(app.main.title_bar)[0])
        app.main.composer.set_draft(chat, "second", [])
        await pilot.press("enter", "end")
        assert app.main.pane.typeset.opened_by_hand() != opened
        await pilot.press("Z")
        await until_seen(pilot, "Snapshots of this chat", "12 [b]x", "draft", "first thought", TITLE)
        await pilot.press("c")
        await until_seen(pilot, f"- {TITLE}", "+ Another [red]title", "- first thought", "+ second")
        await pilot.press("r")
        await until(pilot, lambda: "The chat is as it was at “12 [b]x”" in toasts(app))
        await until_seen(pilot, "before 12 [b]x")
        await pilot.press("escape")
        await until(pilot, lambda: TITLE in part(app.main.title_bar)[0])
        assert app.main.composer.draft_of(chat) == ("first thought", ())
        assert app.main.pane.typeset.opened_by_hand() == opened
        assert len(states.of_chat(store, chat)) == 2


async def test_snapshots_are_marked_removed_and_their_screen_says_when_there_are_none(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        chat = app.main.open_chat.chat_id or 0
        await pilot.press("Z")
        await until_seen(pilot, "No snapshots of this chat yet.")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, NameDialog))
        await pilot.press(*"one", "enter")
        await until_seen(pilot, "one")
        chats.pin(store, chat, True)
        states.save(store, chat, "two")
        await pilot.press("escape", "Z")
        await until(pilot, lambda: isinstance(app.screen, SnapshotsDialog) and app.screen.listed.count == 3)
        await pilot.press("space", "down")
        await until_seen(pilot, "pinned", "+ yes", "●")
        await pilot.press("d")
        await until_seen(pilot, "d once more removes it")
        await pilot.press("d")
        await until(pilot, lambda: [row.name for row in states.of_chat(store, chat)] == ["two"])
        await pilot.press("home", "r")
        await until(pilot, lambda: "That is how the chat is now." in toasts(app))


async def test_secrets_in_a_snapshot_are_hidden(samples: str, app_on: AppMaker, store: Database) -> None:
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL3oR6"
    app = app_on(samples)
    async with running(app, size=(80, 24)) as pilot:
        chat = app.main.open_chat.chat_id or 0
        chats.describe(store, chat, f"the key {secret}\x1b[2J")
        states.save(store, chat, f"with {secret}")
        await pilot.press("Z")
        await until_seen(pilot, "note", "the key")
        assert secret not in screen_text(app)
        assert "\x1b" not in screen_text(app)
        assert seen_in(app.screen).count("•") > 20
