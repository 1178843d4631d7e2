"""Long lines that are not wrapped: scrolled sideways, marked where they go on, copied whole; and the line that is read."""

from __future__ import annotations

import asyncio
import re

import pytest
from pane_app import PaneApp, rows, seen, texts
from pane_feeds import Feed, generated, message
from rich.segment import Segment
from textual import events

from chattui.domain.chat import Message
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.tui.pane.cutting import GOES_ON, UNWRAPPED, cut
from chattui.tui.pane.lines import Line
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.wrap import cells

NUMBERS = " ".join(f"n{number:04}" for number in range(1_000))  # 6 columns each
TABLE = "| name | about |\n|---|---|\n| one | " + "wide " * 60 + "|\n| two | short |"
CODE = f"```text\nhead\n{NUMBERS}\n```"


async def read_on_to(app: PaneApp, word: str) -> None:
    """What the key of the next line does, without a pause for each, until ``word`` is on the first one."""
    while word not in texts(app.pane)[0]:
        app.pane.action_rows(1)
        await asyncio.sleep(0)


def result(seq: int, content: str) -> Message:
    return message(seq, content, kind=Kind.TOOL_RESULT, role=Role.TOOL, content_type=ContentType.TEXT)


def row_with(app: PaneApp, word: str) -> str:
    return next(row for row in rows(app.pane) if word in row)


async def test_w_lays_long_lines_out_in_one_row_and_marks_that_they_go_on() -> None:
    app = PaneApp(Feed([message(1, f"# Title\n\n{NUMBERS}\n\n{CODE}\n\n{TABLE}\n\nshort\n")]), at_end=False)
    async with app.run_test(size=(60, 30)) as pilot:
        await pilot.pause()
        assert GOES_ON not in seen(app.pane)
        await pilot.press("W")
        assert len([row for row in rows(app.pane) if "n0000" in row]) == 2, "the prose and the code, a row each"
        assert "n0030" not in seen(app.pane)
        for word in ("n0000", "wide wide"):
            assert row_with(app, word).endswith(GOES_ON)
        for word in ("Title", "short"):
            assert GOES_ON not in row_with(app, word)
        assert all(len(row) <= 60 for row in rows(app.pane))
        await pilot.press("W")
        assert "n0030" in seen(app.pane)
        assert GOES_ON not in seen(app.pane)


