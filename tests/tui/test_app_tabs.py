"""Tabs: chats opened beside each other, each where it was left, also at the next start."""

from __future__ import annotations

import time
from typing import Any

import pytest
from app_driver import AppMaker, part, quit_app, running, seen_in, until, until_seen

from chattui.store import chats
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.main import MainScreen


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0].strip()


def bar(app: ChattuiApp) -> str:
    return seen_in(app.main.tab_bar) if app.main.tab_bar.display else ""


async def test_hits_open_in_tabs_behind_the_hits_and_are_gone_through(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        first = app.main.open_chat.chat_id
        assert not bar(app), "one chat needs no tabs"
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        hit = app.main.hits.hit
        assert hit is not None
        await pilot.press("alt+t")
        await until(pilot, lambda: bar(app))
        assert app.main.hits.display, "the hits stay"
        assert hit.title[:15] in bar(app)
        await pilot.press("alt+l")
        await until(pilot, lambda: app.main.open_chat.chat_id == hit.chat_id and app.main.pane.display)
        await until_seen(pilot, "schema")
        assert app.main.open_chat.query == "schema", "its matches are marked"
        await pilot.press("escape")
        await until(pilot, lambda: app.main.hits.display)
        assert title(app).startswith("Search")
        assert "messages" in title(app)
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.hits.display)
        assert app.main.open_chat.chat_id == hit.chat_id, "the tab gone to is not taken back to where the search began"
        await pilot.press("alt+h")
        await until(pilot, lambda: app.main.open_chat.chat_id == first)


async def test_the_same_chat_stands_at_two_places(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    longest = max(chats.recents(store, limit=100), key=lambda chat: chat.message_count)
    async with running(app, size=(100, 16)) as pilot:
        app.main.open_chat.ask(longest.id, resume=False)
        await until(pilot, lambda: app.main.open_chat.chat_id == longest.id)
        app.main.pane.focus()
        await until(pilot, lambda: app.main.pane.has_focus and app.main.pane.viewport.at_end)
        await pilot.press("home")
        await until(pilot, lambda: app.main.open_chat.position == (1, 0))
        await pilot.press("alt+t", "end")
        await until(pilot, lambda: app.main.pane.viewport.at_end)
        end = app.main.open_chat.position
        await pilot.press("alt+l")
        await until(pilot, lambda: app.main.open_chat.position == (1, 0))
        await pilot.press("alt+h")
        await until(pilot, lambda: app.main.open_chat.position == end)


async def test_a_new_tab_begins_a_chat_and_closed_tabs_come_back(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        first = app.main.open_chat.chat_id
        await pilot.press("ctrl+t", *"A thought", "enter")
        await until(pilot, lambda: "A thought" in bar(app))
        second = app.main.open_chat.chat_id
        assert second not in (None, first)
        await pilot.press("alt+w")
        await until(pilot, lambda: app.main.open_chat.chat_id == first and not bar(app))
        await pilot.press("alt+w")
        assert len(app.main.tabs.all) == 1, "the only tab stays"
        await pilot.press("alt+u")
        await until(pilot, lambda: app.main.open_chat.chat_id == second and "A thought" in bar(app))


async def test_a_pinned_tab_keeps_its_chat_and_is_not_closed(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        first = app.main.open_chat.chat_id
        await pilot.press("alt+i", "alt+w")
        app.main.sidebar.recents.focus()
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: app.main.open_chat.chat_id != first)
        assert [tab.chat_id for tab in app.main.tabs.all] == [first, app.main.open_chat.chat_id]
        assert bar(app).strip().startswith("▪")
        await pilot.press("alt+L")
        assert app.main.tabs.active == 1, "the last one"
        await pilot.press("alt+t", "alt+L")
        assert app.main.tabs.active == 2


async def test_tabs_come_back_at_the_next_start_and_a_click_goes_to_one(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        await pilot.press("alt+t", "escape", "alt+l")
        await until(pilot, lambda: app.main.tabs.active == 1 and not app.main.open_chat.is_awaited)
        kept = [tab.chat_id for tab in app.main.tabs.all]
        here = app.main.open_chat.chat_id
        await quit_app(pilot)
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: bar(app) and app.main.open_chat.chat is not None)
        assert [tab.chat_id for tab in app.main.tabs.all] == kept
        assert app.main.open_chat.chat_id == here == kept[1]
        await pilot.click("#tabs", offset=(3, 0))
        await until(pilot, lambda: app.main.open_chat.chat_id == kept[0])
        await pilot.click("#tabs", offset=(3, 0), button=2)
        await until(pilot, lambda: len(app.main.tabs.all) == 1 and app.main.open_chat.chat_id == here)


async def test_hundreds_of_tabs_show_those_around_the_active_one_and_come_back_at_once(
    samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        for number in range(300):
            app.main.tabs.add(app.main.open_chat.chat_id, f"Tab {number}")
        app.main.tabs.go(150)
        app.main.show_tabs()
        await until(pilot, lambda: "Tab 149" in bar(app))
        assert {"‹", "›"} <= set(bar(app))
        await quit_app(pilot)
    app = app_on(samples)
    took: list[float] = []
    take_up = MainScreen.take_up_tabs

    def timed(screen: MainScreen, *given: Any) -> None:
        began = time.perf_counter()
        take_up(screen, *given)
        took.append(time.perf_counter() - began)

    monkeypatch.setattr(MainScreen, "take_up_tabs", timed)
    async with running(app) as pilot:
        await until(pilot, lambda: "‹14" in bar(app) and app.main.open_chat.chat is not None)
        assert len(app.main.tabs.all) == 301
        assert app.main.tabs.active == 150
        assert max(took) < 0.05, "tabs are read when they are gone to"
        await pilot.press("alt+H", "alt+l")
        await until(pilot, lambda: app.main.tabs.active == 150)


async def test_pinned_tabs_stay_in_the_bar_however_far_away_the_active_one_is(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        chat = app.main.open_chat.chat_id
        for number in range(40):
            app.main.tabs.add(chat, f"Tab {number}")
        for number in (3, 7):
            app.main.tabs.go(number)
            assert app.main.tabs.pin()
        names = [tab.title for tab in app.main.tabs.all[:2]]
        app.main.tabs.go(30)
        app.main.show_tabs()
        await until(pilot, lambda: app.main.tabs.current.title in bar(app))
        shown = bar(app)
        assert shown.lstrip().startswith(f"▪ {names[0]}  ▪ {names[1]} ‹2")
        assert shown.rstrip().endswith("›")
        await pilot.click("#tabs", offset=(shown.index(names[1]) + 1, 0))
        await until(pilot, lambda: app.main.tabs.active == 1)


async def test_a_chat_that_is_deleted_has_no_tab(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        app.main.sidebar.recents.focus()
        await pilot.press("down", "down", "alt+t")
        await until(pilot, lambda: bar(app))
        await pilot.press("d")
        await until(pilot, lambda: not bar(app))
        assert app.main.open_chat.chat is not None


async def test_a_tab_whose_chat_was_purged_elsewhere_says_so(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        app.main.tabs.add(987_654, "Gone")
        app.main.show_tabs()
        await pilot.press("alt+l")
        await until_seen(pilot, "not there any more")
        assert app.main.open_chat.chat is None
        assert app.main.tabs.current.chat_id is None
        await pilot.press("alt+h")
        await until(pilot, lambda: app.main.open_chat.chat is not None)
