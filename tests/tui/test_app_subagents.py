"""From a tool call to the chat that it has started, and back to the line that was being read."""

from __future__ import annotations

from typing import Any

from app_driver import AppMaker, part, running, screen_text, seen_in, toasts, until

from chattui.store.connection import connect

CALL = "Find threads that use the ORM"


def rows(conninfo: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connect(conninfo) as conn:
        return conn.execute(statement, values).fetchall()


def heading(app: object) -> str:
    return part(app.main.title_bar)[0].strip()  # type: ignore[attr-defined]


def words(app: object) -> list[str]:
    """The pane's rows without the bar of the current message."""
    return [row.strip("▌▎▅▂▁▃▄▆▇█ ") for row in part(app.main.pane)]  # type: ignore[attr-defined]


async def test_a_call_says_what_it_has_started_and_leads_there_and_back(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("home")
        for _ in range(40):
            if CALL in seen_in(app.main.pane):
                break
            await pilot.press("pagedown")
        await until(pilot, lambda: "⤷ 9 messages (>)" in seen_in(app.main.pane), "the call's chat")
        await pilot.press("down")
        left = words(app)
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: heading(app).startswith("Find every place in harbor/"))
        await until(pilot, lambda: "Look for all ways to do that" in seen_in(app.main.pane))
        assert "⤷" not in seen_in(app.main.pane)
        await pilot.press("less_than_sign")
        await until(pilot, lambda: heading(app).startswith("Pool exhausted"))
        await until(pilot, lambda: words(app) == left, "the same lines")


async def test_a_subagent_that_was_found_leads_to_the_call_that_started_it(samples: str, app_on: AppMaker) -> None:
    child = rows(samples, "SELECT id FROM chattui.chats WHERE parent_id IS NOT NULL")[0][0]
    app = app_on(samples, chat=str(child))
    async with running(app) as pilot:
        assert heading(app).startswith("Find every place in harbor/")
        await pilot.press("less_than_sign")
        await until(pilot, lambda: heading(app).startswith("Pool exhausted"))
        await until(pilot, lambda: CALL in part(app.main.pane)[0], "the call on top")


async def test_where_there_is_no_way_down_or_up_it_is_said(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("end", "less_than_sign")
        await until(pilot, lambda: "not started by another one" in toasts(app))
        app.main.pane.focus()
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: "No tool call here" in toasts(app), screen_text(app))


async def test_a_result_that_names_the_agent_leads_there_too(samples: str, app_on: AppMaker) -> None:
    """Where the source does not say which call it was."""
    rows(samples, "UPDATE chattui.chats SET parent_call_id = NULL WHERE parent_id IS NOT NULL RETURNING id")
    app = app_on(samples)
    async with running(app) as pilot:
        parent = rows(samples, "SELECT parent_id FROM chattui.chats WHERE parent_id IS NOT NULL")[0][0]
        seq = rows(samples, "SELECT seq FROM chattui.messages WHERE chat_id = %s AND metadata ? 'agent_id'", parent)[0][
            0
        ]
        app.main.open_chat.ask(parent, seq)
        await until(pilot, lambda: app.main.pane.current_seq == seq)
        await until(pilot, lambda: app.main.pane.typeset.subagent(app.main.pane.feed.get(seq)))  # type: ignore[union-attr,arg-type]
        app.main.pane.focus()
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: heading(app).startswith("Find every place in harbor/"))


async def test_a_fork_is_named_where_it_parts_and_leads_there_and_back(samples: str, app_on: AppMaker) -> None:
    """Of a fork that repeats what both have, the first message of its own is shown."""
    origin = rows(samples, "SELECT id FROM chattui.chats WHERE title LIKE 'Flaky scheduler%%'")[0][0]
    fork = rows(
        samples,
        "INSERT INTO chattui.chats (source, source_id, title, forked_from, forked_seq)"
        " VALUES ('codex', 'fork', 'Another [red]way', %s, 2) RETURNING id",
        origin,
    )[0][0]
    rows(
        samples,
        "INSERT INTO chattui.messages (chat_id, seq, source_id, created_at, role, kind, content)"
        " SELECT %s, seq, source_id, created_at, role, kind, content FROM chattui.messages WHERE chat_id = %s AND seq <= 2"
        " UNION ALL SELECT %s, 3, 'own', now(), 'user', 'text', 'Let us go another way' RETURNING seq",
        *(fork, origin, fork),
    )
    app = app_on(samples, chat=str(origin))
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("home")
        await until(pilot, lambda: "⑂ goes on in “Another [red]way” (>)" in seen_in(app.main.pane), "the fork's name")
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: heading(app).startswith("Another [red]way"))
        await until(pilot, lambda: app.main.pane.current_seq == 3, "its own first message")
        app.main.open_chat._trail.clear()
        await pilot.press("less_than_sign")
        await until(pilot, lambda: heading(app).startswith("Flaky scheduler"))
        await until(pilot, lambda: app.main.pane.current_seq == 2, "where it parts")
