"""What Claude Code itself says in a session: system records, attachments and titles, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chattui.sources.claude_code import wrappers
from chattui.sources.content import TITLE_LENGTH, first_line, indented, text_of

_SILENT = frozenset({"turn_duration", "stop_hook_summary", "session_start", "microcompact_boundary"})
_FAILED = frozenset({"api_error", "error", "api_refusal"})


def system_words(record: Mapping[str, Any]) -> tuple[str, bool]:
    """A ``system`` record as text ("" when it says nothing a person would look for), and whether it is a failure."""
    subtype = text_of(record.get("subtype"))
    if subtype in _SILENT:
        return "", False
    if subtype == "compact_boundary":
        return _boundary(record.get("compactMetadata")), False
    if subtype in _FAILED:
        return _failure(record, subtype), True
    content = text_of(record.get("content"))
    events, rest = wrappers.split(content)
    return "\n".join([*(text for _role, text in events), rest]).strip(), record.get("level") == "error"


def _boundary(known: object) -> str:
    words = []
    if isinstance(known, dict):
        if trigger := text_of(known.get("trigger")):
            words.append(trigger)
        if isinstance(tokens := known.get("preTokens"), int):
            words.append(f"{tokens:,} tokens before")
    return f"Conversation compacted ({', '.join(words)})" if words else "Conversation compacted"


def _failure(record: Mapping[str, Any], subtype: str) -> str:
    error = record.get("error")
    words = text_of(record.get("content")) or text_of(record.get("apiRefusalExplanation"))
    if isinstance(error, dict):
        inner = error.get("error")
        message = text_of(error.get("formatted")) or text_of(error.get("message"))
        if not message and isinstance(inner, dict):
            message = text_of(inner.get("message")) or indented(inner)
        status = error.get("status")
        words = words or message
        if isinstance(status, int) and status:
            words = f"{words} ({status})" if words else f"status {status}"
    name = {"api_error": "API error", "api_refusal": "Refused"}.get(subtype, "Error")
    return f"{name}: {words}" if words else name


def attachment_words(attached: Mapping[str, Any]) -> str:
    """An ``attachment`` as text when it tells of a failed hook, otherwise ""."""
    match attached.get("type"):
        case "hook_blocking_error":
            blocking = attached.get("blockingError")
            words = text_of(blocking.get("blockingError")) if isinstance(blocking, dict) else text_of(blocking)
        case "hook_non_blocking_error":
            words = text_of(attached.get("stderr")) or text_of(attached.get("stdout"))
        case _:
            return ""
    return f"Hook {text_of(attached.get('hookName'))} failed: {words.strip()}" if words.strip() else ""


def was_typed(queued: Mapping[str, Any]) -> bool:
    """True for a queued command that a person typed, False for what other agents and tasks put into the queue."""
    if queued.get("isMeta") is True or queued.get("commandMode") == "task-notification":
        return False
    origin = queued.get("origin")
    return not (isinstance(origin, dict) and ("senderTaskId" in origin or origin.get("kind") == "task-notification"))


def title_words(title: object) -> str:
    """A title as it is stored: one line, of bounded length."""
    return first_line(text_of(title), TITLE_LENGTH)
