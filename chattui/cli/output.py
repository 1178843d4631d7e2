"""How verbs print: JSON for programs, plain lines for people, nothing that a terminal would obey."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from chattui.domain.chat import Chat, ChatRow, Message
from chattui.domain.details import issue_of
from chattui.domain.marks import Mark
from chattui.domain.search import Hit
from chattui.domain.visible import visible_json, visible_line


def to_json(value: Any) -> str:
    """The value as JSON on several lines; control and bidi characters are escaped, other text is readable."""
    return visible_json(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def print_json(value: Any) -> None:
    """Print the value as one JSON document."""
    click.echo(to_json(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def chat_row_json(row: ChatRow) -> dict[str, Any]:
    """A line of ``chattui list --json``."""
    return {
        "chat_id": row.id,
        "title": row.title,
        "source": row.source,
        "project": row.project,
        "status": row.status.value,
        "pinned": row.pinned,
        "tags": list(row.tags),
        "messages": row.message_count,
        "last_message_at": row.last_message_at.isoformat(),
    }


def chat_json(chat: Chat) -> dict[str, Any]:
    """A chat as ``chattui show --json`` and ``chattui new --json`` print it, without its messages."""
    return {
        "chat_id": chat.id,
        "title": chat.title,
        "source": chat.source,
        "source_id": chat.source_id,
        "status": chat.status.value,
        "pinned": chat.pinned,
        "tags": list(chat.tags),
        "note": chat.description,
        "project": chat.project,
        "repository": chat.repository,
        "git_branch": chat.git_branch,
        "agent": chat.agent,
        "model": chat.model,
        "parent_id": chat.parent_id,
        "forked_from": chat.forked_from,
        "forked_seq": chat.forked_seq,
        "messages": chat.message_count,
        "issue": _issue(chat),
        "quiet": chat.is_quiet,
        "tokens": {"in": chat.tokens_in, "out": chat.tokens_out, "cached": chat.tokens_cached},
        "created_at": chat.created_at.isoformat(),
        "last_message_at": chat.last_message_at.isoformat(),
    }


def _issue(chat: Chat) -> dict[str, str] | None:
    issue = issue_of(chat.settings)
    return None if issue is None else {"number": issue.number, "title": issue.title, "url": issue.url}


def gone_mark_json(mark: Mark) -> dict[str, Any]:
    """A mark whose message is gone, as ``chattui show --json`` prints it."""
    return {"bookmarked": mark.bookmarked, "note": mark.note or None, "excerpt": mark.excerpt}


def message_json(message: Message, mark: Mark | None = None) -> dict[str, Any]:
    """A message as ``chattui show --json`` prints it."""
    from chattui.export.json_document import tokens_json, tool_json

    return {
        "seq": message.seq,
        "role": message.role.value,
        "kind": message.kind.value,
        "time": message.created_at.isoformat(),
        "content_type": message.content_type.value,
        "content": message.content,
        "model": message.model,
        "parent_seq": message.parent_seq,
        "thread": message.thread,
        "error": message.error,
        "bookmarked": mark is not None and mark.bookmarked,
        "note": (mark.note or None) if mark is not None else None,
        "tokens": tokens_json(message),
        "tool": tool_json(message.tool),
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit as ``chattui search --json`` prints it; ``matches`` are [start, end) characters of ``snippet``."""
    return {
        "chat_id": hit.chat_id,
        "source": hit.source,
        "source_id": hit.source_id,
        "title": hit.title,
        "project": hit.project,
        "seq": hit.seq or None,
        "role": hit.role.value,
        "kind": hit.kind.value if hit.is_message else hit.found_in.value,
        "time": hit.created_at.isoformat(),
        "snippet": hit.snippet,
        "matches": [list(r) for r in hit.ranges],
        "by": hit.found_by.value,
    }


def chat_line(row: ChatRow, width: int) -> str:
    """One chat on one line of a terminal."""
    when = row.last_message_at.astimezone().strftime("%Y-%m-%d %H:%M")
    mark = "*" if row.pinned else " "
    head = f"{row.id:>6} {mark} {when}  {row.source:<12} {row.message_count:>6}  "
    return head + visible_line(row.title or "(untitled)")[: max(20, width - len(head))]
