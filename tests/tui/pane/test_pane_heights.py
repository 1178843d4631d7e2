"""The height index agrees with a plain list, and the viewport with a plain document."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chattui.domain.chat import SIZE_BLOCK, BlockSize
from chattui.tui.pane.heights import Heights, estimate
from chattui.tui.pane.viewport import Viewport


def naive(heights: Heights) -> list[int]:
    return [heights.rows(seq) for seq in range(1, heights.count + 1)]


@given(
    count=st.integers(1, 3 * SIZE_BLOCK),
    estimates=st.lists(st.integers(0, 9_000), max_size=4),
    measured=st.dictionaries(st.integers(1, 3 * SIZE_BLOCK), st.integers(1, 500), max_size=12),
    grown=st.integers(0, 700),
    better=st.lists(st.integers(0, 9_000), max_size=5),
)
def test_index_agrees_with_a_list_of_heights(
    count: int, estimates: list[int], measured: dict[int, int], grown: int, better: list[int]
) -> None:
    heights = Heights(count, estimates)
    kept = {seq: rows for seq, rows in measured.items() if seq <= count}
    for seq, rows in kept.items():
        heights.measured(seq, rows)
    heights.grow(count + grown)
    heights.estimated(better)
    rows_of = naive(heights)
    tops = list(accumulate(rows_of, initial=0))

    assert min(rows_of) >= 1
    assert heights.total == tops[-1]
    for seq, rows in kept.items():
        assert heights.is_exact(seq)
        assert heights.rows(seq) == rows
    for seq in {1, count // 2 + 1, count, heights.count, *kept}:
        assert heights.top(seq) == tops[seq - 1]
        assert heights.find(tops[seq - 1]) == (seq, 0)
        assert heights.find(tops[seq] - 1) == (seq, rows_of[seq - 1] - 1)
    assert heights.top(heights.count + 1) == heights.total
    assert heights.find(-5) == (1, 0)
    assert heights.find(heights.total + 5) == (heights.count, rows_of[-1] - 1)


def test_estimates_are_spread_over_their_block() -> None:
    heights = Heights(2 * SIZE_BLOCK, [5 * SIZE_BLOCK, 2 * SIZE_BLOCK + 1])
    assert heights.total == 7 * SIZE_BLOCK + 1
    assert set(naive(heights)[:SIZE_BLOCK]) == {5}


def test_forgotten_height_is_replaced_by_an_estimate() -> None:
    heights = Heights(10, [100])
    heights.measured(3, 50)
    heights.forget(3)
    assert not heights.is_exact(3)
    assert heights.rows(3) == 50
    heights.estimated([100])
    assert heights.rows(3) == 10


def test_a_million_messages_are_indexed_by_block() -> None:
    heights = Heights(1_000_000, [4_000] * 1_954)
    heights.measured(777_777, 3)
    assert len(heights._rows) == 1, "only the block that was measured holds its messages"
    assert heights.find(heights.top(777_777) + 2) == (777_777, 2)


def test_folded_messages_count_one_row_and_wider_panes_fewer() -> None:
    block = BlockSize(count=100, folded=60, chars=40_000, lines=400)
    assert estimate(BlockSize(100, 100, 0, 0), 80) == 100
    assert estimate(block, 40) > estimate(block, 80) > estimate(block, 160) > 100


def document(sizes: list[int], guess: int, height: int) -> Viewport:
    """A viewport over messages of these sizes, all of them guessed to be ``guess`` rows until they are measured."""

    def measure(seq: int) -> int:
        viewport.heights.measured(seq, sizes[seq - 1])
        return sizes[seq - 1]

    viewport = Viewport(measure)
    viewport.heights = Heights(len(sizes), [guess * len(sizes)])
    viewport.height = height
    return viewport


def flat(sizes: list[int]) -> list[tuple[int, int]]:
    return [(seq, line) for seq, size in enumerate(sizes, 1) for line in range(size)]


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=60),
    guess=st.integers(1, 30),
    height=st.integers(1, 30),
    moves=st.lists(st.integers(-80, 80), max_size=30),
)
def test_moves_are_exact_whatever_the_guesses(sizes: list[int], guess: int, height: int, moves: list[int]) -> None:
    viewport = document(sizes, guess, height)
    every = flat(sizes)
    bottom = max(0, len(every) - height)
    viewport.place(1, 0, 0)
    at = 0
    for move in moves:
        step = max(-3 * height, min(3 * height, move))
        viewport.scroll(viewport.y + step)
        at = max(0, min(bottom, at + step))
        assert viewport.anchor == every[at]
        assert viewport.at_end == (at == bottom)


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=60), guess=st.integers(1, 30), height=st.integers(1, 30))
def test_end_shows_the_last_row_last(sizes: list[int], guess: int, height: int) -> None:
    viewport = document(sizes, guess, height)
    viewport.end()
    every = flat(sizes)
    assert viewport.anchor == every[max(0, len(every) - height)]
    assert viewport.at_end
    assert viewport.y == max(0, viewport.heights.total - height)


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=60),
    height=st.integers(1, 30),
    data=st.data(),
)
def test_a_line_is_placed_as_far_below_the_top_as_asked(sizes: list[int], height: int, data: st.DataObject) -> None:
    viewport = document(sizes, 7, height)
    every = flat(sizes)
    target = data.draw(st.integers(0, len(every) - 1))
    above = data.draw(st.integers(0, height - 1))
    viewport.place(*every[target], above)
    assert viewport.anchor == every[max(0, min(len(every) - height, target - above))]


@pytest.mark.parametrize("height", [0, 5])
def test_nothing_to_show_is_no_error(height: int) -> None:
    viewport = Viewport(lambda seq: 1)
    viewport.height = height
    assert viewport.y == viewport.scroll(9) == viewport.place(1, 0, 0) == 0
    assert list(viewport.seen()) == []
