"""Codex's items for reading: what was said, what a tool was asked and what it gave back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from chattui.domain.history import NewAttachment, NewToolUse
from chattui.domain.kinds import ContentType, ToolStatus
from chattui.sources.content import (
    ERROR_LENGTH,
    attachment,
    command_line,
    data_url,
    first_line,
    indented,
    milliseconds,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.unknown import note

_HARNESS: Final = (
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md",
    "<permissions",
    "<skills_instructions>",
    "<apps_instructions>",
    "<plugins_instructions>",
    "<collaboration_mode>",
    "<turn_aborted>",
    "<user_shell_command>",
    "<subagent_notification>",
    "<INSTRUCTIONS>",
    "<skill>",
)
_HEADED: Final = ("Chunk ID:", "Exit code:", "Wall time:")
_EXIT: Final = re.compile(r"^(?:Process exited with code|Exit code:) (-?\d{1,9})$", re.MULTILINE)
_WALL: Final = re.compile(r"^Wall time: (\d{1,9}(?:\.\d+)?) seconds$", re.MULTILINE)
_REQUEST: Final = "## My request for Codex:"

_NO_WORDS: Final = frozenset({"encrypted_content", "image", "input_image", "local_image", "mention", "skill"})
"""Parts of a content that may have nothing to show."""

SILENT: Final = frozenset(
    {"message", "reasoning", "ghost_snapshot", "compaction", "compaction_summary", "context_compaction", "other"}
)
"""Items that say nothing to a person, or nothing here."""

Said = tuple[str, tuple[tuple[str, tuple[NewAttachment, ...]], ...]]
"""A text, and the pictures that go with it: the words in place of each, and its bytes."""


def said_in(content: object, *, prompt: bool = False) -> Said:
    """The content of a message in any dialect. ``prompt``: leave out what the harness put into the user's mouth."""
    if isinstance(content, str):
        return ("" if prompt and content.lstrip().startswith(_HARNESS) else content), ()
    if not isinstance(content, list):
        return "", ()
    texts: list[str] = []
    pictures: list[tuple[str, tuple[NewAttachment, ...]]] = []
    for block in content:
        if not isinstance(block, dict):
            continue
        text = block.get("text")
        if isinstance(text, str):
            if text.strip() and not (prompt and text.lstrip().startswith(_HARNESS)):
                texts.append(text)
        elif isinstance(url := block.get("image_url"), str) and url:
            pictures.append(data_url(url))
        elif isinstance(path := block.get("path"), str) and block.get("type") == "local_image":
            pictures.append((f"[image {first_line(path, 200)}]", ()))
        elif text_of(block.get("type")) not in _NO_WORDS:
            note(block.get("type"), block)
    return "\n\n".join(texts), tuple(pictures)


def request_in(prompt: str) -> str:
    """What a prompt asks for, without the editor's context in front of it."""
    _context, found, request = prompt.partition(_REQUEST)
    return request if found and request.strip() else prompt


def thoughts_in(item: Mapping[str, Any]) -> list[str]:
    """The parts of a reasoning item that can be read."""
    parts: list[str] = []
    for name in ("summary", "summary_text", "content", "raw_content"):
        found = item.get(name)
        for part in found if isinstance(found, list) else ():
            text = text_of(part.get("text")) if isinstance(part, dict) else text_of(part)
            if text.strip():
                parts.append(text)
    return parts


Call = tuple[NewToolUse, str, ContentType, tuple[NewAttachment, ...]]


