"""Copying, and what the mouse does: dragging, clicking, pointing, the wheel."""

from __future__ import annotations

from pane_app import PaneApp, rows, seen, strips, texts
from pane_feeds import MANY, Feed, generated, message, tools
from textual import events
from textual.content import Content
from textual.pilot import Pilot

from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.pane.messages import CopyRequested, LinkFollowed


async def copies(app: PaneApp, pilot: Pilot[None], *keys: str) -> list[tuple[str, str]]:
    app.posted.clear()
    await pilot.press(*keys)
    await pilot.pause()
    return [(each.text, each.what) for each in app.posted if isinstance(each, CopyRequested)]


async def test_copying_message_code_and_id() -> None:
    source = "**Two** blocks:\n\n```py\none\n```\n\nand\n\n```\ntwo\n\tthree\n```"
    app = PaneApp(Feed([message(1, "x"), message(2, source)]))
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        assert await copies(app, pilot, "y") == [(source, "message")]
        assert await copies(app, pilot, "c", "c", "Y") == [
            ("one", "code block 1 of 2"),
            ("two\n\tthree", "code block 2 of 2"),
            ("one", "code block 1 of 2"),
        ]
        assert await copies(app, pilot, "i") == [("7", "chat id")]
        await pilot.press("left_square_bracket")
        assert await copies(app, pilot, "y") == [("x", "message")]


async def test_dragging_selects_text_across_messages() -> None:
    app = PaneApp(Feed([message(1, "alpha beta"), message(2, "gamma **delta** epsilon")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        await pilot.mouse_down(MessagePane, offset=(2 + 6, 1))
        await pilot.hover(MessagePane, offset=(2 + 10, 4))
        await pilot.mouse_up(MessagePane, offset=(2 + 10, 4))
        assert app.screen.get_selected_text() == "beta\n\nAssistant  5m ago\ngamma delta"
        backgrounds = {s.style.bgcolor for s in strips(app.pane)[4] if s.style and "delta" in s.text}
        assert backgrounds == {app.pane._theme().plain.selected.bgcolor}
        assert app.pane.current_seq == 2, "a drag is not a click"
        await pilot.press("ctrl+c")
        assert app.clipboard == "beta\n\nAssistant  5m ago\ngamma delta"


async def test_a_drag_that_ends_on_a_folded_line_does_not_open_it() -> None:
    app = PaneApp(tools(), at_end=False)
    async with app.run_test(size=(70, 24)) as pilot:
        await pilot.pause()
        at = next(n for n, row in enumerate(rows(app.pane)) if "Bash" in row)
        await pilot.mouse_down(MessagePane, offset=(4, 1))
        await pilot.hover(MessagePane, offset=(20, at))
        await pilot.mouse_up(MessagePane, offset=(20, at))
        click = events.Click(app.pane, 20, at, 0, 0, 1, False, False, False)
        app.pane.post_message(click)  # as the app does when button down and up are in one widget; Pilot does not
        await pilot.pause()
        assert '{"command": "rg"}' not in seen(app.pane)
        assert app.pane.current_seq == 1


async def test_selection_stays_with_its_text_when_the_view_moves() -> None:
    app = PaneApp(Feed(generated, MANY), at=50_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.mouse_down(MessagePane, offset=(2, 1))
        await pilot.hover(MessagePane, offset=(30, 3))
        await pilot.mouse_up(MessagePane, offset=(30, 3))
        text = app.screen.get_selected_text()
        assert text
        await pilot.press("pagedown", "up", "pageup", "pageup")
        assert app.screen.get_selected_text() == text
        await pilot.resize_terminal(60, 24)
        await pilot.pause()
        assert app.screen.get_selected_text() is None, "other rows at another width"


async def test_double_click_selects_the_message() -> None:
    app = PaneApp(Feed([message(1, "one\n\ntwo"), message(2, "three")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        await pilot.click(MessagePane, offset=(3, 1), times=2)
        assert app.screen.get_selected_text() == "Assistant  5m ago\none\n\ntwo"


async def test_a_click_on_a_link_follows_it() -> None:
    app = PaneApp(Feed([message(1, "go [there](https://a.b/c) and [not](file:///x) there")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        await pilot.click(MessagePane, offset=(2 + 5, 1))
        await pilot.click(MessagePane, offset=(2 + 14, 1))
        assert [each.href for each in app.posted if isinstance(each, LinkFollowed)] == ["https://a.b/c"]


async def test_pointing_at_a_link_shows_where_it_leads() -> None:
    app = PaneApp(Feed([message(1, "go [https://good.example](https://evil.example/x) there")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.hover(MessagePane, offset=(2 + 5, 1))
        assert isinstance(app.pane.tooltip, Content)
        assert app.pane.tooltip.plain == "https://evil.example/x"
        await pilot.hover(MessagePane, offset=(3, 1))
        assert app.pane.tooltip is None


async def test_the_wheel_scrolls() -> None:
    app = PaneApp(Feed(generated, MANY), at=50_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = texts(app.pane)
        for _ in range(4):
            wheel = events.MouseScrollDown(app.pane, 5, 5, 0, 0, 0, False, False, False)
            app.pane.post_message(wheel)
        await pilot.pause()
        step = round(app.scroll_sensitivity_y) * 4
        assert step
        assert texts(app.pane)[:-step] == before[step:]
