"""A chat and its messages, as the store hands them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chattui.domain.kinds import ChatStatus, ContentType, Kind, Role, ToolStatus


@dataclass(frozen=True, slots=True)
class ChatRow:
    """One line of recents: what a list of chats needs, no more."""

    id: int
    title: str
    source: str
    last_message_at: datetime
    message_count: int
    pinned: bool
    status: ChatStatus
    project: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chat:
    """One conversation with all that is known of it. Times are aware; counters are exact."""

    id: int
    title: str
    source: str
    source_id: str | None
    status: ChatStatus
    pinned: bool
    tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime
    message_count: int
    prompt_count: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    cost: float | None
    description: str | None = None  # the note on the chat
    project: str | None = None
    repository: str | None = None
    git_branch: str | None = None
    agent: str | None = None
    model: str | None = None
    parent_id: int | None = None  # the chat that this subagent works for
    forked_from: int | None = None  # the chat that this one continues from
    forked_seq: int | None = None  # the last message of that chat which this one builds on
    metadata: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None  # what a person has set: see ``domain.details``

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is to be notified of it."""
        return (self.settings or {}).get("quiet") is True


@dataclass(frozen=True, slots=True)
class ToolUse:
    """What is known of the call that a ``tool_call`` or ``tool_result`` message belongs to."""

    call_id: str
    name: str
    status: ToolStatus
    target: str = ""  # the one argument that tells calls apart: a path, a command, a pattern
    duration_ms: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One item of a chat. ``seq`` is dense: the first message is 1, the last ``Chat.message_count``."""

    chat_id: int
    seq: int
    role: Role
    kind: Kind
    content: str
    created_at: datetime
    content_type: ContentType = ContentType.MARKDOWN
    model: str | None = None
    parent_seq: int | None = None
    thread: str | None = None  # a side chain inside the chat; None is the main one
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    error: bool = False
    tool: ToolUse | None = None
    metadata: dict[str, Any] | None = None

    @property
    def is_prompt(self) -> bool:
        """Whether a person has said it."""
        return self.role is Role.USER and self.kind is Kind.TEXT


@dataclass(frozen=True, slots=True)
class Subagent:
    """A chat that a tool call of another one has started."""

    chat_id: int
    title: str
    message_count: int
    call_id: str | None  # the call, where its source says it
    agent_id: str  # what the call's result may name it by


@dataclass(frozen=True, slots=True)
class Fork:
    """A chat that goes on from a message of another one, with that one's messages before it."""

    chat_id: int
    title: str
    seq: int  # the last message of the original that it builds on
    first: int  # its own first message: some sources repeat what both have, some do not


@dataclass(frozen=True, slots=True)
class BlockSize:
    """Size of ``SIZE_BLOCK`` consecutive messages, for estimating heights before their text is loaded."""

    count: int  # messages in this block
    folded: int  # of these, how many the pane folds to one line
    chars: int  # characters of the others
    lines: int  # line breaks of the others


SIZE_BLOCK = 512
"""Messages per ``BlockSize``: block b covers seq b*512+1 … b*512+512."""


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """What the app shows first. ``chat`` is the one that was open last, else the newest; ``messages`` are its last
    ones, or those around the position at which it was left."""

    recents: tuple[ChatRow, ...]
    chat: Chat | None
    messages: tuple[Message, ...]
    snapshot: dict[str, Any]
