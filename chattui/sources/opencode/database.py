"""OpenCode's database, since version 1.2.

What tells that a session has changed: when it and the last of its messages were updated, and how many messages and parts
there are. Parts are updated far more often, but a message is after the last of its parts, and looking at all parts would mean
to read the whole database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, Problem
from chattui.sources.containers import chat_chunks, id_of, progress, version_of
from chattui.sources.opencode.transcript import OpenCodeTranscript
from chattui.sources.sqlite import Database
from chattui.sources.telling import json_of, parsed

TABLES: Final = {
    "session": ("id", "project_id", "directory", "title", "time_updated"),
    "message": ("id", "session_id", "data"),
    "part": ("id", "message_id", "data"),
}
_SESSION: Final = (
    *("id", "parent_id", "directory", "title", "version", "revert"),
    *("time_created", "time_updated", "time_archived"),
)
_IN_ORDER: Final = 'ORDER BY "time_created", "id"'


def read_sessions(path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
    """The sessions that are not as they are known, the newest first."""
    with Database(path) as db:
        if not all(db.has(table, *columns) for table, columns in TABLES.items()):
            raise SourceError(f"{path} is not a history file: it is no database of OpenCode's.")
        sessions = db.read("session", _SESSION, 'ORDER BY "time_updated" DESC, "id"')
        counted = "SELECT session_id, count(*), max(time_updated) FROM message GROUP BY session_id"
        messages = {row[0]: row[1:] for row in db.rows(counted)}
        parts = dict(db.rows("SELECT session_id, count(*) FROM part GROUP BY session_id"))
        size = path.stat().st_size
        for nth, row in enumerate(sessions, 1):
            about = dict(zip(_SESSION, row, strict=True))
            name = id_of(about["id"])
            version = version_of(about["time_updated"], *messages.get(about["id"], (0, 0)), parts.get(about["id"], 0))
            if not name or known.get(name) == version:
                continue
            transcript = OpenCodeTranscript(name, _session(about))
            told = db.with_cuts(_messages(db, about["id"]))
            yield from chat_chunks(told, transcript, version, progress(nth, len(sessions), size))


def _session(about: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the record that OpenCode makes of it."""
    time = {"created": about["time_created"], "archived": about["time_archived"]}
    return {
        "parentID": id_of(about["parent_id"]),
        "directory": about["directory"],
        "title": about["title"],
        "version": about["version"],
        "revert": json_of(about["revert"]),
        "time": time,
    }


def _messages(db: Database, session_id: object) -> Iterator[dict[str, Any] | Problem]:
    rows = db.read("message", ("id", "data"), f'WHERE "session_id" = ? {_IN_ORDER}', (session_id,))
    for n, (message_id, data) in enumerate(rows, 1):
        info = parsed(data, n, f"message {id_of(message_id)}")
        if isinstance(info, Problem):
            yield info
            continue
        parts = []
        for part_id, text in db.read("part", ("id", "data"), f'WHERE "message_id" = ? {_IN_ORDER}', (message_id,)):
            part = parsed(text, n, f"part {id_of(part_id)}")
            if isinstance(part, Problem):
                yield part
            else:
                parts.append((id_of(part_id), part))
        yield {"id": id_of(message_id), "info": info, "parts": parts}
