"""Text and Markdown in which speakers take turns: ``User: …``, ``**Ann** (10:02): …``, ``## Assistant`` above what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chattui.domain.kinds import Kind, Role
from chattui.sources.transcripts.turns import Transcript, Turn, role_of, speakers_among

_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,6})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_TIME: Final = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}[T ,]{{1,2}}{_CLOCK}(?:Z|[+-]\d{{2}}:?\d{{2}})?"
    rf"|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}},?\s{_CLOCK}|{_CLOCK})"
)
_NAME: Final = r"[^\W\d_][\w .'’&-]{0,38}?"
_HEADING: Final = re.compile(
    rf"(#{{1,6}})\s+\W{{0,3}}?\*{{0,2}}({_NAME}):?\*{{0,2}}\s*(?:[(\[|,–—-]+\s*({_TIME})\s*[)\]]?)?\s*:?\s*#*"
)
_BOLD: Final = re.compile(rf"(?:\[?({_TIME})\]?\s*)?\*\*({_NAME})\s*(:?)\*\*\s*(?:[(\[]({_TIME})[)\]])?\s*(:?)\s*(.*)")
_PLAIN: Final = re.compile(
    rf"(?:[\[(]?({_TIME})[\])]?\s*[-–—]?\s+)?<?({_NAME})>?\s*(?:[(\[]({_TIME})[)\]])?\s*:(?:\s+(.*)|)"
)
_FENCE: Final = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_ANY_HEADING: Final = re.compile(r"(#{1,6})\s+(\S.*?)\s*#*")
_SUMMARY: Final = re.compile(r"\W{0,3}(summary|tl;dr|recap|zusammenfassung)\W{0,2}", re.IGNORECASE)
_NEUTRAL: Final = re.compile(r"\W{0,3}(transcript|conversation|dialogue|dialog|chat|messages)\W{0,2}", re.IGNORECASE)
_ABOUT: Final = re.compile(
    r"(?:\*\*|- )?(title|date|recorded|started)(?:\*\*)?\s*:(?:\*\*)?\s*(\S.{0,300})", re.IGNORECASE
)
_RULE: Final = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*")
_DATED: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ,]{1,2}(.+))?")
_LONGEST_LINE: Final = 2000


@dataclass(frozen=True, slots=True)
class _Start:
    """A line on which a speaker begins. ``level`` is that of a heading, 0 for none."""

    name: str
    time: str
    rest: str
    level: int = 0


def dialogue_in(text: str) -> Transcript | None:
    """What a text holds; None when nobody takes turns in it."""
    lines = text.split("\n")
    for recognise in (_by_heading, _by_bold, _by_plain):
        starts = {n: found for n, line in _outside_code(lines) if (found := recognise(line)) is not None}
        speakers = speakers_among(start.name for start in starts.values())
        if recognise is _by_heading and not {Role.USER, Role.ASSISTANT} <= {role_of(name) for name in speakers}:
            continue
        starts = {n: start for n, start in starts.items() if start.name in speakers}
        if speakers and len(starts) > 1 and (recognise is not _by_plain or _is_mostly(lines, starts, speakers)):
            return _told(lines, starts)
    return None


def _outside_code(lines: list[str]) -> Iterator[tuple[int, str]]:
    fence = ""
    for n, line in enumerate(lines):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence):
            fence = ""
        elif not fence and len(line) <= _LONGEST_LINE:
            yield n, line
        elif not fence:
            yield n, line[:_LONGEST_LINE]


def _by_heading(line: str) -> _Start | None:
    found = _HEADING.fullmatch(line.rstrip()) if line.startswith("#") else None
    return _Start(found[2], found[3] or "", "", len(found[1])) if found else None


def _by_bold(line: str) -> _Start | None:
    found = _BOLD.fullmatch(line.strip()) if "**" in line else None
    if found is None or (found[6] and not (found[3] or found[5])):
        return None
    return _Start(found[2], found[1] or found[4] or "", found[6])


def _by_plain(line: str) -> _Start | None:
    found = _PLAIN.fullmatch(line) if ":" in line else None
    return _Start(found[2], found[1] or found[3] or "", found[4] or "") if found else None


def _is_mostly(lines: list[str], starts: dict[int, _Start], speakers: frozenset[str]) -> bool:
    """Whether a text is a conversation: always when a person and an assistant are named, else when most
    paragraphs from the first one on are."""
    if {Role.USER, Role.ASSISTANT} <= {role_of(name) for name in speakers}:
        return True
    first = min(starts)
    paragraphs = [
        n for n, line in enumerate(lines[first:], first) if line.strip() and (n in starts or not lines[n - 1].strip())
    ]
    return sum(n in starts for n in paragraphs) * 2 >= len(paragraphs)


def _told(lines: list[str], starts: dict[int, _Start]) -> Transcript:
    found = Transcript()
    first = min(starts)
    level = starts[first].level
    code = {n for n, _line in enumerate(lines)} - {n for n, _line in _outside_code(lines)}
    turns: list[Turn] = list(_preface(found, lines[:first]))
    clock = _Clock(found.begun)
    start, kind, said = starts[first], Kind.TEXT, [starts[first].rest]
    for n in range(first + 1, len(lines)):
        line = lines[n]
        ends = n in starts
        section = _ANY_HEADING.fullmatch(line) if n not in code and not ends else None
        if section and _SUMMARY.fullmatch(section[2]):
            after_rule = _RULE.fullmatch(next((one for one in reversed(lines[:n]) if one.strip()), "")) is not None
            ends = after_rule or (0 < len(section[1]) <= level)
        elif section and kind is Kind.SUMMARY and _NEUTRAL.fullmatch(section[2]):
            continue
        if not ends:
            said.append(line)
            continue
        turns.append(_turn(start, kind, said, clock))
        if n in starts:
            start, kind, said = starts[n], Kind.TEXT, [starts[n].rest]
        else:
            start, kind, said = _Start("", "", ""), Kind.SUMMARY, []
    turns.append(_turn(start, kind, said, clock))
    found.turns = [turn for turn in turns if turn.text]
    return found


def _turn(start: _Start, kind: Kind, said: list[str], clock: _Clock) -> Turn:
    while said and (not said[-1].strip() or _RULE.fullmatch(said[-1])):
        said.pop()
    return Turn(start.name, "\n".join(said).strip("\n"), clock.read(start.time), kind=kind)


def _preface(found: Transcript, lines: list[str]) -> Iterator[Turn]:
    """What stands before the first turn: title and date, summaries, and other words."""
    rest: list[str] = []
    kind = Kind.EVENT
    for line in [*lines, "# transcript"]:
        heading = _ANY_HEADING.fullmatch(line)
        is_summary = _SUMMARY.fullmatch(heading[2] if heading else line.rstrip(": "))
        if heading or is_summary:
            if text := "\n".join(rest).strip("\n"):
                yield Turn("", text, kind=kind)
            rest, kind = [], Kind.SUMMARY if is_summary else Kind.EVENT
            if heading and not is_summary and not _NEUTRAL.fullmatch(heading[2]):
                if found.title:
                    rest.append(heading[2])
                found.title = found.title or heading[2]
            continue
        about = _ABOUT.fullmatch(line.strip()) if kind is Kind.EVENT else None
        if about and about[1].lower() == "title":
            found.title = about[2].strip(" \"'")
        elif about and (when := _date(about[2].strip(" \"'*"))):
            found.begun = when
        elif not _RULE.fullmatch(line):
            rest.append(line)


class _Clock:
    """Reads times in front of turns. A clock alone is of the day of the one before, or of the next when it has gone back."""

    def __init__(self, begun: datetime | None) -> None:
        self._last = begun

    def read(self, words: str) -> datetime | None:
        """The time; None when there is none, or only a clock and no day is known."""
        if not words:
            return None
        if when := _date(words):
            self._last = when
            return when
        clock = _clock(words)
        if clock is None or self._last is None:
            return None
        when = self._last.replace(hour=clock[0], minute=clock[1], second=clock[2], microsecond=0)
        if self._last - when > timedelta(hours=12):
            when += timedelta(days=1)
        self._last = when
        return when


def _date(words: str) -> datetime | None:
    """An ISO date, with or without a time; in this machine's zone when it names none."""
    found = _DATED.fullmatch(words.strip())
    if found is None:
        return None
    try:
        day = datetime.fromisoformat(f"{found[1]}T00:00")
        if not 1970 <= day.year < 9999:
            return None
        if not found[2]:
            return day.astimezone()
        if clock := _clock(found[2]):
            return day.replace(hour=clock[0], minute=clock[1], second=clock[2]).astimezone()
        when = datetime.fromisoformat(f"{found[1]}T{found[2].strip()}")
        return when if when.tzinfo else when.astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _clock(words: str) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d{1,6})?\s?(?:([AaPp])\.?[Mm]\.?)?", words.strip())
    if found is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if found[4] in "pP" else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None
