"""A chat as chattui's own JSON: all of it, so that ``chattui import`` gives the same chat again. See docs/export.md.

One JSON document, laid out by lines so that both ends need little memory: the version, the chat, then a message a line.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from chattui.domain.chat import Message, ToolUse
from chattui.domain.details import PLACES, issue_of
from chattui.domain.portable import PORTABLE_VERSION, PortableChat, PortableMessage
from chattui.domain.visible import visible_json


class JsonDocument:
    """The complete format."""

    name = "json"
    suffix = ".json"
    label = "JSON, complete: chattui imports it again"
    needs_data = True

    def pieces(self, chat: PortableChat, messages: Iterable[PortableMessage]) -> Iterator[str]:
        """The document in pieces, one for each message and those around them."""
        yield f'{{"chattui": {PORTABLE_VERSION},\n"chat": {_line(_chat(chat))},\n"messages": ['
        separator = "\n"
        for message in messages:
            yield separator + _line(_message(message))
            separator = ",\n"
        yield "\n]}\n"


def _line(value: dict[str, Any]) -> str:
    return visible_json(json.dumps(value, ensure_ascii=False, default=str))


def _time(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()


def _chat(portable: PortableChat) -> dict[str, Any]:
    chat = portable.chat
    return {
        "source": chat.source,
        "source_id": chat.source_id,
        "title": chat.title,
        "title_is_own": portable.title_is_own,
        "description": chat.description,
        "status": chat.status.value,
        "pinned": chat.pinned,
        "tags": list(chat.tags),
        "issue": _issue(chat.settings),
        "quiet": chat.is_quiet,
        "own_facts": sorted(name for name in PLACES if name in ((chat.settings or {}).get("own") or {})),
        "project": chat.project,
        "repository": chat.repository,
        "git_branch": chat.git_branch,
        "agent": chat.agent,
        "model": chat.model,
        "parent_source_id": portable.parent_source_id,
        "parent_call_id": portable.parent_call_id,
        "forked_from": portable.forked_from_id,
        "forked_seq": chat.forked_seq,
        "root_id": portable.root_id,
        "created_at": _time(chat.created_at),
        "updated_at": _time(chat.updated_at),
        "last_message_at": _time(chat.last_message_at),
        "messages": chat.message_count,
        "prompts": chat.prompt_count,
        "tokens": {"in": chat.tokens_in, "out": chat.tokens_out, "cached": chat.tokens_cached},
        "cost": chat.cost,
        "metadata": chat.metadata or {},
    }


def _issue(settings: dict[str, Any] | None) -> dict[str, str] | None:
    issue = issue_of(settings)
    return None if issue is None else {"number": issue.number, "title": issue.title, "url": issue.url}


def tool_json(tool: ToolUse | None) -> dict[str, Any] | None:
    """What is known of a tool call."""
    if tool is None:
        return None
    return {
        "call_id": tool.call_id,
        "name": tool.name,
        "target": tool.target,
        "status": tool.status.value,
        "duration_ms": tool.duration_ms,
        "error": tool.error,
    }


def tokens_json(message: Message) -> dict[str, int | None]:
    """What a message has cost in tokens."""
    return {"in": message.tokens_in, "out": message.tokens_out, "cached": message.tokens_cached}


def _message(portable: PortableMessage) -> dict[str, Any]:
    message = portable.message
    return {
        "seq": message.seq,
        "id": portable.source_id,
        "parent_seq": message.parent_seq,
        "parent_id": portable.parent_id,
        "reply_id": portable.reply_id,
        "thread": message.thread,
        "role": message.role.value,
        "kind": message.kind.value,
        "time": _time(message.created_at),
        "content_type": message.content_type.value,
        "content": message.content,
        "model": message.model,
        "tokens": tokens_json(message),
        "error": message.error,
        "tool": tool_json(message.tool),
        "attachments": [
            {"name": a.name, "mime": a.mime, "size": a.size, "base64": b64encode(a.data or b"").decode()}
            for a in portable.attachments
        ],
        "metadata": message.metadata,
    }
