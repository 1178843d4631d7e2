"""The memory of record ids is the same however often it was packed in between, and whatever its keys are."""

from __future__ import annotations

import random

from chattui.sources.windows import Seen, key_of


class Plain:
    """What ``Seen`` does, in as few words as there are."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.keys: list[str] = []

    def add(self, key: str) -> None:
        if key not in self.keys:
            self.keys = [*self.keys, key][-self.limit :]


def test_it_is_the_same_however_often_it_was_packed() -> None:
    rng = random.Random(5)
    for turn in range(60):
        limit = rng.choice((3, 50, 400))
        wanted, seen = Plain(limit), Seen(limit)
        for n in range(rng.randrange(600)):
            key = key_of(str(rng.randrange(500)) if turn % 2 else f"{rng.randrange(3):012x}" * 3)
            assert (key in seen) == (key in wanted.keys)
            wanted.add(key)
            seen.add(key)
            if rng.random() < 0.03 or n == 0:
                seen = Seen(limit, seen.packed())
        assert [key in seen for key in wanted.keys] == [True] * len(wanted.keys)
        assert len(seen.packed()) == -(-len(wanted.keys) * 6 // 3) * 4


def test_a_key_that_stands_across_two_others_is_not_there() -> None:
    packed = Seen(9)
    packed.add("aaaaaaaaaabb")
    packed.add("ccdddddddddd")
    again = Seen(9, packed.packed())
    assert "aabbccdddddd" not in again
    assert "aaaaaaaabbcc" not in again
    assert "aaaaaaaaaabb" in again
    assert "ccdddddddddd" in again
