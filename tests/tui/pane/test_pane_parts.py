"""Headlines, matches, selected text, and replies that are still being written."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from palettes import PALETTE, PALETTES, set_markdown
from pane_feeds import NOW, Feed, message, now
from textual.geometry import Offset
from textual.selection import Selection

from chattui.domain.chat import ToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.tui.pane.headline import ago, duration, folded, header
from chattui.tui.pane.highlight import Highlighter
from chattui.tui.pane.lines import Line
from chattui.tui.pane.lru import Lru
from chattui.tui.pane.marks import Marks, MatchWalk, find_spans, rows_of
from chattui.tui.pane.selection import ROW, Document
from chattui.tui.pane.stream import Stream
from chattui.tui.pane.typeset import MOST_ROWS, Typesetter


def tool_line(status: ToolStatus, width: int = 60, **tool: object) -> str:
    use = ToolUse("c1", "Bash", status, "rg -n foo src", **tool)  # type: ignore[arg-type]
    return folded(message(1, "{}", kind=Kind.TOOL_CALL, tool=use), width, PALETTE, opened=False).plain


# Headlines


def test_header_says_who_with_what_and_when() -> None:
    line = header(message(1, model="opus", role=Role.ASSISTANT), NOW, 59, PALETTE)
    assert line.plain == "Assistant  opus · 5m ago"
    assert header(message(1, role=Role.USER), NOW, 59, PALETTE).plain == "You  5m ago"
    assert "✗" in header(message(1, error=True), NOW, 60, PALETTE).plain


def test_a_wide_header_has_the_exact_time_and_the_tokens() -> None:
    reply = message(1, model="opus", tokens_in=12_345, tokens_out=420)
    assert (
        header(reply, NOW, 80, PALETTE).plain
        == f"Assistant  opus · 5m ago · {NOW - timedelta(minutes=5):%H:%M} · 12.3k in, 420 out"
    )
    assert header(reply, NOW, 59, PALETTE).plain == "Assistant  opus · 5m ago"
    old = message(1, created_at=NOW - timedelta(days=3), tokens_out=2_500_000)
    assert header(old, NOW, 80, PALETTE).plain == f"Assistant  {NOW - timedelta(days=3):%a %H:%M} · 0 in, 2.5M out"


def test_a_compaction_is_a_line_across_the_chat() -> None:
    event = message(1, "Conversation compacted (auto, 155,000 tokens)", kind=Kind.EVENT, role=Role.SYSTEM)
    line = folded(event, 60, PALETTE, opened=False)
    assert line.plain == "── Conversation compacted (auto, 155,000 tokens) " + "─" * 11
    assert len(folded(event, 20, PALETTE, opened=False).plain) == 20
    other = message(1, "Interrupted", kind=Kind.EVENT, role=Role.SYSTEM)
    assert folded(other, 60, PALETTE, opened=False).plain.startswith("▸ Event")


def test_tool_call_is_one_line_with_its_outcome() -> None:
    assert tool_line(ToolStatus.COMPLETED, duration_ms=400) == "▸ Bash       rg -n foo src  ✓ 0.4s"
    assert tool_line(ToolStatus.FAILED).endswith("✗ failed")
    assert tool_line(ToolStatus.RUNNING).endswith("… running")
    assert tool_line(ToolStatus.CANCELLED).endswith("⊘ cancelled")


@given(st.integers(4, 80), st.text(max_size=80), st.text(max_size=200))
def test_folded_lines_fit_and_are_one_row(width: int, name: str, content: str) -> None:
    use = ToolUse("c", name, ToolStatus.FAILED, content, 61_000)
    for kind in Kind:
        line = folded(message(1, content, kind=kind, tool=use, error=True), width, PALETTE, opened=False)
        assert "\n" not in line.plain
        assert "\x1b" not in line.plain


def test_outcome_is_kept_when_the_target_is_cut() -> None:
    use = ToolUse("c", "Bash", ToolStatus.FAILED, "x" * 500)
    line = folded(message(1, kind=Kind.TOOL_CALL, tool=use), 40, PALETTE, opened=False).plain
    assert len(line) == 40
    assert line.endswith("…  ✗ failed")


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=59), "59m ago"),
        (timedelta(hours=11), "11h ago"),
        (timedelta(hours=20), "yesterday 16:00"),
        (timedelta(days=3), "Thu 12:00"),
        (timedelta(days=20), "2 Nov 12:00"),
        (timedelta(days=400), "18 Oct 2025"),
    ],
)
def test_ago(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


def test_duration() -> None:
    assert [duration(ms) for ms in (0, 420, 9_940, 9_960, 59_600, 125_000, 7_300_000)] == [
        "0.0s", "0.4s", "9.9s", "10s", "1m 00s", "2m 05s", "2h 01m",
    ]  # fmt: skip


# Matches


def test_match_is_found_across_a_wrap_but_not_across_lines() -> None:
    lines = set_markdown("one two three four\n\nfive", 9).lines
    assert [line.plain for line in lines] == ["one two", "three", "four", "", "five"]
    found = find_spans(lines, re.compile("two three|four five"))
    assert {row: [(span.start, span.end) for span in spans] for row, spans in found.items()} == {
        0: [(4, 7)],
        1: [(0, 5)],
    }
    assert rows_of(found) == [0]


def test_match_positions_count_the_ornament() -> None:
    (spans,) = find_spans(set_markdown("> said").lines, re.compile("said")).values()
    assert (spans[0].start, spans[0].end) == (2, 6)


def test_empty_matches_are_none() -> None:
    assert find_spans(set_markdown("abc").lines, re.compile("x*")) == {}


def test_walk_goes_through_a_message_then_on_and_round() -> None:
    rows = {3: [1, 5], 8: [2], 9: []}
    walk = MatchWalk(Marks(re.compile("x"), (3, 8, 9)), lambda seq: rows[seq])
    steps = []
    for _ in range(6):
        walk.step(1, 5)
        steps.append((walk.seq, walk.number, walk.index))
    assert steps == [(8, 0, 2), (9, 0, 3), (3, 0, 1), (3, 1, 1), (8, 0, 2), (9, 0, 3)]
    walk.step(-1, 5)
    walk.step(-1, 5)
    assert (walk.seq, walk.number) == (3, 1), "backwards a message is entered at its last match"


def test_walk_begins_near_the_reader() -> None:
    marks = Marks(re.compile("x"), (3, 8))
    for step, near, seq in ((1, 4, 8), (-1, 7, 3), (1, 9, 3), (-1, 1, 8)):
        walk = MatchWalk(marks, lambda _: [0])
        assert walk.seq is None
        walk.step(step, near)
        assert walk.seq == seq
    assert not MatchWalk(Marks(re.compile("x"), ()), lambda _: []).step(1, 1)


# Selected text


def extract(lines_of: dict[int, list[Line]], start: tuple[int, int, int], end: tuple[int, int, int]) -> str:
    document = Document()
    first, last = (Offset(x, document.y(seq, row)) for seq, row, x in (start, end))
    return document.extract(Selection(first, last), max(lines_of), lines_of.get)


def test_wrapped_text_is_copied_as_it_was_written() -> None:
    lines = {1: set_markdown("> one two three four five\n\n- item that wraps\n\n```py\ncode here\n```", 14).lines}
    text = extract(lines, (1, 0, 0), (1, len(lines[1]) - 1, 99))
    assert text == "one two three four five\n\n• item that wraps\n\ncode here"


def test_selection_runs_from_message_to_message() -> None:
    lines = {1: set_markdown("first one").lines, 2: set_markdown("second\n\nlast").lines, 3: set_markdown("x").lines}
    assert extract(lines, (1, 0, 6), (2, 0, 3)) == "one\nsec"
    assert extract(lines, (1, 0, 6), (3, 0, 1)) == "one\nsecond\n\nlast\nx"


def test_what_is_not_loaded_is_named() -> None:
    lines = {1: set_markdown("first").lines, 4: set_markdown("last").lines}
    assert extract(lines, (1, 0, 0), (4, 0, 4)) == "first\n[… 2 messages not loaded]\nlast"


def test_too_much_is_cut_and_said() -> None:
    lines = {seq: [Line()] for seq in range(1, 3_001)}
    document = Document()
    text = document.extract(Selection(None, None), 3_000, lines.get)
    assert text.endswith("[… 1,000 more messages: too much to copy]")


def test_coordinates_fit_32_bits_in_a_chat_of_a_million() -> None:
    document = Document()
    for seq in (1, 100_000, 250_000, 999_999, 3):
        if document.strays(seq):
            document.origin = seq
        for near in (seq - 1_000, seq + 1_000):
            assert abs(document.y(near, MOST_ROWS + 10)) < 2**31
            assert document.place(document.y(near, 17)) == (near, 17)
    assert MOST_ROWS + 100 < ROW


# Typesetting


def typesetter(*contents: object, width: int = 60) -> Typesetter:
    messages = [each if not isinstance(each, str) else message(n, each) for n, each in enumerate(contents, 1)]
    typeset = Typesetter(lambda: PALETTES, now)
    typeset.begin(Feed(messages))  # type: ignore[arg-type]
    typeset.resize(width)
    return typeset


def texts(typeset: Typesetter, seq: int) -> list[str]:
    laid = typeset.laid(seq)
    assert laid is not None
    return [line.plain.rstrip() for line in laid.lines]


def test_folded_runs_stand_together_and_apart_from_the_rest() -> None:
    call = {"kind": Kind.TOOL_CALL}
    typeset = typesetter("a", message(2, "x", **call), message(3, "y", **call), "b")
    assert [len(texts(typeset, seq)) for seq in (1, 2, 3, 4)] == [2, 2, 1, 3]
    assert texts(typeset, 2)[0] == ""
    assert texts(typeset, 4)[0] == ""


@pytest.mark.parametrize("content_type", [ContentType.TEXT, ContentType.CODE, ContentType.JSON])
def test_only_markdown_is_read_as_markdown(content_type: ContentType) -> None:
    typeset = typesetter(message(1, "# a\n**b**", content_type=content_type))
    assert texts(typeset, 1)[1:] == ["# a", "**b**"]


def test_long_text_shows_its_beginning_and_says_what_is_left() -> None:
    typeset = typesetter(message(1, "line\n" * 12_345, content_type=ContentType.TEXT))
    rows = texts(typeset, 1)
    assert len(rows) < 1_100
    assert re.fullmatch(r"… 11,3\d\d more lines \(57 K characters\) · e shows them", rows[-1])


def test_long_markdown_says_how_many_lines_are_left() -> None:
    rows = texts(typesetter("word\n\n" * 900), 1)
    assert rows[-1] == "… 799 more lines · e shows them"


def test_caches_are_bounded() -> None:
    lru: Lru[int, str] = Lru(10, most_weight=100)
    for key in range(50):
        lru.put(key, "x", 30)
    assert len(lru) == 3
    assert lru.weight == 90
    lru.put(99, "huge", 1_000)
    assert lru.get(99) == "huge"
    assert len(lru) == 1


# Growing replies

REPLY = (
    "Intro with **bold**.\n\n- one\n- two\n\n```python\n" + "".join(f"line_{n} = {n}\n" for n in range(120)) + "```\n\n"
    "After the code.\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end."
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_a_reply_in_pieces_looks_like_the_whole(sizes: list[int]) -> None:
    stream = Stream(50, PALETTE, Highlighter(lambda: PALETTE))
    position = 0
    for size in sizes:
        position = min(len(REPLY), position + size)
        assert stream.continues(REPLY[:position], 50)
        assert stream.update(REPLY[:position]) is not None
    body = stream.update(REPLY)
    assert body is not None
    assert [line.plain for line in body.lines] == [line.plain for line in set_markdown(REPLY, 50).lines]


def test_only_the_open_end_of_a_reply_is_set_again() -> None:
    stream = Stream(50, PALETTE, Highlighter(lambda: PALETTE))
    text = "paragraph of text\n\n" * 200
    stream.update(text)
    stream.update(text)
    settled = stream.kept_rows
    first = stream.update(text + "tail").lines[:settled]  # type: ignore[union-attr]
    second = stream.update(text + "tail grows").lines[:settled]  # type: ignore[union-attr]
    assert settled > 390
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_a_long_open_fence_settles_too() -> None:
    stream = Stream(50, PALETTE, Highlighter(lambda: PALETTE))
    text = "```python\n" + "x = 1\n" * 500
    stream.update(text)
    stream.update(text)
    assert stream.kept_rows > 400
    body = stream.update(text + "y = 2\n```\n\nafter")
    assert body is not None
    assert [line.plain for line in body.lines[-3:]] == ["  y = 2", "", "after"]
    assert sum(line.plain == "  python" for line in body.lines) == 1


def test_another_text_is_no_continuation() -> None:
    stream = Stream(50, PALETTE, Highlighter(lambda: PALETTE))
    stream.update("one\n\ntwo\n\nthree")
    assert not stream.continues("other\n\ntwo\n\nthree", 50)
    assert not stream.continues("one\n\ntwo\n\nthree four", 49)
