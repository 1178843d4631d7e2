"""Where elia keeps its chats, and how one is read (FORMATS §16). It cannot be told to go on with a certain chat.

Chats are numbered in each database: the time at which one was begun makes its number its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from chattui.sources.chunks import Transcript
from chattui.sources.containers import id_of, version_of
from chattui.sources.content import as_it_is, text_of
from chattui.sources.databases import DatabaseSource, Listed, Records, as_records, counted
from chattui.sources.recording import Known
from chattui.sources.sqlite import Database
from chattui.sources.telling import Teller, time_of

NAME: Final = "elia"
_MESSAGE: Final = ("id", "role", "content", "timestamp", "model")


class Elia(DatabaseSource):
    """``elia.sqlite``."""

    name = NAME
    label = "elia"
    tables = MappingProxyType(
        {
            "chat": frozenset({"id", "model", "title", "started_at"}),
            "message": frozenset({"id", "chat_id", "role", "content"}),
        }
    )

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        data = env.get("XDG_DATA_HOME", "")
        return ((Path(data) if Path(data).is_absolute() else home / ".local" / "share") / "elia" / "elia.sqlite",)

    def chats(self, db: Database) -> list[Listed]:
        columns = ("id", "model", "title", "started_at", "archived")
        length = "total(length(content))"
        messages = counted(db, f"SELECT chat_id, count(*), max(id), {length} FROM message GROUP BY chat_id", length)  # noqa: S608
        found = []
        for about in as_records(columns, db.read("chat", columns, 'ORDER BY "id" DESC')):
            begun = time_of(about["started_at"])
            name = f"{id_of(about['id'])}-{begun:%Y%m%d%H%M%S%f}" if begun else id_of(about["id"])
            version = version_of(about["title"], about["archived"], *messages.get(about["id"], (0, 0, 0)))
            found.append(Listed(name, version, about))
        return found

    def transcript(self, db: Database, path: Path, listed: Listed) -> tuple[Transcript, Records]:  # noqa: ARG002
        return _EliaTranscript(listed), _messages(db, listed.about["id"])


class _EliaTranscript(Teller):
    """Takes the rows of ``message``. elia's own system prompt is the first of them, and is told as an event."""

    source = NAME

    def __init__(self, listed: Listed) -> None:
        super().__init__(Known(listed.chat_id))
        about = listed.about
        self.created = time_of(about["started_at"])
        self.archived = about["archived"] == 1
        self.known.name(text_of(about["title"]), "custom")
        self.known.model = text_of(about["model"])

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next row."""
        name, at, text = id_of(record["id"]) or str(line), time_of(record["timestamp"]), text_of(record["content"])
        self.known.model = text_of(record["model"]) or self.known.model
        match record["role"]:
            case "user":
                self.prompt(text, name, at)
            case "assistant":
                self.answer(text, name, at)
            case "system":
                self.event(text, name, at)
            case role:
                self.event(as_it_is(role, {"content": text}), name, at)


def _messages(db: Database, chat: object) -> Iterator[dict[str, Any]]:
    return as_records(_MESSAGE, db.each("message", _MESSAGE, 'WHERE "chat_id" = ? ORDER BY "id"', (chat,)))
