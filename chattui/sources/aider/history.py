"""An Aider history as chunks (FORMATS §5): each run is a chat, and a chunk holds messages of one run."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.sources import chunks
from chattui.sources.content import MOST_TOKENS, TITLE_LENGTH, first_line, moment
from chattui.sources.lines import SETTLE_SECONDS
from chattui.sources.recording import Known, Recorder
from chattui.sources.windows import key_of

NAME: Final = "aider"
LONGEST_LINE: Final = 16 << 20
_HEADER: Final = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*")
_MODEL: Final = re.compile(r"^(?:Main model|Models?): (\S{1,200})", re.MULTILINE)
_VERSION: Final = re.compile(r"^Aider v(\S{1,40})", re.MULTILINE)
_TOKENS: Final = re.compile(r"^Tokens: ([\d.,]{1,20}[kM]?) sent,.*?([\d.,]{1,20}[kM]?) received", re.MULTILINE)
_SCALE: Final = {"k": 1_000, "M": 1_000_000}
_IDS: Final = 4000
_PREFACE: Final = 20_000
_KIND_OF_LINE: Final = (("#### ", "prompt"), ("> ", "console"))


@dataclass
class Run(Known):
    """One run of Aider. ``chat_id`` is "" before the first."""

    header: str = ""
    again: int = 0  # runs that began in the same second before this one
    preface: str = ""  # what Aider said of itself; told when something is asked
    ids: dict[str, int] = field(default_factory=dict)  # how often each text was said


class AiderTranscript(Recorder[Run]):
    """Takes blocks of lines. A message is known by its text, so that it stays the same when a person trims the file."""

    source = NAME

    def __init__(self, path: Path, state: Mapping[str, Any] | None) -> None:
        super().__init__(Run.restored("", state))
        self._path = path

    def chat(self) -> ChatInfo:
        """The run, or a chat without a name as long as nothing was said in it."""
        if self.known.last is None:
            return ChatInfo(NAME, "")
        return replace(super().chat(), is_copy=True)

    def begin(self, header: str) -> None:
        """A run begins."""
        again = self.known.again + 1 if header == self.known.header else 0
        place = blake2b(os.fsencode(self._path), digest_size=6).hexdigest()
        chat_id = f"{place}-{re.sub(r'[^0-9]', '', header)}" + (f"-{again + 1}" if again else "")
        try:
            begun = datetime.fromisoformat(header).astimezone().isoformat()
        except (ValueError, OverflowError, OSError):
            begun = ""
        self.known = Run(chat_id, first_at=begun, project=str(self._path.parent), header=header, again=again)

    def block(self, kind: str, lines: list[str]) -> None:
        """Lines of one kind that stand together."""
        known = self.known
        if not known.chat_id:
            return
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
        known.ids = dict(list((known.ids | {key: times}).items())[-_IDS:])
        begun = moment(known.first_at) if known.last is None else None
        self.say(role, kind, text, f"{key}-{times}" if times > 1 else key, begun, content_type=content_type)


def read_history(path: Path, offset: int, line: int, state: Mapping[str, Any] | None) -> Iterator[Chunk]:
    """The rest of a history. Raises ``SourceError`` when it cannot be read, or no chat begins in it."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{path} is not a regular file.")
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        raise SourceError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error
    with stream:
        settled = abs(time.time() - os.fstat(stream.fileno()).st_mtime) > SETTLE_SECONDS
        yield from _chunks(path, stream, (offset, line), AiderTranscript(path, state), settled=settled)


def _chunks(
    path: Path, stream: IO[bytes], at: tuple[int, int], transcript: AiderTranscript, *, settled: bool
) -> Iterator[Chunk]:
    begun_at, given, start = at, at, at
    kind, block, is_empty = "", [""], True
    for text, position in _lines(stream, at, settled=settled):
        before, at = at, position
        bare = text.rstrip()
        if not bare:
            block.append("")
            continue
        is_empty = False
        found = _HEADER.fullmatch(bare)
        now, words = ("header", bare) if found else _kind_of(bare)
        if now != kind or found:
            if kind:
                transcript.block(kind, block)
            kind, block, start = now, [], before
            messages, size = transcript.size()
            if messages and (found or messages >= chunks.CHUNK_MESSAGES or size >= chunks.CHUNK_SIZE):
                given = start
                yield _chunk(transcript, given)
        if found:
            transcript.begin(found[1])
            kind = ""
        else:
            block.append(words)
    if settled and kind:
        transcript.block(kind, block)
    position = at if settled or not kind else start
    if begun_at[0] == 0 and settled and not is_empty and not transcript.known.chat_id:
        raise SourceError(f"{path} is not a history file: no chat of Aider's begins in it.")
    if position != given or transcript.size()[0]:
        yield _chunk(transcript, position)


def _chunk(transcript: AiderTranscript, position: tuple[int, int]) -> Chunk:
    chat = transcript.chat()
    messages, _updates = transcript.drain()
    return Chunk(chat, messages, *position, transcript.state())


def _lines(stream: IO[bytes], at: tuple[int, int], *, settled: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    """Lines with the position after each. The last one counts without ``\\n`` only if the file is left alone."""
    offset, line = at
    stream.seek(offset)
    while raw := stream.readline(LONGEST_LINE):
        if not raw.endswith(b"\n") and len(raw) < LONGEST_LINE and not settled:
            return
        offset, line = offset + len(raw), line + 1
        yield raw.decode("utf-8", "replace"), (offset, line)


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
