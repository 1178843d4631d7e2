"""Gemini CLI's messages and operations (FORMATS §3).

The same message comes again and again, each time with more: its text, then its tokens, then its tool calls; and a
checkpoint repeats all of them, with less. So each part of a message is said when it is first met, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewAttachment, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import (
    ERROR_LENGTH,
    as_it_is,
    attachment,
    count_of,
    first_line,
    indented,
    moment,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.recording import Known, Recorder
from chattui.sources.unknown import note
from chattui.sources.windows import Links, Seen, key_of

NAME: Final = "gemini-cli"
_SAID: Final = 50_000
"""Parts that are remembered as said: a checkpoint repeats every message of the session."""

_PLACES: Final = 1000
_FIRST: Final = "-"
_PARTS: Final = frozenset({"text", "inlineData", "functionCall", "functionResponse"})
_KNOWN: Final = frozenset({"sessionId", "$set", "$rewindTo"})
_CONTEXT: Final = "<session_context>"
_STATUS: Final = {
    "success": ToolStatus.COMPLETED,
    "error": ToolStatus.FAILED,
    "cancelled": ToolStatus.CANCELLED,
}


@dataclass
class Session(Known):
    """With the parts that were said, and what each message follows."""

    started: str = ""
    said: str = ""
    before: dict[str, Any] | None = None


class GeminiTranscript(Recorder[Session]):
    """Takes the records of one file in order: the header, messages, and operations on them."""

    source = NAME

    def __init__(
        self,
        chat_id: str,
        parent_id: str,
        project: Callable[[str], str],
        state: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(Session.restored(chat_id, state))
        self._parent_id = parent_id
        self._project = project
        self._said = Seen(_SAID, self.known.said)
        self._before = Links(_PLACES, self.known.before)

    def state(self) -> dict[str, Any]:
        self.known.said, self.known.before = self._said.packed(), self._before.packed()
        return super().state()

    def chat(self) -> ChatInfo:
        known = self.known
        chat = super().chat()
        return replace(
            chat, created_at=chat.created_at or moment(known.started), parent_source_id=self._parent_id, root_id=""
        )

    def take(self, record: dict[str, Any], line: int, part: int) -> None:
        """The next record."""
        place = f"{line}.{part}" if part else str(line)
        if "sessionId" in record:
            self._header(record)
        changes = record.get("$set")
        if isinstance(changes, dict):
            self._header(changes)
            messages = changes.get("messages")
            for n, message in enumerate(messages if isinstance(messages, list) else ()):
                if isinstance(message, dict):
                    self._message(message, f"{place}:{n}")
        if "$rewindTo" in record:
            before = self._before.get(key_of(text_of(record["$rewindTo"])))
            self.known.last = None if before in (None, _FIRST) else before
        if "type" in record and "sessionId" not in record:
            self._message(record, place)
        elif not _KNOWN.intersection(record):
            note(None, record)

    def _header(self, record: Mapping[str, Any]) -> None:
        known = self.known
        session = text_of(record.get("sessionId"))
        if session and session != self._parent_id:
            known.chat_id = session
        known.started = known.started or text_of(record.get("startTime"))
        if "projectHash" in record and not known.project:
            known.project = self._project(text_of(record.get("projectHash")))
        if summary := text_of(record.get("summary")):
            known.name(summary, "summary")

    def _message(self, message: Mapping[str, Any], place: str) -> None:
        kind = message.get("type")
        message_id = text_of(message.get("id")) or place
        at = self.known.begin(message.get("timestamp"))
        key = key_of(message_id)
        if self._before.get(key) is None:
            self._before.set(key, self.known.last or _FIRST)
        content = message.get("content") if message.get("content") is not None else message.get("parts")
        match kind:
            case "user":
                self._prompt(message, content, message_id, at)
            case "gemini" | "model":
                self._answer(message, content, message_id, at)
            case "info" | "warning" | "error":
                if self._is_new(message_id, "event"):
                    text = _texts(content)[0]
                    self._event(text, f"{message_id}:event", at, error=kind == "error")
            case _:
                if self._is_new(message_id, "unknown"):
                    self._event(as_it_is(kind, message), f"{message_id}:unknown", at)

    def _is_new(self, message_id: str, part: str) -> bool:
        """Whether this part of the message was not said yet; it is now."""
        key = key_of(f"{message_id}\n{part}")
        if key in self._said:
            return False
        self._said.add(key)
        return True

    def _event(self, text: str, source_id: str, at: datetime | None, *, error: bool = False) -> None:
        if text.strip():
            self.say(Role.SYSTEM, Kind.EVENT, text, source_id, at, content_type=ContentType.TEXT, error=error)

    def _prompt(self, message: Mapping[str, Any], content: object, message_id: str, at: datetime | None) -> None:
        """What a person asked; or what tools gave back, which stands in messages of the user too."""
        for response in _parts(content, "functionResponse"):
            self._result(text_of(response.get("id")), response, "", at)
        text, pictures = _texts(content)
        if text.lstrip().startswith(_CONTEXT):
            return
        text = _texts(message.get("displayContent"))[0] or text
        if text.strip() and self._is_new(message_id, "prompt"):
            self.known.name(text, "prompt")
            self.say(Role.USER, Kind.TEXT, text, f"{message_id}:user", at)
        for n, (words, cut) in enumerate(pictures):
            if self._is_new(message_id, f"picture {n}"):
                source_id = f"{message_id}:user:{n + 1}"
                self.say(
                    Role.USER,
                    Kind.ATTACHMENT,
                    words,
                    source_id,
                    at,
                    content_type=ContentType.TEXT,
                    attachments=cut,
                )

    def _answer(self, message: Mapping[str, Any], content: object, message_id: str, at: datetime | None) -> None:
        known = self.known
        known.model = text_of(message.get("model")) or known.model
        tokens = message.get("tokens")
        if isinstance(tokens, dict) and self._is_new(message_id, "tokens"):
            told = count_of(tokens.get("output")) + count_of(tokens.get("thoughts"))
            known.owe((count_of(tokens.get("input")), told, count_of(tokens.get("cached"))))
        thought = _thoughts(message.get("thoughts")) or "\n\n".join(
            text_of(block.get("text")) for block in _list(content) if block.get("thought") is True
        )
        if thought.strip() and self._is_new(message_id, "thoughts"):
            source_id = f"{message_id}:thoughts"
            self.say(Role.ASSISTANT, Kind.THINKING, thought, source_id, at, reply_id=message_id)
        text = _texts(content)[0]
        if text.strip() and self._is_new(message_id, f"text {text.strip()}"):
            first = self._is_new(message_id, "text")
            source_id = f"{message_id}:text" if first else f"{message_id}:text:{key_of(text.strip())}"
            self.say(Role.ASSISTANT, Kind.TEXT, text, source_id, at, reply_id=message_id)
        for n, call in enumerate(_list(message.get("toolCalls"))):
            self._call(call, text_of(call.get("id")) or f"{message_id}:{n}", message_id, at)
        for call in _parts(content, "functionCall"):
            if call_id := text_of(call.get("id")):
                self._call(call, call_id, message_id, at)

    def _call(self, call: Mapping[str, Any], call_id: str, message_id: str, at: datetime | None) -> None:
        if self._is_new(call_id, "call"):
            value = call.get("args")
            text, content_type = readable_input(value)
            self.say(
                Role.ASSISTANT,
                Kind.TOOL_CALL,
                text,
                f"{call_id}:call",
                at,
                content_type=content_type,
                reply_id=message_id,
                tool=NewToolUse(call_id, text_of(call.get("name")), target_of(value)),
            )
        responses = _parts(call.get("result"), "functionResponse")
        status = text_of(call.get("status"))
        if responses or status in _STATUS:
            response = responses[0] if responses else {}
            shown = call.get("resultDisplay")
            self._result(
                call_id, response, status, moment(call.get("timestamp")) or at, shown if isinstance(shown, str) else ""
            )

    def _result(
        self, call_id: str, response: Mapping[str, Any], status: str, at: datetime | None, shown: str = ""
    ) -> None:
        """The end of a call: what the model was given, or else what was shown."""
        if not call_id or not self._is_new(call_id, "result"):
            return
        given = response.get("response")
        failed = status == "error"
        text = shown
        if isinstance(given, dict):
            failed = failed or ("error" in given and "output" not in given)
            found = given.get("output", given.get("error", given))
            text = found if isinstance(found, str) else indented(found)
        ended = _STATUS.get(status, ToolStatus.COMPLETED)
        if failed:
            ended = ToolStatus.FAILED
        words = first_line(text, ERROR_LENGTH) or None if failed else None
        self.say(
            Role.TOOL,
            Kind.TOOL_RESULT,
            text,
            f"{call_id}:result",
            at,
            content_type=ContentType.TEXT,
            error=failed,
            tool=NewToolUse(call_id, text_of(response.get("name")), "", ended, None, words),
        )


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _parts(content: object, name: str) -> list[dict[str, Any]]:
    """The parts of one kind in a content, which may be one part or a list of them."""
    blocks = [content] if isinstance(content, dict) else _list(content)
    return [part for block in blocks if isinstance(part := block.get(name), dict)]


def _texts(content: object) -> tuple[str, list[tuple[str, tuple[NewAttachment, ...]]]]:
    """The text of a content but for thoughts, and its pictures: the words in place of each, and its bytes."""
    if isinstance(content, str):
        return content, []
    blocks = [content] if isinstance(content, dict) else content if isinstance(content, list) else []
    texts = []
    for block in blocks:
        if isinstance(block, str):
            texts.append(block)
        elif isinstance(block, dict) and block.get("thought") is not True:
            texts.append(text_of(block.get("text")))
            if not _PARTS.intersection(block):
                note(next(iter(block), None), block)
    cut = [attachment(part.get("mimeType"), part.get("data")) for part in _parts(content, "inlineData")]
    return "\n".join(text for text in texts if text), cut


def _thoughts(value: object) -> str:
    said = []
    for thought in _list(value):
        subject, words = text_of(thought.get("subject")), text_of(thought.get("description"))
        said.append(f"**{subject}** {words}".strip() if subject else words)
    return "\n\n".join(said)
