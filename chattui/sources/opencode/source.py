"""Where OpenCode keeps its sessions, and how they are read and continued.

A session that was begun in the tree of JSON files and is in the database too is the same chat: its messages have the same
ids. ``opencode export`` writes a session as one document, which is read as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.bounded import Cut
from chattui.sources.chunks import Transcript
from chattui.sources.containers import chat_chunks, id_of
from chattui.sources.content import text_of
from chattui.sources.databases import database_at
from chattui.sources.documents import document_chunks, document_in
from chattui.sources.head import Head
from chattui.sources.opencode import tree
from chattui.sources.opencode.database import TABLES, read_sessions
from chattui.sources.opencode.transcript import NAME, OpenCodeTranscript
from chattui.sources.protocol import Report
from chattui.sources.sqlite import companions
from chattui.sources.walk import walk

_DOCUMENT: Final = ".json"


class OpenCode:
    """``opencode.db``, and sessions ``storage/session/<project>/<id>.json`` of before 1.2."""

    name = NAME
    label = "OpenCode"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        data = env.get("XDG_DATA_HOME", "")
        return ((Path(data) if Path(data).is_absolute() else home / ".local" / "share") / "opencode",)

    def recognises(self, head: Head) -> bool:
        if head.tables:
            return all(head.tables.get(table, frozenset()).issuperset(names) for table, names in TABLES.items())
        document = head.document
        if not isinstance(document, dict):
            return False
        if _in_tree(head.path):
            return bool(text_of(document.get("projectID"))) and isinstance(document.get("time"), dict)
        return _is_export(document)

    def is_whole(self, path: Path) -> bool:
        return path.suffix == _DOCUMENT

    def is_container(self, path: Path) -> bool:
        return path.suffix != _DOCUMENT

    def companions(self, path: Path) -> Iterable[Path]:
        if self.is_container(path):
            return companions(path)
        return tree.belonging(path) if _in_tree(path) else ()

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        try:
            found = sorted(root.glob("opencode*.db"))
        except OSError as error:
            report(root, error.strerror or str(error))
            found = []
        for path in found:
            yield from database_at(self, path, report)
        sessions = root / "storage" / "session"
        yield from walk(self, sessions, lambda name, parents: len(parents) == 1 and name.endswith(_DOCUMENT), report)

    def read(
        self,
        path: Path,
        *,
        offset: int = 0,
        line: int = 0,
        state: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Chunk]:
        if self.is_container(path):
            return read_sessions(path, {})
        return _read_tree(path, offset) if _in_tree(path) else _read_export(path, offset, line)

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        return read_sessions(path, known)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles are in the sessions."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("opencode", "-s", source_id)


def _in_tree(path: Path) -> bool:
    return len(path.parents) > 3 and path.parents[1].name == "session"


def _is_export(document: Mapping[str, Any]) -> bool:
    info, messages = document.get("info"), document.get("messages")
    return (
        isinstance(info, dict)
        and isinstance(messages, list)
        and isinstance(info.get("id"), str)
        and all(isinstance(one, dict) and isinstance(one.get("parts"), list) for one in messages[:3])
    )


def _read_tree(path: Path, offset: int) -> Iterator[Chunk]:
    session = tree.session_in(path)
    size = path.stat().st_size
    if offset and offset >= size:
        return
    name = tree.session_id(path, session)
    transcript: Transcript = OpenCodeTranscript(name, session)
    for chunk in chat_chunks(tree.messages(path, name), transcript, "", size):
        offset = size if chunk.version is not None else size - 1
        yield replace(chunk, offset=offset, tool_updates=(), version=None)


def _read_export(path: Path, offset: int, line: int) -> Iterator[Chunk]:
    document = document_in(path, "messages")
    if document is None or (offset and offset >= document.size):
        return
    records = iter(document.records)
    first = list(islice(records, 3))
    if not _is_export({**document.about, "messages": [one.record if isinstance(one, Cut) else one for one in first]}):
        raise SourceError(f"{path} is not a history file: no session that OpenCode exported.")
    info = document.about["info"]
    transcript = OpenCodeTranscript(id_of(info["id"]) or path.stem, info)
    exported = map(_exported, chain(first, records))
    del first
    yield from document_chunks(exported, document.size, transcript, line if offset else 0)


def _exported(message: object) -> object:
    """A message of an export as the transcript takes it."""
    if isinstance(message, Cut):
        return Cut(_exported(message.record), message.problem)
    if not isinstance(message, dict) or not isinstance(message.get("info"), dict):
        return None
    parts = message.get("parts")
    pairs = [(id_of(one.get("id")), one) for one in parts if isinstance(one, dict)] if isinstance(parts, list) else []
    return {"id": id_of(message["info"].get("id")), "info": message["info"], "parts": pairs}
