"""The records of an export as the values that the store takes. Whoever wrote the file, nothing in it is believed."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from chattui.domain.details import FACT_CHARS, PLACES
from chattui.domain.history import ChatInfo, NewAttachment, NewMessage, NewToolUse
from chattui.domain.kinds import OWN_SOURCE, ChatStatus, ContentType, Kind, Role, ToolStatus
from chattui.sources.content import MOST_TOKENS, moment, text_of

_INT4: Final = (1 << 31) - 1
_SOURCE_LENGTH: Final = 60
_MOST_TAGS: Final = 200
Word = TypeVar("Word", bound=StrEnum)


class Unusable(ValueError):
    """A record that is no message, and why."""


def chat_info(record: Mapping[str, Any], substitute_id: str) -> ChatInfo:
    """The chat, under its own source and id."""
    metadata, tags = record.get("metadata"), record.get("tags")
    return ChatInfo(
        source=text_of(record.get("source")).strip()[:_SOURCE_LENGTH] or OWN_SOURCE,
        source_id=text_of(record.get("source_id")) or substitute_id,
        title=text_of(record.get("title")),
        project=text_of(record.get("project")),
        git_branch=text_of(record.get("git_branch")),
        repository=text_of(record.get("repository")),
        agent=text_of(record.get("agent")),
        model=text_of(record.get("model")),
        created_at=moment(record.get("created_at")),
        parent_source_id=text_of(record.get("parent_source_id")),
        parent_call_id=text_of(record.get("parent_call_id")),
        forked_from_id=text_of(record.get("forked_from")),
        forked_count=_count(record.get("forked_seq")),
        root_id=text_of(record.get("root_id")),
        archived=record.get("status") == ChatStatus.ARCHIVED.value,
        metadata=metadata if isinstance(metadata, dict) else {},
        is_copy=True,
        title_is_own=record.get("title_is_own") is True,
        pinned=record.get("pinned") is True,
        tags=tuple(t for t in tags[:_MOST_TAGS] if isinstance(t, str)) if isinstance(tags, list) else (),
        description=text_of(record.get("description")),
        settings=_settings(record),
    )


def _settings(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a person has set of the chat beside title, note and tags, as ``store.details`` keeps it."""
    found: dict[str, Any] = {}
    issue, own = record.get("issue"), record.get("own_facts")
    if isinstance(issue, dict):
        parts = {name: " ".join(text_of(issue.get(name)).split())[:FACT_CHARS] for name in ("number", "title", "url")}
        if any(parts.values()):
            found["issue"] = parts
    if record.get("quiet") is True:
        found["quiet"] = True
    if isinstance(own, list) and (names := [name for name in PLACES if name in own]):
        found["own"] = dict.fromkeys(names, True)
    return found


def message(record: Mapping[str, Any]) -> NewMessage:
    """One message. Raises ``Unusable`` when it has no content, or a role or kind that there is not."""
    content, metadata, seq = record.get("content"), record.get("metadata"), record.get("seq")
    if not isinstance(content, str):
        raise Unusable("a message without content")
    source_id = text_of(record.get("id")) or (f"seq:{seq}" if type(seq) is int else "")
    if not source_id:
        raise Unusable("a message without an id")
    tokens = record.get("tokens")
    tokens = tokens if isinstance(tokens, dict) else {}
    attachments = record.get("attachments")
    return NewMessage(
        role=_word(Role, record.get("role")),
        kind=_word(Kind, record.get("kind")),
        content=content,
        source_id=source_id,
        created_at=moment(record.get("time")),
        content_type=_word(ContentType, record.get("content_type", ContentType.TEXT)),
        parent_id=_optional(record.get("parent_id")),
        reply_id=_optional(record.get("reply_id")),
        model=_optional(record.get("model")),
        thread=_optional(record.get("thread")),
        tokens_in=_count(tokens.get("in"), MOST_TOKENS),
        tokens_out=_count(tokens.get("out"), MOST_TOKENS),
        tokens_cached=_count(tokens.get("cached"), MOST_TOKENS),
        error=record.get("error") is True,
        tool=_tool(record.get("tool")),
        attachments=tuple(map(_attachment, attachments)) if isinstance(attachments, list) else (),
        metadata=metadata if isinstance(metadata, dict) else None,
    )


def _tool(record: object) -> NewToolUse | None:
    if not isinstance(record, dict) or not (call_id := text_of(record.get("call_id"))):
        return None
    return NewToolUse(
        call_id=call_id,
        name=text_of(record.get("name")),
        target=text_of(record.get("target")),
        status=_word(ToolStatus, record.get("status", ToolStatus.PENDING)),
        duration_ms=_count(record.get("duration_ms")),
        error=_optional(record.get("error")),
    )


def _attachment(record: object) -> NewAttachment:
    if not isinstance(record, dict):
        raise Unusable("an attachment that is not a JSON object")
    try:
        data = b64decode(text_of(record.get("base64")), validate=True)
    except ValueError as error:
        raise Unusable(f"a damaged attachment: {error}") from None
    return NewAttachment(text_of(record.get("name")), text_of(record.get("mime")), data)


def _word(words: type[Word], value: object) -> Word:
    try:
        return words(text_of(value))
    except ValueError:
        raise Unusable(f"{str(value)[:40]!r} is no {words.__name__.lower()} of a message") from None


def _optional(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object, most: int = _INT4) -> int | None:
    return value if type(value) is int and 0 <= value <= most else None
