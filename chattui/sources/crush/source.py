"""Where Crush keeps its sessions, and how they are read and continued.

Each project has a database of its own; Crush lists the projects in one file. A database that is not listed is read where
it is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import orjson

from chattui.domain.history import HistoryFile, Problem
from chattui.sources.chunks import Transcript
from chattui.sources.containers import id_of, version_of
from chattui.sources.crush.transcript import NAME, CrushTranscript
from chattui.sources.databases import DatabaseSource, Listed, Records, as_records, counted, database_at
from chattui.sources.protocol import Report
from chattui.sources.regular import open_regular
from chattui.sources.sqlite import Database
from chattui.sources.telling import json_of
from chattui.sources.unknown import unreadable

_DATABASE: Final = "crush.db"
_FOLDER: Final = ".crush"
_LISTED: Final = "projects.json"
_LONGEST_LIST: Final = 8 << 20
_SESSION: Final = (
    *("id", "parent_session_id", "title", "prompt_tokens", "completion_tokens", "summary_message_id"),
    *("created_at", "updated_at"),
)
_MESSAGE: Final = ("id", "role", "parts", "model", "is_summary_message", "created_at", "updated_at", "finished_at")


class Crush(DatabaseSource):
    """``.crush/crush.db`` of each project."""

    name = NAME
    label = "Crush"
    tables = MappingProxyType(
        {
            "sessions": frozenset({"id", "title", "parent_session_id"}),
            "messages": frozenset({"id", "session_id", "parts", "updated_at"}),
        }
    )

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """The list of projects: databases are wherever those are."""
        data, local = env.get("XDG_DATA_HOME", ""), env.get("LOCALAPPDATA", "")
        places = [(Path(data) if Path(data).is_absolute() else home / ".local" / "share") / "crush" / _LISTED]
        if local:
            places.append(Path(local) / "crush" / _LISTED)
        return tuple(places)

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        for path in _listed(root, report):
            yield from database_at(self, path, report)

    def chats(self, db: Database) -> list[Listed]:
        messages = counted(
            db, "SELECT session_id, count(*), max(updated_at), max(rowid) FROM messages GROUP BY session_id"
        )
        rows = as_records(_SESSION, db.read("sessions", _SESSION, 'ORDER BY "updated_at" DESC, "id"'))
        return [
            Listed(
                id_of(one["id"]), version_of(one["updated_at"], one["title"], *messages.get(one["id"], (0, 0, 0))), one
            )
            for one in rows
        ]

    def transcript(self, db: Database, path: Path, listed: Listed) -> tuple[Transcript, Records]:
        return CrushTranscript(listed.about, _project(path)), _messages(db, listed.about["id"])

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("crush", "-s", source_id)


def _messages(db: Database, session_id: object) -> Iterator[dict[str, Any] | Problem]:
    """Times are seconds: several messages have the same one."""
    rows = db.each("messages", _MESSAGE, 'WHERE "session_id" = ? ORDER BY "created_at", rowid', (session_id,))
    for n, row in enumerate(rows, 1):
        record = dict(zip(_MESSAGE, row, strict=True))
        parts = json_of(record["parts"])
        if not isinstance(parts, list):
            yield unreadable(n, f"message {id_of(record['id'])} is not a list of parts", record)
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
