"""Chats made for tests of exports, without a database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chattui.domain.chat import Chat, Message, ToolUse
from chattui.domain.kinds import ChatStatus, ContentType, Kind, Role, ToolStatus
from chattui.domain.portable import PortableAttachment, PortableChat, PortableMessage
from chattui.export.formats import format_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = (
    "\x1b[31mred\x07 \x9b \u202eevil\u2066 [bold]x[/] \x00 \ud800 \u2028 </details></section><script>alert(1)</script>"
)


def chat(title: str = "A title", **changes: Any) -> PortableChat:
    made = Chat(
        *(7, title, "codex", "s1", ChatStatus.ACTIVE, False, (), NOON, NOON, NOON, 3, 1, 0, 0, 0, None),
    )
    return PortableChat(replace(made, **changes))


def said(seq: int, content: str, role: Role = Role.USER, **more: Any) -> PortableMessage:
    attachments = more.pop("attachments", ())
    kind = more.pop("kind", Kind.TEXT)
    return PortableMessage(Message(7, seq, role, kind, content, NOON, **more), f"m{seq}", attachments=attachments)


def called(seq: int, content: str, target: str = "ls") -> PortableMessage:
    tool = ToolUse("c1", "Bash", ToolStatus.COMPLETED, target)
    return said(seq, content, Role.ASSISTANT, kind=Kind.TOOL_CALL, content_type=ContentType.CODE, tool=tool)


def thought(seq: int, content: str) -> PortableMessage:
    return said(seq, content, Role.ASSISTANT, kind=Kind.THINKING)


def picture(data: bytes = b"\x89PNG", mime: str = "image/png", name: str = "p.png") -> PortableAttachment:
    return PortableAttachment(name, mime, len(data), data)


def written(format_name: str, messages: Iterable[PortableMessage], about: PortableChat | None = None) -> str:
    return "".join(format_of(format_name).pieces(about or chat(), messages))
