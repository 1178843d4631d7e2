"""Where llm keeps its log, and how a conversation of it is read and continued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from chattui.domain.attached import size_words
from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk, NewAttachment
from chattui.domain.kinds import ToolStatus
from chattui.sources.chunks import Transcript
from chattui.sources.containers import id_of, version_of
from chattui.sources.content import as_it_is, count_of, first_line, text_of
from chattui.sources.databases import DatabaseSource, Listed, Records, as_records
from chattui.sources.head import Head
from chattui.sources.llm import rows
from chattui.sources.recording import Known
from chattui.sources.sqlite import Database
from chattui.sources.telling import Teller, json_of, time_of

NAME: Final = "llm"
_FOLDER: Final = "io.datasette.llm"
_LOG: Final = "logs.db"
_GENERATIONS: Final = (("responses", "conversation_id"), ("threads", "tip_message_hash"), ("log", "prompt"))


class Llm(DatabaseSource):
    """``logs.db``."""

    name = NAME
    label = "llm"
    tables = MappingProxyType({})  # each generation has others

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        if own := env.get("LLM_USER_PATH"):
            return (Path(own) / _LOG,)
        config, roaming = env.get("XDG_CONFIG_HOME", ""), env.get("APPDATA", "")
        places = [
            (Path(config) if Path(config).is_absolute() else home / ".config") / _FOLDER / _LOG,
            home / "Library" / "Application Support" / _FOLDER / _LOG,
        ]
        if roaming:
            places.append(Path(roaming) / _FOLDER / _LOG)
        return tuple(places)

    def recognises(self, head: Head) -> bool:
        if "_llm_migrations" in head.tables:
            return any(column in head.tables.get(table, frozenset()) for table, column in _GENERATIONS)
        return {"prompt", "response", "system", "model"} <= head.tables.get("log", frozenset())

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        with Database(path) as db:
            if not any(db.has(*generation) for generation in _GENERATIONS):
                raise SourceError(f"{path} is not a history file: it is no log of llm's.")
        yield from super().read_chats(path, known)

    def chats(self, db: Database) -> list[Listed]:
        found = [
            Listed(name, version_of(about["name"], about["count"], about["last"], about.get("tip")), about)
            for name, about in rows.conversations(db).items()
        ]
        found.sort(key=lambda one: one.chat_id, reverse=True)  # they begin with the time
        if db.has("log", "prompt", "response"):
            columns = ("chat_id", "rowid")
            last = {}
            for row in as_records(columns, db.read("log", columns, "ORDER BY rowid")):
                key = row["rowid"] if row["chat_id"] is None else row["chat_id"]
                last[id_of(f"log-{key}")] = row
            found += [Listed(name, version_of(row["rowid"]), {"log": row}) for name, row in last.items()]
        return found

    def transcript(self, db: Database, path: Path, listed: Listed) -> tuple[Transcript, Records]:  # noqa: ARG002
        return LlmTranscript(listed), _records(db, listed.about)

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("llm", "chat", "--cid", source_id)


def _records(db: Database, about: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if log := about.get("log"):
        yield from rows.log_rows(db, log["chat_id"], log["rowid"])
        return
    turns: set[object] = set()
    if about.get("tip") is not None:
        turns = {row[0] for row in db.read("turns", ("id",), 'WHERE "thread_id" = ?', (about["key"],))}
    if about["count"]:
        yield from rows.response_rows(db, about["key"], turns)
    if about.get("tip") is not None:
        yield from rows.thread_rows(db, about["key"], about["tip"])


class LlmTranscript(Teller):
    """Takes what ``rows`` makes of the tables."""

    source = NAME

    def __init__(self, listed: Listed) -> None:
        super().__init__(Known(listed.chat_id))
        self.known.name(text_of(listed.about.get("name")), "custom")
        self.known.model = text_of(listed.about.get("model"))
        self._forked_from = text_of(listed.about.get("forked_from"))
        self._system = ""

    def chat(self) -> ChatInfo:
        return replace(super().chat(), forked_from_id=self._forked_from)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next thing said."""
        said, name = record["said"], text_of(record.get("id"))
        if said == "tokens":
            self._owe(record)
            return
        at = time_of(record.get("at"))
        self.created = self.created or at
        text, reply = text_of(record.get("text")), text_of(record.get("reply")) or None
        match said:
            case "prompt":
                self.prompt(text, name, at)
            case "answer":
                self.answer(text, name, at, reply)
            case "thinking":
                self.thought(text, name, at, reply)
            case "system":
                if text != self._system:
                    self.event(text, name, at)
                self._system = text
            case "call":
                value = record.get("arguments")
                value = json_of(value) if isinstance(value, str) else value
                self.call(text_of(record.get("tool_call_id")), text_of(record.get("name")), value, name, at, reply)
            case "result":
                failure = text_of(record.get("exception"))
                status = ToolStatus.FAILED if failure else ToolStatus.COMPLETED
                self.result(
                    text_of(record.get("tool_call_id")), text_of(record.get("output")) or failure, status, name, at
                )
            case "attachment":
                self.attached(_attachment(record), name, at)
            case _:
                self.event(as_it_is(record.get("kind"), record.get("record") or {}), name, at)

    def _owe(self, record: Mapping[str, Any]) -> None:
        self.known.model = text_of(record.get("model")) or self.known.model
        details = json_of(record.get("token_details"))
        details = details.get("prompt_tokens_details") if isinstance(details, dict) else None
        cached = count_of(details.get("cached_tokens")) if isinstance(details, dict) else 0
        self.known.owe((count_of(record.get("input_tokens")), count_of(record.get("output_tokens")), cached))


def _attachment(record: Mapping[str, Any]) -> tuple[str, tuple[NewAttachment, ...]]:
    kind, content = text_of(record.get("type")) or "file", record.get("content")
    place = text_of(record.get("path")) or text_of(record.get("url"))
    if isinstance(content, bytes) and content:
        return f"[{kind}, {size_words(len(content))}]", (NewAttachment(place.rpartition("/")[2], kind, content),)
    return f"[{kind} {first_line(place, 200)}]".replace(" ]", "]"), ()
