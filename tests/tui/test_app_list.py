"""The list of chats: choosing, filtering, ordering, removing, bringing back."""

from __future__ import annotations

import pytest
from app_driver import AppMaker, part, running, screen_text, seen_in, toasts, until, until_seen
from textual.widgets import Input

from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.main import MainScreen


def listed(app: ChattuiApp) -> list[str]:
    """The rows of the list without marks and blank rows."""
    return [row.strip(" ▌") for row in part(app.main.sidebar.recents) if row.strip()]


def titled(app: ChattuiApp, beginning: str) -> bool:
    """Whether the chat above the pane is this one."""
    return part(app.main.title_bar)[0].strip(" ★").startswith(beginning)


async def test_the_cursor_moves_and_enter_opens(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: titled(app, "explain this bounce regex"))
        await until_seen(pilot, "▌explain this bounce regex")
        assert app.focused is app.main.pane


async def test_a_click_opens(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        row = next(y for y, text in enumerate(part(app.main.sidebar.recents)) if "CSS grid" in text)
        await pilot.click(app.main.sidebar.recents, offset=(5, row))
        await until(pilot, lambda: titled(app, "CSS grid"))


async def test_typing_filters_and_esc_shows_all_again(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        everything = listed(app)
        await pilot.press("f", *"POOL")
        await until(pilot, lambda: len(listed(app)) == 4)
        assert [row.rsplit(maxsplit=2)[0] for row in listed(app)[1::2]] == [
            "Pool exhausted at midnight",
            "Data race in a Go pool",
        ]
        await pilot.press("escape")
        await until(pilot, lambda: listed(app) == everything)
        assert app.focused is app.main.sidebar.recents
        assert not app.main.sidebar.filter.display


async def test_enter_goes_from_the_filter_to_the_list_and_opens_there(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f", *"race", "enter")
        await until(pilot, lambda: len(listed(app)) == 2)
        await pilot.press("enter")
        await until(pilot, lambda: titled(app, "Data race in a Go pool"))


async def test_a_filter_without_chats_says_so(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f", *"zzz[b]")
        await until_seen(pilot, "No chat matches “zzz[b]”")


async def test_a_pinned_chat_goes_on_top_and_back(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        before = listed(app)
        await pilot.press("end", "p")
        await until(pilot, lambda: listed(app)[0] == "Pinned")
        assert listed(app)[1].startswith("★ CSS grid for settings")
        assert chats.recents(store, limit=1)[0].title == "CSS grid for settings"
        await pilot.press("p")
        await until(pilot, lambda: listed(app) == before)


async def test_rename_asks_with_the_title_and_keeps_the_answer(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f2")
        await until_seen(pilot, "Title of this chat", "Pool exhausted at midnight")
        app.screen.query_one("#title", Input).value = ""
        await pilot.press(*"Tide", "enter")
        await until(pilot, lambda: titled(app, "Tide") and listed(app)[1].startswith("Tide"))
        assert chats.recents(store, limit=1)[0].title == "Tide"


async def test_rename_can_be_dropped(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f2")
        await until_seen(pilot, "Title of this chat")
        await pilot.press("x", "escape")
        await pilot.pause()
        assert app.screen is app.main
        assert listed(app)[1].startswith("Pool exhausted at midnight")


async def test_an_archived_chat_leaves_the_list_but_not_the_search(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("down", "a")
        await until(pilot, lambda: "Why is my index" not in "\n".join(listed(app)))
        assert "“Why is my index ignored?” archived. u brings it back." in toasts(app)
        await pilot.press("slash", *"postgres index")
        await until(pilot, lambda: "Why is my index ignored?" in seen_in(app.main.hits))
        await pilot.press("escape", "u")
        await until(pilot, lambda: "Why is my index" in "\n".join(listed(app)))


async def test_a_deleted_chat_leaves_list_and_search_until_it_is_brought_back(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        before = listed(app)
        await pilot.press("down", "down", "d")
        await until(pilot, lambda: "explain this bounce regex" not in "\n".join(listed(app)))
        assert "deleted. u brings it back." in toasts(app)
        assert not [c for c in chats.recents(store) if c.title == "explain this bounce regex"]
        await pilot.press("u")
        await until(pilot, lambda: listed(app) == before)


async def test_after_deleting_the_open_chat_the_next_one_is_open(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: titled(app, "Why is my index ignored?"), "another chat")
        await pilot.press("u")
        await until(pilot, lambda: listed(app)[1].startswith("Pool exhausted at midnight"))


async def test_a_new_chat_begins_from_anywhere(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        places = {
            "the list": ("n",),
            "the list, everywhere's key": ("ctrl+n",),
            "the other key": ("ctrl+t",),
            "the search bar": ("slash", *"pool", "ctrl+n"),
            "the hits": ("slash", *"pool", "ctrl+t"),
            "the composer": ("w", *"x", "ctrl+n"),
            "the filter": ("f", *"x", "ctrl+n"),
        }
        for place, keys in places.items():
            app.main.sidebar.recents.focus()
            await pilot.pause()
            await pilot.press(*keys)
            await until(pilot, lambda: app.main.composer.is_writing, f"a new chat from {place}")
            await until(pilot, lambda: app.main.open_chat.chat is None, place)
            await until_seen(pilot, "A new chat. Its first line will name it.")
            await pilot.press("escape")
            await pilot.press("escape")


async def test_the_pages_behind_the_first_are_loaded_at_the_end(db: Database, conninfo: str, app_on: AppMaker) -> None:
    for number in range(250):
        chats.create(db, title=f"Chat {number:03}")
    app = app_on(conninfo)
    async with running(app) as pilot:
        assert listed(app)[1].startswith("Chat 249")
        recents = app.main.sidebar.recents
        await pilot.press("end")
        for rows in (200, 250):
            await until(pilot, lambda rows=rows: recents.count >= rows)
            await pilot.press("end")
        await until(pilot, lambda: listed(app)[-1].startswith("Chat 000"))


async def test_news_do_not_take_the_cursor_off_its_chat(db: Database, conninfo: str, app_on: AppMaker) -> None:
    made = [chats.create(db, title=f"Chat {number:03}") for number in range(150)]
    app = app_on(conninfo)
    async with running(app) as pilot:
        recents = app.main.sidebar.recents
        await pilot.press("end")
        await until(pilot, lambda: recents.count >= 150)
        await pilot.press("end", "up", "up", "up")
        chosen = recents.chat_id
        assert chosen == made[3].id
        messages.append(db, made[100].id, "news", key="k1")
        await until(pilot, lambda: app.main.recents._rows[0].id == made[100].id)
        assert recents.chat_id == chosen
        assert "Chat 003" in seen_in(recents)


async def test_p_acts_on_the_open_chat_when_the_list_has_not_the_focus(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f", *"race", "enter", "enter")
        await until(pilot, lambda: titled(app, "Data race"))
        await pilot.press("p")
        await until(pilot, lambda: part(app.main.title_bar)[0].strip().startswith("★ Data race"))
        app.main.sidebar.filter.value = "grid"
        await until(pilot, lambda: "Data race" not in "\n".join(listed(app)))
        await pilot.press("p")
        await until(pilot, lambda: titled(app, "Data race") and "★" not in screen_text(app), "unpinned again")


async def test_opening_a_chat_does_not_lay_out_the_screen(
    samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await until(pilot, lambda: not app.main._layout_required)
        for _ in range(5):  # what follows the first screen
            await pilot.pause(0.05)
        laid_out: list[int] = []
        lay_out = MainScreen._refresh_layout

        def counted(screen: MainScreen, *given: object, **named: object) -> None:
            laid_out.append(1)
            lay_out(screen, *given, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(MainScreen, "_refresh_layout", counted)
        before = app.main.open_chat.chat_id
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.main.open_chat.chat_id != before)
        await pilot.pause()
        assert not laid_out
