"""A session of Cursor's command line, out of its ``store.db``: a tree of blobs, whose leaves are messages (FORMATS §6).

Messages have no times. A session of which there is a transcript is left to that, as in the editor's database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, Problem
from chattui.domain.kinds import ToolStatus
from chattui.sources.containers import chat_chunks, id_of, version_of
from chattui.sources.content import as_it_is, data_url, readable_input, text_of
from chattui.sources.cursor.ide import Elsewhere
from chattui.sources.cursor.transcript import HIDDEN, NAME, asked
from chattui.sources.recording import Known
from chattui.sources.regular import open_regular
from chattui.sources.sqlite import Database
from chattui.sources.telling import Teller, json_of, time_of
from chattui.sources.unknown import unreadable

_HASH: Final = 32
_DEEPEST: Final = 64
_MOST_BLOBS: Final = 500_000
_LENGTH_DELIMITED: Final = 2


def read_store(path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
    """The session, if it is not as it is known."""
    with Database(path) as db:
        if not (db.has("blobs", "id", "data") and db.has("meta", "key", "value")):
            raise SourceError(f"{path} is not a history file: it is no session of Cursor's command line.")
        about = _about(db)
        name = id_of(about.get("agentId")) or id_of(path.parent.name)
        version = version_of(about.get("latestRootBlobId"), about.get("name"))
        if known.get(name) == version:
            return
        transcript = StoreTranscript(name, about, _beside(path))
        is_elsewhere = name in Elsewhere(path).transcripts
        records = () if is_elsewhere else _leaves(db, text_of(about.get("latestRootBlobId")))
        yield from chat_chunks(db.with_cuts(records), transcript, version, path.stat().st_size)


def _about(db: Database) -> dict[str, Any]:
    for (value,) in db.read("meta", ("value",), "ORDER BY key"):
        try:
            raw = bytes.fromhex(value) if isinstance(value, str) else value
        except ValueError:
            raw = value
        found = json_of(raw)
        if isinstance(found, dict) and "agentId" in found:
            return found
    return {}


def _beside(path: Path) -> dict[str, Any]:
    try:
        with open_regular(path.parent / "meta.json") as file:
            found = json_of(file.read(1 << 20))
    except OSError:
        return {}
    return found if isinstance(found, dict) else {}


def _leaves(db: Database, root: str) -> Iterator[dict[str, Any] | Problem]:
    """The messages below a root, from left to right."""
    waiting: list[tuple[str, int]] = [(root, 0)]
    trees: set[str] = set()
    for n in range(1, _MOST_BLOBS):
        if not waiting:
            return
        name, depth = waiting.pop()
        found = db.read("blobs", ("data",), "WHERE id = ?", (name,))
        data = found[0][0] if found else None
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogatepass")
        if not isinstance(data, bytes):
            continue
        if data.lstrip()[:1] == b"{":
            message = json_of(data)
            if isinstance(message, dict):
                yield {"blob": name, **message}
            else:
                yield unreadable(n, f"blob {name[:64]} is not a JSON object", data)
        elif depth < _DEEPEST and name not in trees:
            trees.add(name)
            waiting += [(child, depth + 1) for child in reversed(children(data))]


def children(data: bytes) -> list[str]:
    """The blobs that one names: fields 1 (a message) and 2 (more of them) of a protobuf message, each a hash."""
    found, at = [], 0
    while at < len(data):
        tag, at = _number(data, at)
        match tag & 7:
            case 0:
                _value, at = _number(data, at)
            case 1:
                at += 8
            case kind if kind == _LENGTH_DELIMITED:
                length, at = _number(data, at)
                if tag >> 3 in (1, 2) and length == _HASH and at + length <= len(data):
                    found.append(data[at : at + length].hex())
                at += length
            case 5:
                at += 4
            case _:
                return found
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    return value, at


class StoreTranscript(Teller):
    """Takes the leaves: messages as the model's interface has them."""

    source = NAME

    def __init__(self, name: str, about: Mapping[str, Any], beside: Mapping[str, Any]) -> None:
        super().__init__(Known(name))
        title = text_of(about.get("name")) or text_of(beside.get("title"))
        if title != "New Agent":
            self.known.name(title, "custom")
        self.known.model = text_of(about.get("lastUsedModel"))
        self.known.project = text_of(beside.get("cwd"))
        self.created = time_of(about.get("createdAt")) or time_of(beside.get("createdAtMs"))

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next message."""
        name, role, content = record["blob"][:16] or str(line), record.get("role"), record.get("content")
        if role == "system":
            return  # what Cursor tells the model
        for nth, block in enumerate(content if isinstance(content, list) else [content], 1):
            source_id = f"{name}:{nth}" if nth > 1 else name
            one = {"type": "text", "text": block} if isinstance(block, str) else block
            if isinstance(one, dict):
                self._block(one, source_id, name, role)
        calls = record.get("tool_calls")
        for nth, call in enumerate(calls if isinstance(calls, list) else (), 1):
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                value = json_of(function.get("arguments"))
                call_id = text_of(call.get("id"))
                self.call(call_id, text_of(function.get("name")), value, f"{name}:call {nth}", None, name)

    def _block(self, block: Mapping[str, Any], source_id: str, reply_id: str, role: object) -> None:
        text = text_of(block.get("text"))
        match block.get("type"):
            case "text" if role == "user":
                said = asked(text)
                if said == text and text.lstrip().startswith("<user_info>"):
                    self.event(text, source_id, None)
                else:
                    self.prompt(said, source_id, None)
            case "text" if role == "tool":
                self.result("", text, ToolStatus.COMPLETED, source_id, None)
            case "text" if text.strip() != HIDDEN:
                self.answer(text, source_id, None, reply_id)
            case "text" | "redacted-reasoning":
                return
            case "reasoning" | "thinking":
                self.thought(text or text_of(block.get("thinking")), source_id, None, reply_id)
            case "tool-call" | "tool_use":
                value = block.get("args", block.get("input"))
                call_id = text_of(block.get("toolCallId")) or text_of(block.get("id"))
                name = text_of(block.get("toolName")) or text_of(block.get("name"))
                self.call(call_id, name, value, source_id, None, reply_id)
            case "tool-result" | "tool_result":
                result = block.get("result", block.get("output", block.get("content")))
                failed = block.get("isError") is True or block.get("is_error") is True
                status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
                call_id = text_of(block.get("toolCallId")) or text_of(block.get("tool_use_id"))
                self.result(call_id, readable_input(result)[0], status, source_id, None)
            case "image":
                self.attached(data_url(block.get("image")), source_id, None)
            case kind:
                self.event(as_it_is(kind, block), source_id, None)
