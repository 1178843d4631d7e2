"""Conversations of Cursor's editor, out of its ``state.vscdb`` (FORMATS §6). No real one was at hand.

The database can be gigabytes and is written to all the time: keys are listed first, and each value asked for by itself.
What a conversation of which there is a transcript said is left to that: both stores name it alike, but not its messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, Problem
from chattui.domain.kinds import ToolStatus
from chattui.sources.containers import chat_chunks, id_of, progress, version_of
from chattui.sources.content import as_it_is, count_of, readable_input, text_of
from chattui.sources.cursor.transcript import NAME, asked
from chattui.sources.recording import Known
from chattui.sources.regular import read_regular
from chattui.sources.sqlite import Database
from chattui.sources.telling import Teller, json_of, parsed, time_of
from chattui.sources.uris import directory_of

TABLE: Final = "cursorDiskKV"
_COMPOSER: Final = "composerData:"
_BUBBLE: Final = "bubbleId:"
_MOST_WORKSPACES: Final = 2000
_STATUS: Final = {
    "completed": ToolStatus.COMPLETED,
    "error": ToolStatus.FAILED,
    "cancelled": ToolStatus.CANCELLED,
    "rejected": ToolStatus.CANCELLED,
}


def read_composers(path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
    """The conversations that are not as they are known."""
    with Database(path) as db:
        if not db.has(TABLE, "key", "value"):
            raise SourceError(f"{path} is not a history file: it is no database of Cursor's conversations.")
        keys = [row[0] for row in db.read(TABLE, ("key",), "WHERE key >= ? AND key < ?", _range(_COMPOSER))]
        elsewhere = Elsewhere(path)
        size = path.stat().st_size
        for nth, key in enumerate(keys, 1):
            name = id_of(key.removeprefix(_COMPOSER)) if isinstance(key, str) else ""
            composer = parsed(_value(db, key), 0, key) if name else None
            if not isinstance(composer, dict):
                continue  # it is emptied when it is deleted
            transcript = ComposerTranscript(name, composer)
            headers = transcript.headers
            last = headers[-1] if headers else ""
            stamp = composer.get("lastUpdatedAt"), composer.get("name"), composer.get("status")
            version = version_of(*stamp, len(headers), last)
            if known.get(name) == version:
                continue
            transcript.known.project = elsewhere.project(name)
            bubbles = (
                () if name in elsewhere.transcripts else _bubbles(db, key.removeprefix(_COMPOSER), composer, headers)
            )
            yield from chat_chunks(db.with_cuts(bubbles), transcript, version, progress(nth, len(keys), size))


def _range(prefix: str) -> tuple[str, str]:
    """Between what begins so and the first that does not."""
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _value(db: Database, key: str) -> object:
    found = db.read(TABLE, ("value",), "WHERE key = ?", (key,))
    return found[0][0] if found else None


def _bubbles(
    db: Database, name: str, composer: Mapping[str, Any], headers: list[str]
) -> Iterator[dict[str, Any] | Problem]:
    """In the order in which they are listed. What is not listed was taken back, or never finished."""
    inline = composer.get("conversation")
    if not headers and isinstance(inline, list):
        yield from (one for one in inline if isinstance(one, dict))
        return
    for n, bubble_id in enumerate(headers, 1):
        value = _value(db, f"{_BUBBLE}{name}:{bubble_id}")
        if value is None:
            continue
        bubble = parsed(value, n, f"bubble {bubble_id}")
        yield bubble if isinstance(bubble, Problem) else {"bubbleId": bubble_id, **bubble}


class ComposerTranscript(Teller):
    """Takes bubbles: type 1 is what a person said, 2 what the model did."""

    source = NAME

    def __init__(self, name: str, composer: Mapping[str, Any]) -> None:
        super().__init__(Known(name))
        self.known.name(text_of(composer.get("name")), "custom")
        self.created = time_of(composer.get("createdAt"))
        self.archived = composer.get("isArchived") is True
        config, parent = composer.get("modelConfig"), composer.get("subagentInfo")
        self.known.model = text_of(config.get("modelName")) if isinstance(config, dict) else ""
        self.parent = id_of(parent.get("parentComposerId")) if isinstance(parent, dict) else ""
        listed = composer.get("fullConversationHeadersOnly")
        ids = [one.get("bubbleId") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        self.headers = [one for one in ids if isinstance(one, str) and one]

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next bubble."""
        name = id_of(record.get("bubbleId")) or str(line)
        at = time_of(record.get("createdAt"))
        self._place(record)
        text = text_of(record.get("text"))
        if record.get("type") == 1:
            self.prompt(asked(text), name, at)
            return
        tokens, model, thinking = (record.get(key) for key in ("tokenCount", "modelInfo", "thinking"))
        if isinstance(model, dict):
            self.known.model = text_of(model.get("modelName")) or self.known.model
        if isinstance(tokens, dict):
            self.known.owe((count_of(tokens.get("inputTokens")), count_of(tokens.get("outputTokens")), 0))
        if record.get("type") != 2:
            self.event(as_it_is(record.get("type"), {"text": text}), name, at)
            return
        if isinstance(thinking, dict):
            self.thought(text_of(thinking.get("text")), f"{name}:thinking", at, name)
        self.answer(text or _code(record.get("codeBlocks")), name, at, name)
        tool = record.get("toolFormerData")
        if isinstance(tool, dict) and tool.get("name"):
            self._tool(tool, name, at)

    def _place(self, bubble: Mapping[str, Any]) -> None:
        """The workspace, where no list of workspaces tells."""
        uris = bubble.get("workspaceUris")
        if not self.known.project and isinstance(uris, list) and uris:
            self.known.project = directory_of(text_of(uris[0]))

    def _tool(self, tool: Mapping[str, Any], name: str, at: datetime | None) -> None:
        call_id = text_of(tool.get("toolCallId")) or f"{name}:call"
        value = next((found for key in ("rawArgs", "params") if (found := json_of(tool.get(key))) is not None), None)
        self.call(call_id, text_of(tool.get("name")), value, f"{name}:call", at, name)
        status = _STATUS.get(text_of(tool.get("status")))
        if status is not None:
            result = json_of(tool.get("result"))
            words = readable_input(result)[0] if result is not None else text_of(tool.get("result"))
            if status is ToolStatus.FAILED:
                words = words or readable_input(json_of(tool.get("error")))[0] or text_of(tool.get("error"))
            self.result(call_id, words, status, f"{name}:result", at)


