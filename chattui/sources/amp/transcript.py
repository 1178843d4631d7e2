"""The messages of an Amp thread (FORMATS §11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import (
    ERROR_LENGTH,
    as_it_is,
    attachment,
    count_of,
    first_line,
    moment,
    moment_of,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.recording import Known, Recorder
from chattui.sources.uris import directory_of

NAME: Final = "amp"
_STATUS: Final = {
    "done": ToolStatus.COMPLETED,
    "error": ToolStatus.FAILED,
    "cancelled": ToolStatus.CANCELLED,
    "rejected-by-user": ToolStatus.CANCELLED,
}


class AmpTranscript(Recorder[Known]):
    """Takes the messages of one thread in order; they are known by their place."""

    source = NAME

    def __init__(self, chat_id: str, thread: Mapping[str, Any]) -> None:
        super().__init__(Known(text_of(thread.get("id")) or chat_id))
        self._created = moment_of(thread.get("created"))
        self.known.name(text_of(thread.get("title")), "custom")
        self.known.project = _project(thread.get("env"))

    def chat(self) -> ChatInfo:
        return replace(super().chat(), created_at=self._created)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next message."""
        known, role, usage, meta = self.known, record.get("role"), record.get("usage"), record.get("meta")
        at = moment_of(meta.get("sentAt")) if isinstance(meta, dict) else None
        if isinstance(usage, dict):
            at = at or moment(usage.get("timestamp"))
            known.model = text_of(usage.get("model")) or known.model
            read = count_of(usage.get("cacheReadInputTokens"))
            asked = count_of(usage.get("inputTokens")) + count_of(usage.get("cacheCreationInputTokens")) + read
            known.owe((asked, count_of(usage.get("outputTokens")), read))
        if line == 1:
            at = at or self._created
        content = record.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        n = 0
        for block in blocks:
            if isinstance(block, dict):
                source_id = f"{line}:{n}" if n else str(line)
                n += self._block(block, source_id, str(line), at, prompt=role == "user")

    def _block(
        self, block: Mapping[str, Any], source_id: str, reply_id: str, at: datetime | None, *, prompt: bool
    ) -> bool:
        """Say one block; False when there is nothing in it."""
        match block.get("type"):
            case "text":
                text = text_of(block.get("text"))
                if not text.strip():
                    return False
                if prompt:
                    self.known.name(text, "prompt")
                    self.say(Role.USER, Kind.TEXT, text, source_id, at)
                else:
                    self.say(Role.ASSISTANT, Kind.TEXT, text, source_id, at, reply_id=reply_id)
            case "thinking":
                text = text_of(block.get("thinking"))
                if not text.strip():
                    return False
                self.say(Role.ASSISTANT, Kind.THINKING, text, source_id, at, reply_id=reply_id)
            case "redacted_thinking":
                return False
            case "tool_use":
                value = block.get("input")
                text, content_type = readable_input(value)
                call_id = text_of(block.get("id")) or source_id
                use = NewToolUse(call_id, text_of(block.get("name")), target_of(value))
                self.say(
                    Role.ASSISTANT,
                    Kind.TOOL_CALL,
                    text,
                    source_id,
                    at,
                    content_type=content_type,
                    reply_id=reply_id,
                    tool=use,
                )
            case "tool_result":
                self._result(block, source_id, at)
            case "image":
                self._picture(block, source_id, at)
            case kind:
                words = as_it_is(kind, block)
                self.say(Role.SYSTEM, Kind.EVENT, words, source_id, at, content_type=ContentType.TEXT)
        return True

    def _result(self, block: Mapping[str, Any], source_id: str, at: datetime | None) -> None:
        run = block.get("run")
        run = run if isinstance(run, dict) else {}
        status = _STATUS.get(text_of(run.get("status")), ToolStatus.PENDING)
        error = run.get("error")
        result = run.get("result")
        failed = status is ToolStatus.FAILED
        if failed and error is not None:
            result = error.get("message", error) if isinstance(error, dict) else error
        text = readable_input(result)[0]
        call_id = text_of(block.get("toolUseID"))
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

    def _picture(self, block: Mapping[str, Any], source_id: str, at: datetime | None) -> None:
        kept = block.get("source")
        kept = kept if isinstance(kept, dict) else {}
        words, cut = attachment(kept.get("mediaType") or kept.get("media_type"), kept.get("data"))
        self.say(Role.USER, Kind.ATTACHMENT, words, source_id, at, content_type=ContentType.TEXT, attachments=cut)


def _project(env: object) -> str:
    """The first directory that the thread was begun in."""
    initial = env.get("initial") if isinstance(env, dict) else None
    trees = initial.get("trees") if isinstance(initial, dict) else None
    first = trees[0] if isinstance(trees, list) and trees else None
    return directory_of(text_of(first.get("uri"))) if isinstance(first, dict) else ""
