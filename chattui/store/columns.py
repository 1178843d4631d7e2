"""The column lists that statements select; ``values`` reads their rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from chattui.store.tables import chats, messages, tool_calls

CHAT_ROW: tuple[ColumnElement[Any], ...] = (
    chats.c.id,
    chats.c.title,
    chats.c.source,
    chats.c.last_message_at,
    chats.c.message_count,
    chats.c.pinned,
    chats.c.status,
    chats.c.project,
    chats.c.tags,
)

CHAT: tuple[ColumnElement[Any], ...] = (
    chats.c.id,
    chats.c.title,
    chats.c.source,
    chats.c.source_id,
    chats.c.status,
    chats.c.pinned,
    chats.c.tags,
    chats.c.created_at,
    chats.c.updated_at,
    chats.c.last_message_at,
    chats.c.message_count,
    chats.c.prompt_count,
    chats.c.tokens_in,
    chats.c.tokens_out,
    chats.c.tokens_cached,
    chats.c.cost,
    chats.c.description,
    chats.c.project,
    chats.c.repository,
    chats.c.git_branch,
    chats.c.agent,
    chats.c.model,
    chats.c.parent_id,
    chats.c.forked_from,
    chats.c.forked_seq,
    chats.c.metadata,
    chats.c.settings,
)


def select_messages() -> Select[Any]:
    """Messages with what is known of their tool calls."""
    return select(
        messages.c.chat_id,
        messages.c.seq,
        messages.c.role,
        messages.c.kind,
        messages.c.content,
        messages.c.created_at,
        messages.c.content_type,
        messages.c.model,
        messages.c.parent_seq,
        messages.c.thread,
        messages.c.tokens_in,
        messages.c.tokens_out,
        messages.c.tokens_cached,
        messages.c.error,
        messages.c.metadata,
        messages.c.call_id,
        tool_calls.c.name,
        tool_calls.c.status,
        tool_calls.c.target,
        tool_calls.c.duration_ms,
        tool_calls.c.error,
    ).select_from(
        messages.outerjoin(
            tool_calls,
            and_(
                tool_calls.c.owner == messages.c.owner,
                tool_calls.c.chat_id == messages.c.chat_id,
                tool_calls.c.call_id == messages.c.call_id,
            ),
        )
    )
