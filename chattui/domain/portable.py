"""A chat as it travels out of a database and into another one: all that is known of it, without local ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chattui.domain.chat import Chat, Message
from chattui.domain.kinds import Kind

PORTABLE_VERSION: Final = 1
"""Version of chattui's own JSON, described in docs/export.md."""


@dataclass(frozen=True, slots=True)
class PortableChat:
    """A chat, and what names its relations in any database: ids of the source, where the chat itself has local ones."""

    chat: Chat
    title_is_own: bool = False
    parent_source_id: str | None = None
    parent_call_id: str | None = None
    forked_from_id: str | None = None
    root_id: str | None = None


@dataclass(frozen=True, slots=True)
class PortableAttachment:
    """Bytes that belong to a message. ``data`` is None where only the facts were asked for; ``size`` in bytes."""

    name: str
    mime: str
    size: int
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class PortableMessage:
    """A message, its id in its source, that of the message it answers, and its attachments in order."""

    message: Message
    source_id: str | None = None
    parent_id: str | None = None
    reply_id: str | None = None
    attachments: tuple[PortableAttachment, ...] = ()

    @property
    def is_talk(self) -> bool:
        """Whether this is a prompt or a reply, and not what happens between them."""
        return self.message.kind in (Kind.TEXT, Kind.ATTACHMENT)

    @property
    def at(self) -> datetime:
        """When it was said, in the local time zone."""
        return self.message.created_at.astimezone()
