"""Folded messages, and long ones in parts."""

from __future__ import annotations

import re

from pane_app import PaneApp, rows, seen
from pane_feeds import MANY, Feed, generated, message, tools

from chattui.domain.kinds import ContentType
from chattui.tui.pane.message_pane import MessagePane


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
