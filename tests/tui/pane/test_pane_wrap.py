"""Wrapping: nothing is lost, nothing is too wide, and words break only where they must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from chattui.tui.pane.layout import code_breaks
from chattui.tui.pane.lines import offset_of, row_at
from chattui.tui.pane.plain import set_plain, window_at
from chattui.tui.pane.wrap import breaks, clip, wrap

TEXT = st.text(
    alphabet=st.one_of(st.sampled_from("ab  日本👩‍🚀é\u0301\ufe0f❤☎"), st.characters(exclude_categories=["Cc", "Cs"])),
    max_size=90,
)
BOLD = Style(bold=True)
PLAIN = Style()


@given(TEXT, st.integers(2, 25))
def test_rows_fit_and_only_blanks_are_between_them(text: str, width: int) -> None:
    end = 0
    for start, stop in breaks(text, width):
        assert not text[end:start].strip(" ")
        assert cell_len(text[start:stop]) <= width
        end = stop
    assert not text[end:].strip(" ")


@given(st.lists(st.tuples(TEXT, st.sampled_from([PLAIN, BOLD])), max_size=5), st.integers(8, 30))
def test_wrapped_runs_keep_text_and_styles(runs: list[tuple[str, Style]], width: int) -> None:
    lines = wrap(runs, width, first=[("• ", PLAIN)], rest=[("  ", PLAIN)])
    assert all(cell_len(line.plain) <= width for line in lines)
    text = "".join(line.join + line.text for line in lines).removeprefix("\n").removeprefix("• ")
    assert text.split() == "".join(part for part, _ in runs).split()
    bold = "".join(s.text for line in lines for s in line.segments[1:] if s.style is BOLD)
    assert "".join(bold.split()) == "".join("".join(part for part, style in runs if style is BOLD).split())


@given(TEXT.map(lambda text: text.replace(" ", " ")), st.integers(4, 30))
def test_joins_give_the_text_back(text: str, width: int) -> None:
    lines = wrap([(text, PLAIN)], width)
    assert "".join(line.join + line.text for line in lines).removeprefix("\n").rstrip() == text.rstrip()


def test_words_stay_whole_and_long_ones_are_cut() -> None:
    text = "one three abcdefghijklmno p"
    assert [text[a:b] for a, b in breaks(text, 9)] == ["one three", "abcdefghi", "jklmno p"]


def test_wide_text_breaks_between_characters() -> None:
    text = "日本語のテキスト"
    assert [text[a:b] for a, b in breaks(text, 6)] == ["日本語", "のテキ", "スト"]


def test_words_beside_wide_text_stay_whole() -> None:
    text = "日本 one two"
    assert [text[a:b] for a, b in breaks(text, 7)] == ["日本", "one two"]


def test_a_grapheme_is_never_split() -> None:
    family = "👩‍🚀"
    rows = [(family * 4)[a:b] for a, b in breaks(family * 4, 5)]
    assert rows == [family * 2, family * 2]


@given(TEXT.map(lambda t: "    " + t), st.integers(4, 30))
def test_code_hangs_below_its_indentation(text: str, width: int) -> None:
    rows = code_breaks(text, width)
    assert "".join(join + text[a:b] for a, b, _, join in rows).removeprefix("\n").rstrip() == text.rstrip()
    assert all(indent + cell_len(text[a:b]) <= width for a, b, indent, _ in rows)


@given(TEXT, st.integers(0, 20))
def test_clipped_text_fits_and_says_that_it_is_cut(text: str, width: int) -> None:
    short = clip(text, width)
    assert cell_len(short) <= width
    assert short == text or not width or short.endswith("…")


@given(st.text(alphabet="ab \n日", max_size=300), st.integers(4, 20), st.integers(1, 9))
def test_windows_on_plain_text_follow_each_other(text: str, width: int, most: int) -> None:
    start, out = 0, []
    while start < len(text):
        window = set_plain(text, start, width, most, PLAIN)
        assert window.end > start
        out += window.lines
        start = window.end
    assert all(cell_len(line.plain) <= width for line in out)
    assert "".join("".join(line.plain for line in out).split()) == "".join(text.split())


def test_a_megabyte_in_one_line_costs_what_is_shown() -> None:
    window = set_plain("x" * 5_000_000, 0, 100, 50, PLAIN)
    assert 50 <= len(window.lines) < 100
    assert window.end < 10_000


def test_tabs_and_control_characters_of_plain_text_are_shown() -> None:
    window = set_plain("a\tb\x1b[31m\u202e", 0, 40, 9, PLAIN)
    assert window.lines[0].plain == "a   b␛[31m⟨202E⟩"


@pytest.mark.parametrize("offset", [0, 50, 500])
def test_a_window_begins_at_the_line_before_the_offset(offset: int) -> None:
    text = "0123456789\n" * 100
    start = window_at(text, offset)
    assert start <= offset
    assert text[start : start + 3] == "012"


@given(st.text(alphabet="abc de", min_size=20, max_size=400), st.integers(5, 30), st.integers(5, 30), st.data())
def test_an_offset_means_the_same_place_at_another_width(text: str, one: int, two: int, data: st.DataObject) -> None:
    narrow, wide = wrap([(text, PLAIN)], one), wrap([(text, PLAIN)], two)
    row = data.draw(st.integers(0, len(narrow) - 1))
    offset = offset_of(narrow, row)
    found = row_at(wide, offset)
    assert offset_of(wide, found) <= offset < offset_of(wide, found + 1)
