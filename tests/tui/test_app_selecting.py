"""Selecting by keyboard in the app: what is said of it, and where its keys lead."""

from __future__ import annotations

from app_driver import AppMaker, lines, running, toasts, until, until_seen


async def test_the_title_says_what_is_selected_and_escape_leaves_only_the_selection(
    samples: str, app_on: AppMaker
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("g", "v")
        await until_seen(pilot, "lines selected · y copies · x exports · Esc leaves")
        await pilot.press("V", "j", "j")
        await until_seen(pilot, "3 messages selected · y copies")
        await pilot.press("escape")
        await until(pilot, lambda: "selected" not in lines(app)[1])
        assert app.main.pane.has_focus
        assert not app.main.pane.is_selecting
        await pilot.press("escape")
        await until(pilot, lambda: app.main.sidebar.recents.has_focus)


async def test_a_click_or_another_chat_ends_it(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("V")
        await until_seen(pilot, "1 message selected")
        await pilot.click(app.main.pane, offset=(5, 5))
        await until(pilot, lambda: "selected" not in "".join(lines(app)))
        await pilot.press("V")
        await until_seen(pilot, "1 message selected")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: not app.main.pane.is_selecting)
        assert "selected" not in "".join(lines(app))


async def test_what_is_selected_is_copied(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("g", "V", "j", "enter")
        await until(pilot, lambda: "Copied the selection (" in toasts(app))
        assert app.clipboard.startswith("You  ")
        assert not app.main.pane.is_selecting
