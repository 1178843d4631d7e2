"""Where Codex keeps its rollouts, and how one is read and continued."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.chunks import read_chunks
from chattui.sources.codex.rollout import NAME
from chattui.sources.codex.transcript import CodexTranscript
from chattui.sources.content import TITLE_LENGTH, first_line, text_of
from chattui.sources.head import Head
from chattui.sources.lines import OpenLines
from chattui.sources.protocol import Report
from chattui.sources.walk import walk

_ARCHIVE: Final = "archived_sessions"
_FOLDERS: Final = ("sessions", _ARCHIVE)
_PACKED: Final = ".zst"
_TYPES: Final = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted", "world_state"})
_THREAD: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


class Codex:
    """Rollouts under ``sessions/`` by day and ``archived_sessions/``; a compressed one only if it is not there plain."""

    name = NAME
    label = "Codex"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        config = env.get("CODEX_HOME")
        return (Path(config) if config else home / ".codex",)

    def recognises(self, head: Head) -> bool:
        return any(map(_is_ours, head.records))

    def is_whole(self, path: Path) -> bool:
        """A compressed rollout is: it cannot be added to."""
        return path.suffix == _PACKED

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        folders = [folder for name in _FOLDERS if (folder := root / name).is_dir()] or [root]
        for folder in folders:
            packed: list[HistoryFile] = []
            plain: set[Path] = set()
            for file in walk(self, folder, _is_rollout, report):
                if file.path.suffix == _PACKED:
                    packed.append(file)
                    continue
                plain.add(file.path)
                yield file
            yield from (file for file in packed if file.path.with_suffix("") not in plain)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        stem = path.name.removesuffix(_PACKED).removesuffix(".jsonl")
        thread = _THREAD.search(stem)
        chat_id = thread[0] if thread else stem
        transcript = CodexTranscript(chat_id, archived=_ARCHIVE in path.parts[:-1], state=state)
        return read_chunks(path, transcript, offset, line)

    def titles(self, root: Path) -> Mapping[str, str]:
        """Names given to threads, from ``session_index.jsonl``: the last entry for a thread counts."""
        titles: dict[str, str] = {}
        try:
            with OpenLines(root / "session_index.jsonl") as lines:
                for _number, _part, _end, records in lines:
                    for record in records:
                        thread, title = text_of(record.get("id")), text_of(record.get("thread_name"))
                        if thread and title.strip():
                            titles[thread] = first_line(title, TITLE_LENGTH)
        except SourceError:
            return {}
        return titles

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("codex", "resume", source_id)


def _is_rollout(name: str, _parents: tuple[str, ...]) -> bool:
    return name.startswith("rollout-") and name.endswith((".jsonl", ".jsonl.zst"))


def _is_ours(record: Mapping[str, Any]) -> bool:
    kind = record.get("type")
    if isinstance(kind, str):
        return kind in _TYPES and isinstance(record.get("payload"), dict)
    if "id" in record and "timestamp" in record and ("instructions" in record or "git" in record):
        return True
    return record.get("record_type") == "state"
