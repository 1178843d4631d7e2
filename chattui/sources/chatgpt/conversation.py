"""One conversation of a ChatGPT export (FORMATS §13): a tree of nodes, as messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from chattui.domain.attached import size_words
from chattui.domain.history import ChatInfo, NewAttachment, NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.chatgpt.content import Content, asset_ids, content_of
from chattui.sources.containers import id_of
from chattui.sources.content import (
    ERROR_LENGTH,
    TITLE_LENGTH,
    first_line,
    moment,
    moment_of,
    target_of,
    text_of,
)
from chattui.sources.exports import LARGEST_ASSET
from chattui.sources.mimes import mime_of
from chattui.sources.trees import ancestors, in_order

NAME: Final = "chatgpt"
MOST_BYTES: Final = 128 << 20
"""Bytes of attachments that are kept of one conversation, which is stored in one piece."""

_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT, "tool": Role.TOOL}
_HIDDEN: Final = "is_visually_hidden_from_conversation"
_NUMBER: Final = re.compile(r"\d{1,12}(\.\d{1,12})?")
_FAILED: Final = re.compile(r"failed|error|exception", re.IGNORECASE)

ReadAsset = Callable[[str], tuple[str, int, bytes]]
"""Name, size and bytes of a file of the export, by its id."""


class Conversation:
    """``chat`` and ``messages`` of one record."""

    def __init__(self, record: Mapping[str, Any], read_asset: ReadAsset) -> None:
        self._record = record
        self._read_asset = read_asset
        mapping = record.get("mapping")
        self._nodes = {name: node for name, node in _items(mapping) if isinstance(node, dict)}
        parents = {name: _link(node.get("parent")) for name, node in self._nodes.items()}
        listed = {name: _links(node.get("children")) for name, node in self._nodes.items()}
        current = _link(record.get("current_node"))
        if current not in parents:
            current = self._newest(parents)
        self._parents = parents
        self._active = ancestors(parents, current)
        self._order = list(in_order(parents, listed, self._active))
        self._kept = 0

    def _newest(self, parents: Mapping[str, str | None]) -> str | None:
        answered = set(parents.values())
        leaves = [name for name in parents if name not in answered]
        return max(enumerate(leaves), key=lambda leaf: (self._stamp(leaf[1]), leaf[0]), default=(0, None))[1]

    def _stamp(self, name: str) -> float:
        at = moment_in(_message(self._nodes[name]).get("create_time"))
        return at.timestamp() if at else 0.0

    def chat(self) -> ChatInfo:
        """What is known of it as a whole."""
        record = self._record
        title, origin = first_line(text_of(record.get("title")), TITLE_LENGTH), "custom"
        if not title:
            title, origin = self._first_prompt(), "prompt"
        about: dict[str, Any] = {"title_from": origin} if title else {}
        for name in ("gizmo_id", "conversation_template_id", "voice", "conversation_origin"):
            if value := text_of(record.get(name)):
                about[name] = value[:TITLE_LENGTH]
        return ChatInfo(
            NAME,
            chat_id_of(record),
            title=title,
            agent=NAME,
            model=self._model(),
            created_at=moment_in(record.get("create_time")),
            archived=record.get("is_archived") is True,
            pinned=record.get("is_starred") is True,
            metadata=about,
        )

    def _first_prompt(self) -> str:
        for name in self._order:
            message = _message(self._nodes[name])
            if name in self._active and _role(message) is Role.USER and not _is_hidden(message):
                content = content_of(message)
                if content.kind is Kind.TEXT and (line := first_line(content.text, TITLE_LENGTH)):
                    return line
        return ""

    def _model(self) -> str:
        for name in reversed(self._order):
            if name in self._active and (model := _model_of(_message(self._nodes[name]))):
                return model
        return text_of(self._record.get("default_model_slug"))

    def messages(self) -> Iterator[NewMessage]:
        """What was said, each message after the one that it answers; the active branch last wherever it parts."""
        ends: dict[str, str | None] = {}  # of each node the last message up to it
        calls: dict[str, str] = {}  # and the tool call that it belongs to
        at: datetime | None = moment_in(self._record.get("create_time"))
        for name in self._order:
            node = self._nodes[name]
            message = _message(node)
            parent = self._parents[name]
            ends[name] = ends.get(parent) if parent is not None else None
            call_id = calls.get(parent, "") if parent is not None else ""
            role = _role(message)
            at = moment_in(message.get("create_time")) or at
            content = content_of(message)
            if role is Role.ASSISTANT and content.kind is Kind.TOOL_CALL:
                calls[name] = name
            elif call_id and role is Role.TOOL:
                calls[name] = call_id
            if _is_hidden(message) and not content.is_instructions:
                continue
            first = None
            for made in self._said(name, node, message, content, at, ends[name], calls.get(name, "")):
                first = first or made.source_id
                yield made
            ends[name] = first or ends[name]

    def _said(
        self,
        name: str,
        node: Mapping[str, Any],
        message: Mapping[str, Any],
        content: Content,
        at: datetime | None,
        parent: str | None,
        call_id: str,
    ) -> Iterator[NewMessage]:
        """The messages of one node: its text, and the files that go with it, which follow the text."""
        role = _role(message)
        attached = [self._attachment(file) for file in asset_ids(message)]
        kind, text, tool, failed = content.kind, content.text, None, content.failed
        if kind is Kind.TOOL_CALL:
            status = ToolStatus.COMPLETED if node.get("children") else ToolStatus.PENDING
            tool = NewToolUse(name, content.tool[:200], target_of(content.text), status)
        elif role is Role.TOOL and kind is Kind.TEXT:
            kind = Kind.TOOL_RESULT
            failed = failed or _has_failed(message)
            words = first_line(text, ERROR_LENGTH) if failed else None
            status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
            tool = NewToolUse(call_id, "", "", status, None, words or None) if call_id else None
        elif role is Role.SYSTEM or role is Role.TOOL or kind is Kind.EVENT:
            role, kind = Role.SYSTEM, Kind.EVENT if kind is Kind.TEXT else kind
        if not text.strip() and not attached:
            return
        about = {"voice": True} if _is_voice(message, content) else None
        common: dict[str, Any] = {
            "created_at": at,
            "model": _model_of(message) or None if role is Role.ASSISTANT else None,
        }
        reply = name if role is Role.ASSISTANT else None
        if text.strip() or kind is Kind.TOOL_RESULT:
            cuts: tuple[NewAttachment, ...] = ()
            if kind is Kind.TOOL_RESULT:  # what a tool has drawn is part of its answer
                text = "\n".join(filter(None, (text, *(words for words, _cut in attached))))
                cuts = tuple(cut for _words, found in attached for cut in found)
                attached = []
            yield NewMessage(
                role,
                kind,
                text,
                name,
                content_type=content.content_type,
                parent_id=parent,
                reply_id=reply,
                error=failed,
                tool=tool,
                attachments=cuts,
                metadata=about,
                **common,
            )
            parent = name
        for n, (words, cut) in enumerate(attached, 1):
            yield NewMessage(
                role,
                Kind.ATTACHMENT,
                words,
                f"{name}:{n}",
                content_type=ContentType.TEXT,
                parent_id=parent,
                reply_id=reply,
                attachments=cut,
                **common,
            )

    def _attachment(self, file: tuple[str, str, str]) -> tuple[str, tuple[NewAttachment, ...]]:
        """The words that stand for a file of the conversation, and its bytes where the export has them."""
        file_id, name, mime = file
        stored, size, data = self._read_asset(file_id)
        name = name or stored
        mime = mime or mime_of(name)
        head = f"{first_line(name, TITLE_LENGTH)}\n" if name else ""
        if data and self._kept + len(data) <= MOST_BYTES:
            self._kept += len(data)
            return f"{head}[{mime}, {size_words(len(data))}]", (NewAttachment(name, mime, data),)
        if size > LARGEST_ASSET or data:
            return f"{head}[{mime}] of {size_words(size)}: too large to be kept", ()
        return f"{head}[{mime}]", ()


def chat_id_of(record: Mapping[str, Any]) -> str:
    """Its own id, or that of its first node where the program that saved it left that out; "" for no conversation."""
    mapping = record.get("mapping")
    if not isinstance(mapping, dict):
        return ""
    known = (text_of(record.get(name)) for name in ("conversation_id", "id"))
    first = next((one for one in mapping if one != "client-created-root"), "")
    return id_of(next(filter(None, known), "") or first)


def moment_in(seconds: object) -> datetime | None:
    """A time as seconds since the epoch, also written as text, or as ISO 8601."""
    if isinstance(seconds, str):
        if not _NUMBER.fullmatch(seconds):
            return moment(seconds)
        seconds = float(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return moment_of(seconds * 1000)


def _message(node: Mapping[str, Any]) -> Mapping[str, Any]:
    message = node.get("message")
    return message if isinstance(message, dict) else {}


def _role(message: Mapping[str, Any]) -> Role:
    author = message.get("author")
    name = text_of(author.get("role")) if isinstance(author, dict) else ""
    return _ROLES.get(name, Role.SYSTEM)


def _is_hidden(message: Mapping[str, Any]) -> bool:
    about = message.get("metadata")
    weight = message.get("weight")
    return (isinstance(about, dict) and about.get(_HIDDEN) is True) or (weight == 0 and weight is not False)


def _is_voice(message: Mapping[str, Any], content: Content) -> bool:
    about = message.get("metadata")
    return content.is_voice or (isinstance(about, dict) and about.get("voice_mode_message") is True)


def _has_failed(message: Mapping[str, Any]) -> bool:
    about = message.get("metadata")
    result = about.get("aggregate_result") if isinstance(about, dict) else None
    return isinstance(result, dict) and _FAILED.search(text_of(result.get("status"))) is not None


def _model_of(message: Mapping[str, Any]) -> str:
    about = message.get("metadata")
    return (
        text_of(about.get("model_slug"))[:200] if isinstance(about, dict) and _role(message) is Role.ASSISTANT else ""
    )


def _items(value: object) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _link(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _links(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
