"""Where new messages go: each gets its seq, its time and its parent; the two ends of a tool call are joined."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chattui.domain.history import NewToolUse
from chattui.domain.kinds import Kind, ToolStatus
from chattui.store.copying import message_body, message_head
from chattui.store.delivery import Delivery


@dataclass(slots=True)
class Call:
    """A tool call as far as one batch tells of it. Seqs are None while that end lies elsewhere."""

    use: NewToolUse
    call_seq: int | None
    result_seq: int | None
    created_at: datetime


@dataclass(slots=True)
class Target:
    """The chat that a delivery goes to, while its batch is written."""

    chat_id: int
    next_seq: int
    existing: bool  # it held messages before this batch
    path: str | None = None  # of the first file that brings messages in this batch
    compared: bool = False  # comes whole from a container, and is held against what is there
    kept: int = 0  # how many of its messages were there already, as they come again
    added_by: set[str] = field(default_factory=set)  # containers of which only messages are taken that are not here yet
    untimed: list[int] = field(default_factory=list)  # seqs of messages whose time is that of another, or of the file
    afresh: bool = False  # what its file brought before was taken out: what is known of the chat is told anew too
    facts: dict[str, Any] = field(default_factory=dict)  # what is known of the chat, as the store's statement takes it
    own: bool = False  # messages that were added here wait aside until all has come
    last_at: datetime | None = None
    seqs: dict[str, int] = field(default_factory=dict)  # source_id to seq, of this batch and what was looked up
    calls: dict[str, Call] = field(default_factory=dict)


def number(target: Target, item: Delivery, known: Container[str]) -> list[bytes | bytearray]:
    """The lines of COPY for the delivery's messages but those whose id is ``known``: head, body, head, body …"""
    assert item.chunk is not None
    fallback = datetime.fromtimestamp(item.file.mtime_ns / 1e9, UTC)
    chat_id, seq, last_at, seqs = target.chat_id, target.next_seq, target.last_at, target.seqs
    lines: list[bytes | bytearray] = []
    messages = item.chunk.messages
    bodies = item.aside.bodies() if item.aside is not None else item.bodies
    for m, body in zip(messages, bodies or map(message_body, messages), strict=True):
        if m.source_id in known:
            continue
        if m.created_at is None:
            target.untimed.append(seq)
        last_at = m.created_at or last_at or fallback
        seqs[m.source_id] = seq
        parent = seqs.get(m.parent_id) if m.parent_id is not None else None
        lines.append(message_head(chat_id, seq, last_at, parent))
        lines.append(body)
        if m.tool is not None:
            _join(target, m.tool, seq, m.kind, last_at)
        seq += 1
    target.next_seq, target.last_at = seq, last_at
    for use in item.chunk.tool_updates:
        _join(target, use, None, Kind.EVENT, last_at or fallback)
    return lines


def call_rows(target: Target) -> list[dict[str, Any]]:
    """The chat's tool calls of this batch, as the store's statement takes them."""
    return [
        {
            "chat_id": target.chat_id,
            "call_id": c.use.call_id,
            "name": c.use.name,
            "target": c.use.target,
            "status": c.use.status.value,
            "call_seq": c.call_seq,
            "result_seq": c.result_seq,
            "duration_ms": c.use.duration_ms,
            "error": c.use.error or None,
            "created_at": c.created_at.isoformat(),
        }
        for c in target.calls.values()
    ]


def _join(target: Target, use: NewToolUse, seq: int | None, kind: Kind, created_at: datetime) -> None:
    call_seq = seq if kind is Kind.TOOL_CALL else None
    result_seq = seq if kind is Kind.TOOL_RESULT else None
    known = target.calls.get(use.call_id)
    if known is None:
        target.calls[use.call_id] = Call(use, call_seq, result_seq, created_at)
        return
    before = known.use
    known.use = NewToolUse(
        before.call_id,
        use.name or before.name,
        use.target or before.target,
        use.status if use.status is not ToolStatus.PENDING else before.status,
        use.duration_ms if use.duration_ms is not None else before.duration_ms,
        use.error or before.error,
    )
    known.call_seq = known.call_seq or call_seq
    known.result_seq = result_seq or known.result_seq
