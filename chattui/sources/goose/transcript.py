"""The messages of a Goose session (FORMATS §8). No real one was at hand: this follows Goose's own source code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import NewAttachment
from chattui.domain.kinds import Role, ToolStatus
from chattui.sources.content import as_it_is, attachment, count_of, readable_input, text_of
from chattui.sources.recording import Known
from chattui.sources.telling import Teller, json_of, time_of

NAME: Final = "goose"
_UNNAMED: Final = frozenset({"", "New Chat", "New session", "CLI Session"})
_SILENT: Final = frozenset({"redactedThinking"})


class GooseTranscript(Teller):
    """Takes messages ``{"role", "created", "content": [part, …], "metadata"}`` in order.

    They are known by their place: the ids of the database are not in the files that it was filled from.
    """

    source = NAME

    def __init__(self, session_id: str, session: Mapping[str, Any]) -> None:
        super().__init__(Known(session_id))
        known = self.known
        known.project = text_of(session.get("working_dir"))
        for title in (text_of(session.get("name")), text_of(session.get("description"))):
            if title not in _UNNAMED and title != session_id:
                known.name(title, "custom")
                break
        config = json_of(session.get("model_config_json"))
        known.model = text_of(config.get("model_name")) if isinstance(config, dict) else ""
        self.created = time_of(session.get("created_at"))
        self.parent = text_of(session.get("parent_session_id"))
        asked, told = (
            count_of(session.get(f"accumulated_{kind}_tokens")) or count_of(session.get(f"{kind}_tokens"))
            for kind in ("input", "output")
        )
        self.spent = (asked, told, 0)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next message."""
        at = time_of(record.get("created"))
        metadata, content = record.get("metadata"), record.get("content")
        is_hidden = isinstance(metadata, dict) and metadata.get("userVisible") is False
        is_prompt = record.get("role") == "user"
        for nth, one in enumerate(content if isinstance(content, list) else [content], 1):
            source_id = f"{line}:{nth}" if nth > 1 else str(line)
            part_of = {"type": "text", "text": one} if isinstance(one, str) else one
            if isinstance(part_of, dict):
                self._part(part_of, source_id, str(line), at, is_prompt=is_prompt, is_hidden=is_hidden)

    def _part(
        self,
        part: Mapping[str, Any],
        source_id: str,
        reply_id: str,
        at: datetime | None,
        *,
        is_prompt: bool,
        is_hidden: bool,
    ) -> None:
        text = text_of(part.get("text"))
        match part.get("type"):
            case "text" if is_hidden:  # what Goose tells the model
                self.event(text, source_id, at)
            case "text" if is_prompt:
                self.prompt(text, source_id, at)
            case "text":
                self.answer(text, source_id, at, reply_id)
            case "thinking":
                self.thought(text_of(part.get("thinking")), source_id, at, reply_id)
            case "image":
                words = attachment(part.get("mimeType"), part.get("data"))
                self.attached(words, source_id, at, Role.USER if is_prompt else Role.ASSISTANT)
            case "toolRequest" | "frontendToolRequest":
                called = _value(part.get("toolCall"))
                self.call(
                    text_of(part.get("id")),
                    text_of(called.get("name")),
                    called.get("arguments"),
                    source_id,
                    at,
                    reply_id,
                )
            case "toolResponse":
                text, status, cut = _result(part.get("toolResult"))
                self.result(text_of(part.get("id")), text, status, source_id, at, None, cut)
            case "summarizationRequested" | "contextLengthExceeded" | "systemNotification":
                self.event(text_of(part.get("msg")), source_id, at)
            case kind if isinstance(kind, str) and kind in _SILENT:
                return
            case kind:
                self.event(as_it_is(kind, part), source_id, at)


def _value(outcome: object) -> dict[str, Any]:
    """What is in ``{"status": "success", "value": …}``; older records have the value alone."""
    if not isinstance(outcome, dict):
        return {}
    value = outcome.get("value", outcome)
    return value if isinstance(value, dict) else {}


def _result(outcome: object) -> tuple[str, ToolStatus, tuple[NewAttachment, ...]]:
    if not isinstance(outcome, dict):
        return readable_input(outcome)[0], ToolStatus.COMPLETED, ()
    if outcome.get("status") == "error":
        return text_of(outcome.get("error")) or "error", ToolStatus.FAILED, ()
    value = outcome.get("value", outcome)
    failed = isinstance(value, dict) and value.get("isError") is True
    blocks = value.get("content") if isinstance(value, dict) else value
    texts: list[str] = []
    cut: tuple[NewAttachment, ...] = ()
    for block in blocks if isinstance(blocks, list) else [blocks]:
        if isinstance(block, dict) and block.get("type") == "image":
            words, data = attachment(block.get("mimeType"), block.get("data"))
            texts.append(words)
            cut += data
        elif isinstance(block, dict) and isinstance(block.get("text"), str):
            texts.append(block["text"])
        elif block is not None:
            texts.append(readable_input(block)[0])
    return "\n".join(texts), ToolStatus.FAILED if failed else ToolStatus.COMPLETED, cut
