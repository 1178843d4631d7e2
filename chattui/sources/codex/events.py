"""What Codex itself says in a rollout, in words, and how tool calls ended according to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chattui.domain.history import NewToolUse
from chattui.domain.kinds import ToolStatus
from chattui.sources.content import ERROR_LENGTH, as_it_is, first_line, milliseconds, text_of

_ENDS: Final = frozenset({"exec_command_end", "patch_apply_end", "mcp_tool_call_end", "dynamic_tool_call_response"})
_ITEM_ENDS: Final = frozenset(
    {"CommandExecution", "FileChange", "McpToolCall", "DynamicToolCall", "CollabAgentToolCall"}
)
_SILENT: Final = frozenset({
    "account/rateLimits/updated", "agent_message", "agent_message_content_delta", "agent_message_delta",
    "agent_reasoning_delta", "agent_reasoning_raw_content_delta", "agent_reasoning_section_break",
    "apply_patch_approval_request", "background_event", "collab_agent_interaction_begin", "collab_agent_interaction_end",
    "collab_agent_spawn_begin", "collab_agent_spawn_end", "collab_close_begin", "collab_close_end", "collab_resume_begin",
    "collab_resume_end", "collab_waiting_begin", "collab_waiting_end", "context_compacted", "deprecation_notice",
    "dynamic_tool_call_request", "elicitation_request", "exec_approval_request", "exec_command_begin",
    "exec_command_output_delta", "guardian_assessment", "guardian_warning", "hook_completed", "hook_started",
    "image_generation_begin", "image_generation_end", "item_completed", "item_started", "list_skills_response",
    "mcp_list_tools_response", "mcp_startup_complete", "mcp_startup_update", "mcp_tool_call_begin", "model_reroute",
    "model_verification", "patch_apply_begin", "patch_apply_updated", "plan_delta", "plan_update", "raw_response_item",
    "reasoning_content_delta", "reasoning_raw_content_delta", "remote_skill_downloaded", "request_permissions",
    "request_user_input", "session_configured", "shutdown_complete", "skills_update_available", "sub_agent_activity",
    "task_complete", "task_started", "terminal_interaction", "thread_goal_cleared", "thread_goal_updated",
    "thread_name_updated", "thread_settings_applied", "token_count", "turn.completed", "turn.started", "turn_complete",
    "turn_diff", "turn_started", "undo_completed", "undo_started", "user_message", "view_image_tool_call",
    "web_search_begin", "web_search_end",
})  # fmt: skip
_SILENT_ITEMS: Final = frozenset({
    "AgentMessage", "ContextCompaction", "EnteredReviewMode", "ExitedReviewMode", "Extension", "HookPrompt",
    "ImageGeneration", "ImageView", "Plan", "Reasoning", "Sleep", "SubAgentActivity", "UserMessage", "WebSearch",
})  # fmt: skip
"""What is told of more completely elsewhere, or says nothing a person would look for."""
_STATUS: Final = {
    "completed": ToolStatus.COMPLETED,
    "failed": ToolStatus.FAILED,
    "declined": ToolStatus.CANCELLED,
    "cancelled": ToolStatus.CANCELLED,
}


def words_of(payload: Mapping[str, Any]) -> tuple[str, bool]:
    """An event as text ("" when it says nothing a person would look for), and whether it is a failure."""
    match payload.get("type"):
        case "turn_aborted":
            return f"Turn aborted: {text_of(payload.get('reason')) or 'interrupted'}", False
        case "error" | "stream_error":
            return f"Error: {_message(payload)}", True
        case "warning":
            return f"Warning: {_message(payload)}", False
        case "task_complete" if payload.get("error"):
            return f"Error: {_message(payload)}", True
        case "entered_review_mode":
            return f"Review: {text_of(payload.get('user_facing_hint')) or text_of(payload.get('prompt'))}", False
        case "exited_review_mode":
            return _review(payload.get("review_output")), False
        case "undo_completed":
            return text_of(payload.get("message")) or "Undone", payload.get("success") is False
        case _:
            return "", False


def unknown_in(payload: Mapping[str, Any]) -> str:
    """An event or item of a kind that is not known, as it is; "" for the others."""
    item = payload.get("item")
    what, record, known = ("item", item, _SILENT_ITEMS) if isinstance(item, dict) else ("event", payload, _SILENT)
    kind = text_of(record.get("type"))
    return "" if not kind or kind in known else as_it_is(f"{what} {kind}", record)


def _message(payload: Mapping[str, Any]) -> str:
    error = payload.get("error")
    if isinstance(error, dict):
        return text_of(error.get("message")) or text_of(error.get("kind"))
    return text_of(payload.get("message")) or text_of(payload.get("text")) or text_of(error)


def _review(output: object) -> str:
    if not isinstance(output, dict):
        return ""
    parts = [text_of(output.get("overall_explanation"))]
    findings = output.get("findings")
    for finding in findings if isinstance(findings, list) else ():
        if isinstance(finding, dict):
            parts.append(f"{text_of(finding.get('title'))}\n{text_of(finding.get('body'))}".strip())
    return "\n\n".join(part for part in parts if part)


def end_of(payload: Mapping[str, Any]) -> NewToolUse | None:
    """The end of a tool call that an event tells of; None when it tells of none."""
    if text_of(payload.get("type")) in _ENDS:
        return _end(payload, text_of(payload.get("call_id")))
    item = payload.get("item")
    if isinstance(item, dict) and text_of(item.get("type")) in _ITEM_ENDS:
        return _end(item, text_of(item.get("id")))
    return None


def _end(about: Mapping[str, Any], call_id: str) -> NewToolUse | None:
    if not call_id:
        return None
    status = _STATUS.get(text_of(about.get("status")), ToolStatus.COMPLETED)
    error = ""
    result = about.get("result")
    if isinstance(result, dict) and "Err" in result:
        status, error = ToolStatus.FAILED, text_of(result["Err"])
    if about.get("success") is False or about.get("exit_code"):
        status = ToolStatus.FAILED
    if status is ToolStatus.FAILED and not error:
        error = text_of(about.get("stderr")) or text_of(about.get("aggregated_output")) or text_of(about.get("error"))
    return NewToolUse(
        call_id, "", "", status, _milliseconds(about.get("duration")), first_line(error, ERROR_LENGTH) or None
    )


def _milliseconds(duration: object) -> int | None:
    if not isinstance(duration, dict):
        return None
    seconds, nanos = duration.get("secs"), duration.get("nanos")
    if not isinstance(seconds, int) or not isinstance(nanos, int):
        return None
    return milliseconds(seconds + nanos / 1e9, 1000)
