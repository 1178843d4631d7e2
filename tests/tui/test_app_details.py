"""The details of a chat: seen, changed in place; and chats made of others, by key."""

from __future__ import annotations

import pytest
from app_driver import AppMaker, part, running, screen_text, seen_in, toasts, until, until_seen
from sqlalchemy import text
from textual.pilot import Pilot

from chattui.domain.details import issue_of
from chattui.store import chats
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.recents.item_list import ItemList
from chattui.tui.screens.details_dialog import DetailsDialog, FactList
from chattui.tui.screens.mark_dialogs import NoteDialog, TagsDialog

TITLE = "Pool exhausted at midnight"


async def go_to(pilot: Pilot[int], app: ChattuiApp, name: str) -> None:
    listed = app.screen.query_one(FactList)
    listed.move_to(next(nr for nr, fact in enumerate(listed._facts) if fact.name == name))
    await pilot.pause()


async def test_details_are_seen_and_changed_in_place(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("K")
        await until_seen(pilot, "Details of this chat", "fix/midnight-pool", "claude-code", "prompts", "last message")
        await go_to(pilot, app, "issue")
        await pilot.press("enter", *"#12 Late ", "enter")
        await until_seen(pilot, "#12 Late")
        await go_to(pilot, app, "git_branch")
        await pilot.press("enter", *"-2", "escape")
        await until(pilot, lambda: app.screen.query_one(FactList).has_focus)
        await pilot.press("enter", *"-3", "enter")
        await until_seen(pilot, "fix/midnight-pool-3")
        await go_to(pilot, app, "quiet")
        await pilot.press("space")
        await until_seen(pilot, "on: no notifications")
        await go_to(pilot, app, "title")
        await pilot.press("enter", *"!", "enter")
        await until(pilot, lambda: f"{TITLE}!" in part(app.main.title_bar)[0])
        await go_to(pilot, app, "source")
        await pilot.press("enter")
        await until(pilot, lambda: "it cannot be changed" in toasts(app))
        chat = chats.get(store, app.main.open_chat.chat_id or 0)
        assert chat is not None
        assert (chat.title, chat.git_branch, chat.is_quiet) == (f"{TITLE}!", "fix/midnight-pool-3", True)
        issue = issue_of(chat.settings)
        assert issue is not None
        assert issue.line == "#12 Late"
        await go_to(pilot, app, "tags")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TagsDialog))
        await pilot.press("escape", "K")
        await until(pilot, lambda: isinstance(app.screen, DetailsDialog) and app.screen.query_one(FactList).count > 5)
        await go_to(pilot, app, "note")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, NoteDialog))
        await pilot.press("escape", "f", *"#12", "enter")
        await until(pilot, lambda: len([r for r in part(app.main.sidebar.recents) if r.strip()]) == 2)
        assert "Pool exhausted" in "".join(part(app.main.sidebar.recents))


async def test_a_fact_that_is_too_long_stays_on_its_line(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("K")
        await until_seen(pilot, "fix/midnight-pool")
        await go_to(pilot, app, "project")
        await pilot.press("enter")
        assert isinstance(app.screen, DetailsDialog)
        app.screen._line.value = "x" * 501
        await pilot.press("enter")
        await until_seen(pilot, "That has at most 500 characters, and this has 501. Shorten it.")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_chat_is_split_at_the_message_and_the_way_back_is_there(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        of = app.main.open_chat.chat_id
        await pilot.press("enter", "home", "X")
        await until(pilot, lambda: "has others before it" in toasts(app))
        await pilot.press("right_square_bracket", "right_square_bracket")
        seq = app.main.pane.current_seq
        assert seq > 1
        await pilot.press("X")
        await until(pilot, lambda: f"{TITLE}, from message {seq}" in part(app.main.title_bar)[0])
        made = app.main.open_chat.chat
        assert made is not None
        assert (made.forked_from, made.forked_seq) == (of, seq - 1)
        await pilot.press("less_than_sign")
        await until(pilot, lambda: app.main.open_chat.chat_id == of)


async def test_chats_are_duplicated_and_merged(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("J")
        await until(pilot, lambda: "select hits of at least two" in toasts(app))
        await pilot.press("P")
        await until_seen(pilot, f"Copy of {TITLE}")
        await until(pilot, lambda: "It is a chat of your own now." in toasts(app))
        await pilot.press("slash", *"midnight")
        await until(pilot, lambda: len({hit.chat_id for hit in app.main.hits.hits}) >= 2)
        app.main.hits.focus()
        await pilot.pause()
        seen: set[int] = set()
        for _ in range(40):
            hit = app.main.hits.hit
            if hit is not None and hit.chat_id not in seen:
                seen.add(hit.chat_id)
                await pilot.press("space")
            if len(seen) == 2:
                break
            await pilot.press("down")
        assert len(app.main.selected_chats()) == 2
        await pilot.press("J")
        await until(pilot, lambda: "The chats that it was made of are archived." in toasts(app))
        await until(pilot, lambda: "and 1 more" in part(app.main.title_bar)[0])
        assert not seen & {row.id for row in chats.recents(store)}
        assert "and 1 more" in screen_text(app)


@pytest.mark.parametrize("key", ["K", "f6", "B"])
async def test_a_screen_whose_list_cannot_be_read_says_why(
    samples: str, app_on: AppMaker, store: Database, key: str
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        tables = ("chats", "imports", "marks")
        store.write(
            lambda conn: [conn.execute(text(f"ALTER TABLE chattui.{name} RENAME TO {name}_x")) for name in tables]
        )
        await pilot.press(key)
        await until(pilot, lambda: len(app.screen_stack) > 1 and app.screen.query(ItemList))
        listed = app.screen.query_one(ItemList)
        await until(pilot, lambda: toasts(app).strip() and toasts(app).strip()[:20] in seen_in(listed))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