async def test_the_arrows_and_0_scroll_the_text_but_neither_gutter_nor_headlines() -> None:
    numbers = NUMBERS[: 6 * 150 - 1]
    app = PaneApp(Feed([message(1, numbers), result(2, numbers)]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "f", "home", "right")
        assert "n0000" in seen(app.pane), "wrapped lines are not scrolled"
        await pilot.press("W", "right")
        step = app.pane.cutter.left
        assert step >= 8
        assert texts(app.pane)[0].startswith("Assistant")
        assert texts(app.pane)[1] == numbers[step : step + app.pane.typeset.width] + GOES_ON
        assert rows(app.pane)[1][:2].strip(), "the bar of the message"
        shut = next(row for row in texts(app.pane) if "Result" in row)
        assert shut.startswith("▾ Result"), "headlines stay"
        await pilot.press("left")
        assert texts(app.pane)[1].startswith("n0000")
        await pilot.press("right", "right", "right", "0")
        assert texts(app.pane)[1].startswith("n0000")
        await pilot.press(*["right"] * 100)
        assert "n0149" in texts(app.pane)[1], "and no further than the end of the longest line"
        assert GOES_ON not in texts(app.pane)[1]
        await pilot.press("left")
        assert GOES_ON in texts(app.pane)[1]


async def test_the_wheel_scrolls_sideways_with_shift_or_when_it_can() -> None:
    app = PaneApp(Feed([message(1, "\n\n".join([NUMBERS] * 60))]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.pane.post_message(wheel(events.MouseScrollRight, shift=False))
        await pilot.pause()
        assert app.pane.cutter.left == 0
        await pilot.press("W")
        top = app.pane.position
        for kind, shift, moved in (
            (events.MouseScrollDown, True, 6),
            (events.MouseScrollRight, False, 12),
            (events.MouseScrollUp, True, 6),
            (events.MouseScrollLeft, False, 0),
        ):
            app.pane.post_message(wheel(kind, shift=shift))
            await pilot.pause()
            assert (app.pane.cutter.left, app.pane.position) == (moved, top)
        app.pane.post_message(wheel(events.MouseScrollDown, shift=False))
        await pilot.pause()
        assert app.pane.position != top, "without it, it goes down"


def wheel(kind: type[events.MouseEvent], *, shift: bool) -> events.MouseEvent:
    return kind(None, 5, 5, 0, 0, 0, shift, False, False, screen_x=5, screen_y=5, style=None)


async def test_what_is_selected_and_copied_is_the_text_itself() -> None:
    app = PaneApp(Feed([message(1, f"before\n\n```\n{NUMBERS}\n```\n\nafter")]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("W", "right", "right")
        left = app.pane.cutter.left
        app.pane.text_select_all()
        await pilot.pause()
        assert f"\n{NUMBERS}\n" in (app.screen.get_selected_text() or "")
        app.screen.clear_selection()
        row = next(y for y, text in enumerate(rows(app.pane)) if text.endswith(GOES_ON))
        await pilot.mouse_down(app.pane, offset=(6, row))
        await pilot.hover(app.pane, offset=(26, row))
        await pilot.mouse_up(app.pane, offset=(26, row))
        shown = texts(app.pane)[row]
        assert app.screen.get_selected_text() in (shown[4:24], shown[4:25])
        assert left > 0


async def test_the_line_that_is_read_stays_when_wrapping_is_turned_off_and_on() -> None:
    paragraphs = "\n\n".join(f"p{number} " + "some words of prose " * 20 for number in range(80))
    app = PaneApp(Feed([message(1, paragraphs), *(generated(seq) for seq in range(2, 40))]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await read_on_to(app, "p9 ")
        for _ in range(3):
            await pilot.press("W")
            assert "p9 " in texts(app.pane)[0]
        await pilot.press("end", "W")
        assert app.pane.viewport.at_end


async def test_a_place_further_down_than_a_part_that_is_wrapped_is_still_found() -> None:
    lines = "\n".join(f"line{number} " + "x" * 400 for number in range(190))
    app = PaneApp(Feed([result(1, lines)]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("W", "f")
        await read_on_to(app, "line150 ")
        await pilot.press("W")
        assert texts(app.pane)[0].strip() == "line150", "though the first 200 rows end before it"


async def test_it_stays_off_in_the_next_chat_which_begins_at_its_left() -> None:
    app = PaneApp(Feed([message(1, NUMBERS)]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("W", "right")
        app.pane.show(Feed([message(1, f"other {NUMBERS}")]), at_end=False)
        await pilot.pause()
        assert texts(app.pane)[1].startswith("other")
        assert texts(app.pane)[1].endswith(GOES_ON)


async def test_a_match_far_to_the_right_is_scrolled_to() -> None:
    feed = Feed([message(1, NUMBERS), message(2, "n0001 here")])
    app = PaneApp(feed, at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("W")
        app.pane.set_marks(Marks(re.compile("n0700|n0001"), (1, 2)))
        await pilot.press("n", "n")
        assert "n0700" in texts(app.pane)[1]
        await pilot.press("N")
        assert texts(app.pane)[1].startswith("n0000"), "and back as far as needed"


async def test_a_line_of_more_than_the_limit_goes_on_in_the_next_row() -> None:
    app = PaneApp(Feed([result(1, "y" * (UNWRAPPED + 5) + "end")]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("W", "f")
        assert texts(app.pane)[1].endswith("y" + GOES_ON)
        assert texts(app.pane)[2].strip() == "yyyyyend"
        app.pane.text_select_all()
        assert (app.screen.get_selected_text() or "").endswith("y" * (UNWRAPPED + 5) + "end")


async def test_of_a_long_text_only_a_part_is_laid_out_unwrapped() -> None:
    app = PaneApp(Feed([result(1, ("日本語" * 3_000 + "\n") * 400)]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("W", "f")
        laid = app.pane.typeset.laid(1)
        assert laid is not None
        assert laid.after > 0, "it says that there is more"
        assert sum(len(line.plain) for line in laid.lines) < 130_000


def line(*parts: str) -> Line:
    return Line(tuple(Segment(part) for part in parts))


@pytest.mark.parametrize("text", ["abcdefghij", "日本語テキスト", "a👩‍👩‍👧‍👦b🇩🇪c1️⃣", "e\u0301x" * 5, "a日b本c"])
def test_a_cut_is_as_wide_as_asked_and_loses_no_character(text: str) -> None:
    text_in_all = "ab" + text
    whole = cells(text_in_all)
    for left in range(whole + 2):
        for room in range(1, whole + 2):
            seen_part, skipped, beyond = cut(line("ab", text), left, room)
            assert cells(seen_part.plain) == max(0, min(room, whole - left))
            assert beyond == max(0, whole - left - room)
            bare = seen_part.plain.strip(" ")
            assert bare in text_in_all
            assert text_in_all.find(bare, skipped) - skipped in ((0, 1) if bare else (0,))


def test_ornament_that_fills_the_row_does_not_go_on() -> None:
    rule = Line((Segment("─" * 100),), lead=100)
    assert cut(rule, 0, 40).beyond == 0
    assert cut(Line((Segment("─" * 100),)), 0, 40).beyond == 60


async def test_the_same_line_is_on_top_after_the_window_was_narrower_and_wider() -> None:
    code = "\n".join(f"    call_{number}(argument, " + "other, " * 15 + ")" for number in range(40))
    table = "| a | b | c |\n|---|---|---|\n" + "| some words | and more words of it | x |\n" * 12
    parts = [f"Paragraph {number}: " + "the planner takes the cheaper path " * 12 for number in range(30)]
    body = "\n\n".join([*parts[:15], f"```python\n{code}\n```", table, *parts[15:]])
    app = PaneApp(Feed([*(generated(seq) for seq in range(1, 30)), message(30, body), generated(31)]), at=30)
    async with app.run_test(size=(100, 20)) as pilot:
        await pilot.pause()
        for word in ("Paragraph 9:", "call_30(", "Paragraph 22:"):
            await read_on_to(app, word)
            await pilot.press("down")
            place, top = app.pane.position, texts(app.pane)[0]
            start = top.strip("▏ ")[:12]
            for width in (50, 31, 140, 77, 200):
                await pilot.resize_terminal(width, 20)
                await pilot.pause()
                first, second = (row.strip() for row in texts(app.pane)[:2])
                assert start in f"{first} {second}", f"at {width} columns"
            await pilot.resize_terminal(100, 20)
            await pilot.pause()
            assert (app.pane.position, texts(app.pane)[0]) == (place, top)


async def test_a_line_that_was_gone_to_stays_on_top_at_another_width() -> None:
    body = "\n\n".join(f"Paragraph {number}: " + "words of it " * 40 for number in range(40))
    app = PaneApp(Feed([message(1, body)]), at_end=False)
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        await read_on_to(app, "Paragraph 20:")
        seq, row = app.pane.position
        await pilot.press("home")
        app.pane.go_to_line(seq, row)
        await pilot.resize_terminal(44, 20)
        await pilot.pause()
        assert "Paragraph 20:" in texts(app.pane)[0]
