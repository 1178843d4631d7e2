"""The pane in a running app: opening, moving, matches, at a hundred thousand messages."""

from __future__ import annotations

import random
import re

from pane_app import PaneApp, rows, seen, strips, texts
from pane_feeds import MANY, Feed, generated, message
from textual.pilot import Pilot

from chattui.domain.chat import ToolUse
from chattui.domain.kinds import ContentType, Kind, ToolStatus
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.pane.messages import MatchStepped

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