def call_in(item: Mapping[str, Any], fallback_id: str) -> Call | None:
    """A tool call item of any type as its beginning and readable input; None when the item is not a call."""
    kind = item.get("type")
    status = ToolStatus.PENDING
    cut: tuple[NewAttachment, ...] = ()
    match kind:
        case "function_call" | "custom_tool_call" | "tool_search_call":
            value = _arguments(item.get("arguments") if "arguments" in item else item.get("input"))
            name = _tool_name(item, kind)
        case "local_shell_call":
            action = item.get("action")
            value, name = action, "local_shell"
            if isinstance(action, dict) and (command := command_line(action.get("command"))):
                value = {"command": command}
        case "web_search_call":
            value, name, status = item.get("action"), "web_search", ToolStatus.COMPLETED
        case "image_generation_call":
            value, name, status = item.get("revised_prompt"), "image_generation", ToolStatus.COMPLETED
            words, cut = attachment("image/png", item.get("result"))
            if cut:
                value = f"{text_of(value)}\n\n{words}".lstrip()
        case _:
            return None
    text, content_type = readable_input(value)
    if kind == "custom_tool_call" and isinstance(value, str):
        content_type = ContentType.CODE
    call_id = text_of(item.get("call_id")) or text_of(item.get("id")) or fallback_id
    return NewToolUse(call_id, name, target_of(value), status), text, content_type, cut


def _tool_name(item: Mapping[str, Any], kind: str) -> str:
    name, space = text_of(item.get("name")), text_of(item.get("namespace"))
    if not name and isinstance(function := item.get("function"), dict):
        name = text_of(function.get("name"))
    if space and name:
        return f"{space}{name}" if name.startswith("_") else f"{space}.{name}"
    return name or kind.removesuffix("_call")


def _arguments(value: object) -> object:
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


Output = tuple[NewToolUse | None, str, bool, tuple[NewAttachment, ...], dict[str, Any] | None]
"""The end of the call, its text, whether it failed, attachments, metadata."""


def output_in(item: Mapping[str, Any]) -> Output | None:
    """A tool output item of any type; None when the item is not an output."""
    kind = item.get("type")
    if kind not in ("function_call_output", "custom_tool_call_output", "tool_search_output", "local_shell_call_output"):
        return None
    output: Any = item.get("output")
    cut: tuple[NewAttachment, ...] = ()
    exit_code: int | None = None
    duration: int | None = None
    status = ToolStatus.COMPLETED
    if isinstance(output, dict):
        if output.get("success") is False:
            status = ToolStatus.FAILED
        output = output.get("content", [output])
    if kind == "tool_search_output":
        text = _tool_names(item.get("tools"))
    elif isinstance(output, str):
        text, exit_code, duration = _shell_output(output)
    else:
        text, pictures = said_in(output)
        text = "\n".join(part for part in (text, *(words for words, _ in pictures)) if part)
        cut = tuple(picture for _, found in pictures for picture in found)
    if exit_code:
        status = ToolStatus.FAILED
    failed = status is ToolStatus.FAILED
    call_id = text_of(item.get("call_id"))
    error = first_line(text, ERROR_LENGTH) or None if failed else None
    tool = NewToolUse(call_id, "", "", status, duration, error) if call_id else None
    return tool, text, failed, cut, {"exit_code": exit_code} if exit_code is not None else None


def _shell_output(output: str) -> tuple[str, int | None, int | None]:
    """A command's output without the harness's frame around it, its exit code, and how many milliseconds it took.

    The frame stays around the output of a command that still runs.
    """
    if output.startswith("{") and '"metadata"' in output:
        framed = _arguments(output)
        if isinstance(framed, dict) and isinstance(text := framed.get("output"), str):
            about = framed.get("metadata")
            about = about if isinstance(about, dict) else {}
            code = about.get("exit_code")
            return text, code if isinstance(code, int) else None, milliseconds(about.get("duration_seconds"), 1000)
    if not output.startswith(_HEADED):
        return output, None, None
    head, found, body = output.partition("\nOutput:\n")
    if not found or len(head) > 1000:
        return output, None, None
    wall, code_line = _WALL.search(head), _EXIT.search(head)
    duration = milliseconds(float(wall[1]), 1000) if wall else None
    return body if code_line else output, int(code_line[1]) if code_line else None, duration


def _tool_names(tools: object) -> str:
    names: list[str] = []
    for tool in tools if isinstance(tools, list) else ():
        if not isinstance(tool, dict):
            continue
        inner = tool.get("tools")
        names.append(text_of(tool.get("name")))
        for one in inner if isinstance(inner, list) else ():
            if isinstance(one, dict):
                names.append(f"  {text_of(one.get('name'))}")
    return "\n".join(names) if names else ("" if tools is None else indented(tools))
