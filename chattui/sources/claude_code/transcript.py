"""Claude Code's records as messages: the chain, its threads, and one message for each content block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewAttachment, NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.sources.claude_code import harness, wrappers
from chattui.sources.claude_code.about import About, Family
from chattui.sources.claude_code.chain import Chain, Place
from chattui.sources.claude_code.replies import NO_TOKENS, Replies
from chattui.sources.claude_code.results import result_of
from chattui.sources.content import as_it_is, attachment, moment, readable_input, target_of, text_of
from chattui.sources.unknown import note

QUEUED_PROMPTS: Final = 8
QUEUED_LENGTH: Final = 4_096

QUEUED: Final = {"queued": True}
_SILENT_RECORDS: Final = frozenset({
    "agent-color", "agent-name", "agent-setting", "api-request", "api-request-blob", "api-request-shape", "atis-latch",
    "attribution-snapshot", "bridge-session", "content-replacement", "file-history-snapshot", "fork-context-ref",
    "frame-link", "last-prompt", "marble-origami-commit", "marble-origami-snapshot", "mode", "permission-mode", "relocated",
    "result", "speculation-accept", "started", "tag", "task-summary", "tools-used", "worktree-state",
})  # fmt: skip
"""Records beside the chain that say nothing a person would look for."""
_SAYS_NOTHING: Final = frozenset({"redacted_thinking", "image", "document"})
"""Blocks of a reply that are passed over; what is not known at all is shown as it is."""
"""Metadata of a prompt that was typed while the agent worked."""


class ClaudeTranscript:
    """Takes the records of one file in order. No message is ever kept back."""

    held_line = 0

    def __init__(self, family: Family, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self._chain = Chain(state)
        self._about = About(family, state)
        self._titles = self._about.titles
        self._replies = Replies(state.get("replies"))
        self._queue: list[str] = list(state.get("queue", ()))
        self._threads = not family.agent_id
        self._messages: list[NewMessage] = []
        self._size = 0
        self._handlers: Final = {
            "user": self._user,
            "assistant": self._assistant,
            "system": self._system,
            "attachment": self._attachment,
            "progress": self._nothing,
        }

    def state(self) -> dict[str, Any]:
        known = {**self._chain.state(), **self._about.state()}
        known["replies"] = self._replies.state()
        known["queue"] = list(self._queue)
        return {name: value for name, value in known.items() if value}

    def chat(self) -> ChatInfo:
        return self._about.chat(self._chain.root)

    def size(self) -> tuple[int, int]:
        return len(self._messages), self._size

    def drain(self) -> tuple[tuple[NewMessage, ...], tuple[NewToolUse, ...]]:
        messages, self._messages, self._size = tuple(self._messages), [], 0
        return messages, ()

    def settle(self) -> None:
        """Nothing is ever kept back."""

    def take(self, record: dict[str, Any], line: int, part: int) -> None:
        kind = record.get("type")
        handler = self._handlers.get(kind) if isinstance(kind, str) else None
        if handler is None:
            self._side_record(record, kind, line, part)
            return
        at = self._about.learn(record)
        place = self._chain.place(record, _line_id(line, part), at, threads=self._threads)
        if place is None:
            return
        if self._titles.pending and place.key in self._titles.pending:
            self._titles.met(place.key)
        handler(record, place)
        self._chain.leave(place)

    def _emit(
        self,
        place: Place,
        source_id: str,
        role: Role,
        kind: Kind,
        content: str,
        *,
        content_type: ContentType = ContentType.MARKDOWN,
        reply: str | None = None,
        model: str | None = None,
        tokens: tuple[int | None, int | None, int | None] = NO_TOKENS,
        error: bool = False,
        tool: NewToolUse | None = None,
        attachments: tuple[NewAttachment, ...] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._messages.append(
            NewMessage(
                role,
                kind,
                content,
                source_id,
                place.at,
                content_type,
                place.last or place.parent,
                reply,
                model,
                place.thread,
                tokens[0],
                tokens[1],
                tokens[2],
                error,
                tool,
                attachments,
                metadata,
            )
        )
        self._size += len(content)
        for cut in attachments:
            self._size += len(cut.data)
        place.last = source_id

    def _event(self, place: Place, source_id: str, text: str, role: Role = Role.SYSTEM, *, error: bool = False) -> None:
        self._emit(place, source_id, role, Kind.EVENT, text, content_type=ContentType.TEXT, error=error)

    def _nothing(self, record: Mapping[str, Any], place: Place) -> None:
        """A record of the chain that says nothing."""

    def _user(self, record: Mapping[str, Any], place: Place) -> None:
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if record.get("isCompactSummary") is True:
            if text := _plain(content).strip():
                self._emit(place, place.record_id, Role.SYSTEM, Kind.SUMMARY, text)
            return
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if not isinstance(content, list):
            note("user without content")
            return
        self._said(record, content, place)

    def _said(self, record: Mapping[str, Any], blocks: list[Any], place: Place, *, queued: bool = False) -> None:
        """The blocks of a user record. The texts that are a prompt become one message, at the place of the first."""
        is_meta = record.get("isMeta") is True
        prompt: list[str] = []
        steps: list[tuple[str, str, Any]] = []
        for i, block in enumerate(blocks):
            if not isinstance(block, dict):
                note("block that is no object")
                continue
            source_id = f"{place.record_id}:{i}" if i else place.record_id
            kind = block.get("type")
            if kind != "text":
                queued = queued or kind == "tool_result"
                steps.append((text_of(kind), source_id, block))
                continue
            text = text_of(block.get("text"))
            if not text.strip():
                continue
            if is_meta:
                if not wrappers.is_caveat(text):
                    steps.append(("event", source_id, (Role.SYSTEM, text)))
                continue
            events, rest = wrappers.split(text)
            for n, event in enumerate(events):
                steps.append(("event", f"{source_id}:h{n}" if rest or n else source_id, event))
            if rest:
                if not prompt:
                    steps.append(("prompt", source_id, None))
                prompt.append(rest)
        for step, source_id, what in steps:
            if step == "prompt":
                text = "\n\n".join(prompt)
                self._emit(place, source_id, Role.USER, Kind.TEXT, text, metadata=QUEUED if queued else None)
                if place.thread is None:
                    self._titles.prompted(text)
            elif step == "tool_result":
                self._result(record, what, place, source_id)
            elif step == "event":
                self._event(place, source_id, what[1], what[0])
            elif step in ("image", "document"):
                self._cut_out(what, place, source_id)
            elif step:
                self._event(place, source_id, as_it_is(step, what), Role.USER)

    def _cut_out(self, block: Mapping[str, Any], place: Place, source_id: str) -> None:
        source = block.get("source")
        if not isinstance(source, dict):
            return
        if isinstance(text := source.get("text") or source.get("content"), str):
            self._emit(place, source_id, Role.USER, Kind.ATTACHMENT, text, content_type=ContentType.TEXT)
            return
        words, cut = attachment(source.get("media_type"), source.get("data"), text_of(block.get("title")))
        self._emit(place, source_id, Role.USER, Kind.ATTACHMENT, words, content_type=ContentType.TEXT, attachments=cut)

    def _result(self, record: Mapping[str, Any], block: Mapping[str, Any], place: Place, source_id: str) -> None:
        text, failed, tool, cut, metadata = result_of(record, block)
        self._emit(
            place,
            source_id,
            Role.TOOL,
            Kind.TOOL_RESULT,
            text,
            content_type=ContentType.TEXT,
            error=failed,
            tool=tool,
            attachments=cut,
            metadata=metadata,
        )

    def _assistant(self, record: Mapping[str, Any], place: Place) -> None:
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if not isinstance(message, dict) or not isinstance(content, list):
            note("assistant without content")
            return
        reply, model = text_of(message.get("id")) or None, text_of(message.get("model"))
        if model.startswith("<"):
            model = ""
        elif model:
            self._about.model = model
        is_error = record.get("isApiErrorMessage") is True
        text_kind = Kind.EVENT if is_error else Kind.TEXT
        tokens = None
        for i, block in enumerate(content):
            if not isinstance(block, dict):
                note("block that is no object")
                continue
            kind = block.get("type")
            tool, content_type = None, ContentType.MARKDOWN
            if kind in ("text", "thinking"):
                said, text = (text_kind if kind == "text" else Kind.THINKING), block.get(kind)
                if not isinstance(text, str) or not text.strip():
                    continue
            elif kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
                said = Kind.TOOL_CALL
                arguments = block.get("input")
                text, content_type = readable_input(arguments)
                call_id = text_of(block.get("id")) or f"{place.record_id}:{i}"
                tool = NewToolUse(call_id, text_of(block.get("name")), target_of(arguments))
            elif isinstance(kind, str) and kind.endswith("_tool_result"):
                self._result({}, block, place, f"{place.record_id}:{i}" if i else place.record_id)
                continue
            elif isinstance(kind, str) and kind not in _SAYS_NOTHING:
                said, text, content_type = Kind.EVENT, as_it_is(kind, block), ContentType.TEXT
            else:
                continue
            if tokens is None:
                tokens = self._replies.increase(reply, message.get("usage"))
            self._emit(
                place,
                f"{place.record_id}:{i}" if i else place.record_id,
                Role.ASSISTANT,
                said,
                text,
                content_type=content_type,
                reply=reply,
                model=model or None,
                tokens=tokens,
                error=is_error,
                tool=tool,
            )
            tokens = NO_TOKENS

    def _system(self, record: Mapping[str, Any], place: Place) -> None:
        text, failed = harness.system_words(record)
        if text:
            self._event(place, place.record_id, text, error=failed)

    def _attachment(self, record: Mapping[str, Any], place: Place) -> None:
        attached = record.get("attachment")
        if not isinstance(attached, dict):
            return
        if attached.get("type") != "queued_command":
            if text := harness.attachment_words(attached):
                self._event(place, place.record_id, text, error=text.startswith("Hook"))
            return
        prompt = attached.get("prompt")
        blocks = [{"type": "text", "text": prompt}] if isinstance(prompt, str) else prompt
        if not isinstance(blocks, list):
            return
        if isinstance(prompt, str) and prompt in self._queue:
            self._queue[self._queue.index(prompt)] = ""
        typed = harness.was_typed(attached)
        self._said({} if typed else {"isMeta": True}, blocks, place, queued=True)

    def _side_record(self, record: Mapping[str, Any], kind: object, line: int, part: int) -> None:
        match kind:
            case "summary":
                self._titles.summarised(record, line, self._chain.seen)
            case "custom-title":
                self._titles.custom = harness.title_words(record.get("customTitle"))
            case "ai-title":
                self._titles.ai = harness.title_words(record.get("aiTitle"))
            case "queue-operation":
                self._queued(record, line, part)
            case "pr-link":
                self._about.repository = text_of(record.get("prRepository")) or self._about.repository
            case "cost-state":
                if isinstance(cost := record.get("totalCostUSD"), (int, float)):
                    self._about.cost = cost
            case str() if kind not in _SILENT_RECORDS:
                place = Place(_line_id(line, part), "", self._chain.last, None, moment(record.get("timestamp")))
                self._event(place, place.record_id, as_it_is(kind, record))
                self._chain.leave(place)
            case str():
                pass
            case _:
                note(kind, record)

    def _queued(self, record: Mapping[str, Any], line: int, part: int) -> None:
        """A prompt that was typed while the agent worked.

        When it is taken off the queue without becoming a record of its own, this is the only place that has it.
        """
        operation, text = record.get("operation"), record.get("content")
        if operation == "enqueue":
            if isinstance(text, str) and len(text) <= QUEUED_LENGTH:
                self._queue = [*self._queue, text][-QUEUED_PROMPTS:]
        elif operation in ("dequeue", "popAll"):
            self._queue = self._queue[1:] if operation == "dequeue" else []
        elif operation == "remove" and self._queue:
            queued = self._queue.pop(0)
            if queued and not wrappers.split(queued)[0]:
                place = Place(_line_id(line, part), "", self._chain.last, None, moment(record.get("timestamp")))
                self._emit(place, place.record_id, Role.USER, Kind.EVENT, queued, metadata=QUEUED)
                self._chain.leave(place)


def _line_id(line: int, part: int) -> str:
    return f"L{line}.{part}" if part else f"L{line}"


def _plain(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n\n".join(text_of(block.get("text")) for block in content if isinstance(block, dict))
