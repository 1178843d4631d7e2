"""The requests of a VS Code chat, each with its response, as messages (FORMATS §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import (
    as_it_is,
    count_of,
    first_line,
    milliseconds,
    moment_of,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.recording import Known, Recorder

NAME: Final = "vscode-chat"
_SILENT: Final = frozenset({
    "codeblockUri", "command", "confirmation", "elicitation", "elicitationSerialized", "extensions", "hook", "mcpServersStarting",
    "prepareToolInvocation", "progressMessage", "progressTask", "progressTaskSerialized", "pullRequest", "undoStop",
})  # fmt: skip


class VSCodeTranscript(Recorder[Known]):
    """Takes the requests of one session in order. A response is many items, of which running text is put together."""

    source = NAME

    def __init__(self, chat_id: str, session: Mapping[str, Any], project: str) -> None:
        super().__init__(Known(text_of(session.get("sessionId")) or chat_id))
        self._created = moment_of(session.get("creationDate"))
        self.known.name(text_of(session.get("customTitle")), "custom")
        self.known.project = project

    def chat(self) -> ChatInfo:
        return replace(super().chat(), created_at=self._created)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next request."""
        known = self.known
        place = text_of(record.get("requestId")) or str(line)
        at = moment_of(record.get("timestamp")) or (self._created if line == 1 else None)
        message = record.get("message")
        text = text_of(message.get("text")) if isinstance(message, dict) else text_of(message)
        if text.strip():
            known.name(text, "prompt")
            self.say(Role.USER, Kind.TEXT, text, place, at)
        self._attached(record.get("variableData"), place, at)
        known.model = text_of(record.get("modelId")) or known.model
        result = record.get("result")
        result = result if isinstance(result, dict) else {}
        self._count(result, record)
        self._respond(record.get("response"), place, _ended(at, result))
        error = result.get("errorDetails")
        if isinstance(error, dict) and (words := text_of(error.get("message"))):
            self._event(words, f"{place}:error", at, error=True)
        if record.get("isCanceled") is True:
            self._event("Cancelled", f"{place}:cancelled", at)

    def _event(self, words: str, source_id: str, at: datetime | None, *, error: bool = False) -> None:
        if words.strip():
            self.say(Role.SYSTEM, Kind.EVENT, words, source_id, at, content_type=ContentType.TEXT, error=error)

    def _count(self, result: Mapping[str, Any], request: Mapping[str, Any]) -> None:
        metadata = result.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        self.known.model = text_of(metadata.get("resolvedModel")) or self.known.model
        asked = count_of(metadata.get("promptTokens")) or count_of(request.get("promptTokens"))
        told = count_of(metadata.get("outputTokens")) or count_of(request.get("completionTokens"))
        self.known.owe((asked, told, 0))

    def _attached(self, variables: object, place: str, at: datetime | None) -> None:
        """Files and the like that were given along, by name: their content is not kept here."""
        held = variables.get("variables") if isinstance(variables, dict) else None
        for n, one in enumerate(held if isinstance(held, list) else (), 1):
            if isinstance(one, dict) and (name := text_of(one.get("name")) or text_of(one.get("id"))):
                words = f"[{first_line(text_of(one.get('kind')), 40) or 'file'} {first_line(name, 200)}]"
                source_id = f"{place}:attached {n}"
                self.say(Role.USER, Kind.ATTACHMENT, words, source_id, at, content_type=ContentType.TEXT)

    def _respond(self, response: object, place: str, at: datetime | None) -> None:
        text: list[str] = []
        n = 0

        def finish() -> None:
            nonlocal n
            if said := "".join(text).strip():
                n += 1
                self.say(Role.ASSISTANT, Kind.TEXT, said, f"{place}:{n}", at, reply_id=place)
            text.clear()

        for item in response if isinstance(response, list) else ():
            if not isinstance(item, dict):
                continue
            words = _running(item)
            if words is not None:
                text.append(words)
                continue
            kind = item.get("kind")
            if text_of(kind) in _SILENT:
                continue
            finish()
            n += 1
            source_id = f"{place}:{n}"
            if kind == "thinking":
                self._think(item, source_id, place, at)
            elif kind in ("toolInvocationSerialized", "toolInvocation"):
                self._call(item, source_id, place, at)
            elif kind in ("textEditGroup", "notebookEditGroup", "workspaceEdit"):
                self._event(f"Edited {_name_of(item.get('uri')) or 'files'}", source_id, at)
            elif kind in ("warning", "progressTaskResult", "errorDetails"):
                self._event(_words(item.get("content")) or _words(item.get("message")), source_id, at)
            else:
                self._event(as_it_is(kind, item), source_id, at)
        finish()

    def _think(self, item: Mapping[str, Any], source_id: str, place: str, at: datetime | None) -> None:
        value = item.get("value")
        text = "\n".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
        if text.strip():
            self.say(Role.ASSISTANT, Kind.THINKING, text, source_id, at, reply_id=place)

    def _call(self, item: Mapping[str, Any], source_id: str, place: str, at: datetime | None) -> None:
        call_id = text_of(item.get("toolCallId")) or source_id
        specific = item.get("toolSpecificData")
        specific = specific if isinstance(specific, dict) else {}
        value: object = specific.get("rawInput")
        line = specific.get("commandLine")
        command = text_of(line.get("original")) if isinstance(line, dict) else text_of(line or specific.get("command"))
        if command:
            value = {"command": command}
        asked, done = _words(item.get("invocationMessage")), _words(item.get("pastTenseMessage"))
        text, content_type = readable_input(value) if value is not None else (asked or done, ContentType.MARKDOWN)
        target = target_of(value) if value is not None else first_line(asked or done, 200)
        confirmed = item.get("isConfirmed")
        refused = confirmed is False or (isinstance(confirmed, dict) and confirmed.get("type") == 0)
        status = (
            ToolStatus.CANCELLED if refused else ToolStatus.COMPLETED if item.get("isComplete") else ToolStatus.PENDING
        )
        self.say(
            Role.ASSISTANT,
            Kind.TOOL_CALL,
            text,
            source_id,
            at,
            content_type=content_type,
            reply_id=place,
            tool=NewToolUse(call_id, text_of(item.get("toolId")), target, status),
        )
        output = _output(item.get("resultDetails")) or (done if done != asked else "")
        if output:
            self.say(
                Role.TOOL,
                Kind.TOOL_RESULT,
                output,
                f"{source_id}:result",
                at,
                content_type=ContentType.TEXT,
                tool=NewToolUse(call_id, status=ToolStatus.CANCELLED if refused else ToolStatus.COMPLETED),
            )


