"""Copilot CLI's events as messages (FORMATS §7)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson

from chattui.domain.history import ChatInfo, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import (
    ERROR_LENGTH,
    as_it_is,
    count_of,
    first_line,
    milliseconds,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.recording import Known, Recorder
from chattui.sources.unknown import note
from chattui.sources.windows import Seen, key_of

NAME: Final = "copilot-cli"
_CALLS: Final = 2000
_SILENT: Final = frozenset({
    "assistant.intent", "assistant.turn_end", "assistant.turn_start", "assistant.usage", "hook.end", "hook.start",
    "session.auto_mode_resolved", "session.context_changed", "session.info", "session.shutdown", "session.title_changed",
    "session.truncation", "session.usage_checkpoint", "session.usage_info", "subagent.completed", "subagent.selected",
    "subagent.started", "system.message", "tool.execution_partial_result", "tool.execution_progress",
})  # fmt: skip
_SYNTHETIC: Final = "<skill-context"


@dataclass
class Session(Known):
    """With the calls that were said: an event before its message, or after it, repeats them."""

    calls: str = ""
    reports_usage: bool = False  # by records of their own, so that what messages tell is not counted again


class CopilotTranscript(Recorder[Session]):
    """Takes the events of one session in order. What a subagent said is a thread named by the call that started it."""

    source = NAME
    remembered = 4096

    def __init__(self, chat_id: str, title: str = "", state: Mapping[str, Any] | None = None) -> None:
        super().__init__(Session.restored(chat_id, state))
        self._title = title
        self._calls = Seen(_CALLS, self.known.calls)

    def state(self) -> dict[str, Any]:
        self.known.calls = self._calls.packed()
        return super().state()

    def chat(self) -> ChatInfo:
        chat = super().chat()
        return replace(chat, title=self._title, metadata={"title_from": "custom"}) if self._title else chat

    def take(self, record: dict[str, Any], line: int, part: int) -> None:
        """The next event."""
        known, kind, data = self.known, record.get("type"), record.get("data")
        at = known.begin(record.get("timestamp"))
        if not isinstance(data, dict):
            note(kind, record)
            return
        place = f"{line}.{part}" if part else str(line)
        event = text_of(record.get("id"))
        record_id = event if len(event) == 36 else place
        thread = text_of(data.get("parentToolCallId")) or None
        match kind:
            case "session.start" | "session.resume":
                self._context(data)
            case "session.model_change":
                known.model = text_of(data.get("newModel")) or known.model
            case "session.usage_record":
                self._usage(data.get("usage"))
            case "user.message":
                self._prompt(data, record_id, at, thread)
            case "assistant.message":
                self._answer(data, record_id, at, thread)
            case "assistant.reasoning":
                if (text := text_of(data.get("content"))).strip():
                    self.say(Role.ASSISTANT, Kind.THINKING, text, record_id, at, thread=thread)
            case "tool.execution_start" | "tool.user_requested":
                self._call(data, text_of(data.get("toolName")), record_id, at, thread)
            case "tool.execution_complete":
                self._result(data, record_id, at, thread)
            case "abort" | "session.error" | "session.warning" | "system.notification" | "session.compaction_complete":
                self._said_by_harness(kind, data, record_id, at)
            case str() if kind not in _SILENT:
                words = as_it_is(kind, data)
                self.say(Role.SYSTEM, Kind.EVENT, words, record_id, at, content_type=ContentType.TEXT, thread=thread)
            case _:
                pass

    def _context(self, data: Mapping[str, Any]) -> None:
        known = self.known
        known.chat_id = text_of(data.get("sessionId")) or known.chat_id
        known.version = text_of(data.get("copilotVersion")) or known.version
        known.model = text_of(data.get("selectedModel")) or known.model
        context = data.get("context")
        if isinstance(context, dict):
            known.project = known.project or text_of(context.get("cwd"))
            known.branch = text_of(context.get("branch")) or known.branch
            known.repository = text_of(context.get("repository")) or known.repository

    def _usage(self, usage: object) -> None:
        """Tokens of a reply that is about to come."""
        if isinstance(usage, dict):
            self.known.reports_usage = True
            counts = (usage.get("inputTokens"), usage.get("outputTokens"), usage.get("cacheReadTokens"))
            self.known.owe((count_of(counts[0]), count_of(counts[1]), count_of(counts[2])))

    def _prompt(self, data: Mapping[str, Any], record_id: str, at: datetime | None, thread: str | None) -> None:
        text = text_of(data.get("content"))
        if text_of(data.get("source")).startswith("skill-") or text.lstrip().startswith(_SYNTHETIC):
            if text.strip():
                words = first_line(text, 200)
                self.say(Role.SYSTEM, Kind.EVENT, words, record_id, at, content_type=ContentType.TEXT, thread=thread)
            return
        if text.strip():
            if thread is None:
                self.known.name(text, "prompt")
            self.say(Role.USER, Kind.TEXT, text, record_id, at, thread=thread)
        attached = data.get("attachments")
        for n, one in enumerate(attached if isinstance(attached, list) else (), 1):
            if isinstance(one, dict) and (name := text_of(one.get("path")) or text_of(one.get("displayName"))):
                words = f"[{first_line(text_of(one.get('type')), 40) or 'file'} {first_line(name, 200)}]"
                self.say(
                    Role.USER,
                    Kind.ATTACHMENT,
                    words,
                    f"{record_id}:{n}",
                    at,
                    content_type=ContentType.TEXT,
                    thread=thread,
                )

    def _answer(self, data: Mapping[str, Any], record_id: str, at: datetime | None, thread: str | None) -> None:
        known = self.known
        known.model = text_of(data.get("model")) or known.model
        if not known.reports_usage:
            known.owe((0, count_of(data.get("outputTokens")), 0))
        n = 0
        for kind, text in ((Kind.THINKING, data.get("reasoningText")), (Kind.TEXT, data.get("content"))):
            if isinstance(text, str) and text.strip():
                source_id = f"{record_id}:{n}" if n else record_id
                self.say(Role.ASSISTANT, kind, text, source_id, at, reply_id=record_id, thread=thread)
                n += 1
        requests = data.get("toolRequests")
        for request in requests if isinstance(requests, list) else ():
            if isinstance(request, dict):
                source_id = f"{record_id}:{n}" if n else record_id
                n += self._call(request, text_of(request.get("name")), source_id, at, thread, record_id)

    def _call(
        self,
        data: Mapping[str, Any],
        name: str,
        source_id: str,
        at: datetime | None,
        thread: str | None,
        reply_id: str | None = None,
    ) -> bool:
        """Say a call of a tool; False when it was said already."""
        call_id = text_of(data.get("toolCallId")) or source_id
        key = key_of(call_id)
        if key in self._calls:
            return False
        self._calls.add(key)
        value = data.get("arguments")
        if isinstance(value, str) and value.lstrip().startswith("{"):
            with suppress(orjson.JSONDecodeError):
                value = orjson.loads(value)
        text, content_type = readable_input(value)
        self.say(
            Role.ASSISTANT,
            Kind.TOOL_CALL,
            text,
            source_id,
            at,
            content_type=content_type,
            reply_id=reply_id,
            thread=thread,
            tool=NewToolUse(call_id, name, target_of(value)),
        )
        return True

    def _result(self, data: Mapping[str, Any], record_id: str, at: datetime | None, thread: str | None) -> None:
        result, error = data.get("result"), data.get("error")
        text = text_of(result.get("content")) if isinstance(result, dict) else text_of(result)
        if not text and isinstance(error, dict):
            text = text_of(error.get("message"))
        failed = data.get("success") is False
        call_id = text_of(data.get("toolCallId"))
        status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
        telemetry = data.get("toolTelemetry")
        metrics = telemetry.get("metrics") if isinstance(telemetry, dict) else None
        duration = milliseconds(metrics.get("durationMs"), 1) if isinstance(metrics, dict) else None
        words = first_line(text, ERROR_LENGTH) or None if failed else None
        self.say(
            Role.TOOL,
            Kind.TOOL_RESULT,
            text,
            record_id,
            at,
            content_type=ContentType.TEXT,
            thread=thread,
            error=failed,
            tool=NewToolUse(call_id, "", "", status, duration, words) if call_id else None,
        )

    def _said_by_harness(self, kind: str, data: Mapping[str, Any], record_id: str, at: datetime | None) -> None:
        match kind:
            case "abort":
                words = f"Aborted: {first_line(text_of(data.get('reason')), 200) or 'interrupted'}"
            case "system.notification":
                words = text_of(data.get("content"))
            case "session.compaction_complete":
                summary = text_of(data.get("summaryContent"))
                if summary.strip():
                    self.say(Role.SYSTEM, Kind.SUMMARY, summary, record_id, at)
                    return
                words = "Context compacted"
            case _:
                words = f"{kind.removeprefix('session.').capitalize()}: {text_of(data.get('message'))}"
        if words.strip():
            failed = kind == "session.error"
            self.say(Role.SYSTEM, Kind.EVENT, words, record_id, at, content_type=ContentType.TEXT, error=failed)
