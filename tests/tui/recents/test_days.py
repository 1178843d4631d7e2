"""Headings and ages of moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chattui.tui.recents.days import DayClock, age, heading

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 23), "Today"),
        (date(2026, 11, 22), "Today"),
        (date(2026, 11, 21), "Yesterday"),
        (date(2026, 11, 20), "Previous 7 days"),
        (date(2026, 11, 15), "Previous 7 days"),
        (date(2026, 11, 14), "Previous 30 days"),
        (date(2026, 10, 23), "Previous 30 days"),
        (date(2026, 10, 22), "October 2026"),
        (date(2025, 11, 22), "November 2025"),
    ],
)
def test_heading(day: date, words: str) -> None:
    assert heading(day, NOW.date()) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-30), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=3), "3m"),
        (timedelta(hours=2), "2h"),
        (timedelta(hours=11, minutes=59), "11h"),
        (timedelta(hours=13), "Sat"),
        (timedelta(days=6), "Mon"),
        (timedelta(days=7), "15 Nov"),
        (timedelta(days=41), "12 Oct"),
        (timedelta(days=400), "Oct 2025"),
    ],
)
def test_age(passed: timedelta, words: str) -> None:
    assert age(NOW - passed, NOW) == words


def test_late_last_night_is_hours_ago_just_after_midnight() -> None:
    midnight = NOW.replace(hour=0, minute=30)
    assert age(midnight - timedelta(hours=2), midnight) == "2h"


def test_days_are_those_of_the_readers_time_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    now = datetime(2026, 11, 22, 1, 0, tzinfo=tokyo)
    then = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)  # 23:00 on the 21st in Tokyo
    assert DayClock(now).heading(then) == "Yesterday"
    assert DayClock(NOW).heading(then) == "Yesterday"
    assert DayClock(now).heading(datetime(2026, 11, 21, 15, 30, tzinfo=UTC)) == "Today"


@given(st.lists(st.integers(-2_000, 2_000_000), max_size=60))
def test_the_clock_remembers_only_what_is_true(minutes: list[int]) -> None:
    clock = DayClock(NOW)
    for passed in minutes:
        then = NOW - timedelta(minutes=passed)
        assert clock.heading(then) == heading(then.date(), NOW.date())
