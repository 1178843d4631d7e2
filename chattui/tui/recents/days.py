"""When something was, for people: the day heading it stands under, and its age in a few characters."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from chattui.tui.habits import HABITS

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def heading(day: date, today: date) -> str:
    """Today, Yesterday, Previous 7 days, Previous 30 days, then the month."""
    passed = (today - day).days
    if passed <= 0:
        return "Today"
    if passed == 1:
        return "Yesterday"
    if passed <= 7:
        return "Previous 7 days"
    if passed <= 30:
        return "Previous 30 days"
    return f"{MONTHS[day.month - 1]} {day.year}"


def age(then: datetime, now: datetime) -> str:
    """3m, 2h, Tue, 12 Oct, Oct 2025: as seen from ``now`` and in its time zone."""
    then = then.astimezone(now.tzinfo)
    passed = now - then
    if passed < timedelta(minutes=1):
        return "now"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60}m"
    if then.date() == now.date() or passed < timedelta(hours=6):
        return f"{passed.seconds // 3600}h"
    if (now.date() - then.date()).days < 7:
        return _DAYS[then.weekday()]
    return HABITS.day(then) if then.year == now.year else HABITS.month(then)


class DayClock:
    """Headings for many moments: the day of a moment is only looked up when it leaves the last one's."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._first = self._last = now
        self._heading = ""

    def heading(self, then: datetime) -> str:
        """The heading of a moment."""
        if self._heading and self._first <= then < self._last:
            return self._heading
        local = then.astimezone(self._now.tzinfo)
        self._first = local.replace(hour=0, minute=0, second=0, microsecond=0)
        self._last = self._first + timedelta(days=1)
        self._heading = heading(local.date(), self._now.date())
        return self._heading
