"""Selecting by keyboard: what is selected, how it is painted, copied and left."""

from __future__ import annotations

from pane_app import PaneApp, rows, strips
from pane_feeds import Feed, LateFeed, generated, message
from textual.pilot import Pilot

from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.pane.messages import CopyRequested, SelectionMoved

MANY = 100_000
HEAD = "Assistant  5m ago"
THREE = [message(1, "one\n\ntwo"), message(2, "three **four**"), message(3, "five")]


def marked(pane: MessagePane) -> list[str]:
    """What is painted as selected, by row."""
    background = pane._theme().plain.selected.bgcolor
    found = [
        "".join(text for text, style, _ in strip if style and style.bgcolor == background) for strip in strips(pane)
    ]
    return [text.strip() for text in found if text.strip()]


async def copied(app: PaneApp, pilot: Pilot[None], key: str) -> str:
    """What a key copies of the selection."""
    app.posted.clear()
    await pilot.press(key)
    await pilot.pause()
    [asked] = [each for each in app.posted if isinstance(each, CopyRequested)]
    assert asked.what == "selection"
    return asked.text


async def test_v_selects_lines_from_the_first_that_is_seen_and_y_copies_and_leaves() -> None:
    app = PaneApp(Feed(THREE), at_end=False)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.press("v")
        await pilot.pause()
        assert marked(app.pane) == [HEAD]
        await pilot.press("j", "down")
        await pilot.pause()
        assert marked(app.pane) == [HEAD, "one"]
        await pilot.press("j")
        await pilot.pause()
        assert marked(app.pane)[1:] == ["one", "two"]
        await pilot.press("k", "up")
        await pilot.pause()
        assert marked(app.pane)[1:] == ["one"]
        assert await copied(app, pilot, "y") == f"{HEAD}\none"
        assert marked(app.pane) == []
        assert not app.pane.is_selecting


async def test_the_cursor_may_go_before_where_it_began() -> None:
    app = PaneApp(Feed(THREE), at_end=False)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.press("right_square_bracket", "v", "k", "k")
        await pilot.pause()
        assert marked(app.pane) == ["two", HEAD]
        assert await copied(app, pilot, "enter") == f"two\n\n{HEAD}"


async def test_capital_v_selects_whole_messages_and_v_goes_back_to_lines() -> None:
    app = PaneApp(Feed(THREE), at_end=False)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.press("V", "j")
        await pilot.pause()
        assert marked(app.pane)[1:] == ["one", "two", HEAD, "three four"]
        assert app.pane.selected_messages() == (1, 2)
        await pilot.press("v")
        await pilot.pause()
        assert marked(app.pane)[1:] == ["one", "two"]
        await pilot.press("V", "right_square_bracket")
        await pilot.pause()
        assert marked(app.pane)[-1] == "five"
        assert (await copied(app, pilot, "y")).endswith(f"three four\n\n{HEAD}\nfive")


async def test_escape_leaves_and_so_does_the_key_that_began_or_a_click() -> None:
    app = PaneApp(Feed(THREE), at_end=False)
    async with app.run_test(size=(60, 24)) as pilot:
        for begin, end in (("v", "escape"), ("V", "escape"), ("v", "v"), ("V", "V"), ("v", "click"), ("V", "F")):
            await pilot.press(begin, "j")
            await pilot.pause()
            assert marked(app.pane)
            await (pilot.click(MessagePane, offset=(5, 1)) if end == "click" else pilot.press(end))
            await pilot.pause()
            assert marked(app.pane) == [], (begin, end)
            assert not app.pane.is_selecting, (begin, end)
        await pilot.press("y")
        await pilot.pause()
        assert [each.what for each in app.posted if isinstance(each, CopyRequested)] == ["message"]


async def test_the_window_follows_the_cursor_line_by_line_and_by_pages() -> None:
    app = PaneApp(Feed(generated, MANY), at=50_000)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("v")
        first = app.pane._cursor
        for _ in range(30):
            await pilot.press("j")
        assert app.pane.viewport.row_of(*app.pane._cursor) == 11
        for _ in range(3):
            await pilot.press("pageup")
        assert app.pane._cursor == first
        assert app.pane.viewport.row_of(*first) == 0
        await pilot.press("pagedown")
        await pilot.pause()
        assert app.pane.viewport.row_of(*app.pane._cursor) == 10
        assert len(marked(app.pane)) >= 6


async def test_pages_in_whole_messages_go_at_least_one_message_on() -> None:
    app = PaneApp(Feed([message(1, "word\n\n" * 100), message(2, "b"), message(3, "c")]), at_end=False)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("V", "pagedown")
        assert app.pane.selected_messages() == (1, 2)
        await pilot.press("pagedown")
        assert app.pane.selected_messages() == (1, 3)
        await pilot.press("pageup", "pageup", "pageup")
        assert app.pane.selected_messages() == (1, 1)


async def test_a_selection_goes_over_messages_that_are_not_loaded_and_names_them_when_copied() -> None:
    feed = LateFeed(generated, 1_000)
    app = PaneApp(feed, at=501)

    async def deliver() -> None:
        await pilot.pause()
        while ranges := feed.deliver():
            for first, last in ranges:
                app.pane.messages_loaded(first, last)
            await pilot.pause()

    async with app.run_test(size=(80, 12)) as pilot:
        await deliver()
        await pilot.press("V", "G")
        await deliver()
        assert app.pane.selected_messages() == (501, 1_000)
        assert marked(app.pane)
        missing = 500 - len(feed.loaded & set(range(501, 1_001)))
        assert missing > 300
        text = await copied(app, pilot, "y")
        assert "#503 " in text
        assert f"[… {missing:,} messages not loaded]" in text
        assert text.endswith(app.pane.typeset.laid(1_000).lines[-1].text)  # type: ignore[union-attr]


async def test_what_is_too_far_away_is_said_and_the_selection_stays() -> None:
    app = PaneApp(Feed(generated, 1_000_000), at=500_000)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("V", "j", "G")
        await pilot.pause()
        assert app.pane.selected_messages() == (500_000, 500_001)
        assert [n.message for n in app._notifications] == ["That is too far to select up to. x exports the whole chat."]
        app.pane.go_to_message(598_000)
        await pilot.pause()
        assert app.pane.selected_messages() == (500_000, 598_000)
        app.pane.go_to_message(402_000)
        await pilot.pause()
        assert app.pane.selected_messages() == (402_000, 500_000)
        assert app.pane.is_selecting


async def test_home_and_end_extend_as_well() -> None:
    app = PaneApp(Feed(THREE), at_end=False)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.press("right_square_bracket", "v", "G")
        await pilot.pause()
        assert marked(app.pane)[-1] == "five"
        await pilot.press("g")
        await pilot.pause()
        assert marked(app.pane)[0] == HEAD
        assert app.pane.selected_messages() == (1, 2)


async def test_what_is_selected_is_told() -> None:
    told: list[SelectionMoved] = []

    class Listening(PaneApp):
        def on_selection_moved(self, event: SelectionMoved) -> None:
            told.append(event)

    app = Listening(Feed(THREE), at_end=False)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.press("V", "j", "v", "escape")
        await pilot.pause()
        assert not app.pane.is_selecting
        await pilot.pause()
        seen = [(each.first, each.last, each.whole) for each in told]
    assert seen == [(1, 1, True), (1, 2, True), (1, 2, False), (0, 0, False)]


async def test_in_an_empty_chat_nothing_is_selected() -> None:
    app = PaneApp(Feed([]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("v", "j", "V", "G", "g", "y", "escape")
        assert not app.pane.is_selecting
        assert rows(app.pane)
