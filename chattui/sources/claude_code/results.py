"""What a tool gave back: its text, how it ended, and the pictures in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chattui.domain.history import NewAttachment, NewToolUse
from chattui.domain.kinds import ToolStatus
from chattui.sources.content import ERROR_LENGTH, attachment, first_line, indented, milliseconds, text_of

_REFUSED: Final = "The user doesn't want to proceed with this tool use"

Result = tuple[str, bool, NewToolUse | None, tuple[NewAttachment, ...], dict[str, Any] | None]
"""Text, whether it is a failure, the end of the call, attachments, metadata."""


def result_of(record: Mapping[str, Any], block: Mapping[str, Any]) -> Result:
    """A ``tool_result`` block of a record; the record's ``toolUseResult`` only adds how the call went."""
    text, cut = _content(block.get("content"))
    failed = block.get("is_error") is True
    about = record.get("toolUseResult")
    about = about if isinstance(about, dict) else {}
    status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
    if about.get("interrupted") is True or record.get("toolDenialKind") or (failed and text.startswith(_REFUSED)):
        status = ToolStatus.CANCELLED
    call_id = text_of(block.get("tool_use_id")) or text_of(record.get("sourceToolUseID"))
    tool = None
    if call_id:
        error = first_line(text, ERROR_LENGTH) if failed else None
        tool = NewToolUse(call_id, "", "", status, _duration(about) if about else None, error or None)
    agent = about.get("agentId")
    return text, failed, tool, cut, {"agent_id": agent} if isinstance(agent, str) and agent else None


def _content(content: object) -> tuple[str, tuple[NewAttachment, ...]]:
    if isinstance(content, str):
        return content, ()
    if not isinstance(content, list):
        return ("" if content is None else indented(content)), ()
    texts: list[str] = []
    cuts: list[NewAttachment] = []
    for block in content:
        if not isinstance(block, dict):
            texts.append(text_of(block))
            continue
        kind, source = block.get("type"), block.get("source")
        if kind == "text":
            texts.append(text_of(block.get("text")))
        elif isinstance(source, dict):
            words, cut = attachment(source.get("media_type"), source.get("data"))
            texts.append(words)
            cuts.extend(cut)
        else:
            texts.append(indented(block))
    return "\n".join(texts), tuple(cuts)


def _duration(about: Mapping[str, Any]) -> int | None:
    for name, factor in (("totalDurationMs", 1), ("durationMs", 1), ("durationSeconds", 1000)):
        if (duration := milliseconds(about.get(name), factor)) is not None:
            return duration
    return None
