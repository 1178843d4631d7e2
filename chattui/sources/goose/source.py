"""Where Goose keeps its sessions, and how they are read and continued.

The database was filled from the files that Goose wrote before, which stay where they are: a session in both is one chat. There was
no real sample to read: the format is known from a description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile, Problem
from chattui.sources.bounded import Cut
from chattui.sources.containers import chat_chunks, id_of, progress, version_of
from chattui.sources.documents import document_chunks
from chattui.sources.goose.transcript import NAME, GooseTranscript
from chattui.sources.head import Head
from chattui.sources.lines import Lines, OpenLines
from chattui.sources.protocol import Report
from chattui.sources.sqlite import Database, companions
from chattui.sources.telling import json_of
from chattui.sources.unknown import unreadable
from chattui.sources.walk import walk

_DATABASE: Final = "sessions.db"
_LINES: Final = ".jsonl"
_SESSION: Final = (
    *("id", "name", "description", "working_dir", "created_at", "updated_at", "parent_session_id"),
    *("model_config_json", "input_tokens", "output_tokens", "accumulated_input_tokens", "accumulated_output_tokens"),
)
_MESSAGE: Final = ("role", "content_json", "created_timestamp", "metadata_json")


class Goose:
    """``sessions.db``, and ``<session>.jsonl`` of before."""

    name = NAME
    label = "Goose"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        if root := env.get("GOOSE_PATH_ROOT"):
            return (Path(root) / "data" / "sessions",)
        data, roaming = env.get("XDG_DATA_HOME", ""), env.get("APPDATA", "")
        places = [(Path(data) if Path(data).is_absolute() else home / ".local" / "share") / "goose" / "sessions"]
        if roaming:
            places.append(Path(roaming) / "Block" / "goose" / "data" / "sessions")
        return tuple(places)

    def recognises(self, head: Head) -> bool:
        if head.tables:
            sessions, messages = (head.tables.get(name, frozenset()) for name in ("sessions", "messages"))
            return "working_dir" in sessions and "content_json" in messages
        first = head.records[0] if head.records else {}
        return "working_dir" in first and "message_count" in first and "type" not in first

    def is_whole(self, path: Path) -> bool:
        return path.suffix == _LINES

    def is_container(self, path: Path) -> bool:
        return path.suffix != _LINES

    def companions(self, path: Path) -> Iterable[Path]:
        return companions(path) if self.is_container(path) else ()

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return walk(
            self, root, lambda name, parents: not parents and (name == _DATABASE or name.endswith(_LINES)), report
        )

    def read(
        self,
        path: Path,
        *,
        offset: int = 0,
        line: int = 0,
        state: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Chunk]:
        return _read_database(path, {}) if self.is_container(path) else _read_lines(path, offset, line)

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        return _read_database(path, known)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles are in the sessions."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("goose", "session", "--resume", "--session-id", source_id)


def _read_database(path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
    with Database(path) as db:
        if not (db.has("sessions", "id", "working_dir") and db.has("messages", "session_id", "content_json", "id")):
            raise SourceError(f"{path} is not a history file: it is no database of Goose's.")
        sessions = db.read("sessions", _SESSION, "ORDER BY rowid DESC")
        # the rows of a session can be taken out and put in anew: their ids are never used again
        counted = "SELECT session_id, count(*), max(id) FROM messages GROUP BY session_id"
        messages = {row[0]: row[1:] for row in db.rows(counted)}
        size = path.stat().st_size
        for nth, row in enumerate(sessions, 1):
            about = dict(zip(_SESSION, row, strict=True))
            name = id_of(about["id"])
            version = version_of(about["updated_at"], about["name"], *messages.get(about["id"], (0, 0)))
            if not name or known.get(name) == version:
                continue
            transcript = GooseTranscript(name, about)
            told = db.with_cuts(_messages(db, about["id"]))
            yield from chat_chunks(told, transcript, version, progress(nth, len(sessions), size))


def _messages(db: Database, session_id: object) -> Iterator[dict[str, Any] | Problem]:
    rows = db.each("messages", _MESSAGE, 'WHERE "session_id" = ? ORDER BY "id"', (session_id,))
    for n, (role, content, created, metadata) in enumerate(rows, 1):
        parts = json_of(content)
        if not isinstance(parts, list):
            yield unreadable(n, f"message {n} is not a list of parts", content)
        else:
            yield {"role": role, "created": created, "content": parts, "metadata": json_of(metadata)}


def _read_lines(path: Path, offset: int, line: int) -> Iterator[Chunk]:
    with OpenLines(path) as lines:
        lines.settled = True
        size = path.stat().st_size
        if not size or (offset and offset >= size):
            return
        records = _lines(lines)
        first = next((one for one in records if not isinstance(one, Cut)), None)
        if not isinstance(first, dict) or "working_dir" not in first:
            raise SourceError(f"{path} is not a history file: it does not begin as a session of Goose's does.")
        yield from document_chunks(records, size, GooseTranscript(id_of(path.stem), first), line if offset else 0)


def _lines(lines: Lines) -> Iterator[object]:
    """The records, and between them what is wrong with the file."""
    for _line, _part, _end, found in lines:
        yield from (Cut(None, problem) for problem in lines.take_problems())
        yield from found
    yield from (Cut(None, problem) for problem in lines.take_problems())
