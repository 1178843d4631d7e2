"""The lines of a Cursor transcript as messages (FORMATS §6). They carry no times, no ids and often no tool results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import as_it_is, readable_input, target_of, text_of
from chattui.sources.recording import Known, Recorder

NAME: Final = "cursor"
_QUERY: Final = re.compile(r"<user_query>\s*(.*?)\s*</user_query>", re.DOTALL)
_CALLS: Final = ("tool_use", "tool_call", "tool-call")
_RESULTS: Final = ("tool_result", "tool-result")
HIDDEN: Final = "[REDACTED]"
"""What stands in place of thoughts that Cursor does not give out."""


@dataclass
class Session(Known):
    """With the calls whose results have not come, as far as they have one."""

    open_calls: tuple[str, ...] = ()


class CursorTranscript(Recorder[Session]):
    """Takes the lines of one transcript in order; messages are known by their line."""

    source = NAME

    def __init__(
        self, chat_id: str, parent_id: str = "", project: str = "", state: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(Session.restored(f"{parent_id}/{chat_id}" if parent_id else chat_id, state))
        self._parent_id = parent_id
        self.known.project = self.known.project or project

    def chat(self) -> ChatInfo:
        return replace(super().chat(), parent_source_id=self._parent_id)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:
        """The next line."""
        message, role = record.get("message"), record.get("role")
        record_id = f"{line}.{part}" if part else str(line)
        if not isinstance(message, dict) or role not in ("user", "assistant"):
            if role is not None:
                words = as_it_is(role, record)
                self.say(Role.SYSTEM, Kind.EVENT, words, record_id, None, content_type=ContentType.TEXT)
            return
        self.known.model = text_of(record.get("model")) or self.known.model
        content = message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        n = 0
        for block in blocks:
            if isinstance(block, dict):
                n += self._block(block, f"{record_id}:{n}" if n else record_id, record_id, prompt=role == "user")

    def _block(self, block: Mapping[str, Any], source_id: str, record_id: str, *, prompt: bool) -> bool:
        """Say one block; False when there is nothing in it."""
        kind = block.get("type")
        text = text_of(block.get("text"))
        if kind == "text":
            if prompt:
                text = asked(text)
            if not text.strip() or text.strip() == HIDDEN:
                return False
            if prompt:
                self.known.name(text, "prompt")
                self.say(Role.USER, Kind.TEXT, text, source_id, None)
            else:
                self.say(Role.ASSISTANT, Kind.TEXT, text, source_id, None, reply_id=record_id)
            return True
        if kind == "thinking":
            if thought := text_of(block.get("thinking")).strip():
                self.say(Role.ASSISTANT, Kind.THINKING, thought, source_id, None, reply_id=record_id)
            return bool(thought)
        if kind in _CALLS:
            self._call(block, source_id, record_id)
        elif kind in _RESULTS:
            self._result(block, source_id)
        else:
            words = as_it_is(kind, block)
            self.say(Role.SYSTEM, Kind.EVENT, words, source_id, None, content_type=ContentType.TEXT)
        return True

    def _call(self, block: Mapping[str, Any], source_id: str, record_id: str) -> None:
        known, value = self.known, block.get("input")
        text, content_type = readable_input(value)
        # most transcripts hold no results: a call that is written down is taken as done
        call_id = text_of(block.get("id")) or source_id
        use = NewToolUse(call_id, text_of(block.get("name")), target_of(value), ToolStatus.COMPLETED)
        known.open_calls = (*known.open_calls, use.call_id)[-32:]
        self.say(
            Role.ASSISTANT,
            Kind.TOOL_CALL,
            text,
            source_id,
            None,
            content_type=content_type,
            reply_id=record_id,
            tool=use,
        )

    def _result(self, block: Mapping[str, Any], source_id: str) -> None:
        """What a tool gave back: of the call that it names, or else of the first one that waits."""
        known = self.known
        content = block.get("content")
        if isinstance(content, list):
            texts = [text_of(inner.get("text")) for inner in content if isinstance(inner, dict)]
            text = "\n".join(part for part in texts if part)
        else:
            text = text_of(content)
        call_id = text_of(block.get("tool_use_id"))
        if known.open_calls and call_id not in known.open_calls:
            call_id = known.open_calls[0]
        known.open_calls = tuple(one for one in known.open_calls if one != call_id)
        failed = block.get("is_error") is True
        status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
        self.say(
            Role.TOOL,
            Kind.TOOL_RESULT,
            text,
            source_id,
            None,
            content_type=ContentType.TEXT,
            error=failed,
            tool=NewToolUse(call_id, status=status) if call_id else None,
        )


def asked(text: str) -> str:
    """A prompt without the context that the editor puts around it."""
    found = _QUERY.findall(text)
    return "\n\n".join(found) if found else text
