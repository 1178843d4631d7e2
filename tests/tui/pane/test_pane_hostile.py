"""Messages that no agent should have written: every row fits, nothing is obeyed, and the pane goes on."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from pane_app import PaneApp, rows, seen, strips, texts
from pane_feeds import NOW, Feed, message
from rich.cells import cell_len

from chattui.domain.chat import Message, ToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.tui.pane.typeset import MOST_ROWS

SIZES = [(120, 40), (37, 12)]
TABLE = "|" + "|".join(f"head{n}" for n in range(500)) + "|\n|" + "---|" * 500 + "\n"
TABLE += "|" + "|".join(f"cell{n}" for n in range(500)) + "|\n"
CODE = "```python\n" + "\n".join(f"value_{n} = call({n})" for n in range(200_000)) + "\n```"
WIDE = [
    "family 👨‍👩‍👧‍👦👨‍👩‍👧‍👦 flags 🇩🇪🇫🇷🇯🇵 keys 1️⃣2️⃣#️⃣ skin 👍🏽👋🏿 heart ❤️ ",
    "e\u0301a\u0302\u0303o\u0308\u0323 zalgo Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f ",
    "שלום \u202eevil\u202c مرحبا \u2066x\u2069 \u200f\u200e ",
    "tab\tand\t\ttab 日本語\tテキスト ไทยกำ नमस्ते 한국어 ",
    "\u200d\u200d\ufe0f\u0301 begins with what joins ",
]
WHOLE = "\n".join(WIDE)


def fits(app: PaneApp, width: int) -> None:
    for strip in strips(app.pane):
        assert strip.cell_length == width
        assert sum(cell_len(segment.text) for segment in strip) == width
        assert not {c for c in strip.text if unicodedata.category(c) in {"Cc", "Cs"}}
        assert not set(strip.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("wraps", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        WHOLE * 30,
        "".join(WIDE).replace("\t", " ") * 40,
        f"# {WHOLE}\n\n> {WHOLE * 9}\n\n- {WHOLE}\n\n```\n{WHOLE * 9}\n```\n",
        f"| a | b |\n|---|---|\n| {WIDE[0] * 6} | {WIDE[2] * 6} |\n| {WIDE[1]} | {WIDE[4]} |\n",
        TABLE,
        "w" * 10_000,
        "\x1b[2J\x00\x07\x9b31m\u202e" * 2_000,
    ],
)
async def test_no_row_is_wider_than_the_pane_whatever_is_in_it(
    content: str, wraps: bool, size: tuple[int, int]
) -> None:
    result = message(2, content, kind=Kind.TOOL_RESULT, role=Role.TOOL, content_type=ContentType.TEXT)
    app = PaneApp(Feed([message(1, content), result]), at_end=False)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "f", "home")
        if not wraps:
            await pilot.press("W")
        for key in ("right", "pagedown", "right", "pagedown", "right", "end", "right", "left", "0", "pageup"):
            await pilot.press(key)
            fits(app, size[0])


async def test_text_of_nothing_but_control_characters_can_be_seen() -> None:
    app = PaneApp(Feed([message(1, "\x00\x01\x1b\x7f\x9b"), message(2, "\x1b[2J\x1b]0;x\x07")]), at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        assert texts(app.pane)[1].startswith("␀␁␛␡⟨009B⟩")
        assert "␛[2J␛]0;x␇" in seen(app.pane)
        fits(app, 60)


async def test_separators_and_blanks_alone_are_a_message_that_can_be_passed() -> None:
    odd = ["\x1c\x1d\x1e", "\x85", "\u2028\u2029", "\x0b\x0c", " \n\t\n", ""]
    app = PaneApp(Feed([message(seq, content) for seq, content in enumerate(odd, 1)]), at_end=False)
    async with app.run_test(size=(60, 30)) as pilot:
        await pilot.pause()
        shown = seen(app.pane)
        for picture in ("␜␝␞", "⟨0085⟩", "⟨2028⟩⟨2029⟩", "␋␌"):
            assert picture in shown, "not empty"
        assert shown.count("Assistant") == len(odd)


async def test_two_hundred_thousand_lines_of_code_are_shown_in_parts() -> None:
    app = PaneApp(Feed([message(1, "before"), message(2, CODE), message(3, "after")]), at=2)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "value_0 = call(0)" in seen(app.pane)
        laid = app.pane.typeset.laid(2)
        assert laid is not None
        assert len(laid.lines) < 1_100, "only so much is laid out at first"
        await pilot.press("e")
        laid = app.pane.typeset.laid(2)
        assert laid is not None
        assert 7_000 < len(laid.lines) <= MOST_ROWS + 10
        await pilot.press("e", "pagedown")
        assert "value_8" in seen(app.pane)
        await pilot.press("end")
        assert "after" in seen(app.pane)


async def test_five_megabytes_in_one_message_can_be_read_to_the_end() -> None:
    text = "".join(f"line {number:07} of a very long message\n" for number in range(140_000))
    assert len(text) > 5_000_000
    app = PaneApp(Feed([message(1, text)]), at_end=False)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "line 0000000" in seen(app.pane)
        for _ in range(30):
            await pilot.press("e", "end")
            if "line 0139999" in seen(app.pane):
                break
        assert "line 0139999" in seen(app.pane)


def call(seq: int, call_id: str) -> Message:
    tool = ToolUse(call_id, "Bash", ToolStatus.RUNNING, "ls")
    return message(seq, '{"command": "ls"}', kind=Kind.TOOL_CALL, content_type=ContentType.JSON, tool=tool)


async def test_calls_without_results_and_results_without_calls_open_and_fold() -> None:
    lost = ToolUse("nowhere", "", ToolStatus.COMPLETED, "")
    feed = Feed(
        [
            call(1, "a"),
            message(2, "out of nothing", kind=Kind.TOOL_RESULT, role=Role.TOOL, content_type=ContentType.TEXT),
            message(3, "of a lost call", kind=Kind.TOOL_RESULT, role=Role.TOOL, tool=lost),
            message(4, "", kind=Kind.TOOL_RESULT, role=Role.TOOL),
            call(5, ""),
        ]
    )
    app = PaneApp(feed, at_end=False)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.pause()
        assert seen(app.pane).count("▸") == 5
        for seq in range(1, 6):
            app.pane.go_to_message(seq)
            await pilot.press("f")
        shown = seen(app.pane)
        assert shown.count("▾") == 5
        assert "out of nothing" in shown
        assert "of a lost call" in shown
        for key in ("greater_than_sign", "y", "c", "F", "F", "e", "E"):
            await pilot.press(key)
        assert rows(app.pane)


@pytest.mark.parametrize("parents", [(1, 2, 3), (3, 1, 2), (99, None, -5), (2, 3, 1)])
async def test_parents_that_go_round_or_nowhere_are_no_harm(parents: tuple[int | None, ...]) -> None:
    feed = Feed(
        [
            message(seq, f"said {seq}", parent_seq=parent, created_at=NOW - timedelta(days=seq))
            for seq, parent in enumerate(parents, 1)
        ]
    )
    app = PaneApp(feed, at_end=False)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press("end", "home", "right_square_bracket", "right_curly_bracket", "left_curly_bracket")
        assert all(f"said {seq}" in seen(app.pane) for seq in (1, 2, 3))
