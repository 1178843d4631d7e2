"""The messages of a Crush session (FORMATS §9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chattui.domain.kinds import Role, ToolStatus
from chattui.sources.containers import id_of
from chattui.sources.content import as_it_is, attachment, count_of, data_url, first_line, text_of
from chattui.sources.recording import Known
from chattui.sources.telling import Teller, json_of, time_of

NAME: Final = "crush"
_SUBAGENT: Final = "$$"
_HELPER: Final = "title-"
_UNNAMED: Final = frozenset({"", "New Session", "Untitled Session"})
_REASONS: Final = {"canceled": "Cancelled", "error": "Error", "permission_denied": "Permission denied"}


class CrushTranscript(Teller):
    """Takes rows of ``messages`` in order. A row is one message of the model's, each of its parts one of ours."""

    source = NAME

    def __init__(self, session: Mapping[str, Any], project: str) -> None:
        name = id_of(session.get("id"))
        super().__init__(Known(name))
        known = self.known
        known.project = project
        if (title := text_of(session.get("title"))) not in _UNNAMED:
            known.name(title, "custom")
        self.created = time_of(session.get("created_at"))
        self.parent = id_of(session.get("parent_session_id"))
        if _SUBAGENT in name:  # <message>$$<call> of the parent
            self.parent_call = name.partition(_SUBAGENT)[2]
        elif name.startswith(_HELPER) and not self.parent:
            self.parent = name.removeprefix(_HELPER)
        self._summary = text_of(session.get("summary_message_id"))
        self.spent = (count_of(session.get("prompt_tokens")), count_of(session.get("completion_tokens")), 0)

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next row."""
        message_id = id_of(record.get("id")) or str(line)
        role, at, ended = record.get("role"), time_of(record.get("created_at")), time_of(record.get("finished_at"))
        self.known.model = text_of(record.get("model")) or self.known.model
        is_summary = bool(record.get("is_summary_message")) or (message_id == self._summary and bool(self._summary))
        for nth, one in enumerate(record["parts"], 1):
            data = one.get("data") if isinstance(one, dict) else None
            if not isinstance(data, dict):
                continue
            source_id = f"{message_id}:{nth}" if nth > 1 else message_id
            late = ended if ended and at and ended > at else at
            self._part(one.get("type"), data, source_id, message_id, (at, late), role=role, is_summary=is_summary)

    def _part(
        self,
        kind: object,
        data: Mapping[str, Any],
        source_id: str,
        message_id: str,
        times: tuple[datetime | None, datetime | None],
        *,
        role: object,
        is_summary: bool,
    ) -> None:
        at, ended = times
        text = text_of(data.get("text"))
        match kind:
            case "text" if role == "user":
                self.prompt(text, source_id, at)
            case "text" if is_summary:
                self.summary(text, source_id, at)
            case "text" if role == "system":
                self.event(text, source_id, at)
            case "text":
                self.answer(text, source_id, at, message_id)
            case "reasoning":
                self.thought(text_of(data.get("thinking")), source_id, at, message_id)
            case "tool_call":
                value = json_of(data.get("input"))
                value = data.get("input") if value is None else value
                self.call(text_of(data.get("id")), text_of(data.get("name")), value, source_id, at, message_id)
            case "tool_result":
                status = ToolStatus.FAILED if data.get("is_error") is True else ToolStatus.COMPLETED
                words = text_of(data.get("content"))
                _words, cut = attachment(data.get("mime_type"), data["data"]) if data.get("data") else ("", ())
                self.result(text_of(data.get("tool_call_id")), words, status, source_id, at, None, cut)
            case "shell_command":
                call_id = f"{source_id}:shell"
                self.call(call_id, "shell", {"command": text_of(data.get("command"))}, source_id, at, message_id)
                code = data.get("exit_code")
                status = ToolStatus.FAILED if type(code) is int and code else ToolStatus.COMPLETED
                self.result(call_id, text_of(data.get("output")), status, f"{source_id}:result", at)
            case "image_url":
                self.attached(data_url(data.get("url")), source_id, at, Role.USER if role == "user" else Role.ASSISTANT)
            case "binary":
                cut_out = attachment(
                    data.get("mime_type") or data.get("MIMEType"), data.get("data") or data.get("Data")
                )
                self.attached(cut_out, source_id, at)
            case "finish":
                reason = text_of(data.get("reason"))
                if reason in _REASONS:
                    about = " ".join(text_of(data.get(name)) for name in ("message", "details")).strip()
                    words = f"{_REASONS[reason]}: {about}" if about else _REASONS[reason]
                    self.event(first_line(words, 500), source_id, ended, error=reason == "error")
            case _:
                self.event(as_it_is(kind, data), source_id, at)
