"""The closed vocabularies: who speaks, what a message is, where a chat stands."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Who a message is from."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    SYSTEM = "system"


class Kind(StrEnum):
    """What a message is. Only ``text`` of role user counts as a prompt."""

    TEXT = "text"
    THINKING = "thinking"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    SUMMARY = "summary"  # compaction summaries and the like
    ATTACHMENT = "attachment"  # an image, a document; its bytes are a blob
    EVENT = "event"  # what the harness says: local commands, interruptions, errors, boundaries


class ContentType(StrEnum):
    """How ``content`` is to be read."""

    TEXT = "text"
    MARKDOWN = "markdown"
    CODE = "code"
    JSON = "json"


class ChatStatus(StrEnum):
    """Where a chat stands. Deleted chats are kept until purged, and can be restored."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


class ToolStatus(StrEnum):
    """Life of a tool call."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FOLDED_KINDS = frozenset({Kind.THINKING, Kind.TOOL_CALL, Kind.TOOL_RESULT, Kind.SUMMARY, Kind.EVENT})
"""Kinds that the pane shows as one line until they are opened."""

OWN_SOURCE = "chattui"
"""The source of chats that were begun here."""
