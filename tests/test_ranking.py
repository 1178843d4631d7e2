"""Which hit is better: by where the words stand, who said them, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chattui.domain.kinds import Kind, Role
from chattui.domain.ranking import Ranking
from chattui.domain.search import Hit

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def hit(
    snippet: str, title: str = "a chat", *, role: Role = Role.TOOL, kind: Kind = Kind.TOOL_RESULT, days: float = 1
) -> Hit:
    return Hit(1, 1, role, kind, NOW - timedelta(days=days), snippet, (), title, "codex", None)


FILL = "one two three four five six "


@pytest.mark.parametrize(
    ("text", "better", "worse"),
    [
        pytest.param("connection pool", hit("the connection-pool is full"), hit("pool of a connection"), id="phrase"),
        pytest.param("connection pool", hit("pool of a connection"), hit(f"pool {FILL * 3} connection"), id="near"),
        pytest.param("pool", hit("the pool", "Pool exhausted"), hit("the pool", "Other"), id="title"),
        pytest.param("pool", hit("the pool"), hit("the pooled"), id="whole word"),
        pytest.param("pool", hit("the pool", days=1), hit("the pool", days=90), id="recent"),
        pytest.param(
            "pool", hit("a pool", role=Role.USER, kind=Kind.TEXT), hit("a pool"), id="a prompt before tool output"
        ),
        pytest.param(
            "pool", hit("a pool", role=Role.ASSISTANT, kind=Kind.TEXT), hit("a pool", role=Role.ASSISTANT, kind=Kind.TOOL_CALL),
            id="a reply before a call",
        ),
    ],
)  # fmt: skip
def test_what_makes_a_hit_better(text: str, better: Hit, worse: Hit) -> None:
    ranking = Ranking(text, NOW)
    assert ranking.worth(better) > ranking.worth(worse)
    assert ranking.sort([worse, better]) == [better, worse]


@pytest.mark.parametrize("text", ["", '"', "((", "role:tool -x OR", "日本 語", "a" * 1000, "x y " * 300, "\x00"])
def test_any_text_ranks(text: str) -> None:
    found = [hit("x y z", days=days) for days in (3, 1, 2)]
    assert len(Ranking(text, NOW).sort(found)) == 3


def test_fields_are_no_words() -> None:
    named, said = hit("x", "tool use", days=1), hit("pool here", days=1)
    assert Ranking("pool role:tool", NOW).sort([named, said]) == [said, named]


def test_equal_hits_keep_their_order() -> None:
    same = [hit("pool", f"chat {number}") for number in range(5)]
    assert Ranking("pool", NOW).sort(same) == same
