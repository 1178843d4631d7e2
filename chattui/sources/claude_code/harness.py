"""What Claude Code itself says in a session: system records, attachments and titles, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chattui.sources.claude_code import wrappers
from chattui.sources.content import TITLE_LENGTH, as_it_is, first_line, indented, text_of

_SILENT = frozenset({
    "agents_killed", "bridge_status", "file_snapshot", "memory_saved", "microcompact_boundary", "model_refusal_fallback",
    "session_start", "stop_hook_summary", "task_progress", "turn_duration",
})  # fmt: skip
_SILENT_ATTACHMENTS = frozenset({
    "agent_listing_delta", "agent_mention", "auto_mode", "auto_mode_exit", "batching_reminder_sent", "budget_usd",
    "command_permissions", "compact_file_reference", "companion_intro", "context_efficiency", "critical_system_reminder",
    "date", "date_change", "deferred_tools_delta", "diagnostics", "directory", "dynamic_skill", "edited_image_file",
    "edited_text_file", "environment", "file", "hook_additional_context", "hook_cancelled", "hook_error_during_execution",
    "hook_permission_decision", "hook_stopped_continuation", "hook_success", "hook_system_message", "invoked_skills",
    "max_turns_reached", "mcp_instructions_delta", "mcp_resource", "model", "nested_memory", "new_directories",
    "opened_file_in_ide", "output_style", "pdf_reference", "plan_file_reference", "plan_mode", "plan_mode_exit",
    "plan_mode_reentry", "prompt_snapshot", "read_truncation_notice", "relevant_memories", "remote_session_change",
    "selected_lines_in_ide", "session_context", "silent_turn_reminder", "skill_discovery", "skill_listing",
    "structured_output", "task_reminder", "task_status", "team_context", "teammate_mailbox", "todo", "todo_reminder",
    "token_usage", "total_tokens_reminder", "ultra_effort_enter", "ultra_effort_exit", "ultrathink_effort",
    "verify_plan_reminder",
})  # fmt: skip
"""What is given to the model around a prompt; no one has said it."""
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
    if subtype and "content" not in record:
        return as_it_is(f"system {subtype}", record), False
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
    """An ``attachment`` as text when it tells of a failed hook or is of no kind that is known, otherwise ""."""
    kind = attached.get("type")
    match kind:
        case "hook_blocking_error":
            blocking = attached.get("blockingError")
            words = text_of(blocking.get("blockingError")) if isinstance(blocking, dict) else text_of(blocking)
        case "hook_non_blocking_error":
            words = text_of(attached.get("stderr")) or text_of(attached.get("stdout"))
        case _:
            known = not isinstance(kind, str) or kind in _SILENT_ATTACHMENTS
            return "" if known else as_it_is(f"attachment {kind}", attached)
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
