"""Branches in the pane: the last one is shown, keys and far moves go to the others, the tree lists them."""

from __future__ import annotations

import pytest
from app_driver import AppMaker, part, running, screen_text, seen_in, toasts, until
from made_kinds import add, write_chat
from sqlalchemy import update

from chattui.domain.kinds import Kind, Role
from chattui.store.database import Database
from chattui.store.tables import messages

U, A = (Role.USER, Kind.TEXT), (Role.ASSISTANT, Kind.TEXT)
TEXTS = [
    (*U, "How do I moor?"),
    (*A, "With a line."),
    (*U, "Which line is oldest?"),  # 3: edited twice
    (*A, "Hemp."),
    (*U, "Which line is strongest?"),  # 5
    (*A, "Nylon."),
    (*U, "And after nylon?"),
    (*A, "Polyester."),
    (*U, "Which line is cheapest?"),  # 9
    (*A, "Polypropylene."),
]
PARENTS = {5: 2, 9: 2}


@pytest.fixture
def made(db: Database) -> int:
    """A chat whose second prompt was edited twice."""
    return write_chat(db, "Mooring", TEXTS, parents=dict(PARENTS))


async def test_the_last_branch_is_shown_and_keys_go_to_the_others(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await until(pilot, lambda: "‹3 of 3›" in seen_in(pane))
        assert "Hemp" not in seen_in(pane)
        assert "Nylon" not in seen_in(pane)
        assert "With a line" in seen_in(pane)
        assert "Polypropylene" in seen_in(pane)
        await pilot.press("comma")
        await until(pilot, lambda: "‹2 of 3›" in seen_in(pane))
        assert "Nylon" in seen_in(pane)
        assert "Polyester" in seen_in(pane)
        assert "Polypropylene" not in seen_in(pane)
        assert pane.current_seq == 5
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: pane.current_seq == 7)
        await pilot.press("right_curly_bracket")
        await pilot.pause()
        assert pane.current_seq == 7, "the prompts of other branches are not gone to"
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: "Hemp" in seen_in(pane))
        assert "Showing branch 1 of 3." in toasts(app)
        await pilot.press("1")
        await until(pilot, lambda: "Hemp" not in seen_in(pane))
        assert "oldest" in seen_in(pane)
        assert "strongest" not in seen_in(pane)


async def test_finding_and_going_to_a_hidden_branch_shows_it(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await until(pilot, lambda: "‹3 of 3›" in seen_in(pane))
        await pilot.press("ctrl+f", *"polyester")
        await until(pilot, lambda: "1 message" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Polyester" in seen_in(pane))
        assert "‹2 of 3›" in seen_in(pane)
        await pilot.press("escape", "colon", "4", "enter")
        await until(pilot, lambda: "Hemp" in seen_in(pane))
        assert "Polyester" not in seen_in(pane)


async def test_the_tree_lists_the_prompts_by_branch_and_goes_there(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        pane.focus()
        await until(pilot, lambda: "‹3 of 3›" in seen_in(pane))
        await pilot.press("O")
        await until(pilot, lambda: "├ ‹2 of 3› Which line is strongest?" in screen_text(app))
        assert "├ ‹1 of 3› Which line is oldest?" in screen_text(app)
        assert "│ And after nylon?" in screen_text(app)
        await pilot.press(*"after", "enter")
        await until(pilot, lambda: "And after nylon?" in seen_in(pane) and "Polyester" in seen_in(pane))
        assert "cheapest" not in seen_in(pane)
        await pilot.press("o")
        await until(pilot, lambda: "How do I moor?" in screen_text(app) and "5 prompts" in screen_text(app))
        assert "├" not in screen_text(app)


async def test_replies_made_again_are_in_the_tree(db: Database, conninfo: str, app_on: AppMaker) -> None:
    texts = [(*U, "How do I moor?"), (*A, "With a line."), (*U, "Which one?"), (*A, "With two."), (*U, "And at night?")]
    chat = write_chat(db, "Mooring", texts, parents={4: 1})
    said_by = update(messages).where(messages.c.chat_id == chat, messages.c.role == "assistant")
    db.write(lambda conn: conn.execute(said_by.values(reply_id=messages.c.content)))
    app = app_on(conninfo)
    async with running(app) as pilot:
        app.main.pane.focus()
        await until(pilot, lambda: "‹2 of 2›" in seen_in(app.main.pane) and "night" in seen_in(app.main.pane))
        await pilot.press("O")
        await until(pilot, lambda: "1  ‹2 replies› How do I moor?" in screen_text(app))
        assert "├ ‹1 of 2› Which one?" in screen_text(app)
        assert "├ ‹2 of 2› And at night?" in screen_text(app)


async def test_a_prompt_that_is_edited_meanwhile_is_followed_at_the_end(
    made: int, conninfo: str, app_on: AppMaker, db: Database
) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        await until(pilot, lambda: "‹3 of 3›" in seen_in(pane))
        add(db, made, [(*U, "Which line floats?"), (*A, "Polyethylene.")], after=10, parents={11: 2})
        await until(pilot, lambda: "‹4 of 4›" in seen_in(pane))
        assert "cheapest" not in seen_in(pane)
        assert "Polyethylene" in seen_in(pane)


async def test_a_hit_on_another_branch_is_opened_there(made: int, conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        pane = app.main.pane
        await pilot.press("slash", *"hemp")
        await until(pilot, lambda: "Hemp" in seen_in(app.main.hits))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "‹1 of 3›" in seen_in(pane) and "Hemp" in seen_in(pane))
        assert "Nylon" not in seen_in(pane)


async def test_a_straight_chat_says_that_it_does_not_part(db: Database, conninfo: str, app_on: AppMaker) -> None:
    write_chat(db, "Straight", [(*U, "One"), (*A, "Two")])
    app = app_on(conninfo)
    async with running(app) as pilot:
        app.main.pane.focus()
        await until(pilot, lambda: "Two" in seen_in(app.main.pane))
        await pilot.press("comma")
        await until(pilot, lambda: "does not part here" in toasts(app))
        assert "of 1›" not in "".join(part(app.main.pane))
