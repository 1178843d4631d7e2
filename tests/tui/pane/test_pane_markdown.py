"""Markdown as lines: structure is seen, nothing is hidden, nothing hostile gets through."""

from __future__ import annotations

import re
from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from palettes import PALETTE, palettes, plain, set_markdown
from rich.cells import cell_len
from rich.style import Style

from chattui.domain.links import bare_links, safe_href
from chattui.domain.markup import too_heavy
from chattui.tui.pane.highlight import Highlighter
from chattui.tui.pane.lines import Line
from chattui.tui.pane.markdown import parse

FAR_FUTURE = 1e12


def style_of(lines: list[Line], text: str) -> Style:
    """The style that ``text`` is drawn in."""
    found = [s.style for line in lines for s in line.segments if text in s.text]
    assert found, f"{text!r} is not drawn"
    return found[0] or Style()


def test_blocks_stand_one_empty_row_apart() -> None:
    assert plain("# Head\ntext\n\n---\n\nmore", 20) == ["Head", "", "text", "", "─" * 20, "", "more"]


def test_lists_are_marked_nested_and_hang() -> None:
    text = "- one two three four\n  - deeper\n    - deepest\n- [x] done\n- [ ] open\n\n7. seven\n8. eight"
    assert plain(text, 14) == [
        "• one two", "  three four", "  ◦ deeper", "    ▪ deepest", "☑ done", "☐ open", "", "7. seven", "8. eight",
    ]  # fmt: skip


def test_quotations_have_a_bar_that_is_not_text() -> None:
    body = set_markdown("> said\n>\n> again\n>> deeper", 30)
    assert [line.plain for line in body.lines] == ["│ said", "│ ", "│ again", "│ ", "│ │ deeper"]
    assert [line.text for line in body.lines] == ["said", "", "again", "", "deeper"]


def test_emphasis_is_more_than_a_colour() -> None:
    lines = set_markdown("**strong** *em* ~~gone~~ ***both*** [link](https://a.b/c)").lines
    assert style_of(lines, "strong").bold
    assert style_of(lines, "em").italic
    assert style_of(lines, "gone").strike
    assert style_of(lines, "both").bold
    assert style_of(lines, "both").italic
    assert style_of(lines, "link").underline


def test_fenced_code_has_its_label_and_keeps_blanks() -> None:
    body = set_markdown("```rust ignore\nfn  main() {\n\n\tx\n```", 30)
    assert [line.plain.rstrip() for line in body.lines] == ["  rust", "  fn  main() {", "", "      x"]
    assert body.codes == [(1, "fn  main() {\n\n\tx", "rust")]
    assert all(line.fill == PALETTE.block for line in body.lines)


def test_code_is_plain_until_it_is_coloured() -> None:
    colours = Highlighter(lambda: PALETTE)
    code = "def f():\n    return 'x'"
    before = set_markdown(f"```python\n{code}\n```", 40, colours)
    assert before.plain_codes == [(code, "python")]
    assert style_of(before.lines, "def f").color == PALETTE.block.color
    assert colours.work(code, "python", FAR_FUTURE)
    after = set_markdown(f"```python\n{code}\n```", 40, colours)
    assert after.plain_codes == []
    assert style_of(after.lines, "def") == PALETTE.tokens["Token.Keyword"]
    assert [line.plain for line in after.lines] == [line.plain for line in before.lines]


def test_colouring_goes_on_where_its_time_was_up() -> None:
    colours = Highlighter(lambda: PALETTE)
    code = "x = 1\n" * 500
    slices = 0
    while not colours.work(code, "python", 0.0):
        slices += 1
    assert slices > 3
    lines = colours.lines(code, "python")
    assert lines is not None
    assert len(lines) == 501


@pytest.mark.parametrize(
    ("code", "language"), [("x", ""), ("x", "text"), ("x" * 70_000, "c"), ("x", "no-such-language")]
)
def test_some_code_has_no_colours(code: str, language: str) -> None:
    colours = Highlighter(lambda: PALETTE)
    assert colours.work(code, language, FAR_FUTURE)
    assert colours.ready(code, language)
    assert colours.lines(code, language) is None


def test_table_is_aligned_and_wrapped_to_the_width() -> None:
    table = "| name | size |\n|:--|--:|\n| a | 10 |\n| longer | 7 |"
    assert plain(table, 40) == ["name   │ size", "───────┼─────", "a      │   10", "longer │    7"]
    wide = "| k | v |\n|--|--|\n| key | " + "word " * 30 + "|"
    assert all(len(row) <= 40 for row in plain(wide, 40))
    assert sum(row.count("word") for row in plain(wide, 40)) == 30


def test_table_too_wide_for_columns_becomes_records() -> None:
    table = "|" + "|".join(f"head{n}" for n in range(6)) + "|\n" + "|--" * 6 + "|\n|" + "|".join("abcdef") + "|"
    assert plain(table, 20) == [f"head{n}: {letter}" for n, letter in enumerate("abcdef")]


