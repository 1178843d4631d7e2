"""Where Cursor keeps its conversations, and how they are read and continued.

There are three stores: transcripts of agents (``projects``), the editor's database and those of the command line. A
conversation that has a transcript is read from that alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.chunks import read_chunks
from chattui.sources.cursor.ide import TABLE, read_composers
from chattui.sources.cursor.store import read_store
from chattui.sources.cursor.transcript import NAME, CursorTranscript
from chattui.sources.databases import database_at
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.sqlite import companions
from chattui.sources.walk import walk

_TRANSCRIPTS: Final = "agent-transcripts"
_GLOBAL: Final = "globalStorage"
_EDITOR: Final = ".vscdb"
_DATABASES: Final = (_EDITOR, ".db")
_META: Final = frozenset({"key", "value"})
_BLOBS: Final = frozenset({"id", "data"})
_SUBAGENTS: Final = "subagents"
_ROLES: Final = ("user", "assistant")
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]")


class Cursor:
    """Transcripts ``<project>/agent-transcripts/<id>/<id>.jsonl``, subagents beside them as chats of their own;
    ``globalStorage/state.vscdb`` of the editor; ``chats/<hash>/<id>/store.db`` of the command line."""

    name = NAME
    label = "Cursor"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        config, roaming = env.get("XDG_CONFIG_HOME", ""), env.get("APPDATA", "")
        users = [
            Path(config) if Path(config).is_absolute() else home / ".config",
            home / "Library" / "Application Support",
            *([Path(roaming)] if roaming else []),
        ]
        own = home / ".cursor"
        editors = [user / "Cursor" / "User" / _GLOBAL for user in users]
        return (own / "projects", own / "chats", own / "acp-sessions", *editors)

    def recognises(self, head: Head) -> bool:
        if head.tables:
            tables = head.tables
            is_store = tables.get("meta") == _META and tables.get("blobs") == _BLOBS
            return is_store or tables.get(TABLE, frozenset()) >= _META
        return any(_is_ours(record) for record in head.records)

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def is_container(self, path: Path) -> bool:
        return path.suffix in _DATABASES

    def companions(self, path: Path) -> Iterable[Path]:
        return companions(path) if self.is_container(path) else ()

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        if root.name == _GLOBAL:  # extensions keep what they like below it
            return database_at(self, root / f"state{_EDITOR}", report)
        return walk(self, root, _is_history, report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        if self.is_container(path):
            return self.read_chats(path, {})
        folders = path.parts[:-1]
        # …/agent-transcripts/<parent>/subagents/<id>.jsonl
        is_agent = len(folders) > 2 and folders[-1] == _SUBAGENTS and folders[-3] == _TRANSCRIPTS
        project = ""
        if _TRANSCRIPTS in folders[1:]:
            project = _directory(folders[len(folders) - 2 - folders[::-1].index(_TRANSCRIPTS)])
        transcript = CursorTranscript(path.stem, folders[-2] if is_agent else "", project, state)
        return read_chunks(path, transcript, offset, line)

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        return read_composers(path, known) if path.suffix == _EDITOR else read_store(path, known)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Transcripts have no titles."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("cursor-agent", f"--resume={source_id}")


def _is_history(name: str, parents: tuple[str, ...]) -> bool:
    return (name.endswith(".jsonl") and _TRANSCRIPTS in parents) or (name == "store.db" and bool(parents))


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
