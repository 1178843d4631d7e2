"""Hits by words and by meaning as one list, by reciprocal rank."""

from __future__ import annotations

from datetime import UTC, datetime

from chattui.domain.kinds import Kind, Role
from chattui.domain.search import FoundBy, FoundIn, Hit, Page
from chattui.domain.semantic import fuse


def hit(seq: int, by: FoundBy = FoundBy.WORDS, *, beside: bool = False) -> Hit:
    when = datetime(2026, 3, 1, tzinfo=UTC)
    return Hit(
        1,
        seq,
        Role.USER,
        Kind.TEXT,
        when,
        f"{by} {seq}",
        (),
        "",
        "",
        None,
        found_in=FoundIn.NOTE if beside else FoundIn.MESSAGE,
        found_by=by,
    )


def page(*hits: Hit) -> Page:
    return Page(hits, 7, True, None, True)


def order(found: Page) -> list[tuple[int, FoundBy]]:
    return [(h.seq, h.found_by) for h in found.hits]


def test_what_came_by_both_is_first_and_of_equal_ranks_the_one_by_words() -> None:
    found = fuse(page(hit(1), hit(2), hit(3)), [hit(9, FoundBy.MEANING), hit(3, FoundBy.MEANING)])
    assert order(found) == [
        (3, FoundBy.BOTH),
        (1, FoundBy.WORDS),
        (9, FoundBy.MEANING),
        (2, FoundBy.WORDS),
    ]
    assert found.hits[0].snippet == "words 3"
    assert found.fused
    assert (found.about, found.exact, found.more) == (7, True, None)


def test_a_message_is_there_once_however_far_down_it_is_in_either_list() -> None:
    words = [hit(n) for n in range(1, 101)]
    near = [hit(n, FoundBy.MEANING) for n in range(100, 0, -2)]
    found = fuse(page(*words), near)
    assert sorted(seq for seq, _ in order(found)) == list(range(1, 101))
    worth = {n: 1 / (60 + n) + (1 / (60 + 1 + (100 - n) // 2) if n % 2 == 0 else 0) for n in range(1, 101)}
    assert [seq for seq, _ in order(found)] == sorted(worth, key=lambda n: -worth[n])


def test_notes_stay_in_front() -> None:
    found = fuse(page(hit(5, beside=True), hit(1)), [hit(1, FoundBy.MEANING), hit(5, FoundBy.MEANING)])
    assert [(h.seq, h.is_message) for h in found.hits] == [(5, False), (1, True), (5, True)]


def test_with_nothing_near_the_page_is_as_it_was() -> None:
    assert fuse(page(hit(1), hit(2)), []).hits == (hit(1), hit(2))
