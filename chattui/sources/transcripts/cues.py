"""WebVTT and SubRip: cues with times, joined to what one speaker said without a long pause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Final

from chattui.domain.kinds import Kind
from chattui.sources.content import moment
from chattui.sources.transcripts.turns import Transcript, Turn, role_of, speakers_among

PAUSE: Final = 20.0
"""Seconds of silence after which the same speaker begins a new turn."""

LONGEST: Final = 4000
"""Characters of a turn after which a new one begins."""

_TIMING: Final = re.compile(
    r"\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s+-->\s+(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})(?:\s.*)?"
)
_SUBRIP: Final = re.compile(r"\s*\d+\s*\n\s*\d{1,4}:\d{2}:\d{2}[,.]\d{1,3}\s+-->\s")
_VOICE: Final = re.compile(r"<v(?:\.[\w.-]{1,100})?\s+([^>\n]{1,100})>")
_TAG: Final = re.compile(r"</?(?:[a-z]{1,6}|\d[\d:.]{1,15})(?:[ .][^<>\n]{0,200})?>", re.IGNORECASE)
_POSITION: Final = re.compile(r"\{\\an\d\}")
_NAMED: Final = re.compile(r"(?:- ?)?\[?([^\W\d_][\w .'’&-]{0,38}?)\]?:\s+(?=\S)")
_DATE: Final = re.compile(r"(?:date|recorded|begun|started|start)(?:\s+at)?\s*:\s*(\S.{3,40})", re.IGNORECASE)
_SUMMARY: Final = re.compile(r"(?:summary|tl;dr)\s*(?::|\n)\s*", re.IGNORECASE)


def is_vtt(text: str) -> bool:
    return text.startswith("WEBVTT") and text[6:7] in ("", " ", "\t", "\n")


def is_srt(text: str) -> bool:
    return _SUBRIP.match(text) is not None


def cues_in(text: str) -> Transcript:
    """What a file of cues holds. Notes are told too: as summaries where they say that they are, else as events."""
    found = Transcript()
    said: list[Turn] = []
    for n, block in enumerate(_blocks(text)):
        lines = block.split("\n")
        at = next((i for i, line in enumerate(lines[:2]) if _TIMING.fullmatch(line)), None)
        if at is not None:
            said += _cue(lines[at], "\n".join(lines[at + 1 :]))
        elif n == 0 and is_vtt(text):
            found.title = lines[0][6:].strip(" \t-–—")
            _dated(found, "\n".join(lines[1:]))
        elif block.startswith("NOTE"):
            note = block[4:].strip()
            _dated(found, note)
            if summary := _SUMMARY.match(note):
                said.append(Turn("", note[summary.end() :].strip(), kind=Kind.SUMMARY))
            elif note and not _DATE.fullmatch(note):
                said.append(Turn("", note, kind=Kind.EVENT))
    found.turns = list(_joined(_spoken(said)))
    return found


def _blocks(text: str) -> Iterator[str]:
    for block in re.split(r"\n[ \t]*\n", text):
        if bare := block.strip("\n"):
            yield bare


def _dated(found: Transcript, text: str) -> None:
    date = _DATE.search(text)
    if date and found.begun is None:
        found.begun = moment(date[1].strip())


def _cue(timing: str, payload: str) -> Iterator[Turn]:
    times = _TIMING.fullmatch(timing)
    assert times is not None
    start, end = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
    pieces = _VOICE.split(payload)
    for speaker, words in (("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)):
        plain = unescape(_POSITION.sub("", _TAG.sub("", words))).strip()
        if plain:
            yield Turn(" ".join(unescape(speaker).split()), plain, start=start, end=end)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, rest = (
        int((part or "0").ljust(3, "0") if n == 3 else part or 0) for n, part in enumerate(parts)
    )
    return hours * 3600 + minutes * 60 + seconds + rest / 1000


def _spoken(said: list[Turn]) -> Iterator[Turn]:
    """Cues in which the speaker stands in front of what was said, ``Ann: yes``, as cues of that speaker."""
    names = [found[1] for turn in said if not turn.speaker and (found := _NAMED.match(turn.text))]
    speakers = speakers_among(names) | {name for name in names if role_of(name) is not None}
    for turn in said:
        found = _NAMED.match(turn.text) if not turn.speaker and turn.kind is Kind.TEXT else None
        if found and found[1] in speakers:
            yield replace(turn, speaker=found[1], text=turn.text[found.end() :])
        else:
            yield turn


def _joined(said: Iterator[Turn]) -> Iterator[Turn]:
    """Cues of one speaker as turns. A cue that names nobody goes on where the one before ended."""
    open_: Turn | None = None
    for turn in said:
        if (
            open_ is not None
            and turn.kind is open_.kind is Kind.TEXT
            and turn.speaker in ("", open_.speaker)
            and (turn.start or 0.0) - (open_.end or 0.0) < PAUSE
            and len(open_.text) < LONGEST
        ):
            open_ = replace(open_, text=f"{open_.text}\n{turn.text}", end=turn.end)
            continue
        if open_ is not None:
            yield open_
            if not turn.speaker and turn.kind is open_.kind is Kind.TEXT:
                turn = replace(turn, speaker=open_.speaker)  # noqa: PLW2901
        open_ = turn
    if open_ is not None:
        yield open_
