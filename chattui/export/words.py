"""What all formats say in the same words: who speaks, what a folded message is, the facts of a chat."""

from __future__ import annotations

from chattui.domain.chat import Chat, Message
from chattui.domain.kinds import Kind, Role
from chattui.domain.portable import PortableAttachment, PortableMessage
from chattui.domain.visible import visible_line

ROLE_NAMES = {Role.USER: "You", Role.ASSISTANT: "Assistant", Role.TOOL: "Tool", Role.SYSTEM: "System"}
TIME = "%Y-%m-%d %H:%M"
_LABEL_LENGTH = 160


def title_of(chat: Chat) -> str:
    """The title on one line."""
    return visible_line(chat.title) or "(untitled)"


def facts_of(chat: Chat) -> list[str]:
    """Where the chat comes from and how long it is, what is known of it."""
    tags = " ".join(f"#{tag}" for tag in chat.tags)
    facts = [chat.source, chat.project, chat.git_branch, chat.model, tags, f"{chat.message_count} messages"]
    return [visible_line(fact) for fact in facts if fact]


def when_of(message: Message) -> str:
    """When it was said, in the local time zone, to the minute."""
    return message.created_at.astimezone().strftime(TIME)


def speaker_of(message: Message) -> str:
    """Under whose name a message stands: tools and thinking stand under the assistant's."""
    if message.role is Role.USER and message.kind in (Kind.TEXT, Kind.ATTACHMENT):
        name = ROLE_NAMES[Role.USER]
    elif message.kind is Kind.TEXT:
        name = ROLE_NAMES[message.role]
    else:
        name = ROLE_NAMES[Role.ASSISTANT]
    return f"{name} · {visible_line(message.thread)}" if message.thread else name


def label_of(message: Message) -> str:
    """What a message that is no talk is, in a line: its kind, and for tools the name, the target and how it ended."""
    kind = message.kind.value.replace("_", " ")
    tool = message.tool
    parts = [kind, tool.name, tool.target, tool.status.value] if tool is not None and tool.name else [kind]
    if message.error:
        parts.append("error")
    return " · ".join(visible_line(part)[:_LABEL_LENGTH] for part in parts if part)


def attachment_line(attachment: PortableAttachment) -> str:
    """An attachment's name, kind and size in bytes."""
    return visible_line(f"{attachment.name} ({attachment.mime}, {attachment.size:,} bytes)")


def begins_turn(portable: PortableMessage, speaker: str | None) -> bool:
    """Whether a new section begins: at every prompt, and where another one speaks than ``speaker``."""
    message = portable.message
    return speaker != speaker_of(message) or message.is_prompt
