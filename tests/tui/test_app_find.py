"""Find in chat, far moves, the outline, and the place of every chat, as a person uses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_driver import AppMaker, part, quit_app, running, screen_text, seen_in, until, until_seen
from made_chats import chat_of, import_all, write_session
from sqlalchemy import func, select
from textual.events import Key
from textual.pilot import Pilot

from chattui.store.database import Database
from chattui.store.tables import messages
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.places import OutlineDialog

COUNT = 2_600
HERONS = (7, 1_301, 2_400)


@pytest.fixture
def long_chat(db: Database, tmp_path: Path) -> Iterator[int]:
    texts = [f"This is message {n} of it." + (" A heron-42." if n in HERONS else "") for n in range(1, COUNT + 1)]
    write_session(tmp_path / "home", texts, title="The long one")
    write_session(tmp_path / "home", ["short question", "short answer"], title="The short one", number=2)
    import_all(db, tmp_path / "home")
    return chat_of(db, "The long one")


def bar(app: ChattuiApp) -> str:
    """The find bar's line."""
    return part(app.main._finding.bar)[0] if app.main.is_finding and app.main._finding else ""


async def open_long(app: ChattuiApp, pilot: Pilot[int], long_chat: int) -> None:
    app.main.open_chat.ask(long_chat)
    await until(pilot, lambda: app.main.open_chat.chat_id == long_chat and "of it." in seen_in(app.main.pane))
    app.main.pane.focus()


async def find(app: ChattuiApp, pilot: Pilot[int], text: str, says: str) -> None:
    await pilot.press("ctrl+f")
    await until(pilot, lambda: app.main.is_finding)
    await pilot.press(*text)
    await until(pilot, lambda: says in bar(app), f"{says} in the bar, which says {bar(app)!r}")


async def test_the_whole_chat_is_searched_and_stepped_through(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)
        pane = app.main.pane
        await pilot.press("home")
        await until(pilot, lambda: "message 1 of" in seen_in(pane))
        await find(app, pilot, "HERON", "3 messages")
        assert "message 1 of" in seen_in(pane), "typing does not move"
        for key, number, index in (("enter", 7, 1), ("down", 1_301, 2), ("ctrl+f", 2_400, 3), ("up", 1_301, 2)):
            await pilot.press(key)
            await until(pilot, lambda n=number: f"message {n} of it. A heron" in seen_in(pane))  # type: ignore[misc]
            await until(pilot, lambda i=index: f"{i} of 3 messages" in bar(app))  # type: ignore[misc]
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.is_finding)
        assert "message 1301 of" in seen_in(pane), "who has stepped to a match stays there"
        assert pane.has_focus


async def test_escape_without_a_step_returns_to_where_one_was(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)
        await pilot.press("home", "pagedown", "pagedown")
        before = app.main.pane.position
        await find(app, pilot, "heron", "3 messages")
        app.main.pane.scroll_rows(60)
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.is_finding)
        assert app.main.pane.position == before
        assert app.main.pane.finder.walk is None, "nothing is highlighted any more"


async def test_expressions_case_and_what_is_wrong_with_them(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)
        await find(app, pilot, "HERON", "3 messages")
        app.post_message(Key("alt+c", "c"))  # as it comes from a terminal, with a character
        await until(pilot, lambda: "no message has it" in bar(app) and "✓case" in bar(app))
        await pilot.press("alt+c", "alt+r", *"-[0-9]+")
        await until(pilot, lambda: "3 messages" in bar(app) and "✓regex" in bar(app))
        await pilot.press("enter")
        await until(pilot, lambda: "1 of 3" in bar(app) or "3 of 3" in bar(app))
        assert app.main.pane.finder.found(app.main.pane.current_seq).spans, (
            "also what only the server can match is marked"
        )
        await pilot.press(*"(")
        await until(pilot, lambda: "Not a regular expression: " in bar(app))
        await pilot.press("backspace")
        await until(pilot, lambda: "3 messages" in bar(app))


