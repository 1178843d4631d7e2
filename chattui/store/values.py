"""From rows to values: how each column list is read. Knows no SQLAlchemy, so that the first screen can use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chattui.domain.chat import Chat, ChatRow, Message, ToolUse
from chattui.domain.kinds import ChatStatus, ContentType, Kind, Role, ToolStatus


def chat_row(row: Sequence[Any]) -> ChatRow:
    """A row of ``columns.CHAT_ROW``."""
    chat_id, title, source, last, count, pinned, status, project, tags = row
    return ChatRow(chat_id, title, source, last, count, pinned, ChatStatus(status), project, tuple(tags))


def chat(row: Sequence[Any]) -> Chat:
    """A row of ``columns.CHAT``."""
    (chat_id, title, source, source_id, status, pinned, tags, created, updated, last, count, prompts) = row[:12]
    (tokens_in, tokens_out, tokens_cached, cost, *rest) = row[12:]
    return Chat(
        chat_id,
        title,
        source,
        source_id,
        ChatStatus(status),
        pinned,
        tuple(tags),
        created,
        updated,
        last,
        count,
        prompts,
        tokens_in,
        tokens_out,
        tokens_cached,
        None if cost is None else float(cost),
        *rest,
    )


def message(row: Sequence[Any]) -> Message:
    """A row of ``columns.select_messages``."""
    (chat_id, seq, role, kind, content, created_at, content_type, model, parent_seq, thread) = row[:10]
    (tokens_in, tokens_out, tokens_cached, error, metadata, call_id, name, status, target, duration, fault) = row[10:]
    tool = None
    if call_id is not None and status is not None:
        tool = ToolUse(call_id, name, ToolStatus(status), target, duration, fault)
    return Message(
        chat_id,
        seq,
        Role(role),
        Kind(kind),
        content,
        created_at,
        ContentType(content_type),
        model,
        parent_seq,
        thread,
        tokens_in,
        tokens_out,
        tokens_cached,
        error,
        tool,
        metadata,
    )
