"""The messages of an LM Studio conversation (FORMATS §16): each has versions, of which one was gone on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import (
    TITLE_LENGTH,
    as_it_is,
    count_of,
    first_line,
    moment_of,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.recording import Known, Recorder

NAME: Final = "lm-studio"
_SILENT: Final = frozenset({"debugInfoBlock", "toolStatus"})
_UNNAMED: Final = frozenset({"", "Unnamed Chat", "New Chat"})


class LmStudioTranscript(Recorder[Known]):
    """Takes the messages of one conversation in order; they are known by their place and version."""

    source = NAME

    def __init__(self, chat_id: str, document: Mapping[str, Any]) -> None:
        super().__init__(Known(chat_id))
        self._created = moment_of(document.get("createdAt"))
        self._pinned = document.get("pinned") is True
        name = text_of(document.get("name"))
        if name.strip() not in _UNNAMED:
            self.known.name(name, "custom")
        used = document.get("lastUsedModel")
        self._model = _model(used)
        system = text_of(document.get("systemPrompt"))
        if system.strip():
            self.say(Role.SYSTEM, Kind.EVENT, system, "system", self._created)

    def chat(self) -> ChatInfo:
        known = super().chat()
        return replace(known, created_at=self._created, pinned=self._pinned, model=known.model or self._model)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next message: first the versions that were left, then the one that was gone on from."""
        versions = record.get("versions")
        versions = versions if isinstance(versions, list) else [record]
        chosen = count_of(record.get("currentlySelected"), len(versions) - 1)
        if len(versions) > 1 and self.known.last is None:  # branches part at a message
            words = "The first message was written anew."
            self.say(Role.SYSTEM, Kind.EVENT, words, "first", None, content_type=ContentType.TEXT)
        before = self.known.last
        for n in sorted(range(len(versions)), key=lambda n: n == chosen):
            self.known.last = before
            if isinstance(versions[n], dict):
                self._version(versions[n], f"{line}.{n}")
        if self.known.last is None:
            self.known.last = before

    def _version(self, version: Mapping[str, Any], place: str) -> None:
        role = version.get("role")
        if role == "user":
            self._prompt(version, place)
        elif role == "assistant":
            steps = version.get("steps")
            for n, step in enumerate(steps if isinstance(steps, list) else [version], 1):
                if isinstance(step, dict):
                    self._step(step, place, f"{place}:{n}")
        elif text := _text(version.get("content")):
            self.say(Role.SYSTEM, Kind.EVENT, text, place, None)

    def _prompt(self, version: Mapping[str, Any], place: str) -> None:
        text = _text(version.get("content"))
        if text.strip():
            self.known.name(text, "prompt")
            self.say(Role.USER, Kind.TEXT, text, place, None)
        answered = self.known.last
        for n, block in enumerate(_list(version.get("content")), 1):
            if block.get("type") == "file":
                words = _file(block)
                self.say(Role.USER, Kind.ATTACHMENT, words, f"{place}:{n}", None, content_type=ContentType.TEXT)
        if text.strip():
            self.known.last = answered

    def _step(self, step: Mapping[str, Any], reply: str, place: str) -> None:
        kind = text_of(step.get("type", "contentBlock"))
        if kind in _SILENT:
            return
        if kind not in ("contentBlock", "singleStep", "multiStep"):
            words = as_it_is(kind, step)
            self.say(Role.SYSTEM, Kind.EVENT, words, place, None, content_type=ContentType.TEXT)
            return
        about = step.get("genInfo")
        if isinstance(about, dict):
            self.known.model = _model(about) or self.known.model
            stats = about.get("stats")
            if isinstance(stats, dict):
                counts = (count_of(stats.get(name)) for name in ("promptTokensCount", "predictedTokensCount"))
                self.known.owe((*counts, 0))  # type: ignore[arg-type]
        style = step.get("style")
        thinks = isinstance(style, dict) and style.get("type") == "thinking"
        text = _text(step.get("content"))
        if text.strip():
            said = Kind.THINKING if thinks else Kind.TEXT
            self.say(Role.ASSISTANT, said, text, place, None, reply_id=reply)
        for n, block in enumerate(_list(step.get("content")), 1):
            self._block(block, reply, f"{place}:{n}")

    def _block(self, block: Mapping[str, Any], reply: str, place: str) -> None:
        match block.get("type"):
            case "toolCallRequest":
                value = block.get("parameters", block.get("arguments"))
                text, content_type = readable_input(value)
                call_id = _call_id(block, reply) or place
                use = NewToolUse(call_id, text_of(block.get("name"))[:TITLE_LENGTH], target_of(value))
                self.say(
                    Role.ASSISTANT,
                    Kind.TOOL_CALL,
                    text,
                    place,
                    None,
                    content_type=content_type,
                    reply_id=reply,
                    tool=use,
                )
            case "toolCallResult":
                call_id = _call_id(block, reply)
                text, content_type = readable_input(block.get("content"))
                ended = NewToolUse(call_id, status=ToolStatus.COMPLETED) if call_id else None
                self.say(Role.TOOL, Kind.TOOL_RESULT, text, place, None, content_type=content_type, tool=ended)
            case "file":
                words = _file(block)
                self.say(
                    Role.ASSISTANT,
                    Kind.ATTACHMENT,
                    words,
                    place,
                    None,
                    content_type=ContentType.TEXT,
                    reply_id=reply,
                )
            case "text" | None:
                pass
            case kind:
                words = as_it_is(kind, block)
                self.say(Role.SYSTEM, Kind.EVENT, words, place, None, content_type=ContentType.TEXT)


def _call_id(block: Mapping[str, Any], reply: str) -> str:
    """A call's id, which counts from 0 in each reply."""
    for name in ("toolCallRequestId", "toolCallId", "callId", "id"):
        value = block.get(name)
        if (isinstance(value, str) and value) or type(value) is int:
            return f"{reply}/{str(value)[:100]}"
    return ""


def _model(about: object) -> str:
    if not isinstance(about, dict):
        return ""
    named = (text_of(about.get(name)) for name in ("indexedModelIdentifier", "identifier"))
    return next(filter(None, named), "")[:TITLE_LENGTH]


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    texts = (text_of(block.get("text")) for block in _list(content) if block.get("type", "text") == "text")
    return "\n\n".join(filter(None, texts))


def _file(block: Mapping[str, Any]) -> str:
    """A file is named only: LM Studio keeps it elsewhere."""
    name = first_line(text_of(block.get("name")) or text_of(block.get("fileIdentifier")), TITLE_LENGTH)
    kind = first_line(text_of(block.get("fileType")), 50)
    return f"{name}\n[{'image' if kind == 'image' else 'file'}]".lstrip("\n")


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