def _running(item: Mapping[str, Any]) -> str | None:
    """What an item adds to the running text; None when it is none of it."""
    kind = item.get("kind")
    if kind in (None, "markdownContent", "markdownVuln"):
        return _words(item) or _words(item.get("content"))
    if kind == "inlineReference":
        name = text_of(item.get("name")) or _name_of(item.get("inlineReference"))
        return f"`{name}`" if name else ""
    return None


def _words(value: object) -> str:
    """A text, which may stand in an object as Markdown does."""
    return text_of(value.get("value")) if isinstance(value, dict) else text_of(value)


def _name_of(place: object) -> str:
    """The file's name in a URI, which may stand in an object, or in a location that holds one."""
    if isinstance(place, dict):
        inner = place.get("uri")
        place = inner if isinstance(inner, dict) else place
        place = place.get("path") or place.get("fsPath") or place.get("external")
    return text_of(place).rstrip("/").rsplit("/", 1)[-1]


def _output(details: object) -> str:
    """What a tool gave back, where it is kept."""
    if not isinstance(details, dict):
        return ""
    output = details.get("output")
    if isinstance(output, list):
        return "\n".join(text for one in output if isinstance(one, dict) and (text := text_of(one.get("value"))))
    return text_of(output)


def _ended(at: datetime | None, result: Mapping[str, Any]) -> datetime | None:
    """When the response was whole."""
    timings = result.get("timings")
    took = milliseconds(timings.get("totalElapsed"), 1) if isinstance(timings, dict) else None
    return at + timedelta(milliseconds=took) if at and took else at
