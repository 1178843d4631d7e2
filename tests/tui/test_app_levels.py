"""Levels of detail: chosen by key, kept in place and between starts, and raised by what is gone to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from app_driver import AppMaker, part, quit_app, running, seen_in, toasts, until
from made_kinds import TURN, add, turns, write_chat

from chattui.store import chats
from chattui.store.database import Database

COUNT = 500
MADE = COUNT * len(TURN)


@pytest.fixture(scope="module")
def begun_with(template_of: Callable[..., str]) -> str:
    """A chat of 3,000 messages, of every kind."""
    return template_of(lambda db: write_chat(db, "All kinds", turns(COUNT)))


@pytest.fixture
def made(db: Database) -> int:
    """This chat."""
    [chat] = chats.recents(db)
    return chat.id


def words(app: object) -> set[str]:
    """Which words of the made messages are in the pane."""
    return set(re.findall(r"(prompt|thought|call|result|event|reply) \d+ of it", seen_in(app.main.pane)))  # type: ignore[attr-defined]


async def test_each_key_shows_its_level_and_the_title_says_which(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane, title = app.main.pane, app.main.title_bar
        pane.focus()
        await until(pilot, lambda: f"reply {MADE} of it" in seen_in(pane))
        assert words(app) == {"prompt", "thought", "call", "result", "event", "reply"}
        await pilot.press("1")
        await until(pilot, lambda: words(app) == {"prompt"} and "…" not in seen_in(pane))
        assert "prompts 1/4" in part(title)[0]
        assert f"prompt {MADE - 5} of it" in seen_in(pane)
        await pilot.press("2")
        await until(pilot, lambda: words(app) == {"prompt", "reply"})
        await pilot.press("D")
        await until(pilot, lambda: words(app) == {"prompt", "call", "result", "reply"})
        assert "with tools 3/4" in part(title)[0]
        await pilot.press("D")
        await until(pilot, lambda: len(words(app)) == 6)
        assert "/4" not in part(title)[0]
        await until(pilot, lambda: f"reply {MADE} of it" in part(pane)[-1])  # nobody moved: back at the end
        await pilot.press("D")
        await until(pilot, lambda: words(app) == {"prompt"})


async def test_what_is_at_the_top_stays_there_or_the_next_one_that_is_shown(
    made: int, conninfo: str, app_on: AppMaker
) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await pilot.press("home", *["pagedown"] * 3)
        await until(pilot, lambda: "of it" in part(pane)[0] + part(pane)[1] + part(pane)[2])
        top = pane.position
        await pilot.press("1")
        await until(pilot, lambda: words(app) == {"prompt"})
        assert 0 <= pane.position[0] - top[0] < len(TURN)
        assert TURN[(pane.position[0] - 1) % len(TURN)][2] == "prompt"
        await pilot.press("4")
        await until(pilot, lambda: len(words(app)) == 6)
        assert pane.position == top, "peeking at the prompts loses no place"
        await pilot.press("1")
        await until(pilot, lambda: words(app) == {"prompt"} and "…" not in seen_in(pane))
        await pilot.press("down", "down", "down", "down", "right_square_bracket")
        top = pane.position
        await pilot.press("4")
        await until(pilot, lambda: len(words(app)) == 6)
        assert pane.position == top


async def test_a_level_reaches_far_and_is_scrolled_to_both_ends(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await pilot.press("1")
        await until(pilot, lambda: pane.sieve.is_complete)
        for _ in range(3):
            await pilot.press("pageup")
            await until(pilot, lambda: words(app) == {"prompt"} and "…" not in seen_in(pane))
        await pilot.press("home")
        await until(pilot, lambda: "prompt 1 of it" in seen_in(pane) and "prompt 7 of it" in seen_in(pane))
        await pilot.press("right_square_bracket")
        assert pane.current_seq == 1 + len(TURN)
        await pilot.press("left_square_bracket")
        assert pane.current_seq == 1
        await pilot.press("end")
        await until(pilot, lambda: f"prompt {MADE - 5} of it" in seen_in(pane))
        assert pane.current_seq == MADE - 5
        assert pane.viewport.heights.shown_between(1, MADE) == COUNT


async def test_going_to_a_hidden_message_raises_the_level_and_says_so(
    made: int, conninfo: str, app_on: AppMaker
) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await pilot.press("1")
        await until(pilot, lambda: pane.sieve.is_complete)
        await pilot.press("colon", *"1203", "enter")  # a call
        await until(pilot, lambda: "call 1203 of it" in seen_in(pane))
        assert "now showing with tools" in toasts(app)
        assert "with tools 3/4" in part(app.main.title_bar)[0]
        assert "thought" not in words(app)
        await pilot.press("1")
        await until(pilot, lambda: words(app) == {"prompt"})
        await pilot.press("ctrl+f", *"thought 1994")
        await until(pilot, lambda: "1 message" in seen_in(app.main))
        await pilot.press("enter")
        await until(pilot, lambda: "thought 1994 of it" in seen_in(pane))
        assert "/4" not in part(app.main.title_bar)[0]


async def test_a_hit_that_is_hidden_is_shown(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await pilot.press("2")
        await until(pilot, lambda: words(app) == {"prompt", "reply"})
        await pilot.press("slash", *'"result 2002"')
        await until(pilot, lambda: "result 2002 of it" in seen_in(app.main.hits))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "result 2002 of it" in seen_in(pane))
        assert "now showing with tools" in toasts(app)


async def test_the_level_is_there_again_at_the_next_start(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("2")
        await until(pilot, lambda: words(app) == {"prompt", "reply"})
        await quit_app(pilot)
    again = app_on(conninfo)
    async with running(again) as pilot:
        await until(pilot, lambda: words(again) == {"prompt", "reply"})
        assert "conversation 2/4" in part(again.main.title_bar)[0]
        again.main.pane.focus()
        await pilot.press("home")
        await until(pilot, lambda: "prompt 1 of it" in seen_in(again.main.pane))
        assert words(again) == {"prompt", "reply"}


async def test_what_is_added_is_shown_by_its_level(made: int, conninfo: str, app_on: AppMaker, db: Database) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await pilot.press("2")
        await until(pilot, lambda: words(app) == {"prompt", "reply"} and pane.sieve.is_complete)
        add(db, made, [(r, k, f"{w} {MADE + n} of it") for n, (r, k, w) in enumerate(TURN, 1)], after=MADE)
        await until(pilot, lambda: f"reply {MADE + 6} of it" in part(pane)[-1])
        assert words(app) == {"prompt", "reply"}
        await pilot.press("home")
        await until(pilot, lambda: "prompt 1 of it" in seen_in(pane))
        add(db, made, [(r, k, f"{w} again") for r, k, w in TURN], after=MADE + 6)
        await until(pilot, lambda: "2 new ↓" in part(pane)[-1])
        await pilot.press("w", *"mine", "enter")
        await until(pilot, lambda: pane.feed is not None and pane.feed.count == MADE + 13)
        await pilot.press("escape", "end")
        await until(pilot, lambda: "mine" in seen_in(pane) and "reply again" in seen_in(pane))
        assert "thought again" not in seen_in(pane)


async def test_another_chat_is_shown_at_the_same_level(
    made: int, conninfo: str, app_on: AppMaker, db: Database
) -> None:
    empty = write_chat(db, "No prompts", [t for t in turns(2) if t[2].startswith(("reply", "thought"))])
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await pilot.press("1")
        app.main.open_chat.ask(made)
        await until(pilot, lambda: words(app) == {"prompt"} and "…" not in seen_in(pane))
        app.main.open_chat.ask(empty)
        await until(pilot, lambda: words(app) == {"reply"})
        assert "conversation 2/4" in part(app.main.title_bar)[0], "where there are no prompts, what there is"
        app.main.open_chat.ask(made)
        await until(pilot, lambda: words(app) == {"prompt"})
        assert chats.get(db, made) is not None
