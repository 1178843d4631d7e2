"""The pane in a running app: keys, mouse, folding, matches, copying, at a hundred thousand messages."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest
from pane_app import PaneApp, rows, seen, strips, texts
from pane_feeds import NOW, Feed, generated, message
from textual import events
from textual.content import Content
from textual.pilot import Pilot

from chattui.domain.chat import ToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.pane.messages import CopyRequested, LinkFollowed, MatchStepped

MANY = 100_000
_ALL_KEYS = """
up k down j pageup ctrl+b pagedown space home g end G left_square_bracket right_square_bracket left_curly_bracket
right_curly_bracket left_parenthesis right_parenthesis colon o n N enter f F e E y c Y i s l L v V escape W left right 0
"""
KEYS = _ALL_KEYS.split()


def top_row(pane: MessagePane) -> str:
    return texts(pane)[0]


async def idle(pilot: Pilot[None], pane: MessagePane) -> None:
    """Do at once what the pane would do in its idle time."""
    assert pane._use_idle_time(1e12)
    await pilot.pause()


async def test_opens_at_the_end_and_home_is_the_beginning() -> None:
    app = PaneApp(Feed(generated, MANY))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert f"#{MANY - 3}" not in top_row(app.pane)
        assert app.pane.viewport.at_end
        assert app.pane.current_seq == MANY
        await pilot.press("home")
        assert app.pane.position == (1, 0)
        assert "You" in rows(app.pane)[0]
        assert "#1 " in rows(app.pane)[1]
        await pilot.press("end")
        assert app.pane.viewport.at_end


async def test_a_million_messages_open_like_ten() -> None:
    feed = Feed(generated, 1_000_000)
    asked: set[int] = set()
    get = feed.get
    feed.get = lambda seq: (asked.add(seq), get(seq))[1]  # type: ignore[method-assign,func-returns-value]
    app = PaneApp(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("home", "end", "pageup")
        await idle(pilot, app.pane)
        assert app.pane.viewport.heights.count == 1_000_000
        assert len(asked) < 200, "only what is near the window is looked at"


async def test_pages_show_every_row_once_with_two_in_common() -> None:
    app = PaneApp(Feed(generated, MANY), at=50_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = texts(app.pane)
        for _ in range(5):
            await pilot.press("pagedown")
            after = texts(app.pane)
            assert after[:2] == before[-2:]
            before = after
        for _ in range(5):
            await pilot.press("pageup")
        assert app.pane.position[0] == 50_000


async def test_refining_estimates_never_moves_what_is_read() -> None:
    app = PaneApp(Feed(generated, MANY))
    choice = random.Random(7)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for number in range(60):
            key = choice.choice(KEYS)
            await pilot.press(key)
            place, top = app.pane.position, top_row(app.pane)
            for seq in range(1, 200):
                app.pane.measure(seq)
            app.pane.sizes_loaded()
            await idle(pilot, app.pane)
            assert (app.pane.position, top_row(app.pane)) == (place, top), f"key {number}, {key}"
            assert round(app.pane.scroll_y) == app.pane.viewport.y


async def test_lines_scroll_by_one() -> None:
    app = PaneApp(Feed(generated, MANY), at=100)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = texts(app.pane)
        await pilot.press("j")
        assert texts(app.pane)[:-1] == before[1:]
        await pilot.press("up")
        assert texts(app.pane) == before


async def test_wheel_and_scrollbar_go_through_the_same_door() -> None:
    app = PaneApp(Feed(generated, MANY), at=50_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = texts(app.pane)
        app.pane.scroll_relative(y=3, animate=False)
        await pilot.pause()
        assert texts(app.pane)[:5] == before[3:8]
        app.pane.scroll_to(y=app.pane.virtual_size.height * 0.25, animate=False)
        await pilot.pause()
        assert 10_000 < app.pane.position[0] < 40_000
        app.pane.scroll_to(y=10**9, animate=False)
        await pilot.pause()
        assert app.pane.viewport.at_end


async def test_scrolling_is_exact_though_heights_above_were_refined_in_between() -> None:
    app = PaneApp(Feed(generated, MANY), at=500)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = texts(app.pane)
        told = app.pane.scroll_y
        for seq in range(1, 400):
            app.pane.measure(seq)
        assert app.pane.viewport.y != told, "the test needs a change"
        app.pane.scroll_y += 1
        assert texts(app.pane)[:-1] == before[1:]
        app.pane.scroll_y -= 1
        assert texts(app.pane) == before


async def test_less_than_a_row_adds_up() -> None:
    app = PaneApp(Feed(generated, MANY), at=500)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        y = app.pane.viewport.y
        for _ in range(10):
            app.pane.scroll_y += 0.3
        assert app.pane.viewport.y == y + 3


# Messages and prompts


async def test_brackets_go_from_message_to_message_and_mark_it() -> None:
    app = PaneApp(Feed(generated, MANY), at=601)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for seq in (602, 603, 604):
            await pilot.press("right_square_bracket")
            assert app.pane.current_seq == seq
        marked = [row for row in rows(app.pane) if row.startswith("▌")]
        assert len(marked) == 1
        assert "Result" in marked[0]
        await pilot.press("left_square_bracket")
        assert app.pane.current_seq == 603


async def test_next_message_that_is_not_all_seen_comes_to_the_top() -> None:
    app = PaneApp(Feed([message(n, f"#{n}\n\n" + "word\n\n" * 30) for n in range(1, 5)]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket")
        assert "Assistant" in rows(app.pane)[0]
        assert "#2" in rows(app.pane)[1]


async def test_braces_go_from_prompt_to_prompt() -> None:
    app = PaneApp(Feed(generated, MANY), at=601)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("right_curly_bracket")
        assert app.pane.current_seq == 607
        await pilot.press("left_curly_bracket", "left_curly_bracket")
        assert app.pane.current_seq == 595


# Folding


def tools() -> Feed:
    use = ToolUse("c", "Bash", ToolStatus.COMPLETED, "rg -n foo src", 400)
    return Feed(
        [
            message(1, "find foo", role=Role.USER),
            message(2, "Let me think.\n\nSecond thought.", kind=Kind.THINKING),
            message(3, '{"command": "rg"}', kind=Kind.TOOL_CALL, content_type=ContentType.JSON, tool=use),
            message(
                4, "first line\n**second** line", kind=Kind.TOOL_RESULT, role=Role.TOOL, content_type=ContentType.TEXT
            ),
            message(5, "More thoughts.", kind=Kind.THINKING),
            message(6, "Found it."),
        ]
    )


async def test_folded_kinds_are_one_line_until_they_are_opened() -> None:
    app = PaneApp(tools(), at_end=False)
    async with app.run_test(size=(70, 24)) as pilot:
        await pilot.pause()
        assert "  ▸ Bash       rg -n foo src  ✓ 0.4s" in rows(app.pane)
        assert "second" not in seen(app.pane)
        await pilot.press(*["right_square_bracket"] * 3, "f")
        assert app.pane.current_seq == 4
        assert "▌   **second** line" in rows(app.pane), "a result is shown as it is"
        assert any(row.startswith("▌ ▾ Result") for row in rows(app.pane))
        await pilot.press("enter")
        assert "second" not in seen(app.pane)


async def test_text_can_be_folded_too() -> None:
    app = PaneApp(tools())
    async with app.run_test(size=(70, 24)) as pilot:
        await pilot.pause()
        await pilot.press("f")
        assert "▌ ▸ Assistant  Found it." in rows(app.pane)


async def test_capital_f_opens_all_of_a_kind() -> None:
    app = PaneApp(tools(), at=2)
    async with app.run_test(size=(70, 30)) as pilot:
        await pilot.pause()
        await pilot.press("F")
        assert "Second thought." in seen(app.pane)
        assert "More thoughts." in seen(app.pane)
        assert "▸ Bash" in seen(app.pane)
        await pilot.press("F")
        assert "Second thought." not in seen(app.pane)


async def test_capital_f_leaves_other_kinds_as_they_were() -> None:
    app = PaneApp(tools(), at=3)
    async with app.run_test(size=(70, 30)) as pilot:
        await pilot.press("f", "left_square_bracket", "F")
        assert '{"command": "rg"}' in seen(app.pane)
        assert "Second thought." in seen(app.pane)


async def test_opening_keeps_the_line_where_it_is() -> None:
    app = PaneApp(Feed(generated, MANY), at=50_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "right_square_bracket")
        at = next(n for n, row in enumerate(rows(app.pane)) if row.startswith("▌ ▸"))
        await pilot.press("f")
        assert rows(app.pane)[at].startswith("▌ ▾")


async def test_a_click_on_a_folded_line_opens_it_and_on_text_chooses_it() -> None:
    app = PaneApp(tools(), at_end=False)
    async with app.run_test(size=(70, 24)) as pilot:
        await pilot.pause()
        at = next(n for n, row in enumerate(rows(app.pane)) if "Bash" in row)
        await pilot.click(MessagePane, offset=(10, at))
        assert '{"command": "rg"}' in seen(app.pane)
        at = next(n for n, row in enumerate(rows(app.pane)) if "Bash" in row)
        await pilot.click(MessagePane, offset=(10, at))
        assert '{"command": "rg"}' not in seen(app.pane)
        await pilot.click(MessagePane, offset=(4, 1))
        assert app.pane.current_seq == 1


async def test_more_of_a_long_message_and_its_parts() -> None:
    text = "".join(f"row {n}\n" for n in range(30_000))
    app = PaneApp(Feed([message(1, text, content_type=ContentType.TEXT), message(2, "after")]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        pane = app.pane
        assert pane.measure(1) < 1_100
        await pilot.press("e")
        assert 7_900 < pane.measure(1) < 8_192
        assert pane.position == (1, 0)
        await pilot.press("e")
        assert "above · E shows them" in seen(pane)
        assert re.search(r"row 8\d\d\d", seen(pane))
        await pilot.press("E")
        assert "row 1" in seen(pane)
        assert "E shows" not in seen(pane)


# Matches


def marks(pattern: str, *seqs: int) -> Marks:
    return Marks(re.compile(pattern, re.IGNORECASE), seqs)


def highlighted(pane: MessagePane) -> list[str]:
    found = [segment.text for strip in strips(pane) for segment in strip if segment.style and segment.style.reverse]
    return [text for text in found if text.strip()]


async def test_opening_at_a_match_puts_it_a_third_down() -> None:
    app = PaneApp(Feed(generated, MANY), at=50_002, marks=marks("def step_2", 50_002))
    assert generated(50_003).content.count("def step_2(")
    async with app.run_test(size=(80, 30)) as pilot:
        app.pane.show(app._feed, at=50_003, marks=marks("def step_2", 50_003))  # type: ignore[arg-type]
        await pilot.pause()
        assert "def step_2" in rows(app.pane)[10]
        assert "".join(highlighted(app.pane)).replace(" ", "").startswith("defstep_2")


async def test_n_steps_through_messages_and_matches_within_them() -> None:
    use = ToolUse("c", "Bash", ToolStatus.COMPLETED, "ls")
    feed = Feed(
        [
            message(1, "needle one\n\nplain\n\nneedle two"),
            message(2, "nothing"),
            message(3, "x\nneedle three", kind=Kind.TOOL_RESULT, content_type=ContentType.TEXT, tool=use),
        ]
    )
    app = PaneApp(feed, at_end=False)
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.pause()
        await pilot.press("n")
        assert app.posted == [], "no marks, no steps"
        app.pane.set_marks(marks("needle", 1, 3))
        here = []
        for _ in range(4):
            await pilot.press("n")
            step = app.posted[-1]
            assert isinstance(step, MatchStepped)
            here.append((app.pane.current_seq, app.pane.finder.walk.number, step.index, step.total))  # type: ignore[union-attr]
        assert here == [(1, 0, 1, 2), (1, 1, 1, 2), (3, 0, 2, 2), (1, 0, 1, 2)]
        await pilot.press("N")
        assert app.pane.current_seq == 3
        assert "needle three" in seen(app.pane), "the folded message was opened"
        app.pane.set_marks(None)
        assert highlighted(app.pane) == []


async def test_a_match_far_down_a_long_message_is_brought_to_light() -> None:
    lines = [f"row {n}" for n in range(40_000)]
    lines[20_000] = "the needle"
    lines[39_000] = "another needle"
    feed = Feed([message(1, "x"), message(2, "\n".join(lines), kind=Kind.TOOL_RESULT, content_type=ContentType.TEXT)])
    app = PaneApp(feed, at=2, marks=marks("needle", 2))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert "the needle" in rows(app.pane)[4]
        await pilot.press("n")
        assert "another needle" in seen(app.pane)


# Copying


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
        assert text.startswith("#49999" if "#49999" in text else text[:5])
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


# Looks and sizes


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


async def test_empty_chat_and_no_chat() -> None:
    app = PaneApp(Feed([]))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        assert "Nothing here yet" in seen(app.pane)
        await pilot.press(*KEYS)
        app.pane.clear()
        await pilot.press(*KEYS)
        assert seen(app.pane).strip() == ""


async def test_every_key_has_a_name_to_remap_it_by_and_an_explanation() -> None:
    bindings = MessagePane.BINDINGS
    ids = [binding.id for binding in bindings]  # type: ignore[union-attr]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert all(binding.description and binding.tooltip for binding in bindings)  # type: ignore[union-attr]