async def test_matches_are_marked_on_the_scroll_bar(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)

        def marked() -> list[int]:
            return [row for row, text in enumerate(part(app.main.pane)) if text.endswith("━")]

        assert marked() == []
        await find(app, pilot, "heron", "3 messages")
        await until(pilot, lambda: len(marked()) == 3)
        height = app.main.pane.size.height
        for row, seq in zip(marked(), HERONS, strict=True):
            assert abs(row - seq / COUNT * height) <= 2
        await pilot.press("escape")
        await until(pilot, lambda: marked() == [])


async def test_a_place_is_named_by_number_share_or_time(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)
        for text, number in (("1200", 1_200), ("0%", 1), ("2099-01-01", COUNT), ("50%", 1 + round((COUNT - 1) / 2))):
            await pilot.press("colon")
            await until_seen(pilot, "Go to a message")
            await pilot.press(*text, "enter")
            await until(pilot, lambda n=number: f"message {n} of it" in seen_in(app.main.pane))  # type: ignore[misc]
        await pilot.press("colon", *"soon", "enter")
        await until_seen(pilot, "That is no place in a chat")
        assert "soon" in screen_text(app), "what was typed is still there"


async def test_a_prompt_is_chosen_in_the_outline(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)
        await pilot.press("o")
        await until_seen(pilot, f"{COUNT // 2:,} prompts")
        assert isinstance(app.screen, OutlineDialog)
        await pilot.press(*"HERON")
        await until_seen(pilot, "2 of 1,300 prompts")  # of the three, two are prompts
        await pilot.press("home", "up", "enter")
        await until(pilot, lambda: "message 7 of it. A heron" in seen_in(app.main.pane))


async def test_there_being_no_error_is_said(long_chat: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)
        await pilot.press("right_parenthesis")
        await until_seen(pilot, "No errors in this chat.")


async def test_every_chat_is_where_it_was_left_now_and_at_the_next_start(
    long_chat: int, conninfo: str, app_on: AppMaker, db: Database
) -> None:
    short = chat_of(db, "The short one")
    app = app_on(conninfo)
    async with running(app) as pilot:
        await open_long(app, pilot, long_chat)
        await pilot.press("home", "pagedown", "pagedown", "down")
        left = app.main.pane.position
        for _ in range(2):
            app.main.open_chat.ask(short)
            await until_seen(pilot, "short answer")
            app.main.open_chat.ask(long_chat)
            await until(pilot, lambda: app.main.open_chat.chat_id == long_chat)
            await until(pilot, lambda: app.main.pane.position == left)
        app.main.open_chat.ask(short)
        await until_seen(pilot, "short answer")
        await quit_app(pilot)
    again = app_on(conninfo)
    async with running(again) as pilot:
        await until_seen(pilot, "short answer")
        again.main.open_chat.ask(long_chat)
        await until(pilot, lambda: again.main.open_chat.chat_id == long_chat)
        await until(pilot, lambda: again.main.pane.position == left)
        again.main.pane.focus()
        await pilot.press("end")
        again.main.open_chat.ask(short)
        await until_seen(pilot, "short answer")
        again.main.open_chat.ask(long_chat)
        await until(pilot, lambda: f"message {COUNT} of" in seen_in(again.main.pane))
        assert again.main.pane.viewport.at_end, "who was at the end is at the end again"


async def test_errors_are_stepped_through_and_round(samples: str, store: Database, app_on: AppMaker) -> None:
    chat_id, count = store.read(
        lambda conn: conn.execute(
            select(messages.c.chat_id, func.count()).where(messages.c.error).group_by(messages.c.chat_id).limit(1)
        ).one()
    )
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.open_chat.ask(chat_id)
        await until(pilot, lambda: app.main.open_chat.chat_id == chat_id)
        app.main.pane.focus()
        await pilot.press("home")
        seen = []
        for _ in range(count + 1):
            app.main.say("")
            await pilot.press("right_parenthesis")
            await until(pilot, lambda: "error at message" in app.main.status)
            seen.append(app.main.pane.current_seq)
        assert len(set(seen)) >= 1
        assert "round from the other end" in app.main.status
        assert seen[-1] == seen[0]
