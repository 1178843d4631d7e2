"""What an answer of Open WebUI is made of since it keeps that beside the text: a list of items, as the Responses API has them.

The kinds are those that ``open_webui/utils/middleware.py`` of 0.12.4 writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson

from chattui.domain.history import NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import ERROR_LENGTH, TITLE_LENGTH, as_it_is, first_line, readable_input, target_of, text_of

_FAILED = frozenset({"failed", "incomplete"})


def items_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items of an answer; none where its text is all there is."""
    output = message.get("output")
    return [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []


def said_in(items: list[Mapping[str, Any]], name: str, at: datetime | None) -> Iterator[NewMessage]:
    """The items as messages. ``name`` is the answer's id."""
    for n, item in enumerate(items, 1):
        place = name if n == 1 else f"{name}:{n}"
        match item.get("type"):
            case "message":
                if (text := _texts(item.get("content"))).strip():
                    yield NewMessage(Role.ASSISTANT, Kind.TEXT, text, place, at)
            case "reasoning":
                if (text := _texts(item.get("summary")) or _texts(item.get("content"))).strip():
                    yield NewMessage(Role.ASSISTANT, Kind.THINKING, text, place, at)
            case "function_call":
                yield _call(item, place, at)
            case "function_call_output":
                yield _result(item, _texts(item.get("output")), place, at)
            case "open_webui:code_interpreter":
                call_id = text_of(item.get("id")) or place
                use = NewToolUse(call_id, "code_interpreter", "")
                code = text_of(item.get("code"))
                yield NewMessage(Role.ASSISTANT, Kind.TOOL_CALL, code, place, at, ContentType.CODE, tool=use)
                if item.get("output") is not None:
                    told = readable_input(item["output"])[0]
                    yield _result({**item, "call_id": call_id}, told, f"{place}:result", at)
            case kind:
                yield NewMessage(Role.SYSTEM, Kind.EVENT, as_it_is(kind, item), place, at, ContentType.TEXT)


def _call(item: Mapping[str, Any], place: str, at: datetime | None) -> NewMessage:
    value: Any = item.get("arguments")
    if isinstance(value, str):
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(value)
    text, content_type = readable_input(value)
    call_id = text_of(item.get("call_id")) or text_of(item.get("id")) or place
    use = NewToolUse(call_id, text_of(item.get("name"))[:TITLE_LENGTH], target_of(value))
    return NewMessage(Role.ASSISTANT, Kind.TOOL_CALL, text, place, at, content_type, tool=use)


def _result(item: Mapping[str, Any], text: str, place: str, at: datetime | None) -> NewMessage:
    failed = item.get("status") in _FAILED
    status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
    words = first_line(text, ERROR_LENGTH) or None if failed else None
    call_id = text_of(item.get("call_id"))
    use = NewToolUse(call_id, "", "", status, None, words) if call_id else None
    return NewMessage(Role.TOOL, Kind.TOOL_RESULT, text, place, at, ContentType.TEXT, error=failed, tool=use)


def _texts(parts: object) -> str:
    """The text of content parts; a text as it is."""
    if not isinstance(parts, list):
        return text_of(parts)
    return "\n\n".join(filter(None, (text_of(part.get("text")) for part in parts if isinstance(part, dict))))
