"""The items of a Continue session as messages (FORMATS §12). They have neither ids nor times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from chattui.domain.history import ChatInfo, NewAttachment, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import (
    ERROR_LENGTH,
    as_it_is,
    count_of,
    data_url,
    first_line,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.recording import Known, Recorder
from chattui.sources.uris import directory_of

NAME: Final = "continue"
_UNNAMED: Final = frozenset({"", "Untitled Session", "New Session", "Untitled"})
_STATUS: Final = {
    "done": ToolStatus.COMPLETED,
    "errored": ToolStatus.FAILED,
    "canceled": ToolStatus.CANCELLED,
}


class ContinueTranscript(Recorder[Known]):
    """Takes the items of one session in order; messages are known by their place.

    All but the last are as old as the session, and the last as old as the file: more is not known of their times.
    """

    source = NAME

    def __init__(
        self, chat_id: str, session: Mapping[str, Any], created: datetime | None, written: datetime, length: int
    ) -> None:
        super().__init__(Known(text_of(session.get("sessionId")) or chat_id))
        self._created, self._written, self._length = created, written, length
        known = self.known
        known.project = directory_of(text_of(session.get("workspaceDirectory")))
        known.model = text_of(session.get("chatModelTitle"))
        title = text_of(session.get("title"))
        if title.strip() not in _UNNAMED:
            known.name(title, "custom")
        self._ended: set[str] = set()

    def chat(self) -> ChatInfo:
        return replace(super().chat(), created_at=self._created)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next item."""
        at = self._written if line == self._length else self._created
        message = record.get("message")
        if not isinstance(message, dict):
            words = as_it_is("item", record)
            self.say(Role.SYSTEM, Kind.EVENT, words, str(line), at, content_type=ContentType.TEXT)
            return
        if summary := text_of(record.get("conversationSummary")):
            self.say(Role.SYSTEM, Kind.SUMMARY, summary, f"{line}:summary", at)
        match message.get("role"):
            case "user":
                self._prompt(message, record.get("contextItems"), str(line), at)
            case "assistant":
                self._answer(message, record, str(line), at)
            case "thinking":
                if (thought := _said_in(message.get("content"))[0]).strip():
                    self.say(Role.ASSISTANT, Kind.THINKING, thought, str(line), at)
            case "tool":
                text = _said_in(message.get("content"))[0]
                self._end(text_of(message.get("toolCallId")), text, ToolStatus.COMPLETED, str(line), at)
            case "system":
                pass  # what Continue tells the model
            case role:
                words = as_it_is(role, message)
                self.say(Role.SYSTEM, Kind.EVENT, words, str(line), at, content_type=ContentType.TEXT)

    def _prompt(self, message: Mapping[str, Any], context: object, place: str, at: datetime | None) -> None:
        text, attached = _said_in(message.get("content"))
        if text.strip():
            self.known.name(text, "prompt")
            self.say(Role.USER, Kind.TEXT, text, place, at)
        for item in context if isinstance(context, list) else ():
            if isinstance(item, dict):
                attached.append(_context(item))
        for n, (words, cut) in enumerate(attached, 1):
            source_id = f"{place}:{n}"
            self.say(Role.USER, Kind.ATTACHMENT, words, source_id, at, content_type=ContentType.TEXT, attachments=cut)

    def _answer(self, message: Mapping[str, Any], item: Mapping[str, Any], place: str, at: datetime | None) -> None:
        known = self.known
        usage = message.get("usage")
        if isinstance(usage, dict):
            known.model = text_of(usage.get("model")) or known.model
            details = usage.get("prompt_tokens_details")
            cached = count_of(details.get("cached_tokens")) if isinstance(details, dict) else 0
            known.owe((count_of(usage.get("prompt_tokens")), count_of(usage.get("completion_tokens")), cached))
        reasoning = item.get("reasoning")
        thought = text_of(reasoning.get("text")) if isinstance(reasoning, dict) else ""
        if thought.strip():
            self.say(Role.ASSISTANT, Kind.THINKING, thought, f"{place}:thinking", at, reply_id=place)
        if (text := _said_in(message.get("content"))[0]).strip():
            self.say(Role.ASSISTANT, Kind.TEXT, text, place, at, reply_id=place)
        states = {text_of(state.get("toolCallId")): state for state in _list(item.get("toolCallStates"))}
        calls = {text_of(call.get("id")): call for call in _list(message.get("toolCalls"))}
        for call_id, state in states.items():
            calls.setdefault(call_id, state["toolCall"] if isinstance(state.get("toolCall"), dict) else {})
        for n, (call_id, call) in enumerate(calls.items(), 1):
            self._call(call_id or f"{place}:{n}", call, f"{place}:call {n}", place, at)
            if ended := states.get(call_id):
                status = _STATUS.get(text_of(ended.get("status")), ToolStatus.PENDING)
                text = "\n\n".join(text_of(output.get("content")) for output in _list(ended.get("output")))
                if text or status is not ToolStatus.PENDING:
                    self._end(call_id, text, status, f"{place}:result {n}", at)

    def _call(self, call_id: str, call: Mapping[str, Any], source_id: str, place: str, at: datetime | None) -> None:
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        value = function.get("arguments")
        if isinstance(value, str):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                value = function.get("arguments")
        text, content_type = readable_input(value)
        use = NewToolUse(call_id, text_of(function.get("name")), target_of(value))
        self.say(
            Role.ASSISTANT,
            Kind.TOOL_CALL,
            text,
            source_id,
            at,
            content_type=content_type,
            reply_id=place,
            tool=use,
        )

    def _end(self, call_id: str, text: str, status: ToolStatus, source_id: str, at: datetime | None) -> None:
        """What a tool gave back, which can stand beside its call, in a message of its own, or in both."""
        if call_id in self._ended:
            return
        if call_id:
            self._ended.add(call_id)
        failed = status is ToolStatus.FAILED
        words = first_line(text, ERROR_LENGTH) or None if failed else None
        self.say(
            Role.TOOL,
            Kind.TOOL_RESULT,
            text,
            source_id,
            at,
            content_type=ContentType.TEXT,
            error=failed,
            tool=NewToolUse(call_id, "", "", status, None, words) if call_id else None,
        )


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _said_in(content: object) -> tuple[str, list[tuple[str, tuple[NewAttachment, ...]]]]:
    """The text of a content, and its pictures: the words in place of each, and its bytes."""
    if isinstance(content, str):
        return content, []
    texts: list[str] = []
    pictures: list[tuple[str, tuple[NewAttachment, ...]]] = []
    for block in _list(content):
        url = block.get("imageUrl")
        if isinstance(url, dict):
            pictures.append(data_url(url.get("url")))
        elif text := text_of(block.get("text")):
            texts.append(text)
    return "\n\n".join(texts), pictures


def _context(item: Mapping[str, Any]) -> tuple[str, tuple[NewAttachment, ...]]:
    """What was given along with a prompt, a file as a rule."""
    name = first_line(text_of(item.get("name")) or text_of(item.get("description")), 200)
    content = text_of(item.get("content"))
    cut = (NewAttachment(name, "text/plain", content.encode("utf-8", "replace")),) if content else ()
    return f"[context {name}]".replace(" ]", "]"), cut
