"""One conversation of a Claude.ai export (FORMATS §14), as messages: a message a block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.containers import id_of
from chattui.sources.content import (
    ERROR_LENGTH,
    TITLE_LENGTH,
    as_it_is,
    first_line,
    moment,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.mimes import mime_of
from chattui.sources.trees import ancestors, in_order

NAME: Final = "claude-ai"
_ROLES: Final = {"human": Role.USER, "user": Role.USER, "assistant": Role.ASSISTANT}
_MARKS: Final = re.compile("[\ue200-\ue206]")
_SILENT: Final = frozenset({"token_budget"})


@dataclass
class _Calls:
    """Calls that have no result yet: by their name, for the oldest exports have no ids."""

    open: dict[str, list[str]] = field(default_factory=dict)


class Conversation:
    """``chat`` and ``messages`` of one record."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._said: dict[str, Mapping[str, Any]] = {}
        said = record.get("chat_messages")
        for n, message in enumerate(said if isinstance(said, list) else (), 1):
            if isinstance(message, dict):
                uuid = text_of(message.get("uuid")) or str(n)
                self._said[uuid if uuid not in self._said else f"{uuid}.{n}"] = message
        self._parents = self._tree()
        last = text_of(record.get("current_leaf_message_uuid")) or next(reversed(self._said), None)
        self._order = list(in_order(self._parents, {}, ancestors(self._parents, last)))

    def _tree(self) -> dict[str, str | None]:
        """What each message answers: as it says, and where none says so, the one before."""
        if any(text_of(message.get("parent_message_uuid")) for message in self._said.values()):
            return {uuid: text_of(message.get("parent_message_uuid")) or None for uuid, message in self._said.items()}
        before: str | None = None
        parents: dict[str, str | None] = {}
        for uuid in self._said:
            parents[uuid], before = before, uuid
        return parents

    def chat(self) -> ChatInfo:
        """What is known of it as a whole."""
        record = self._record
        name = text_of(record.get("name")) or text_of(record.get("title"))
        title, origin = first_line(name, TITLE_LENGTH), "custom"
        if not title:
            title, origin = self._first_prompt(), "prompt"
        project = record.get("project")
        return ChatInfo(
            NAME,
            chat_id_of(record),
            title=title,
            project=first_line(text_of(project.get("name")), TITLE_LENGTH) if isinstance(project, dict) else "",
            agent=NAME,
            model=text_of(record.get("model"))[:TITLE_LENGTH],
            created_at=moment(record.get("created_at")),
            pinned=record.get("is_starred") is True,
            metadata={"title_from": origin} if title else {},
        )

    def _first_prompt(self) -> str:
        for message in self._said.values():
            if _ROLES.get(text_of(message.get("sender"))) is Role.USER:
                for block in _blocks(message):
                    if line := first_line(text_of(block.get("text")), TITLE_LENGTH):
                        return line
        return ""

    def messages(self) -> Iterator[NewMessage]:
        """What was said, each message after the one that it answers; the latest branch last."""
        if summary := text_of(self._record.get("summary")).strip():
            yield NewMessage(Role.SYSTEM, Kind.SUMMARY, summary, "summary", moment(self._record.get("created_at")))
        ends: dict[str, str | None] = {}
        calls = _Calls()
        for uuid in self._order:
            message = self._said[uuid]
            parent = self._parents[uuid]
            end = ends.get(parent) if parent is not None else None
            answered: str | None = None
            for made in self._message(uuid, message, calls):
                yield replace(made, parent_id=end)
                end = made.source_id
                if made.kind is Kind.TEXT or answered is None:
                    answered = end
            is_prompt = _ROLES.get(text_of(message.get("sender"))) is Role.USER
            ends[uuid] = (answered if is_prompt else end) or end

    def _message(self, uuid: str, message: Mapping[str, Any], calls: _Calls) -> Iterator[NewMessage]:
        role = _ROLES.get(text_of(message.get("sender")))
        at = moment(message.get("created_at"))
        if role is None:
            text = _plain("\n\n".join(text_of(block.get("text")) for block in _blocks(message)))
            if text.strip():
                yield NewMessage(Role.SYSTEM, Kind.EVENT, text, uuid, at)
            return
        model = text_of(message.get("model"))[:TITLE_LENGTH] or text_of(self._record.get("model"))[:TITLE_LENGTH]
        common: dict[str, Any] = {
            "reply_id": uuid if role is Role.ASSISTANT else None,
            "model": model or None if role is Role.ASSISTANT else None,
        }
        for n, block in enumerate(_blocks(message), 1):
            place = f"{uuid}:{n}"
            for made in _block(role, block, place, at, calls):
                yield replace(made, **common) if made.role is Role.ASSISTANT else made
        for n, words in enumerate(_files(message), 1):
            kind = ContentType.TEXT
            yield NewMessage(role, Kind.ATTACHMENT, words, f"{uuid}:file {n}", at, kind, **common)


