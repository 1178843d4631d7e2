"""Where Gemini CLI keeps its sessions, and how one is read and continued.

A session can lie in several files, one for each time that it was resumed: they are one chat, whose messages are known
by their ids. ``logs.json`` is not read: it repeats prompts of all sessions in one file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.chunks import read_chunks
from chattui.sources.content import text_of
from chattui.sources.documents import document_chunks, document_in
from chattui.sources.gemini_cli.transcript import NAME, GeminiTranscript
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.regular import open_regular
from chattui.sources.walk import walk

_CHATS: Final = "chats"
_WHOLE: Final = ".json"
_PROJECTS_SIZE: Final = 1 << 22


class GeminiCli:
    """Sessions ``tmp/<project>/chats/session-….json`` up to version 0.38, ``….jsonl`` from 0.39 on."""

    name = NAME
    label = "Gemini CLI"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        moved = env.get("GEMINI_CLI_HOME")
        return ((Path(moved) if moved else home) / ".gemini" / "tmp",)

    def recognises(self, head: Head) -> bool:
        if any(_is_header(record) for record in head.records):
            return True
        return _is_header(head.document) and isinstance(head.document.get("messages"), list)

    def is_whole(self, path: Path) -> bool:
        return path.suffix == _WHOLE

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return walk(self, root, _is_session, report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        folder = path.parent.name
        parent = folder if path.parent.parent.name == _CHATS else ""
        if path.suffix != _WHOLE:
            return read_chunks(path, GeminiTranscript(path.stem, parent, _Places(path).project, state), offset, line)
        return _whole(path, GeminiTranscript(path.stem, parent, _Places(path).project), offset, line)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Summaries stand inside the sessions."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("gemini", "--resume", source_id)


def _is_header(record: object) -> bool:
    return isinstance(record, Mapping) and "sessionId" in record and "projectHash" in record


def _is_session(name: str, parents: tuple[str, ...]) -> bool:
    if _CHATS not in parents:
        return False
    return name.endswith(".jsonl") or (name.startswith("session-") and name.endswith(_WHOLE))


def _whole(path: Path, transcript: GeminiTranscript, offset: int, line: int) -> Iterator[Chunk]:
    document = document_in(path, "messages")
    if document is None or (offset and offset >= document.size):
        return
    transcript.take(document.about, 0, 0)
    yield from document_chunks(document.records, document.size, transcript, line if offset else 0)


class _Places:
    """Which directory a session's project is: what Gemini CLI wrote beside it, or keeps a list of."""

    def __init__(self, path: Path) -> None:
        folders = path.parts[:-1]
        self._folder: Path | None = None
        if _CHATS in folders[1:]:
            self._folder = Path(*folders[: len(folders) - 1 - folders[::-1].index(_CHATS)])

    def project(self, project_hash: str) -> str:
        """The directory, by the session's place or its hash; "" when nothing tells."""
        folder = self._folder
        if folder is None:
            return ""
        try:
            if root := (folder / ".project_root").read_text(encoding="utf-8", errors="replace").strip():
                return root
        except OSError:
            pass
        try:
            with open_regular(folder.parent.parent / "projects.json") as file:
                listed = orjson.loads(file.read(_PROJECTS_SIZE))
        except (OSError, ValueError):
            return ""
        projects = listed.get("projects") if isinstance(listed, dict) else None
        for place, short in projects.items() if isinstance(projects, dict) else ():
            hashed = sha256(place.encode("utf-8", "surrogatepass")).hexdigest()
            if text_of(short) == folder.name or hashed in (folder.name, project_hash):
                return str(place)
        return ""
