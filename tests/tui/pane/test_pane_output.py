"""What tools were given and gave back: colours that can be seen, edits as diffs, and nothing that is obeyed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from palettes import PALETTE, palettes
from pane_feeds import message
from rich.style import Style

from chattui.domain.chat import Message
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.domain.visible import visible
from chattui.tui.pane.headline import folded
from chattui.tui.pane.highlight import Highlighter
from chattui.tui.pane.layout import Body, set_blocks
from chattui.tui.pane.output import LONGEST, understood
from chattui.tui.pane.palette import Palette
from chattui.tui.pane.wrap import cells

ESC = "\x1b"
EDIT = (
    "file_path: /src/boat.py\nold_string:\ndef sail():\n    row()\nnew_string:\ndef sail():\n    hoist()\n    steer()"
)


def result(text: str) -> Message:
    return message(1, text, kind=Kind.TOOL_RESULT, role=Role.TOOL, content_type=ContentType.TEXT)


def call(text: str, content_type: ContentType = ContentType.TEXT) -> Message:
    return message(1, text, kind=Kind.TOOL_CALL, content_type=content_type)


def drawn(shown: Message, palette: Palette = PALETTE, width: int = 60) -> Body:
    """The message as lines, with all colours that it gets."""
    blocks = understood(shown, palette)
    assert blocks is not None
    colours = Highlighter(lambda: palette)
    for code, language in set_blocks(blocks, width, palette, colours).plain_codes:
        assert colours.work(code, language, time.perf_counter() + 60)
    return set_blocks(blocks, width, palette, colours)


def rows(body: Body) -> list[str]:
    return [line.plain.strip() for line in body.lines]


def styles(body: Body, word: str) -> list[Style]:
    """The styles of the segments that are this word."""
    found = [part.style for line in body.lines for part in line.segments if part.text.strip() == word and part.style]
    assert found, f"no {word!r} in {rows(body)}"
    return found


def colour(body: Body, word: str) -> object:
    return styles(body, word)[0].color


def test_an_edit_is_shown_as_what_it_changes() -> None:
    body = drawn(call(EDIT))
    assert rows(body) == [
        "file_path: /src/boat.py",
        "diff",
        "def sail():",
        "-    row()",
        "+    hoist()",
        "+    steer()",
    ]
    assert colour(body, "-    row()") == PALETTE.tokens["Token.Generic.Deleted"].color
    assert colour(body, "+    hoist()") == PALETTE.tokens["Token.Generic.Inserted"].color


def test_an_edit_of_one_line_and_its_option_are_all_there() -> None:
    text = "file_path: a\nold_string: one\nnew_string: two\nreplace_all: true"
    assert rows(drawn(call(text))) == ["file_path: a", "replace_all: true", "diff", "-one", "+two"]


@pytest.mark.parametrize(
    "text",
    [
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new",
        "*** Begin Patch\n*** Update File: x\n-old\n+new\n*** End Patch",
    ],
)
def test_a_patch_is_coloured_wherever_it_comes_from(text: str) -> None:
    for shown in (result(text), call(text)):
        body = drawn(shown)
        assert colour(body, "-old") == PALETTE.tokens["Token.Generic.Deleted"].color
        assert colour(body, "+new") == PALETTE.tokens["Token.Generic.Inserted"].color


def test_a_list_with_dashes_is_no_patch() -> None:
    assert understood(result("things:\n- one\n- two"), PALETTE) is None


def test_json_and_commands_have_their_colours() -> None:
    body = drawn(result('{"answer": 42}'))
    assert colour(body, "42") == PALETTE.tokens["Token.Literal.Number"].color
    assert understood(result('{"answer": '), PALETTE) is None
    body = drawn(call('echo "hi"\n\ndescription: say it', ContentType.CODE))
    assert rows(body) == ["bash", 'echo "hi"', "", "description: say it"]
    assert colour(body, '"hi"') == PALETTE.tokens["Token.Literal"].color


def test_colours_of_a_terminal_are_those_of_the_theme() -> None:
    body = drawn(result(f"{ESC}[31mfailed{ESC}[0m plain {ESC}[1;32mpassed{ESC}[m\n{ESC}[4munder"))
    assert rows(body) == ["failed plain passed", "under"]
    assert colour(body, "failed") == PALETTE.tokens["Token.Generic.Deleted"].color
    assert styles(body, "plain")[0] == PALETTE.block
    passed = styles(body, "passed")[0]
    assert (passed.color, passed.bold) == (PALETTE.tokens["Token.Generic.Inserted"].color, True)
    assert styles(body, "under")[0].underline


def test_what_is_copied_has_no_escapes() -> None:
    assert drawn(result(f"{ESC}[31mfailed{ESC}[0m\nmore")).codes[0][1] == "failed\nmore"


def test_a_colour_goes_on_over_lines_until_it_is_ended() -> None:
    body = drawn(result(f"{ESC}[31mone\ntwo{ESC}[39m\nthree"))
    assert colour(body, "one") == colour(body, "two") != colour(body, "three")


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
@pytest.mark.parametrize("code", ["8", "30;40", "37;47", "38;2;0;0;0", "38;2;255;255;255", "38;5;231", "38;5;16", "5"])
def test_nothing_is_hidden_by_its_colour(theme: str, code: str) -> None:
    palette = palettes(theme).plain
    style = styles(drawn(result(f"{ESC}[{code}msecret"), palette), "secret")[0]
    assert not style.conceal
    assert not style.blink
    assert style.bgcolor == palette.block.bgcolor
    assert style.color is not None
    assert style.bgcolor is not None
    ours, ground = style.color.get_truecolor(), style.bgcolor.get_truecolor()
    assert max(abs(a - b) for a, b in zip(ours, ground, strict=True)) >= 50


def test_other_escapes_stay_visible() -> None:
    text = f"{ESC}[31mred{ESC}[2J{ESC}]0;title\x07 {ESC}[5;5H{ESC}[?1049h"
    shown = rows(drawn(result(text)))[0]
    assert ESC not in shown
    assert "red␛[2J␛]0;title␇ ␛[5;5H␛[?1049h" in shown


def test_tabs_line_up_across_colours() -> None:
    body = drawn(result(f"{ESC}[31mab{ESC}[0m\tc\nabcd\te"))
    assert rows(body) == ["ab  c", "abcd    e"]


def test_text_that_is_too_long_is_left_as_it_is() -> None:
    assert understood(result(f"{ESC}[31m" + "x" * LONGEST), PALETTE) is None
    assert understood(result('["x"]\n' + "\n" * 5_000), PALETTE) is None


def test_what_people_and_models_say_is_not_touched() -> None:
    assert understood(message(1, f"{ESC}[31mred", content_type=ContentType.TEXT), PALETTE) is None


codes = st.sampled_from(
    ["", "0", "1;31", "38;5;300", "38;2;1", "38", "48;5;1;4", "999999999", "0;;;7", "4:3", "38:2::1:2:3"]
)
pieces = st.one_of(codes.map(lambda code: f"{ESC}[{code}m"), st.text(max_size=12), st.just("\t"), st.just("\r\n"))


@given(st.lists(pieces, min_size=1, max_size=20).map("".join))
def test_any_output_is_drawn_without_a_control_character_and_within_the_width(text: str) -> None:
    blocks = understood(result(f"{ESC}[1m{text}"), PALETTE)
    assert blocks is not None
    for line in set_blocks(blocks, 30, PALETTE, Highlighter(lambda: PALETTE)).lines:
        assert visible(line.plain) == line.plain
        assert "\t" not in line.plain
        assert cells(line.plain) <= 30


def test_a_folded_result_tells_its_first_words_without_colours_or_a_lone_bracket() -> None:
    assert "3 passed" in folded(result(f"\n{ESC}[32m3 passed{ESC}[0m\nmore"), 40, PALETTE, opened=False).plain
    assert '{ "todos": [' in folded(call('{\n  "todos": [\n'), 60, PALETTE, opened=False).plain
