"""What a source reads out of a history file: the values that travel from sources through sync into the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.domain.long_record import LongRecord


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """A file that may hold history, as discovery found it. Sizes in bytes, ``mtime_ns`` since the epoch."""

    source: str
    path: Path
    size: int
    mtime_ns: int
    inode: int
    device: int
    whole: bool = False  # written anew by its tool each time: read anew when changed, and stored in one piece
    container: bool = False  # holds many chats: those are read that have changed, each stored in one piece
    again: bool = False  # to be read although it has not changed: chats of it were left out that are wanted now


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """Bytes that were cut out of a record. ``name`` is only a hint and never used as a path."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NewToolUse:
    """A tool call as it begins (with ``name``) or ends (with ``status``). Joined by ``call_id`` within the chat."""

    call_id: str
    name: str = ""
    target: str = ""
    status: ToolStatus = ToolStatus.PENDING
    duration_ms: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be stored. ``source_id`` is stable and unique inside its chat: it is what makes imports idempotent.

    Token counts are additive: a reply that is spread over several messages carries each token once.
    """

    role: Role
    kind: Kind
    content: str
    source_id: str
    created_at: datetime | None = None  # None: the time of the message before
    content_type: ContentType = ContentType.MARKDOWN
    parent_id: str | None = None  # source_id of the message it answers; None: a root, or unknown
    reply_id: str | None = None  # the model's reply that this is a block of
    model: str | None = None
    thread: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    error: bool = False
    tool: NewToolUse | None = None
    attachments: tuple[NewAttachment, ...] = ()
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ChatInfo:
    """What a source knows of a chat so far; later chunks may know more. Empty strings are "not known"."""

    source: str
    source_id: str
    title: str = ""
    project: str = ""
    git_branch: str = ""
    repository: str = ""
    agent: str = ""  # program and version, as "claude-code 2.1.7"
    model: str = ""  # the last one used
    created_at: datetime | None = None
    parent_source_id: str = ""  # a subagent's parent chat
    parent_call_id: str = ""  # the tool call that started this subagent
    forked_from_id: str = ""  # source_id of the chat this one was forked from
    forked_count: int | None = None  # how many messages of that chat come before this one's first
    root_id: str = ""  # id of the first record: equal in a fork that copied its parent's records
    archived: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    is_copy: bool = False  # from a database: where the chat is known already, only messages that are new are taken
    title_is_own: bool = False  # given by a person; this and what follows only a copy knows
    pinned: bool = False
    tags: tuple[str, ...] = ()
    description: str = ""
    settings: dict[str, Any] = field(default_factory=dict)  # issue, quiet, own: see ``store.details``


RAW_KEPT: Final = 256 << 10
"""Bytes that are kept of a record that is not understood."""

RAW_PIECES: Final = 1 << 20
"""Part of a line from which on the pieces of a record count that was too long to be held, and is kept whole."""

RAW_READ: Final = RAW_KEPT + (4 << 10)
"""Bytes that a source hands over of one: a secret at the end of what is kept is known by what follows."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that could not be read. ``line`` counts from 1 within the file; 0 when not a line's fault.

    ``raw``: the record itself, of a long one the beginning, and ``raw_size`` all its bytes; b"" where it is not at hand.
    ``long``: all of one that was too long to be held. ``lasting``: reading it once more would help nothing.
    """

    line: int
    reason: str
    raw: bytes = field(default=b"", compare=False, repr=False)
    raw_size: int = field(default=0, compare=False, repr=False)
    long: LongRecord | None = field(default=None, compare=False, repr=False)
    lasting: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record that was not understood, wholly or in part, as its file has it: ``what`` says why it is kept.

    ``line`` counts from 1 within the file, or records within the chat of a container; ``part`` from 0 within a line.
    ``data`` is the record, of a long one the beginning (``RAW_READ`` bytes); ``size`` all its bytes; ``long`` all of one
    that was too long to be held.
    """

    line: int
    part: int
    what: str
    data: bytes
    size: int
    long: LongRecord | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of one history file, to be stored together: messages, and the position from which to go on.

    ``offset`` is the byte position after the last record consumed, ``line`` the number of lines before it, ``state``
    what the source needs to continue there (JSON-serialisable).

    In a container, a chunk belongs to one chat, the chunks of a chat come one after the other, and the last of them says
    the chat's ``version``; ``offset`` only tells how far reading has come, and ``line`` and ``state`` say nothing.
    """

    chat: ChatInfo
    messages: Sequence[NewMessage]
    offset: int
    line: int
    state: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    tool_updates: tuple[NewToolUse, ...] = ()  # ends of calls that yield no message of their own
    version: str | None = None  # of a container's chat, which is whole with this chunk
    raw: tuple[
        RawRecord, ...
    ] = ()  # records that were not understood; those that could not be read are in ``problems``
