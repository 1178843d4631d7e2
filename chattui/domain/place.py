"""Places in a chat as a person names them: a message's number, a share of the chat, a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chattui.domain.errors import ChattuiError

HELP = "120 · 50% · 14:30 · yesterday · 2026-10-03 · 2026-10-03 14:30"
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_NUMBER = re.compile(r"#?(\d+)")
_SHARE = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class NoSuchPlace(ChattuiError):
    """What was typed names no place."""


@dataclass(frozen=True, slots=True)
class ByNumber:
    """The message with this seq."""

    seq: int


@dataclass(frozen=True, slots=True)
class ByTime:
    """The first message at or after a moment, which is aware."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in an outline. ``text`` is how it begins, line breaks included."""

    seq: int
    created_at: datetime
    text: str


Place = ByNumber | ByTime


def read_place(text: str, count: int, now: datetime, here: datetime) -> Place:
    """The place that ``text`` names in a chat of ``count`` messages.

    Times are in the time zone of ``now``. A time without a day is on the day of ``here``, the message that is read.
    Raises ``NoSuchPlace`` with a sentence.
    """
    words = " ".join(text.lower().split())
    if match := _NUMBER.fullmatch(words):
        return ByNumber(max(1, min(int(match[1][:12]), count)))
    if match := _SHARE.fullmatch(words):
        share = min(100.0, float(match[1].replace(",", ".")))
        return ByNumber(max(1, min(count, 1 + round(share / 100 * (count - 1)))))
    day_word, _, clock = words.partition(" ")
    if _CLOCK.fullmatch(day_word):
        day_word, clock = "", words
    day = _day(day_word, now, here.astimezone(now.tzinfo))
    if day is None:
        raise NoSuchPlace(f"That is no place in a chat. Try one of these: {HELP}")
    return ByTime(_at(day, clock))


def _day(word: str, now: datetime, here: datetime) -> datetime | None:
    midnight = {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}
    if not word:
        return here.replace(**midnight)  # type: ignore[arg-type]
    if word in ("today", "yesterday"):
        today = now.replace(**midnight)  # type: ignore[arg-type]
        return today - timedelta(days=int(word == "yesterday"))
    match = _DAY.fullmatch(word)
    if not match:
        return None
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=now.tzinfo)
    except ValueError:
        raise NoSuchPlace("There is no such day in the calendar.") from None


def _at(day: datetime, clock: str) -> datetime:
    if not clock:
        return day
    match = _CLOCK.fullmatch(clock)
    try:
        if match:
            return day.replace(hour=int(match[1]), minute=int(match[2]), second=int(match[3] or 0))
    except ValueError:
        pass
    raise NoSuchPlace("That is no time of day. Write it as 14:30.")
