"""Dates as they are typed into a search: ``2026-10-03``, ``2026-10``, ``2026``, ``today``, ``yesterday``, ``3w``."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta

EXAMPLES = "2026-10-03, 2026-10, 2026, today, yesterday or 3w"
_CALENDAR = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_AGO = re.compile(r"(\d{1,4})([hdwmy])")


def period(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    """The first moment of what was typed and the first one after it, in the time zone of ``now``; None: not a date.

    ``3w`` is the day three weeks ago.
    """
    try:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        lower = text.lower()
        if lower in ("today", "yesterday"):
            first = midnight - timedelta(days=int(lower == "yesterday"))
            return first, first + timedelta(days=1)
        if _AGO.fullmatch(lower):
            moment = ago(lower, now)
            if moment is None:
                return None
            first = moment.replace(hour=0, minute=0, second=0, microsecond=0)
            return first, first + timedelta(days=1)
        match = _CALENDAR.fullmatch(text)
        if match is None:
            return None
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        first = midnight.replace(year=year, month=month, day=day)
        if match[3]:
            return first, first + timedelta(days=1)
        return first, _months_later(first, 1 if match[2] else 12)
    except (ValueError, OverflowError):
        return None


def ago(text: str, now: datetime) -> datetime | None:
    """The moment ``7d``, ``3w``, ``2m`` or ``1y`` before ``now``; None when it is not written like that or before year 1."""
    match = _AGO.fullmatch(text.lower())
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    try:
        if unit in "my":
            return _months_later(now, -count * (12 if unit == "y" else 1))
        return now - count * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[unit]
    except (ValueError, OverflowError):
        return None


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