def test_html_entities_and_definitions_stay_visible() -> None:
    rows = "\n".join(plain("<script>alert(1)</script> &lt;b&gt; &#x202e;\n\n[ref]: https://a.b\n\n<!-- hidden -->", 80))
    for part in ("<script>alert(1)</script>", "<b>", "⟨202E⟩", "[ref]: https://a.b", "<!-- hidden -->"):
        assert part in rows


def test_markup_of_other_systems_is_only_text() -> None:
    assert plain("[red]x[/red] [@click=app.quit]y[/] $primary", 80) == ["[red]x[/red] [@click=app.quit]y[/] $primary"]


@pytest.mark.parametrize(
    ("href", "safe"),
    [
        ("https://a.b/c?d=e#f", "https://a.b/c?d=e#f"),
        ("mailto:me@a.b", "mailto:me@a.b"),
        ("HTTP://a.b", "HTTP://a.b"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("/etc/passwd", None),
        ("https://" + "x" * 3_000, None),
        ("https://a.b/\x1b]8;;evil\x07", "https://a.b/%1B]8;;evil%07"),
        ("https://a.b/ü", "https://a.b/%C3%BC"),
    ],
)
def test_only_harmless_addresses_become_links(href: str, safe: str | None) -> None:
    assert safe_href(href) == safe


def test_unsafe_link_keeps_its_label_as_text() -> None:
    lines = set_markdown("[ok](https://a.b) [file](file:///x)").lines
    assert style_of(lines, "ok").link == "https://a.b"
    assert style_of(lines, "file").link is None


def test_written_out_addresses_are_links_without_their_punctuation() -> None:
    found = [(text, href) for text, href in bare_links("see https://a.b/c_(d), or (https://e.f/g).") if href]
    assert found == [("https://a.b/c_(d)", "https://a.b/c_(d)"), ("https://e.f/g", "https://e.f/g")]


MARKDOWN = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "# ",
                "- ",
                "1. ",
                "> ",
                "```py\n",
                "\n```\n",
                "|a|b|\n|-|-|\n|",
                "**",
                "`",
                "[x](",
                ")",
                "\n",
                "\n\n",
                "    ",
                "~~",
            ]
        ),
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12),
    ),
    max_size=30,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN, st.integers(8, 70))
@example("> > > > 1. x", 8)
@example("1000000000. x", 8)
@example("- ```python\n", 8)
def test_no_row_is_too_wide_or_holds_a_control_character(text: str, width: int) -> None:
    blocks = parse(text, PALETTE)
    if blocks is None:
        return
    for line in set_markdown(text, width).lines:
        assert cell_len(line.plain) <= width
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line.plain)


def test_words_of_any_markdown_are_all_there() -> None:
    text = "alpha **beta** `gamma`\n- delta\n> epsilon\n\n|zeta|eta|\n|-|-|\n|theta|iota|\n\n```\nkappa\n```\n<p>lambda</p>"
    rows = " ".join(plain(text, 30))
    for word in ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda"]:
        assert word in rows


@pytest.mark.parametrize(
    "text",
    ["[" * 40_000, "*a " * 30_000, "- a\n" * 20_000, "|a|\n" * 5_000, "x" * 200_000, "\\" * 90_000, "&amp;" * 9_000],
)
def test_what_would_stall_the_parser_is_not_parsed(text: str) -> None:
    begun = perf_counter()
    assert too_heavy(text)
    assert perf_counter() - begun < 5


def test_a_long_diff_in_a_fence_is_no_long_list() -> None:
    assert too_heavy("- item\n" * 700)
    assert not too_heavy("```diff\n" + "- item\n" * 700 + "```\n")
    row = "|" + "x|" * 500 + "\n"
    assert too_heavy(row * 12)
    assert not too_heavy(row * 5)
    assert not too_heavy("```\n" + row * 12 + "```\n")


def test_bottomless_nesting_is_refused_and_deep_nesting_leaves_room() -> None:
    assert parse(">" * 4_000 + "x", PALETTE) is None
    assert "word" in "".join(plain("> " * 40 + "word", 20))
    assert max(map(cell_len, plain("> " * 40 + "word word word", 20))) <= 20


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
def test_ansi_themes_use_no_colour_of_ours(theme: str) -> None:
    both = palettes(theme)
    text = "# h\n**b** `c` [l](https://a.b)\n> q\n\n```python\ndef f(): return 1\n```\n|a|\n|-|\n|b|"
    for palette in (both.plain, both.prompt):
        colours = Highlighter(lambda palette=palette: palette)  # type: ignore[misc]
        colours.work("def f(): return 1", "python", FAR_FUTURE)
        from chattui.tui.pane.layout import set_blocks

        body = set_blocks(parse(text, palette) or [], 40, palette, colours)
        styles = [s.style for line in body.lines for s in line.segments if s.style]
        assert styles
        for style in [*styles, *palette.names.values(), *palette.bars.values(), palette.mark, palette.selected]:
            for colour in (style.color, style.bgcolor):
                assert colour is None or colour.triplet is None, f"{style} is a colour of ours"
