"""An Aider history as chunks (FORMATS §5): each run is a chat, known by the digest of its lines."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.sources.containers import chat_chunks
from chattui.sources.content import MOST_TOKENS, TITLE_LENGTH, first_line, moment
from chattui.sources.recording import Known, Recorder
from chattui.sources.regular import open_regular
from chattui.sources.windows import key_of

NAME: Final = "aider"
LONGEST_LINE: Final = 16 << 20
_BEGINS: Final = b"# aider chat started at "
_HEADER: Final = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*")
_MODEL: Final = re.compile(r"^(?:Main model|Models?): (\S{1,200})", re.MULTILINE)
_VERSION: Final = re.compile(r"^Aider v(\S{1,40})", re.MULTILINE)
_TOKENS: Final = re.compile(r"^Tokens: ([\d.,]{1,20}[kM]?) sent,.*?([\d.,]{1,20}[kM]?) received", re.MULTILINE)
_SCALE: Final = {"k": 1_000, "M": 1_000_000}
_PREFACE: Final = 20_000
_KIND_OF_LINE: Final = (("#### ", "prompt"), ("> ", "console"))


@dataclass
class Run(Known):
    """One run of Aider."""

    preface: str = ""  # what Aider said of itself; told when something is asked
    ids: dict[str, int] = field(default_factory=dict)  # how often each text was said


class AiderTranscript(Recorder[Run]):
    """Takes blocks of lines. A message is known by its text, so that it stays the same when a person trims the file."""

    source = NAME

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next block of lines of one kind."""
        self.block(record["kind"], record["lines"])

    def block(self, kind: str, lines: list[str]) -> None:
        """Lines of one kind that stand together."""
        known = self.known
        text = "\n".join(lines).strip("\n")
        if not text.strip():
            return
        if kind == "console":
            self._console(text)
            return
        if known.preface:
            self._tell(Role.SYSTEM, Kind.EVENT, known.preface, ContentType.TEXT)
            known.preface = ""
        if kind == "prompt":
            if known.title_from in ("", "command"):
                self._name(text)
            self._tell(Role.USER, Kind.TEXT, text, ContentType.MARKDOWN)
        else:
            self._tell(Role.ASSISTANT, Kind.TEXT, text, ContentType.MARKDOWN)

    def _name(self, prompt: str) -> None:
        """A chat is called after its first prompt that is no command of Aider's, if there is one."""
        known, line = self.known, first_line(prompt, TITLE_LENGTH)
        is_command = line.startswith("/")
        if line and not (is_command and known.title):
            known.title, known.title_from = line, "command" if is_command else "prompt"

    def _console(self, text: str) -> None:
        known = self.known
        if found := _VERSION.search(text):
            known.version = found[1]
        if models := _MODEL.findall(text):
            known.model = models[-1].rstrip(",")
        if known.last is None:
            known.preface = f"{known.preface}\n{text}".lstrip("\n")[:_PREFACE]
            return
        self._tell(Role.SYSTEM, Kind.EVENT, text, ContentType.TEXT)
        counts = [(_count(sent), _count(received)) for sent, received in _TOKENS.findall(text)]
        if counts:
            asked, told = (min(sum(column), MOST_TOKENS) for column in zip(*counts, strict=True))
            self._messages[-1] = replace(self._messages[-1], tokens_in=asked, tokens_out=told)

    def _tell(self, role: Role, kind: Kind, text: str, content_type: ContentType) -> None:
        known = self.known
        key = key_of(f"{role}\n{text}")
        times = known.ids.get(key, 0) + 1
        known.ids[key] = times
        begun = moment(known.first_at) if known.last is None else None
        self.say(role, kind, text, f"{key}-{times}" if times > 1 else key, begun, content_type=content_type)


@dataclass
class Place:
    """A run in the file: where it begins and ends, in bytes, and the digest of its lines."""

    header: str
    start: int
    end: int = 0
    digest: str = ""


def read_runs(path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
    """The runs of a history that are not as they are known. Raises ``SourceError`` when it cannot be read, or none is in it.

    The file is read twice, first to tell what has changed: it can be long, and a run of any length.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{path} is not a regular file.")
        stream = open_regular(path)
    except (OSError, ValueError) as error:
        raise SourceError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error
    with stream:
        places, is_empty = _places(stream)
        if not places and not is_empty:
            raise SourceError(f"{path} is not a history file: no chat of Aider's begins in it.")
        again: dict[str, int] = {}
        for place in places:
            again[place.header] = again.get(place.header, 0) + 1
            run = new_run(path, place.header, again[place.header])
            if known.get(run.chat_id) != place.digest:
                yield from chat_chunks(_blocks(stream, place), AiderTranscript(run), place.digest, place.end)


def new_run(path: Path, header: str, nth: int) -> Run:
    """The ``nth`` run that began in that second."""
    place = blake2b(os.fsencode(path), digest_size=6).hexdigest()
    chat_id = f"{place}-{re.sub(r'[^0-9]', '', header)}" + (f"-{nth}" if nth > 1 else "")
    try:
        begun = datetime.fromisoformat(header).astimezone().isoformat()
    except (ValueError, OverflowError, OSError):
        begun = ""
    return Run(chat_id, first_at=begun, project=str(path.parent))


def _places(stream: IO[bytes]) -> tuple[list[Place], bool]:
    """Where each run lies, and whether the file holds nothing but blanks."""
    places: list[Place] = []
    digest = blake2b(digest_size=12)
    blank: list[bytes] = []
    is_empty, offset = True, 0

    def end() -> None:
        if places:
            places[-1].end, places[-1].digest = offset, digest.hexdigest()

    while raw := stream.readline(LONGEST_LINE):
        is_empty = is_empty and not raw.strip()
        if raw.startswith(_BEGINS) and (found := _HEADER.fullmatch(raw.decode("utf-8", "replace").rstrip())):
            end()
            digest = blake2b(digest_size=12)
            blank.clear()
            places.append(Place(found[1], offset))
        if raw.strip():
            digest.update(b"".join(blank) + raw)
            blank.clear()
        else:
            blank.append(raw)  # those at the end of a run come with the next one
        offset += len(raw)
    end()
    return places, is_empty


def _blocks(stream: IO[bytes], place: Place) -> Iterator[dict[str, Any]]:
    """The lines of a run that stand together, behind its header."""
    stream.seek(place.start)
    stream.readline(LONGEST_LINE)
    kind = ""
    lines: list[str] = []
    while stream.tell() < place.end and (raw := stream.readline(LONGEST_LINE)):
        bare = raw.decode("utf-8", "replace").rstrip()
        if not bare:
            lines.append("")
            continue
        now, words = _kind_of(bare)
        if now != kind:
            if kind:
                yield {"kind": kind, "lines": lines}
            kind, lines = now, []
        lines.append(words)
    if kind:
        yield {"kind": kind, "lines": lines}


def _kind_of(line: str) -> tuple[str, str]:
    """What a line is part of, and what it says."""
    for mark, kind in _KIND_OF_LINE:
        if line.startswith(mark) or line == mark.rstrip():
            return kind, line[len(mark) :]
    return "answer", line


def _count(words: str) -> int:
    """Tokens as Aider rounds them: ``3.2k``, ``12,566``."""
    scale = _SCALE.get(words[-1:], 1)
    try:
        return min(int(float(words.rstrip("kM").replace(",", "")) * scale), MOST_TOKENS)
    except ValueError:
        return 0
