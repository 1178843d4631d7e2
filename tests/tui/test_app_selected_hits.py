"""Hits that are selected: what is done with the chats they are in."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_driver import AppMaker, part, running, seen_in, toasts, until, until_seen
from textual.pilot import Pilot

from chattui.domain.kinds import ChatStatus
from chattui.store import chats
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.export_dialog import ExportDialog
from chattui.tui.screens.mark_dialogs import TagsDialog


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0].strip()


async def select_two_chats(pilot: Pilot[int], app: ChattuiApp) -> list[int]:
    """Three hits of two chats, selected; returns the chats."""
    await pilot.press("slash", *"pool")
    await until(pilot, lambda: len(app.main.hits.hits) == 48)
    app.main.hits.focus()
    await pilot.press("space", "down", "space", "space")
    await until(pilot, lambda: "3 hits of 2 chats selected" in title(app))
    return app.main.selected_chats()


async def test_hits_are_selected_by_space_seen_and_let_go_by_esc(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await select_two_chats(pilot, app)
        assert sum("✓ " in row for row in part(app.main.hits)) == 3
        await pilot.press("alt+g")
        await until(pilot, lambda: not app.main.hits.by_chat)
        assert "✓ Pool exhausted" in seen_in(app.main.hits), "also one below the other"
        await pilot.press("escape")
        await until(pilot, lambda: "44 messages" in title(app))
        assert "✓" not in seen_in(app.main.hits)
        assert app.main.hits.display


async def test_selected_chats_are_archived_and_brought_back(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        picked = await select_two_chats(pilot, app)
        await pilot.press("a")
        await until(pilot, lambda: "2 chats archived. u brings them back." in toasts(app))
        assert {_chat(store, each).status for each in picked} == {ChatStatus.ARCHIVED}
        await until(pilot, lambda: "44 messages" in title(app))
        await pilot.press("u")
        await until(pilot, lambda: "2 chats restored." in toasts(app))
        assert {_chat(store, each).status for each in picked} == {ChatStatus.ACTIVE}
        await select_again(pilot, app)
        await pilot.press("d")
        await until(pilot, lambda: "2 chats deleted. u brings them back." in toasts(app))
        assert {_chat(store, each).status for each in picked} == {ChatStatus.DELETED}
        await pilot.press("u")
        await until(pilot, lambda: {_chat(store, each).status for each in picked} == {ChatStatus.ACTIVE})


async def select_again(pilot: Pilot[int], app: ChattuiApp) -> None:
    await pilot.press("home", "space", "down", "space", "space")
    await until(pilot, lambda: "3 hits of 2 chats selected" in title(app))


async def test_selected_chats_get_tags_beside_their_own(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        picked = await select_two_chats(pilot, app)
        chats.tag(store, picked[0], ["own"])
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TagsDialog))
        await until_seen(pilot, "Tags to add to 2 chats")
        await pilot.press(*"night, jobs", "enter")
        await until(pilot, lambda: "2 chats tagged." in toasts(app))
        assert [_chat(store, each).tags for each in picked] == [("own", "night", "jobs"), ("night", "jobs")]


async def test_selected_chats_are_exported_to_a_file_each(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(samples)
    async with running(app) as pilot:
        await select_two_chats(pilot, app)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await until_seen(pilot, "2 chats")
        await pilot.press("enter")
        await until(pilot, lambda: "of 2 chats written to" in toasts(app))
        assert len(list(tmp_path.glob("*.md"))) == 2


def _chat(store: Database, chat_id: int) -> chats.Chat:
    found = chats.get(store, chat_id)
    assert found is not None
    return found
