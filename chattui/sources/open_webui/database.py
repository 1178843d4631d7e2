"""The database of an Open WebUI server, ``webui.db``: chats of all its users, each with its tree of messages as JSON.

There was no real sample to read: it is held against the models and migrations of 0.12.4, as its package has them. From 0.8
on the messages also stand one by one in a table of their own, ``chat_message``; what is there and not in the tree is taken
from there. A chat has the same id as in an export.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk
from chattui.sources.containers import id_of, progress, version_of
from chattui.sources.databases import as_records
from chattui.sources.exports import record_chunks
from chattui.sources.head import Head
from chattui.sources.open_webui.chat import NAME, Chat
from chattui.sources.sqlite import Database
from chattui.sources.telling import json_of
from chattui.sources.unknown import unreadable

FILE: Final = "webui.db"
_COLUMNS: Final = frozenset({"id", "user_id", "title", "chat", "updated_at"})
_LISTED: Final = ("id", "title", "created_at", "updated_at", "archived", "pinned", "meta")
_SAID: Final = (
    *("id", "role", "parent_id", "content", "output", "model_id", "files", "done", "error", "usage"),
    "created_at",
)
_JSON: Final = ("content", "output", "files", "error", "usage")


def is_database(path: Path) -> bool:
    """Whether a file is one, by its first bytes."""
    return Head(path).start.startswith(b"SQLite format 3\0")


def recognises(head: Head) -> bool:
    """Whether a database is a server's."""
    return head.tables.get("chat", frozenset()) >= _COLUMNS


def read_chats(path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
    """The chats that are not as they are known, the newest first. Those that the server made for itself are left out."""
    with Database(path) as db:
        if not db.has("chat", *_COLUMNS):
            raise SourceError(f"{path} is not a history file: it is no database of Open WebUI's.")
        rows = as_records(_LISTED, db.read("chat", _LISTED, 'ORDER BY "updated_at" DESC, "id"'))
        listed = list(rows)
        counted = {}
        if db.has("chat_message", "id", "chat_id", "updated_at"):
            counts = "SELECT chat_id, count(*), max(updated_at) FROM chat_message GROUP BY chat_id"
            counted = {row[0]: row[1:] for row in db.rows(counts)}
        size = path.stat().st_size
        met: set[str] = set()
        for nth, about in enumerate(listed, 1):
            name, meta = id_of(about["id"]), json_of(about["meta"])
            more = counted.get(about["id"], ())
            version = version_of(*(about[column] for column in _LISTED[1:]), *more)
            is_own = isinstance(meta, dict) and meta.get("internal") is True
            if not name or name in met or is_own or known.get(name) == version:
                continue
            met.add(name)
            at = progress(nth, len(listed), size)
            yield from _chat(db, about, meta, version, nth, at, has_rows=bool(more))


def _chat(
    db: Database, about: Mapping[str, Any], meta: object, version: str, number: int, at: int, *, has_rows: bool
) -> Iterator[Chunk]:
    name = id_of(about["id"])
    found = db.read("chat", ("chat",), 'WHERE "id" = ?', (about["id"],))
    text = found[0][0] if found else None
    chat = json_of(text)
    if isinstance(chat, str):  # JSON in JSON, as some versions have written it
        chat = json_of(chat)
    if not isinstance(chat, dict):
        problem = unreadable(number, f"chat {name} is not a JSON object", text)
        yield Chunk(ChatInfo(NAME, name), (), at, number, {}, (problem,), version=version)
        return
    history = chat.get("history")
    said = history.get("messages") if isinstance(history, dict) else None
    tree: dict[str, Any] = dict(said) if isinstance(said, dict) else {}
    tree = tree or _in_a_row(chat.get("messages"))
    if has_rows:
        for one, message in _rows(db, about["id"]).items():
            tree.setdefault(one, message)
    current = history.get("currentId") if isinstance(history, dict) else None
    record = {
        "id": name,
        "title": about["title"],
        "chat": {**chat, "history": {"messages": tree, "currentId": current}},
        "created_at": about["created_at"],
        "archived": bool(about["archived"]),
        "pinned": bool(about["pinned"]),
        "meta": meta,
    }
    made = Chat(record)
    for chunk in record_chunks(lambda: (made.info(), made.messages()), version, number, lambda: at):
        yield replace(chunk, problems=tuple(replace(cut, line=number) for cut in db.take_cuts()))


def _in_a_row(messages: object) -> dict[str, Any]:
    """Messages of a chat of before there were trees, each after the one before."""
    found: dict[str, Any] = {}
    before: str | None = None
    for n, message in enumerate(messages if isinstance(messages, list) else (), 1):
        if isinstance(message, dict):
            name = id_of(message.get("id")) or str(n)
            found[name] = {"parentId": before, **message}
            before = name
    return found


def _rows(db: Database, chat_id: object) -> dict[str, dict[str, Any]]:
    """The messages of ``chat_message`` by their ids, as they stand in a tree."""
    rows = db.each("chat_message", _SAID, 'WHERE "chat_id" = ? ORDER BY "created_at", "id"', (chat_id,))
    found = {}
    for row in as_records(_SAID, rows):
        values = {**row, **{column: json_of(row[column]) for column in _JSON}}
        name = str(row["id"]).removeprefix(f"{chat_id}-")
        found[name] = {
            **{column: values[column] for column in ("role", "content", "output", "files", "error", "usage")},
            "parentId": row["parent_id"],
            "model": row["model_id"],
            "timestamp": row["created_at"],
        }
    return found
