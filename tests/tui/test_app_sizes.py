"""Terminals of any size, light and dark, with and without colours."""

from __future__ import annotations

import pytest
from app_driver import AppMaker, lines, part, running, screen_text, seen_in, strips, until, until_seen

from chattui.tui.app import ChattuiApp


def shows_list(app: ChattuiApp) -> bool:
    return app.main.sidebar.region.width > 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_usual_sizes_show_list_pane_and_keys(samples: str, app_on: AppMaker, size: tuple[int, int]) -> None:
    app = app_on(samples)
    async with running(app, size=size):
        rows = lines(app)
        assert shows_list(app)
        assert "Pool exhausted at midnight" in part(app.main.title_bar)[0], "the title before what is beside it"
        assert part(app.main.title_bar)[0].endswith(" 61")
        assert app.main.pane.size.width >= 45
        assert app.main.pane.size.height >= size[1] - 5
        assert "w  write a message" in rows[-2]
        assert "^N New chat" in rows[-1]
        assert "? Help" in rows[-1], "all keys of the first screen have room"
        assert all(len(strip.text) <= size[0] for strip in strips(app))


async def test_the_line_of_keys_and_the_hint_show_whole_parts_the_nearest_first(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app, size=(72, 24)) as pilot:
        await until(pilot, lambda: app.main.open_chat.chat is not None)
        whole = ["⏎ Open", "f Filter", "w Write", "^N New chat", "^K Search", "? Help", "^Q Quit", "Alt+A Agent"]
        for width in (72, 80, 100, 45):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda w=width: app.main.size.width == w)
            await pilot.pause()
            shown = [name for name in lines(app)[-1].strip().split("   ") if name]
            assert shown == [name for name in whole if name in shown], "in their order, none cut"
            assert "? Help" in shown
            assert ("Alt+A Agent" in shown) == (width == 100)
        await pilot.resize_terminal(80, 24)
        app.main.composer.set_model("a-model-of-a-name-that-is-long")
        await pilot.press("w")
        await until(pilot, lambda: "⏎ Send" in lines(app)[-1])
        assert lines(app)[-1].strip().startswith("⏎ Send   ^E Editor"), "what is for writing before the rest"
        assert seen_in(app.main.composer).strip() == "Enter sends to a-model-of-a-name-that-is-long"
        app.main.composer.set_status("a-model-of-a-name · 3 s · ≈120 tokens · ≈52/s")
        assert app.main.composer._hint.visual.plain == "a-model-of-a-name · 3 s · Esc stops"


async def test_a_tiny_terminal_can_be_used(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app, size=(20, 5)) as pilot:
        assert "counter" in seen_in(app.main.pane), "the end of the chat"
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "Typ…" in seen_in(app.main.hits))
        assert not app.main.facet_strip.display, "no room"
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.main.facet_strip.display)
        await pilot.resize_terminal(20, 5)
        await until(pilot, lambda: not app.main.facet_strip.display)
        await pilot.press("enter")
        await until(pilot, lambda: "schema" in seen_in(app.main.pane))
        await pilot.press("escape", "escape", "w", *"hi", "enter")
        await until(pilot, lambda: "hi" in seen_in(app.main.pane))
        await pilot.press("f1")
        await until_seen(pilot, "Everywhere", "Ctrl+N")
        await pilot.press("escape", "f9")
        await until_seen(pilot, "Pool exh")


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (9, 3), (200, 4), (10, 60), (400, 120)])
async def test_no_size_ends_the_app(samples: str, app_on: AppMaker, size: tuple[int, int]) -> None:
    app = app_on(samples)
    async with running(app, size=size) as pilot:
        await pilot.press("slash", *"pool", "enter", "f1", "escape", "f9", "f9", "w", "x", "ctrl+n", "f2", "escape")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: shows_list(app))
        assert app.is_running


async def test_a_narrow_terminal_hides_the_list_and_f9_shows_it(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app, size=(60, 24)) as pilot:
        assert not shows_list(app)
        assert app.main.pane.size.width == 60
        await pilot.press("f9")
        await until(pilot, lambda: shows_list(app) and "Why is my index" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: not shows_list(app) and "Why is my index" in part(app.main.title_bar)[0])
        await pilot.press("f9", "ctrl+n")
        await until(pilot, lambda: app.main.composer.is_writing and app.main.composer.region.width == 60)
        await pilot.press("escape", "f9", "ctrl+k", *"schema")
        await until(pilot, lambda: "TypeScript" in seen_in(app.main.hits))


async def test_f9_hides_the_list_where_there_is_room(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f9")
        await until(pilot, lambda: not shows_list(app) and app.main.pane.size.width == 120)
        assert app.main.pane.has_focus
        await pilot.press("f9")
        await until(pilot, lambda: shows_list(app))


async def test_resizing_while_chats_and_hits_arrive(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    sizes = [(100, 30), (40, 10), (80, 24), (20, 5), (120, 40)]
    async with app.run_test(size=(80, 24)) as pilot:
        for size in sizes:
            await pilot.resize_terminal(*size)
        await until_seen(pilot, "Pool exhausted at midnight")
        app.main.search_bar.focus()
        for size, key in zip(sizes, "the p", strict=True):
            await pilot.press("space" if key == " " else key)
            await pilot.resize_terminal(*size)
        await until(pilot, lambda: app.main.hits.hit is not None and "Pool exhausted" in seen_in(app.main.hits))


async def test_the_line_that_is_read_stays_when_the_width_changes(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("home", "pagedown")
        seq = app.main.pane.position[0]
        await pilot.resize_terminal(90, 30)
        await until(pilot, lambda: app.main.pane.size.width < 70)
        assert app.main.pane.position[0] == seq


async def test_light_and_dark(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        assert brightness(app) < 60
        await pilot.press("f8")
        await until(pilot, lambda: brightness(app) > 180, "a light screen")
        await pilot.press("f8")
        await until(pilot, lambda: brightness(app) < 60)


def brightness(app: ChattuiApp) -> float:
    """Mean of the backgrounds, 0 … 255."""
    backs = [s.style.bgcolor.triplet for strip in strips(app) for s in strip if s.style and s.style.bgcolor]
    return sum(sum(b) / 3 for b in backs if b) / len(backs)


async def test_without_colours_there_are_none(samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in part(app.main.title_bar)[0])
        coloured(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.main.pane.has_focus)
        coloured(app)


def coloured(app: ChattuiApp) -> None:
    """Only the terminal's own colours, if any."""
    for strip in strips(app):
        for segment in strip:
            for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                assert colour is None or colour.is_default or colour.is_system_defined, (segment.text, colour)