def chat_id_of(record: Mapping[str, Any]) -> str:
    """The conversation's id; "" for what is none."""
    if not isinstance(record.get("chat_messages"), list):
        return ""
    return next(filter(None, (id_of(record.get(name)) for name in ("uuid", "conversation_id", "id"))), "")


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The blocks of a message; ``text`` repeats them, and counts only where there are none."""
    content = message.get("content")
    blocks = _list(content)
    return blocks or [{"type": "text", "text": message.get("text")}]


def _block(
    role: Role, block: Mapping[str, Any], place: str, at: datetime | None, calls: _Calls
) -> Iterator[NewMessage]:
    match block.get("type", "text"):
        case "text":
            text = _plain(text_of(block.get("text")))
            if text.strip():
                yield NewMessage(role, Kind.TEXT, text, place, at)
        case "thinking":
            if (text := text_of(block.get("thinking")) or _summaries(block)).strip():
                yield NewMessage(Role.ASSISTANT, Kind.THINKING, text, place, at)
        case "tool_use":
            yield _call(block, place, at, calls)
        case "tool_result":
            yield _result(block, place, at, calls)
        case "voice_note":
            told = (text_of(block.get(name)).strip() for name in ("title", "text"))
            if text := "\n\n".join(filter(None, told)):
                yield NewMessage(role, Kind.TEXT, text, place, at, metadata={"voice": True})
        case kind:
            if text_of(kind) not in _SILENT:
                words = as_it_is(kind, block)
                yield NewMessage(Role.SYSTEM, Kind.EVENT, words, place, at, ContentType.TEXT)


def _call(block: Mapping[str, Any], place: str, at: datetime | None, calls: _Calls) -> NewMessage:
    name, value = text_of(block.get("name"))[:TITLE_LENGTH], block.get("input")
    call_id = text_of(block.get("id")) or place
    calls.open.setdefault(name, []).append(call_id)
    text, content_type = readable_input(value)
    target = target_of(value)
    if name == "artifacts" and isinstance(value, dict):
        target = first_line(text_of(value.get("title")) or text_of(value.get("id")), TITLE_LENGTH)
        text, content_type = _artifact(value), ContentType.TEXT
    use = NewToolUse(call_id, name, target)
    return NewMessage(Role.ASSISTANT, Kind.TOOL_CALL, text, place, at, content_type, tool=use)


def _artifact(value: Mapping[str, Any]) -> str:
    """What was made, as it is: a line on what it is, then the document; of a change what it was and became."""
    about = " · ".join(filter(None, (text_of(value.get(name)) for name in ("command", "title", "type", "language"))))
    told = [text_of(value.get(name)) for name in ("old_str", "new_str", "content")]
    return "\n\n".join(filter(None, (about, *told)))


def _result(block: Mapping[str, Any], place: str, at: datetime | None, calls: _Calls) -> NewMessage:
    name = text_of(block.get("name"))[:TITLE_LENGTH]
    waiting = calls.open.get(name, [])
    call_id = text_of(block.get("tool_use_id")) or (waiting[0] if waiting else "")
    if call_id in waiting:
        waiting.remove(call_id)
    text = _told(block.get("content"))
    failed = block.get("is_error") is True
    status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
    words = first_line(text, ERROR_LENGTH) or None if failed else None
    use = NewToolUse(call_id, "", "", status, None, words) if call_id else None
    kind = ContentType.TEXT
    return NewMessage(Role.TOOL, Kind.TOOL_RESULT, text, place, at, kind, error=failed, tool=use)


def _told(content: object) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            told = (text_of(block.get(name)) for name in ("title", "url", "text"))
            texts.append("\n".join(filter(None, told)) or as_it_is(block.get("type"), block))
        else:
            texts.append(text_of(block))
    return "\n\n".join(filter(None, texts))


def _summaries(block: Mapping[str, Any]) -> str:
    summaries = block.get("summaries")
    told = [text_of(s.get("summary")) for s in summaries if isinstance(s, dict)] if isinstance(summaries, list) else []
    return "\n\n".join(filter(None, told))


def _files(message: Mapping[str, Any]) -> Iterator[str]:
    """What goes with a message: the text of documents, which the export has, and the names of files, which it has not."""
    met: set[str] = set()
    for document in _list(message.get("attachments")):
        name = first_line(text_of(document.get("file_name")), TITLE_LENGTH)
        met.add(name)
        text = text_of(document.get("extracted_content"))
        yield f"{name}\n\n{text}".strip() or _named(name) if text.strip() else _named(name)
    for file in _list(message.get("files")) + _list(message.get("files_v2")):
        name = first_line(text_of(file.get("file_name")) or text_of(file.get("file_uuid")), TITLE_LENGTH)
        if name not in met:
            met.add(name)
            yield _named(name)


def _named(name: str) -> str:
    return f"{name}\n[{mime_of(name)}]" if name else "[file]"


def _list(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _plain(text: str) -> str:
    return _MARKS.sub("", text)
