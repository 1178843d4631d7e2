"""Where Cursor keeps the transcripts of its agents, and how one is read and continued.

Read are the JSON Lines transcripts under ``projects``; not yet the IDE's ``state.vscdb`` and the CLI's ``store.db``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.chunks import read_chunks
from chattui.sources.cursor.transcript import NAME, CursorTranscript
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.walk import walk

_TRANSCRIPTS: Final = "agent-transcripts"
_SUBAGENTS: Final = "subagents"
_ROLES: Final = ("user", "assistant")
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]")


class Cursor:
    """Transcripts ``<project>/agent-transcripts/<id>/<id>.jsonl``; subagents beside them are chats of their own."""

    name = NAME
    label = "Cursor"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:  # noqa: ARG002
        return (home / ".cursor" / "projects",)

    def recognises(self, head: Head) -> bool:
        return any(_is_ours(record) for record in head.records)

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return walk(self, root, lambda name, parents: name.endswith(".jsonl") and _TRANSCRIPTS in parents, report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        folders = path.parts[:-1]
        # …/agent-transcripts/<parent>/subagents/<id>.jsonl
        is_agent = len(folders) > 2 and folders[-1] == _SUBAGENTS and folders[-3] == _TRANSCRIPTS
        project = ""
        if _TRANSCRIPTS in folders[1:]:
            project = _directory(folders[len(folders) - 2 - folders[::-1].index(_TRANSCRIPTS)])
        transcript = CursorTranscript(path.stem, folders[-2] if is_agent else "", project, state)
        return read_chunks(path, transcript, offset, line)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Transcripts have no titles."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("cursor-agent", f"--resume={source_id}")


def _is_ours(record: Mapping[str, Any]) -> bool:
    message = record.get("message")
    return (
        record.get("role") in _ROLES
        and "type" not in record
        and isinstance(message, dict)
        and isinstance(message.get("content"), (str, list))
    )


@lru_cache(maxsize=256)
def _directory(slug: str, inside: Path = Path("/")) -> str:
    """The directory that a project's folder is named after: Cursor writes its path with ``-`` for every other
    character, so it is looked for. "" when there is none (any more)."""
    try:
        names = [entry.name for entry in inside.iterdir() if entry.is_dir()]
    except OSError:
        return ""
    for name in sorted(names, key=len, reverse=True):
        plain = _NOT_PLAIN.sub("-", name)
        if slug == plain:
            return str(inside / name)
        if slug.startswith(plain + "-") and (found := _directory(slug[len(plain) + 1 :], inside / name)):
            return found
    return ""
