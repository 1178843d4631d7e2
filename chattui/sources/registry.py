"""The sources there are, and which of them a file belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.sources.chattui_json import ChattuiJson
from chattui.sources.chattui_json.source import is_export
from chattui.sources.claude_code import ClaudeCode
from chattui.sources.codex import Codex
from chattui.sources.lines import first_records
from chattui.sources.protocol import Source

_LOOKED_AT: Final = 50
_CLAUDE_IDS: Final = ("uuid", "parentUuid", "leafUuid", "sessionId", "messageId")
_CLAUDE_TYPES: Final = frozenset(
    {
        "user",
        "assistant",
        "system",
        "attachment",
        "progress",
        "summary",
        "ai-title",
        "custom-title",
        "agent-name",
        "last-prompt",
        "mode",
        "permission-mode",
        "pr-link",
        "queue-operation",
        "file-history-snapshot",
        "tools-used",
        "atis-latch",
        "bridge-session",
        "cost-state",
        "api-request",
        "api-request-blob",
        "api-request-shape",
    }
)
_CODEX_TYPES: Final = frozenset(
    {"session_meta", "turn_context", "response_item", "event_msg", "compacted", "world_state"}
)


@cache
def all_sources() -> tuple[Source, ...]:
    """Every source, in the order in which they are shown."""
    return (ClaudeCode(), Codex(), ChattuiJson())


def source(name: str) -> Source:
    """The source of that name. Raises ``SourceError`` when there is none."""
    for one in all_sources():
        if one.name == name:
            return one
    known = ", ".join(one.name for one in all_sources())
    raise SourceError(f"There is no source named {name!r}. The sources are: {known}.")


def recognise(path: Path) -> Source | None:
    """The source whose format a file has, by its first records; None when it is none of them, or cannot be read."""
    if is_export(path):
        return source(ChattuiJson.name)
    try:
        for record in islice(first_records(path, _LOOKED_AT), _LOOKED_AT):
            if name := _format_of(record):
                return source(name)
    except SourceError:
        return None
    return None


def _format_of(record: Mapping[str, Any]) -> str:
    kind = record.get("type")
    if isinstance(kind, str):
        if kind in _CODEX_TYPES and isinstance(record.get("payload"), dict):
            return "codex"
        if kind in _CLAUDE_TYPES and any(isinstance(record.get(name), str) for name in _CLAUDE_IDS):
            return "claude-code"
        return ""
    if "id" in record and "timestamp" in record and ("instructions" in record or "git" in record):
        return "codex"
    return "codex" if record.get("record_type") == "state" else ""
