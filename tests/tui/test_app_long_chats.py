"""Chats of thousands of messages: found and opened at the match, read in both directions, followed as they grow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_driver import AppMaker, part, running, seen_in, until
from made_chats import chat_of, import_all, write_session

from chattui.store import messages
from chattui.store.database import Database

COUNT = 3_400
NEEDLE = 1_201


@pytest.fixture
def long_chat(db: Database, tmp_path: Path) -> Iterator[int]:
    texts = [
        f"This is message {n} of the long one." + (" heron" if n in (NEEDLE, 3_001) else "")
        for n in range(1, COUNT + 1)
    ]
    write_session(tmp_path / "home", texts, title="The long one")
    import_all(db, tmp_path / "home")
    return chat_of(db, "The long one")


async def test_a_long_chat_is_opened_at_the_match_and_read_both_ways(
    long_chat: int, conninfo: str, app_on: AppMaker
) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        await until(pilot, lambda: f"message {COUNT} of" in seen_in(pane))
        await pilot.press("slash", *"heron")
        await until(pilot, lambda: "2 messages" in part(app.main.title_bar)[0])
        await pilot.press("down", "enter")
        await until(pilot, lambda: f"message {NEEDLE} of the long one. heron" in seen_in(pane))
        await until(pilot, lambda: "2 match" in part(app.main.title_bar)[0])
        await pilot.press("n")
        await until(pilot, lambda: "message 3001 of the long one. heron" in seen_in(pane))
        assert "match 2 of 2" in part(app.main.title_bar)[0]
        await pilot.press("N")
        await until(pilot, lambda: f"message {NEEDLE} of" in seen_in(pane))
        for key, wanted in (("pageup", NEEDLE - 60), ("pagedown", NEEDLE + 60)):
            for _ in range(40):
                if f"message {wanted} of" in seen_in(pane):
                    break
                await pilot.press(key)
                await until(pilot, lambda: "of the long one" in seen_in(pane) and "…" not in seen_in(pane))
            assert f"message {wanted} of" in seen_in(pane), "loaded on the way"


async def test_the_beginning_and_the_end_are_one_key_away(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await pilot.press("home")
        await until(pilot, lambda: "message 1 of" in seen_in(pane))
        assert not pane.viewport.at_end
        await pilot.press("end")
        await until(pilot, lambda: f"message {COUNT} of" in seen_in(pane))


async def test_the_place_in_a_long_chat_is_there_again(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("home", "pagedown", "pagedown")
        await until(pilot, lambda: "message 25 of" in seen_in(app.main.pane))
        left = part(app.main.pane)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app._exit)
    again = app_on(conninfo)
    async with running(again) as pilot:
        await until(pilot, lambda: part(again.main.pane) == left)


async def test_what_another_program_adds_is_followed_at_the_end_and_only_counted_elsewhere(
    long_chat: int, conninfo: str, app_on: AppMaker, db: Database
) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        await until(pilot, lambda: f"message {COUNT} of" in seen_in(pane))
        messages.append(db, long_chat, "said elsewhere", key="k1")
        await until(pilot, lambda: "said elsewhere" in part(pane)[-1])
        pane.focus()
        await pilot.press("home")
        await until(pilot, lambda: "message 1 of" in seen_in(pane))
        left = part(pane)[:-1]
        messages.append(db, long_chat, "and again", key="k2")
        await until(pilot, lambda: "1 new ↓" in part(pane)[-1])
        assert part(pane)[:-1] == left, "what is read stays where it is"
        await pilot.press("end")
        await until(pilot, lambda: "and again" in part(pane)[-1] and "new ↓" not in seen_in(pane))
