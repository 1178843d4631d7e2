"""What a person types to find something or to go somewhere: needles and places, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chattui.domain.needle import Needle
from chattui.domain.place import ByNumber, ByTime, NoSuchPlace, read_place

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HERE = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seq"), [("120", 120), ("#7", 7), ("0", 1), ("99999999", 500), ("50%", 251), ("0 %", 1), ("100%", 500)]
)
def test_numbers_and_shares_are_messages_of_the_chat(text: str, seq: int) -> None:
    assert read_place(text, 500, NOW, HERE) == ByNumber(seq)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("14:30", datetime(2026, 11, 3, 14, 30, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 11, 21, tzinfo=UTC)),
        ("today 8:05", datetime(2026, 11, 22, 8, 5, tzinfo=UTC)),
        ("2026-10-03", datetime(2026, 10, 3, tzinfo=UTC)),
        ("2026-10-03  14:30:09", datetime(2026, 10, 3, 14, 30, 9, tzinfo=UTC)),
    ],
)
def test_times_are_moments_and_a_clock_alone_is_of_the_day_that_is_read(text: str, moment: datetime) -> None:
    assert read_place(text, 500, NOW, HERE) == ByTime(moment)


@pytest.mark.parametrize("text", ["soon", "2026-02-31", "25:00", "yesterday noon", "-3", "12:61"])
def test_what_is_no_place_is_answered_with_a_sentence(text: str) -> None:
    with pytest.raises(NoSuchPlace, match=r"[.…]|Try one of these"):
        read_place(text, 500, NOW, HERE)


@pytest.mark.parametrize("text", ["(a+)+$", "(a|a){30}", "a*b", r"(.)\1", ".*x", "(?=x)y", "[[:alpha:]]", "a?" * 30])
def test_an_expression_that_could_hang_is_never_run_on_the_screen(text: str) -> None:
    assert Needle(text, regex=True).pattern is None


@pytest.mark.parametrize("text", [r"\bpool\b", "err(or)?", "^warn", r"a|b", r"\d{1,4}"])
def test_a_bounded_expression_is_marked_exactly(text: str) -> None:
    assert Needle(text, regex=True).pattern is not None


def test_literal_text_is_literal_and_case_counts_only_when_asked_for() -> None:
    assert Needle("a.b").pattern.findall("a.b axb A.B") == ["a.b", "A.B"]  # type: ignore[union-attr]
    assert Needle("a.b", case=True).pattern.findall("a.b A.B") == ["a.b"]  # type: ignore[union-attr]


def test_word_boundaries_are_said_in_the_databases_words_but_not_inside_a_class_or_after_a_backslash() -> None:
    assert Needle(r"\bfoo\B", regex=True).sql == r"\yfoo\Y"
    assert Needle(r"[\b]\\b", regex=True).sql == r"[\b]\\b"


def test_only_grown_text_narrows() -> None:
    assert Needle("pool").narrows(Needle("poo"))
    assert Needle("pool", case=True).narrows(Needle("OOL"))
    assert not Needle("pool").narrows(Needle("ool", case=True)), "Ool was not found before"
    assert not Needle("poo").narrows(Needle("pool"))
    assert not Needle("pool", regex=True).narrows(Needle("poo", regex=True))
