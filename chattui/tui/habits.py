"""How this person likes days and symbols to be written, and how close together rows are. The settings say it; whatever
draws something asks here."""

from __future__ import annotations

from datetime import datetime

_PLAIN = str.maketrans("★▫✎▸▾▪⑂⤷✓✗⊘●○", "*-+>v^Y>+!-xo")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Habits:
    """One for the program. ``dates`` and ``density`` are choices of the options of these names."""

    dates: str = "words"
    icons: bool = True
    density: str = "normal"

    def icon(self, text: str) -> str:
        """Furniture of the screen with its symbols, or with plain characters of the same width. Never a chat's own text."""
        return text if self.icons else text.translate(_PLAIN)

    def day(self, then: datetime) -> str:
        """A day of this year: 12 Oct, 10-12, 12.10., 10/12."""
        match self.dates:
            case "iso":
                return f"{then:%m-%d}"
            case "day-first":
                return f"{then.day}.{then.month}."
            case "month-first":
                return f"{then.month}/{then.day}"
        return f"{then.day} {_MONTHS[then.month - 1]}"

    def month(self, then: datetime) -> str:
        """A month of another year: Oct 2025, 2025-10, 10.2025, 10/2025."""
        match self.dates:
            case "iso":
                return f"{then:%Y-%m}"
            case "day-first":
                return f"{then.month}.{then.year}"
            case "month-first":
                return f"{then.month}/{then.year}"
        return f"{_MONTHS[then.month - 1]} {then.year}"

    def full_day(self, then: datetime, *, long: bool = False) -> str:
        """A day of any year: 12 Oct 2025 (``long``: 12 October 2025), 2025-10-12, 12.10.2025, 10/12/2025."""
        match self.dates:
            case "iso":
                return f"{then:%Y-%m-%d}"
            case "day-first" | "month-first":
                return f"{self.day(then).rstrip('.')}{'.' if self.dates == 'day-first' else '/'}{then.year}"
        return f"{then.day} {then:%B %Y}" if long else f"{self.day(then)} {then.year}"


HABITS = Habits()
