"""Searches that are kept: brought back by Up, saved with a name, listed with their counts."""

from __future__ import annotations

from app_driver import AppMaker, part, quit_app, running, screen_text, seen_in, until, until_seen

from chattui.store import searches
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.search_dialogs import SaveSearchDialog


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0].strip()


async def test_up_in_the_empty_bar_brings_the_last_searches_also_at_the_next_start(
    samples: str, app_on: AppMaker
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        for query in ("schema", "midnight", "schema"):
            await pilot.press("slash", *query)
            await until(pilot, lambda query=query: app.main.hits.hit is not None and query in app.main.searching.text)
            await until(pilot, lambda: "message" in title(app))
            await pilot.press("enter")
            await until(pilot, lambda: app.main.pane.display)
            await pilot.press("escape", "escape")
        await until(pilot, lambda: list(app.main.search_bar.recents) == ["schema", "midnight"])
        await quit_app(pilot)
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.search_bar.recents)
        await pilot.press("slash", "up")
        assert app.main.search_bar.value == "schema"
        await until(pilot, lambda: "4 messages" in title(app))
        await pilot.press("up")
        assert app.main.search_bar.value == "midnight"
        await pilot.press("up")
        assert app.main.search_bar.value == "midnight", "there is no older one"
        await until(pilot, lambda: app.main.searching.text == "midnight" and app.main.hits.count > 4)
        first = app.main.hits.cursor
        await pilot.press("down", "down")
        await until(pilot, lambda: app.main.hits.cursor > first)
        here = app.main.hits.cursor
        await pilot.press("up")
        await until(pilot, lambda: app.main.hits.cursor < here)
        assert app.main.search_bar.value == "midnight", "among the hits Up is up"


async def test_a_saved_search_stands_above_the_chats_with_its_count(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        assert "Saved searches" not in screen_text(app)
        await pilot.press("slash", *"schema", "alt+s")
        await until(pilot, lambda: isinstance(app.screen, SaveSearchDialog))
        await pilot.press(*"Tables", "enter")
        await until(pilot, lambda: "Saved searches" in seen_in(app.main.sidebar))
        await until(pilot, lambda: part(app.main.sidebar)[1].split() == ["Tables", "4"])
        await quit_app(pilot)
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: part(app.main.sidebar)[1].split() == ["Tables", "4"])
        await pilot.press("S", "enter")
        await until(pilot, lambda: "4 messages" in title(app))
        assert app.main.search_bar.value == "schema"
        await pilot.press("escape", "S", "d")
        await until(pilot, lambda: "Saved searches" not in screen_text(app))
        assert app.focused is app.main.sidebar.recents


async def test_hostile_names_are_seen_not_obeyed(samples: str, app_on: AppMaker, store: Database) -> None:
    searches.save(store, "[red]x[/] \u202e", "\x1b[2J[b]evil[/b]")
    app = app_on(samples)
    async with running(app) as pilot:
        await until_seen(pilot, "␛[2J[b]evil[/b]")
        await pilot.press("S", "enter")
        await until(pilot, lambda: "[red]x[/]" in app.main.search_bar.value)
        await pilot.press("escape", "S", "delete")
        await until(pilot, lambda: "evil" not in seen_in(app.main.sidebar))
