"""Where Ollama's app keeps its chats, and how one is read (FORMATS §16).

No real one was at hand: this follows the app's own source code. ``ollama run`` keeps no chats, only prompts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from chattui.domain.attached import size_words
from chattui.domain.history import NewAttachment
from chattui.domain.kinds import ToolStatus
from chattui.sources.chunks import Transcript
from chattui.sources.containers import id_of, version_of
from chattui.sources.content import as_it_is, text_of
from chattui.sources.databases import DatabaseSource, Listed, Records, as_records, counted
from chattui.sources.recording import Known
from chattui.sources.sqlite import Database
from chattui.sources.telling import Teller, json_of, time_of

NAME: Final = "ollama"
_DATABASE: Final = "db.sqlite"
_MESSAGE: Final = ("id", "role", "content", "thinking", "model_name", "created_at", "tool_result", "tool_name")
_CALL: Final = ("id", "type", "function_name", "function_arguments", "function_result")


class OllamaApp(DatabaseSource):
    """``db.sqlite``."""

    name = NAME
    label = "Ollama's app"
    tables = MappingProxyType(
        {
            "chats": frozenset({"id", "title", "created_at"}),
            "messages": frozenset({"id", "chat_id", "role", "content", "model_name"}),
        }
    )

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        places = [
            home / ".ollama" / _DATABASE,
            home / "Library" / "Application Support" / "Ollama" / _DATABASE,
        ]
        if local := env.get("LOCALAPPDATA"):
            places.append(Path(local) / "Ollama" / _DATABASE)
        return tuple(places)

    def chats(self, db: Database) -> list[Listed]:
        updated = "max(updated_at)" if db.has("messages", "updated_at") else "NULL"
        question = f"SELECT chat_id, count(*), max(id), {updated} FROM messages GROUP BY chat_id"  # noqa: S608
        messages = counted(db, question)
        columns = ("id", "title", "created_at")
        return [
            Listed(id_of(about["id"]), version_of(about["title"], *messages.get(about["id"], (0, 0, 0))), about)
            for about in as_records(columns, db.read("chats", columns, 'ORDER BY "created_at" DESC, rowid DESC'))
        ]

    def transcript(self, db: Database, path: Path, listed: Listed) -> tuple[Transcript, Records]:  # noqa: ARG002
        return _OllamaTranscript(listed), _messages(db, listed.about["id"])


class _OllamaTranscript(Teller):
    """Takes the rows of ``messages``, each with its calls and attachments."""

    source = NAME

    def __init__(self, listed: Listed) -> None:
        super().__init__(Known(listed.chat_id))
        self.created = time_of(listed.about["created_at"])
        self.known.name(text_of(listed.about["title"]), "custom")
        self._open: list[str] = []  # calls whose results have not come yet

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next row."""
        name, at, text = id_of(record["id"]) or str(line), time_of(record["created_at"]), text_of(record["content"])
        self.known.model = text_of(record["model_name"]) or self.known.model
        match record["role"]:
            case "user":
                self.prompt(text, name, at)
            case "assistant":
                self.thought(text_of(record["thinking"]), f"{name}:thinking", at, name)
                self.answer(text, name, at, name)
            case "tool":
                result = text or text_of(record["tool_result"])
                call_id = self._open.pop(0) if self._open else ""
                self.result(call_id, result, ToolStatus.COMPLETED, name, at)
            case "system":
                self.event(text, name, at)
            case role:
                self.event(as_it_is(role, {"content": text}), name, at)
        for nth, call in enumerate(record["calls"], 1):
            call_id = f"{name}:call {nth}"
            self.call(call_id, text_of(call["function_name"]), json_of(call["function_arguments"]), call_id, at, name)
            if result := text_of(call["function_result"]):
                self.result(call_id, result, ToolStatus.COMPLETED, f"{name}:result {nth}", at)
            else:
                self._open.append(call_id)
        for nth, (filename, data) in enumerate(record["attachments"], 1):
            if isinstance(data, bytes) and data:
                label = text_of(filename) or "file"
                cut = (NewAttachment(label, "application/octet-stream", data),)
                self.attached((f"[{label[:200]}, {size_words(len(data))}]", cut), f"{name}:attachment {nth}", at)


def _messages(db: Database, chat: object) -> Iterator[dict[str, Any]]:
    rows = db.each("messages", _MESSAGE, 'WHERE "chat_id" = ? ORDER BY "id"', (chat,))
    for record in as_records(_MESSAGE, rows):
        of = 'WHERE "message_id" = ? ORDER BY rowid'
        record["calls"] = record["attachments"] = []
        if db.has("tool_calls", "message_id"):
            record["calls"] = list(as_records(_CALL, db.read("tool_calls", _CALL, of, (record["id"],))))
        if db.has("attachments", "message_id", "data"):
            record["attachments"] = db.read("attachments", ("filename", "data"), of, (record["id"],))
        yield record
