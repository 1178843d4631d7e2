"""Where Claude Code keeps its sessions, and how one is read and continued."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.chunks import read_chunks
from chattui.sources.claude_code.about import NAME, Family
from chattui.sources.claude_code.transcript import ClaudeTranscript
from chattui.sources.content import text_of
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.regular import open_regular
from chattui.sources.walk import walk

_AGENT: Final = "agent-"
_SUBAGENTS: Final = "subagents"
_META_SIZE: Final = 1 << 16
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_IDS: Final = ("uuid", "parentUuid", "leafUuid", "sessionId", "messageId")
_TYPES: Final = frozenset({
    "agent-name", "ai-title", "api-request", "api-request-blob", "api-request-shape", "assistant", "atis-latch",
    "attachment", "bridge-session", "cost-state", "custom-title", "file-history-snapshot", "last-prompt", "mode",
    "permission-mode", "pr-link", "progress", "queue-operation", "summary", "system", "tools-used", "user",
})  # fmt: skip


class ClaudeCode:
    """Sessions under ``projects/<slug>/``, and subagents as chats of their own under ``<session>/subagents/``."""

    name = NAME
    label = "Claude Code"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        config = env.get("CLAUDE_CONFIG_DIR")
        return ((Path(config) if config else home / ".claude") / "projects",)

    def recognises(self, head: Head) -> bool:
        return any(
            text_of(record.get("type")) in _TYPES and any(isinstance(record.get(name), str) for name in _IDS)
            for record in head.records
        )

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        projects = root / "projects"
        return walk(self, projects if projects.is_dir() else root, _is_session, report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        agent_id, parent_id = _family(path)
        meta = _meta(path) if agent_id else {}
        family = Family(
            chat_id=path.stem,
            fixed=bool(parent_id or _UUID.fullmatch(path.stem)),
            agent_id=agent_id,
            parent_id=parent_id,
            call_id=text_of(meta.get("toolUseId")),
            metadata={key: value for key in ("agentType", "description") if (value := text_of(meta.get(key)))},
        )
        return read_chunks(path, ClaudeTranscript(family, state), offset, line)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Claude Code keeps its titles inside the sessions."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("claude", "--resume", source_id.partition("/")[0])


def _is_session(name: str, parents: tuple[str, ...]) -> bool:
    if not name.endswith(".jsonl") or name == "history.jsonl":
        return False
    return name.startswith(_AGENT) if _SUBAGENTS in parents else True


def _family(path: Path) -> tuple[str, str]:
    """A subagent's id and its parent session's, each "" when the place of the file does not tell."""
    if not path.name.startswith(_AGENT):
        return "", ""
    agent_id = path.stem.removeprefix(_AGENT)
    folders = path.parts[:-1]
    if _SUBAGENTS in folders[1:]:
        return agent_id, folders[len(folders) - 2 - folders[::-1].index(_SUBAGENTS)]
    return agent_id, ""


def _meta(path: Path) -> Mapping[str, Any]:
    """What the file beside a subagent's says of it; empty when there is none."""
    try:
        with open_regular(path.with_suffix(".meta.json")) as file:
            known = orjson.loads(file.read(_META_SIZE))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
