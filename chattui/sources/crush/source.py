"""Where Crush keeps its sessions, and how they are read and continued.

Each project has a database of its own; Crush lists the projects in one file. A database that is not listed is read where
it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile, Problem
from chattui.sources.containers import chat_chunks, id_of, progress, version_of
from chattui.sources.crush.transcript import NAME, CrushTranscript
from chattui.sources.databases import database_at
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.regular import open_regular
from chattui.sources.sqlite import Database, companions
from chattui.sources.telling import json_of

_DATABASE: Final = "crush.db"
_FOLDER: Final = ".crush"
_LISTED: Final = "projects.json"
_LONGEST_LIST: Final = 8 << 20
_SESSION: Final = (
    *("id", "parent_session_id", "title", "prompt_tokens", "completion_tokens", "summary_message_id"),
    *("created_at", "updated_at"),
)
_MESSAGE: Final = ("id", "role", "parts", "model", "is_summary_message", "created_at", "updated_at", "finished_at")


class Crush:
    """``.crush/crush.db`` of each project."""

    name = NAME
    label = "Crush"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """The list of projects: databases are wherever those are."""
        data, local = env.get("XDG_DATA_HOME", ""), env.get("LOCALAPPDATA", "")
        places = [(Path(data) if Path(data).is_absolute() else home / ".local" / "share") / "crush" / _LISTED]
        if local:
            places.append(Path(local) / "crush" / _LISTED)
        return tuple(places)

    def recognises(self, head: Head) -> bool:
        sessions, messages = (head.tables.get(name, frozenset()) for name in ("sessions", "messages"))
        return "parent_session_id" in sessions and {"session_id", "parts"} <= messages

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def is_container(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def companions(self, path: Path) -> Iterable[Path]:
        return companions(path)

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        for path in _listed(root, report):
            yield from database_at(self, path, report)

    def read(
        self,
        path: Path,
        *,
        offset: int = 0,  # noqa: ARG002
        line: int = 0,  # noqa: ARG002
        state: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Chunk]:
        """All sessions: a database is a container."""
        return self.read_chats(path, {})

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        with Database(path) as db:
            if not (
                db.has("sessions", "id", "title") and db.has("messages", "id", "session_id", "parts", "updated_at")
            ):
                raise SourceError(f"{path} is not a history file: it is no database of Crush's.")
            sessions = db.read("sessions", _SESSION, 'ORDER BY "updated_at" DESC, "id"')
            counted = "SELECT session_id, count(*), max(updated_at), max(rowid) FROM messages GROUP BY session_id"
            messages = {row[0]: row[1:] for row in db.rows(counted)}
            size = path.stat().st_size
            for nth, row in enumerate(sessions, 1):
                about = dict(zip(_SESSION, row, strict=True))
                name = id_of(about["id"])
                version = version_of(about["updated_at"], about["title"], *messages.get(about["id"], (0, 0, 0)))
                if not name or known.get(name) == version:
                    continue
                transcript = CrushTranscript(about, _project(path))
                at = progress(nth, len(sessions), size)
                yield from chat_chunks(_messages(db, about["id"]), transcript, version, at)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles are in the databases."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("crush", "-s", source_id)


def _messages(db: Database, session_id: object) -> Iterator[dict[str, Any] | Problem]:
    """Times are seconds: several messages have the same one."""
    rows = db.read("messages", _MESSAGE, 'WHERE "session_id" = ? ORDER BY "created_at", rowid', (session_id,))
    for n, row in enumerate(rows, 1):
        record = dict(zip(_MESSAGE, row, strict=True))
        parts = json_of(record["parts"])
        if not isinstance(parts, list):
            yield Problem(n, f"message {id_of(record['id'])} is not a list of parts")
        else:
            yield {**record, "parts": parts}


def _listed(root: Path, report: Report) -> list[Path]:
    """The databases of the projects that Crush has listed."""
    try:
        with open_regular(root) as file:
            listed = orjson.loads(file.read(_LONGEST_LIST))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        report(root, getattr(error, "strerror", None) or str(error))
        return []
    projects = listed.get("projects") if isinstance(listed, dict) else None
    found = []
    for one in projects if isinstance(projects, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("path"), str):
            continue
        folder = one.get("data_dir")
        place = Path(one["path"], folder if isinstance(folder, str) and folder else _FOLDER)
        if place.is_absolute():
            found.append(place / _DATABASE)
    return found


def _project(path: Path) -> str:
    """The directory in which ``.crush`` lies; "" for a database that lies elsewhere."""
    return str(path.parent.parent) if path.parent.name == _FOLDER else ""