class Elsewhere:
    """What other places of Cursor's tell of its conversations. Looked for only when something is to be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def transcripts(self) -> frozenset[str]:
        """The conversations of which there are transcripts, below the home directory that the database lies in."""
        for above in self._path.parents:
            projects = above / ".cursor" / "projects"
            if projects.is_dir():
                found = projects.glob("*/agent-transcripts/*/*.jsonl")
                return frozenset(one.stem for one in found if one.stem == one.parent.name)
        return frozenset()

    def project(self, composer: str) -> str:
        """The directory that a conversation was held in; "" where it is not known."""
        return self._projects.get(composer, "")

    @cached_property
    def _projects(self) -> dict[str, str]:
        folder = self._path.parent.parent / "workspaceStorage"
        found: dict[str, str] = {}
        try:
            workspaces = sorted(folder.iterdir())[:_MOST_WORKSPACES] if folder.is_dir() else []
        except OSError:
            workspaces = []
        for workspace in workspaces:
            try:
                about = json_of(read_regular(workspace / "workspace.json", 65536))
            except OSError:
                continue
            place = directory_of(text_of(about.get("folder"))) if isinstance(about, dict) else ""
            if place:
                found |= dict.fromkeys(_held_in(workspace / "state.vscdb"), place)
        return found


def _held_in(path: Path) -> list[str]:
    """The conversations of one workspace."""
    try:
        with Database(path) as db:
            rows = db.read("ItemTable", ("value",), "WHERE key = 'composer.composerData'")
    except SourceError:
        return []
    listed = json_of(rows[0][0]) if rows else None
    composers = listed.get("allComposers") if isinstance(listed, dict) else None
    ids = [one.get("composerId") for one in composers if isinstance(one, dict)] if isinstance(composers, list) else []
    return [one for one in ids if isinstance(one, str)]


def _code(blocks: object) -> str:
    """An answer that is only code."""
    found = [text_of(one.get("content")) for one in blocks if isinstance(one, dict)] if isinstance(blocks, list) else []
    return "\n\n".join(f"```\n{text}\n```" for text in found if text.strip())
