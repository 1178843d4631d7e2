"""Sizes of the terminal, themes, colours, times, hostile text."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from pane_app import PaneApp, rows, seen, strips
from pane_feeds import MANY, NOW, Feed, generated, message
from textual.pilot import Pilot

from chattui.domain.chat import ToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.message_pane import MessagePane


def marks(pattern: str, *seqs: int) -> Marks:
    return Marks(re.compile(pattern, re.IGNORECASE), seqs)


async def idle(pilot: Pilot[None], pane: MessagePane) -> None:
    """Do at once what the pane would do in its idle time."""
    assert pane._use_idle_time(1e12)
    await pilot.pause()


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (20, 5), (6, 2), (1, 1)])
async def test_any_terminal_size_is_painted_in_full(size: tuple[int, int]) -> None:
    app = PaneApp(Feed(generated, 60))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in ("home", "pagedown", "f", "right_square_bracket", "end", "c"):
            await pilot.press(key)
            painted = strips(app.pane)
            assert len(painted) == size[1]
            assert {strip.cell_length for strip in painted} == {size[0]}


async def test_another_width_keeps_the_line_that_was_read() -> None:
    words = " ".join(f"w{n}" for n in range(2_000))
    app = PaneApp(Feed([message(1, "before"), message(2, words), message(3, "after")]), at_end=False)
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        await pilot.press("pagedown", "pagedown", "pagedown")
        word = rows(app.pane)[0].split()[1]
        for width in (50, 120, 33, 80):
            await pilot.resize_terminal(width, 20)
            await pilot.pause()
            assert re.search(rf"\b{word}\b", rows(app.pane)[0]), width


async def test_at_the_end_another_size_stays_at_the_end() -> None:
    app = PaneApp(Feed(generated, MANY))
    async with app.run_test(size=(80, 20)) as pilot:
        for size in ((50, 20), (120, 9), (80, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert app.pane.viewport.at_end


async def test_roles_differ_in_words_and_bars_not_only_in_colour() -> None:
    app = PaneApp(Feed([message(1, "q", role=Role.USER), message(2, "a"), message(3, "s", role=Role.SYSTEM)]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert [row.split()[1] for row in rows(app.pane) if "5m" in row] == ["You", "Assistant", "System"]
        assert [row[0] for row in rows(app.pane) if row] == ["▎", "▎", "▎", "▎", "▌", "▌"]


async def test_hostile_text_is_seen_not_obeyed() -> None:
    evil = "\x1b]0;owned\x07 \x1b[2J\u202egpj.exe [red]x[/] [@click=app.quit]q[/] \x9b31m & <b>"
    feed = Feed(
        [
            message(1, evil, role=Role.USER),
            message(2, evil, model=evil, thread=evil),
            message(3, evil, kind=Kind.TOOL_CALL, tool=ToolUse("c", evil, ToolStatus.FAILED, evil)),
            message(4, f"```{evil}\n{evil}\n```\n\n`{evil}`\n\n|{evil}|\n|-|\n|x|"),
            message(5, evil, kind=Kind.TOOL_RESULT, content_type=ContentType.TEXT),
        ]
    )
    app = PaneApp(feed)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        await pilot.press("f")
        text = seen(app.pane)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
        for shown in ("␛]0;owned␇", "⟨202E⟩", "[red]x[/]", "[@click=app.quit]q[/]", "⟨009B⟩31m", "<b>"):
            assert shown in text


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_ansi_theme_paints_in_the_terminals_own_colours(theme: str) -> None:
    app = PaneApp(Feed(generated, 60), marks=marks("index", 60))
    async with app.run_test(size=(80, 40)) as pilot:
        app.theme = theme
        await pilot.pause()
        await idle(pilot, app.pane)
        for strip in strips(app.pane):
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.triplet is None, segment


async def test_another_theme_repaints_everything() -> None:
    app = PaneApp(Feed(generated, 60))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        dark = [strip._segments for strip in strips(app.pane)]
        text = seen(app.pane)
        app.theme = "textual-light"
        await pilot.pause()
        assert seen(app.pane) == text
        light = [strip._segments for strip in strips(app.pane)]
        assert all(one != other for one, other in zip(dark, light, strict=True))


async def test_code_is_coloured_in_idle_time() -> None:
    app = PaneApp(Feed([message(1, "```python\ndef f():\n    return 1\n```")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        await idle(pilot, app.pane)
        keyword = app.pane._theme().plain.tokens["Token.Keyword"]
        assert [s.text for strip in strips(app.pane) for s in strip if s.style == keyword] == ["def", "return"]


async def test_times_grow_older() -> None:
    app = PaneApp(Feed([message(1, "x")]))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert "5m ago" in seen(app.pane)
        app.pane._now = app.pane.typeset._now = lambda: NOW + timedelta(minutes=2)
        app.pane._age()
        assert "7m ago" in seen(app.pane)
