"""Pi's entries as messages, in all three versions of its files (FORMATS §10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import NewAttachment, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.content import (
    ERROR_LENGTH,
    as_it_is,
    attachment,
    count_of,
    first_line,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.recording import Known, Recorder
from chattui.sources.unknown import note
from chattui.sources.windows import Links, key_of

NAME: Final = "pi"
_ENTRIES: Final = 2000
_SILENT: Final = frozenset({"thinking_level_change", "custom", "label", "session"})
_NO_MESSAGE: Final = "-"


@dataclass
class Session(Known):
    """With what leads from an entry to the message that it follows."""

    entry: str = ""  # the last one
    links: dict[str, Any] | None = None


class PiTranscript(Recorder[Session]):
    """Takes the entries of one session in order. Entries name their parents, and so make branches within the file."""

    source = NAME
    remembered = 4096

    def __init__(self, chat_id: str, state: Mapping[str, Any] | None = None) -> None:
        super().__init__(Session.restored(chat_id, state))
        self._links = Links(_ENTRIES, self.known.links)

    def state(self) -> dict[str, Any]:
        self.known.links = self._links.packed()
        return super().state()

    def take(self, record: dict[str, Any], line: int, part: int) -> None:
        """The next entry."""
        known, kind = self.known, record.get("type")
        if kind == "session":
            self._header(record)
            return
        at = known.begin(record.get("timestamp"))
        entry = text_of(record.get("id"))
        if entry:
            self._go_to(record.get("parentId"))
        record_id = entry or (f"{line}.{part}" if part else str(line))
        message = record.get("message")
        match kind:
            case "message" if isinstance(message, dict):
                if message.get("role") in ("user", "assistant"):
                    known.root = known.root or entry
                self._message(message, record_id, at)
            case "model_change":
                known.model = text_of(record.get("modelId")) or known.model
            case "session_info":
                known.name(text_of(record.get("name")), "custom")
            case "compaction" | "branch_summary":
                self.say(Role.SYSTEM, Kind.SUMMARY, text_of(record.get("summary")), record_id, at)
            case "custom_message":
                if record.get("display") is not False and (text := _parts(record.get("content"))[0]):
                    self.say(Role.SYSTEM, Kind.EVENT, text, record_id, at, content_type=ContentType.TEXT)
            case str() if kind not in _SILENT:
                words = as_it_is(kind, record)
                self.say(Role.SYSTEM, Kind.EVENT, words, record_id, at, content_type=ContentType.TEXT)
            case str():
                pass
            case _:
                note(kind, record)
        if entry:
            known.entry = entry
            self._links.set(key_of(entry), known.last or _NO_MESSAGE)

    def _header(self, record: Mapping[str, Any]) -> None:
        known = self.known
        if known.project:
            return
        known.begin(record.get("timestamp"))
        known.chat_id = text_of(record.get("id")) or known.chat_id
        known.project = text_of(record.get("cwd"))
        known.model = text_of(record.get("modelId")) or known.model

    def _go_to(self, parent: object) -> None:
        """What comes follows the entry ``parent``, which on another branch is not the last one."""
        known = self.known
        if parent is None:
            known.last = None
        elif isinstance(parent, str) and parent != known.entry:
            last = self._links.get(key_of(parent))
            known.last = None if last == _NO_MESSAGE else last or known.last

    def _message(self, message: Mapping[str, Any], record_id: str, at: datetime | None) -> None:
        role = message.get("role")
        match role:
            case "user":
                self._prompt(message, record_id, at)
            case "assistant":
                self._answer(message, record_id, at)
            case "toolResult":
                self._result(message, record_id, at)
            case "bashExecution":
                self._typed_command(message, record_id, at)
            case "compactionSummary" | "branchSummary":
                self.say(Role.SYSTEM, Kind.SUMMARY, text_of(message.get("summary")), record_id, at)
            case "system" | "custom":
                pass  # the prompt that Pi wrote, and what extensions keep for themselves
            case _:
                words = as_it_is(role, message)
                self.say(Role.SYSTEM, Kind.EVENT, words, record_id, at, content_type=ContentType.TEXT)

    def _prompt(self, message: Mapping[str, Any], record_id: str, at: datetime | None) -> None:
        text, pictures = _parts(message.get("content"))
        if text.strip():
            self.known.name(text, "prompt")
            self.say(Role.USER, Kind.TEXT, text, record_id, at)
        for n, (words, cut) in enumerate(pictures, 1 if text.strip() else 0):
            self.say(
                Role.USER,
                Kind.ATTACHMENT,
                words,
                f"{record_id}:{n}" if n else record_id,
                at,
                content_type=ContentType.TEXT,
                attachments=cut,
            )

    def _answer(self, message: Mapping[str, Any], record_id: str, at: datetime | None) -> None:
        known = self.known
        known.model = text_of(message.get("model")) or known.model
        usage = message.get("usage")
        if isinstance(usage, dict):
            read = count_of(usage.get("cacheRead"))
            asked = count_of(usage.get("input")) + read + count_of(usage.get("cacheWrite"))
            known.owe((asked, count_of(usage.get("output")), read))
        content = message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        n = 0
        for block in blocks:
            if isinstance(block, dict) and self._block(block, f"{record_id}:{n}" if n else record_id, record_id, at):
                n += 1
        if message.get("stopReason") in ("error", "aborted"):
            words = text_of(message.get("errorMessage")) or "The reply was broken off."
            source_id = f"{record_id}:{n}" if n else record_id
            self.say(Role.SYSTEM, Kind.EVENT, words, source_id, at, content_type=ContentType.TEXT, error=True)

    def _block(self, block: Mapping[str, Any], source_id: str, reply_id: str, at: datetime | None) -> bool:
        """Say one block of an answer; False when there is nothing in it."""
        kind = block.get("type")
        if kind == "text":
            text = text_of(block.get("text"))
            if text.strip():
                self.say(Role.ASSISTANT, Kind.TEXT, text, source_id, at, reply_id=reply_id)
            return bool(text.strip())
        if kind == "thinking":
            text = text_of(block.get("thinking"))
            if text.strip():
                self.say(Role.ASSISTANT, Kind.THINKING, text, source_id, at, reply_id=reply_id)
            return bool(text.strip())
        if kind == "toolCall":
            value = block.get("arguments")
            text, content_type = readable_input(value)
            use = NewToolUse(text_of(block.get("id")) or source_id, text_of(block.get("name")), target_of(value))
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
            return True
        words = as_it_is(kind, block)
        self.say(Role.SYSTEM, Kind.EVENT, words, source_id, at, content_type=ContentType.TEXT)
        return True

    def _result(self, message: Mapping[str, Any], record_id: str, at: datetime | None) -> None:
        text, pictures = _parts(message.get("content"))
        text = "\n".join(part for part in (text, *(words for words, _cut in pictures)) if part)
        failed = message.get("isError") is True
        self.say(
            Role.TOOL,
            Kind.TOOL_RESULT,
            text,
            record_id,
            at,
            content_type=ContentType.TEXT,
            error=failed,
            tool=_end(text_of(message.get("toolCallId")), text_of(message.get("toolName")), text, failed=failed),
            attachments=tuple(picture for _words, cut in pictures for picture in cut),
        )

    def _typed_command(self, message: Mapping[str, Any], record_id: str, at: datetime | None) -> None:
        """A command that the person ran from Pi's prompt."""
        command, output = text_of(message.get("command")), text_of(message.get("output"))
        failed = bool(message.get("exitCode")) or message.get("cancelled") is True
        self.say(
            Role.SYSTEM,
            Kind.EVENT,
            f"$ {command}\n{output}".rstrip(),
            record_id,
            at,
            content_type=ContentType.TEXT,
            error=failed,
        )


def _end(call_id: str, name: str, text: str, *, failed: bool) -> NewToolUse | None:
    if not call_id:
        return None
    status = ToolStatus.FAILED if failed else ToolStatus.COMPLETED
    return NewToolUse(call_id, name, "", status, None, first_line(text, ERROR_LENGTH) or None if failed else None)


def _parts(content: object) -> tuple[str, list[tuple[str, tuple[NewAttachment, ...]]]]:
    """The text of a content, and its pictures: the words in place of each, and its bytes."""
    if isinstance(content, str):
        return content, []
    texts: list[str] = []
    pictures: list[tuple[str, tuple[NewAttachment, ...]]] = []
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        if block.get("type") == "image":
            pictures.append(attachment(block.get("mimeType"), block.get("data")))
        elif isinstance(text := block.get("text"), str):
            texts.append(text)
        else:
            note(block.get("type"), block)
    return "\n\n".join(filter(None, texts)), pictures
