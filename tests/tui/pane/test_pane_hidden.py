"""Heights, window and selection where messages are hidden, against counting them one by one."""

from __future__ import annotations

import random
from time import perf_counter

import pytest
from textual.geometry import Offset
from textual.selection import Selection

from chattui.domain.chat import SIZE_BLOCK, BlockSize
from chattui.domain.levels import Level
from chattui.tui.pane.heights import Heights, estimate
from chattui.tui.pane.lines import Line, line_of
from chattui.tui.pane.selection import ROW, Document
from chattui.tui.pane.sieve import Sieve
from chattui.tui.pane.viewport import Viewport


def some_hidden(count: int, seed: int, share: float = 0.9) -> bytes:
    """A mask with at least one message shown; a whole block is hidden."""
    r = random.Random(seed)
    mask = bytearray(r.random() > share for _ in range(count))
    mask[SIZE_BLOCK : 2 * SIZE_BLOCK] = bytes(len(mask[SIZE_BLOCK : 2 * SIZE_BLOCK]))
    mask[r.randrange(0, SIZE_BLOCK)] = 1
    return bytes(mask)


@pytest.mark.parametrize("seed", range(5))
def test_rows_tops_and_places_agree_and_what_is_hidden_has_none(seed: int) -> None:
    count = 3 * SIZE_BLOCK + 77
    mask = some_hidden(count, seed)
    heights = Heights(count, [700, 900, 800, 60], mask)
    shown = [seq for seq in range(1, count + 1) if mask[seq - 1]]
    for seq in random.Random(seed).sample(shown, min(20, len(shown))):
        heights.measured(seq, seq % 7 + 1)
    heights.estimated([650, 10, 900, 70])
    rows = [heights.rows(seq) for seq in range(1, count + 1)]
    assert sum(rows) == heights.total
    assert all((rows[seq - 1] > 0) == heights.is_shown(seq) for seq in range(1, count + 1))
    assert [heights.top(seq) for seq in range(1, count + 2)] == [sum(rows[: seq - 1]) for seq in range(1, count + 2)]
    for y in range(0, heights.total, 11):
        seq, line = heights.find(y)
        assert heights.top(seq) + line == y
        assert 0 <= line < rows[seq - 1]
    for seq in range(1, count + 1, 13):
        assert heights.after(seq) == next((s for s in shown if s > seq), count + 1)
        assert heights.before(seq) == next((s for s in reversed(shown) if s < seq), 0)
        assert heights.is_shown(heights.nearest(seq))
    assert list(heights.between(1, count)) == shown
    assert heights.shown_between(100, 900) == sum(mask[99:900])


def test_growth_adds_rows_only_for_what_is_shown() -> None:
    heights = Heights(3, shown=bytes([1, 0, 0]))
    heights.measured(1, 4)
    heights.grow(6, shown=bytes([1, 0, 0, 0, 1, 0]))
    assert [heights.rows(seq) > 0 for seq in range(1, 7)] == [True, False, False, False, True, False]
    assert heights.rows(1) == 4
    assert heights.total == 4 + heights.rows(5)


@pytest.mark.parametrize("seed", range(5))
def test_the_window_moves_over_what_is_shown_as_if_there_were_nothing_else(seed: int) -> None:
    count = 2 * SIZE_BLOCK + 300
    mask = some_hidden(count, seed, 0.97)
    sizes = {seq: seq % 5 + 1 for seq in range(1, count + 1) if mask[seq - 1]}
    document = [(seq, line) for seq, rows in sizes.items() for line in range(rows)]

    def measure(seq: int) -> int:
        viewport.heights.measured(seq, sizes[seq])
        return sizes[seq]

    viewport = Viewport(measure)
    viewport.heights = Heights(count, shown=mask)
    viewport.height = 9
    viewport.end()
    assert viewport.anchor == document[-9]
    assert (viewport.at_end, viewport.last) == (True, document[-1][0])
    at = len(document) - 9
    for move in (-4, -1, -13, 6, -20, 2):
        viewport.scroll(viewport.y + move)
        at = max(0, min(len(document) - 9, at + move))
        assert viewport.anchor == document[at]
        seen = viewport.seen()
        assert [next(seen) for _ in range(9)] == document[at : at + 9]
    hidden = next(seq for seq in range(SIZE_BLOCK, 0, -1) if not mask[seq - 1])
    viewport.place(hidden, 3, 0)
    assert viewport.heights.is_shown(viewport.anchor[0])
    assert set(viewport.near(2)) >= set(viewport.messages())


def test_a_level_of_a_million_messages_is_there_at_once() -> None:
    sieve = Sieve()
    sieve.begin(1_000_000)
    sieve.learn(1, b"1bccdd24" * 125_000)
    sizes = [BlockSize(512, 380, 40_000, 500)] * 1_954
    began = perf_counter()
    sieve.level = Level.CONVERSATION
    mask = sieve.shown()
    assert mask is not None
    heights = Heights(1_000_000, [estimate(size, 100) for size in sieve.of_sizes(sizes)], mask)
    middle = heights.find(heights.total // 2)[0]
    assert perf_counter() - began < 0.1
    assert 450_000 < middle < 550_000
    assert heights.shown_between(1, 1_000_000) == 375_000


def test_a_level_of_which_there_is_nothing_gives_way_to_the_next() -> None:
    sieve = Sieve()
    sieve.begin(3)
    sieve.learn(1, b"2cd")
    sieve.level = Level.PROMPTS
    assert sieve.shown() == bytes([1, 0, 0])
    assert sieve.actual is Level.CONVERSATION


def test_what_is_not_known_is_shown() -> None:
    sieve = Sieve()
    sieve.begin(4)
    sieve.level = Level.PROMPTS
    assert sieve.shown() is None
    sieve.learn(2, b"1c")
    assert sieve.shown() == bytes([1, 1, 0, 1])
    assert not sieve.is_complete


def test_only_what_is_shown_is_copied() -> None:
    lines: dict[int, list[Line]] = {seq: [line_of([(f"text {seq}", None)])] for seq in range(1, 5)}  # type: ignore[list-item]
    document = Document()
    heights = Heights(4, shown=bytes([1, 0, 0, 1]))
    everything = Selection(Offset(0, 0), Offset(20, 3 * ROW))
    assert document.extract(everything, 4, lines.get, heights.between) == "text 1\ntext 4"
    assert document.extract(everything, 4, lines.get).count("text") == 4
