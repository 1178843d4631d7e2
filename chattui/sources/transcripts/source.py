"""How a transcript is recognised and read. A text without a format of its own is one only where a person names it.

There was no real sample to read: dialogues and cues were made after what WebVTT, SubRip and people's notes look like.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk, HistoryFile
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.sources.content import TITLE_LENGTH
from chattui.sources.documents import document_chunks
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.recording import Known, Recorder
from chattui.sources.regular import open_regular, read_regular
from chattui.sources.transcripts.cues import cues_in, is_srt, is_vtt
from chattui.sources.transcripts.dialogue import dialogue_in
from chattui.sources.transcripts.turns import Transcript, role_of
from chattui.sources.windows import key_of

NAME: Final = "transcript"
LONGEST: Final = 16 << 20
"""Bytes of a transcript, which is held as a whole."""

TEXTS: Final = frozenset({".md", ".markdown", ".txt", ".text"})
"""How texts end, of which few are dialogues."""

_LOOKED_AT: Final = 1 << 18
_DIGEST: Final = re.compile(r"[0-9a-f]{32}")
"""How standard input is named while it is kept."""

_DAY: Final = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?:[T_ -]{1,3}(\d{2})[-.:h](\d{2})(?:[-.:](\d{2}))?)?(?!\d)")


class Transcripts:
    """Subtitles and dialogues, each file one chat."""

    name = NAME
    label = "Transcript"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:  # noqa: ARG002
        """They lie anywhere."""
        return ()

    def recognises(self, head: Head) -> bool:
        """Subtitles in a folder count where they name speakers, and texts only when a person has named the file."""
        start = _decoded(head.start)
        if is_vtt(start) or is_srt(start):
            return head.named or any(turn.speaker for turn in cues_in(start).turns)
        if not head.named or not start.strip() or head.path.suffix.lower() not in (*TEXTS, ""):
            return False
        try:
            with open_regular(head.path) as file:
                return dialogue_in(_decoded(file.read(_LOOKED_AT))) is not None
        except (OSError, ValueError):
            return False

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:  # noqa: ARG002
        return iter(())

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The transcript, from its beginning; nothing when all of it was read."""
        del state
        raw, written = _bytes_of(path)
        if not raw.strip() or (offset and offset >= len(raw)):
            return
        text = _decoded(raw)
        told = cues_in(text) if is_vtt(text) or is_srt(text) else dialogue_in(text)
        if told is None:
            raise SourceError(
                f"{path} is not a history file: nobody takes turns in it, as in “User: …” or “## Assistant”."
            )
        if not told.turns:
            yield Chunk(ChatInfo(NAME, ""), (), len(raw), 0, {})
            return
        taken = _Taken(path, told, written)
        records = ({"turn": turn} for turn in told.turns)
        yield from document_chunks(records, len(raw), taken, line if offset else 0)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles stand inside the transcripts."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()


class _Taken(Recorder[Known]):
    """Takes the turns of one transcript. A message is known by its text, so that it stays the same when others come."""

    source = NAME

    def __init__(self, path: Path, told: Transcript, written: datetime) -> None:
        first = told.turns[0]
        begun = told.begun or _named_day(path.stem)
        if begun is None:
            begun = written - timedelta(seconds=max((turn.end or 0.0 for turn in told.turns), default=0.0))
        super().__init__(Known(f"{path.stem[:80]}-{key_of(f'{first.speaker}: {first.text}')}", begun.isoformat()))
        is_piped = _DIGEST.fullmatch(path.stem) is not None
        self.known.name(told.title or ("" if is_piped else path.stem), "custom")
        if not self.known.title:
            said = [turn for turn in told.turns if turn.kind is Kind.TEXT]
            self.known.name((said or told.turns)[0].text, "prompt")
        self._begun = begun
        self._ids: dict[str, int] = {}

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next turn."""
        turn = record["turn"]
        role = role_of(turn.speaker) if turn.speaker else None
        kind, text = turn.kind, turn.text
        if kind is Kind.TEXT and role is None:
            role = Role.USER
            text = f"{turn.speaker}: {text}" if turn.speaker else text
        if role is Role.SYSTEM or role is None:
            role, kind = Role.SYSTEM, Kind.EVENT if kind is Kind.TEXT else kind
        at = turn.at
        about: dict[str, Any] = {"speaker": turn.speaker[:TITLE_LENGTH]} if turn.speaker else {}
        if turn.start is not None:
            at = self._begun + timedelta(seconds=turn.start)
            about |= {"start": turn.start, "end": turn.end}
        elif self.known.last is None:
            at = at or self._begun
        key = key_of(f"{kind} {turn.speaker}: {turn.text}")
        times = self._ids[key] = self._ids.get(key, 0) + 1
        self.say(
            role,
            kind,
            text,
            f"{key}-{times}" if times > 1 else key,
            at,
            content_type=ContentType.MARKDOWN if turn.start is None else ContentType.TEXT,
            metadata=about or None,
        )


def _bytes_of(path: Path) -> tuple[bytes, datetime]:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise SourceError(f"{path} is not a regular file.")
        if about.st_size > LONGEST:
            raise SourceError(f"{path} is a text of more than {LONGEST >> 20} MB, which is too long to be read.")
        return read_regular(path), datetime.fromtimestamp(int(about.st_mtime), UTC)
    except (OSError, ValueError, OverflowError) as error:
        raise SourceError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error


def _decoded(raw: bytes) -> str:
    """Text in the encodings that subtitles have, lines ended by ``\\n``; "" for what is no text."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16", "replace")
    elif b"\x00" in raw:
        return ""
    else:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            is_cut = error.start > len(raw) - 4
            text = raw.decode("utf-8", "ignore") if is_cut else raw.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _named_day(stem: str) -> datetime | None:
    """The day, and perhaps the time, that a file is named after; in this machine's zone."""
    found = _DAY.search(stem)
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        when = datetime(year, month, day, hour, minute, second)
        return when.astimezone() if 1970 <= when.year < 9999 else None
    except (ValueError, OverflowError, OSError):
        return None
