"""The messages of an OpenCode session and their parts, wherever they are kept (FORMATS §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import NewAttachment
from chattui.domain.kinds import Role, ToolStatus
from chattui.sources.content import as_it_is, count_of, data_url, first_line, moment_of, text_of
from chattui.sources.recording import Known
from chattui.sources.telling import Teller

NAME: Final = "opencode"
_UNNAMED: Final = ("New session - ", "Child session - ")
_STATUS: Final = {
    "running": ToolStatus.RUNNING,
    "completed": ToolStatus.COMPLETED,
    "error": ToolStatus.FAILED,
}
_PLACES: Final = frozenset({"id", "messageID", "sessionID"})  # in the tree they are in the records too
_SILENT: Final = frozenset({"step-start", "step-finish", "snapshot", "agent"})


class OpenCodeTranscript(Teller):
    """Takes messages ``{"id", "info", "parts": [(id, part), …]}`` in order.

    What is undone (``revert``) stays where it is, and says so in its metadata.
    """

    source = NAME

    def __init__(self, session_id: str, session: Mapping[str, Any]) -> None:
        super().__init__(Known(session_id))
        known = self.known
        time = _dict(session.get("time"))
        self.created = moment_of(time.get("created"))
        self.archived = moment_of(time.get("archived")) is not None
        self.parent = text_of(session.get("parentID"))
        known.project = text_of(session.get("directory"))
        known.version = text_of(session.get("version"))
        title = text_of(session.get("title"))
        if not title.startswith(_UNNAMED):
            known.name(title, "custom")
        self._undone_from = text_of(_dict(session.get("revert")).get("messageID"))
        self._undone = False

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next message with its parts."""
        message_id, info = text_of(record.get("id")) or str(line), _dict(record.get("info"))
        parts = [(name or f"{message_id}:{n}", one) for n, (name, one) in enumerate(record["parts"], 1)]
        at = moment_of(_dict(info.get("time")).get("created"))
        self._undone = self._undone or (bool(self._undone_from) and message_id == self._undone_from)
        model = text_of(info.get("modelID")) or text_of(_dict(info.get("model")).get("modelID"))
        self.known.model = model or self.known.model
        is_prompt = info.get("role") == "user"
        if not is_prompt:
            self._owe(info, [one for _name, one in parts])
        typed = [(name, text_of(one.get("text"))) for name, one in parts if is_prompt and _is_said(one)]
        if typed:
            text = "\n\n".join(text for _name, text in typed if text.strip())
            self.prompt(text, typed[0][0], at, {"reverted": True} if self._undone else None)
        for name, one in parts:
            if not (is_prompt and _is_said(one)):
                self._part(one, name, message_id, at, info, is_prompt=is_prompt)
        error = _dict(info.get("error"))
        if error:
            words = text_of(_dict(error.get("data")).get("message")) or text_of(error.get("name")) or "error"
            self.event(words, f"{message_id}:error", at, error=True)

    def _owe(self, info: Mapping[str, Any], parts: list[dict[str, Any]]) -> None:
        """Each step's tokens; those of the message, which are its last step's, where no step tells."""
        steps = [_dict(one.get("tokens")) for one in parts if one.get("type") == "step-finish"]
        for tokens in [step for step in steps if step] or [_dict(info.get("tokens"))]:
            cache = _dict(tokens.get("cache"))
            read = count_of(cache.get("read"))
            asked = count_of(tokens.get("input")) + count_of(cache.get("write")) + read
            self.known.owe((asked, count_of(tokens.get("output")) + count_of(tokens.get("reasoning")), read))

    def _part(
        self,
        part: Mapping[str, Any],
        source_id: str,
        message_id: str,
        at: datetime | None,
        info: Mapping[str, Any],
        *,
        is_prompt: bool,
    ) -> None:
        kind = part.get("type")
        at = at if is_prompt else _later(moment_of(_dict(part.get("time")).get("start")), at)
        text = text_of(part.get("text"))
        match kind:
            case "text" if not _is_said(part):
                self.event(text, source_id, at)
            case "text" if info.get("summary") is True:
                self.summary(text, source_id, at)
            case "text":
                self.answer(text, source_id, at, message_id)
            case "reasoning":
                self.thought(text, source_id, at, message_id)
            case "tool":
                self._tool(part, source_id, message_id, at)
            case "file":
                role = Role.USER if is_prompt else Role.ASSISTANT
                self.attached(_file(part), source_id, at, role)
            case "subtask":
                asked = text_of(part.get("prompt")) or text_of(part.get("description"))
                self.event(f"Subtask for {first_line(text_of(part.get('agent')), 80)}: {asked}", source_id, at)
            case "patch":
                files = part.get("files")
                names = [name for name in files if isinstance(name, str)] if isinstance(files, list) else []
                self.event("\n".join(["Files changed:", *names]) if names else "", source_id, at)
            case "compaction":
                self.event("Compaction", source_id, at)
            case "retry":
                words = text_of(_dict(_dict(part.get("error")).get("data")).get("message"))
                self.event(f"Tried again: {words}", source_id, at, error=True)
            case known if isinstance(known, str) and known in _SILENT:
                return
            case _:
                record = {name: value for name, value in part.items() if name not in _PLACES}
                self.event(as_it_is(kind, record), source_id, at)

    def _tool(self, part: Mapping[str, Any], source_id: str, message_id: str, at: datetime | None) -> None:
        state = _dict(part.get("state"))
        time = _dict(state.get("time"))
        call_id = text_of(part.get("callID")) or source_id
        begun, ended = moment_of(time.get("start")), moment_of(time.get("end"))
        self.call(call_id, text_of(part.get("tool")), state.get("input"), source_id, _later(begun, at), message_id)
        status = _STATUS.get(text_of(state.get("status")))
        if status in (None, ToolStatus.RUNNING):
            return
        metadata = _dict(state.get("metadata"))
        if type(metadata.get("exit")) is int and metadata["exit"] != 0:
            status = ToolStatus.FAILED
        text = text_of(state.get("output")) or text_of(state.get("error"))
        cut: tuple[NewAttachment, ...] = ()
        attachments = state.get("attachments")
        for one in attachments if isinstance(attachments, list) else ():
            if isinstance(one, dict):
                words, data = _file(one)
                text, cut = f"{text}\n{words}".lstrip("\n"), cut + data
        duration = int((ended - begun).total_seconds() * 1000) if begun and ended else None
        self.result(
            call_id, text, status or ToolStatus.COMPLETED, f"{source_id}:result", _later(ended, at), duration, cut
        )


def _file(part: Mapping[str, Any]) -> tuple[str, tuple[NewAttachment, ...]]:
    """The words in place of a file, and its bytes, where the record has them."""
    url, name = text_of(part.get("url")), first_line(text_of(part.get("filename")), 200)
    if not url.startswith("data:"):
        return f"[file {name or first_line(url, 200)}]", ()
    words, cut = data_url(url)
    return words, tuple(replace(one, name=name) for one in cut)


def _is_said(part: Mapping[str, Any]) -> bool:
    """Whether a part is text that a person or the model wrote, and not OpenCode in their name."""
    return part.get("type") == "text" and part.get("synthetic") is not True and part.get("ignored") is not True


def _later(part: datetime | None, message: datetime | None) -> datetime | None:
    """A part's time; the message's, where it has none, or has that of the session it was copied from."""
    return part if part and (message is None or part > message) else message


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
