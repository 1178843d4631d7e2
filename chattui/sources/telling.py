"""What the transcripts of databases say of their records, in the words that all of them share."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from chattui.domain.history import ChatInfo, NewAttachment, NewMessage, NewToolUse, Problem
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.containers import id_of
from chattui.sources.content import ERROR_LENGTH, MOST_TOKENS, first_line, moment, moment_of, readable_input, target_of
from chattui.sources.leniently import decode_leniently
from chattui.sources.recording import NOTHING, Known, Recorder, Tokens
from chattui.sources.unknown import unreadable

_EARLIEST: Final = 631_152_000_000  # 1990, in milliseconds: seconds of today taken for such would be a time in 1970
_LATEST: Final = 4_102_444_800_000  # 2100
_MOST_MILLISECONDS: Final = 1 << 31


class Teller(Recorder[Known]):
    """A chat of a container. Ids that come twice get a number, so that each is its message's alone."""

    def __init__(self, known: Known) -> None:
        super().__init__(known)
        self.created: datetime | None = None
        self.parent = self.parent_call = ""
        self.archived = False
        self.spent: Tokens = NOTHING  # by the chat as a whole, where its messages do not tell theirs
        self._ids: dict[str, int] = {}
        self._is_settled = False

    def drain(self) -> tuple[tuple[NewMessage, ...], tuple[NewToolUse, ...]]:
        """As ever; but what is to be the last thing that the model said waits, if it is to tell what the chat has spent."""
        last = self._last_answer() if self.spent != NOTHING and not self._is_settled else None
        if last is None:
            return super().drain()
        waiting = self._messages[last:]
        del self._messages[last:]
        drained = super().drain()
        for message in waiting:
            self._hold(message)
        return drained

    def settle(self) -> None:
        """Nothing more comes: what the chat has spent is written down with the last thing that the model said."""
        self._is_settled = True
        last = self._last_answer() if self.spent != NOTHING else None
        if last is not None:
            tokens_in, tokens_out, cached = (min(max(0, count), MOST_TOKENS) for count in self.spent)
            self._messages[last] = replace(
                self._messages[last], tokens_in=tokens_in, tokens_out=tokens_out, tokens_cached=cached
            )

    def _last_answer(self) -> int | None:
        for at in range(len(self._messages) - 1, -1, -1):
            if self._messages[at].role is Role.ASSISTANT:
                return at
        return None

    def chat(self) -> ChatInfo:
        return replace(
            super().chat(),
            created_at=self.created,
            parent_source_id=self.parent,
            parent_call_id=self.parent_call,
            archived=self.archived,
        )

    def keep(self, message: NewMessage) -> None:
        source_id = id_of(message.source_id) or "0"
        times = self._ids.get(source_id, 0) + 1
        self._ids[source_id] = times
        if times > 1:
            source_id = f"{source_id}#{times}"
            self._ids[source_id] = self._ids.get(source_id, 0) + 1
        if source_id != message.source_id:
            message = replace(message, source_id=source_id)
            if message.thread is None:
                self.known.last = source_id
        super().keep(message)

    def prompt(self, text: str, source_id: str, at: datetime | None, metadata: dict[str, Any] | None = None) -> None:
        """What a person asked."""
        if text.strip():
            self.known.name(text, "prompt")
            self.say(Role.USER, Kind.TEXT, text, source_id, at, metadata=metadata)

    def answer(self, text: str, source_id: str, at: datetime | None, reply_id: str | None = None) -> None:
        """What the model said."""
        if text.strip():
            self.say(Role.ASSISTANT, Kind.TEXT, text, source_id, at, reply_id=reply_id)

    def thought(self, text: str, source_id: str, at: datetime | None, reply_id: str | None = None) -> None:
        """What it thought."""
        if text.strip():
            self.say(Role.ASSISTANT, Kind.THINKING, text, source_id, at, reply_id=reply_id)

    def summary(self, text: str, source_id: str, at: datetime | None) -> None:
        """What stands for all that was said before."""
        if text.strip():
            self.say(Role.SYSTEM, Kind.SUMMARY, text, source_id, at)

    def event(self, text: str, source_id: str, at: datetime | None, *, error: bool = False) -> None:
        """What happened beside the conversation."""
        if text.strip():
            self.say(Role.SYSTEM, Kind.EVENT, text, source_id, at, content_type=ContentType.TEXT, error=error)

    def attached(
        self,
        words: tuple[str, tuple[NewAttachment, ...]],
        source_id: str,
        at: datetime | None,
        role: Role = Role.USER,
    ) -> None:
        """A picture or file."""
        text, cut = words
        self.say(role, Kind.ATTACHMENT, text, source_id, at, content_type=ContentType.TEXT, attachments=cut)

    def call(
        self, call_id: str, name: str, value: object, source_id: str, at: datetime | None, reply_id: str | None = None
    ) -> None:
        """A tool was called."""
        text, content_type = readable_input(value)
        use = NewToolUse(id_of(call_id) or source_id, name, target_of(value))
        self.say(
            Role.ASSISTANT, Kind.TOOL_CALL, text, source_id, at, content_type=content_type, reply_id=reply_id, tool=use
        )

    def result(
        self,
        call_id: str,
        text: str,
        status: ToolStatus,
        source_id: str,
        at: datetime | None,
        duration_ms: int | None = None,
        attachments: tuple[NewAttachment, ...] = (),
    ) -> None:
        """What it gave back."""
        failed = status is ToolStatus.FAILED
        words = first_line(text, ERROR_LENGTH) or None if failed else None
        if duration_ms is not None and not 0 <= duration_ms < _MOST_MILLISECONDS:
            duration_ms = None
        use = NewToolUse(id_of(call_id), "", "", status, duration_ms, words) if id_of(call_id) else None
        self.say(
            Role.TOOL,
            Kind.TOOL_RESULT,
            text,
            source_id,
            at,
            content_type=ContentType.TEXT,
            error=failed,
            tool=use,
            attachments=attachments,
        )


def time_of(value: object) -> datetime | None:
    """A time as seconds, milliseconds or microseconds since the epoch, told apart by their size, or as ISO text."""
    if isinstance(value, str):
        return moment(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    for factor in (1000.0, 1.0, 0.001):
        if _EARLIEST <= value * factor < _LATEST:
            return moment_of(value * factor)
    return None


def parsed(text: object, place: int, what: str) -> dict[str, Any] | Problem:
    """A JSON object out of a column, or why it is none. ``place``: number of the record in its chat."""
    if not isinstance(text, (str, bytes, bytearray)):
        return unreadable(place, f"{what} is not JSON", text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        found, reason = decode_leniently(raw)
        value = found[0] if len(found) == 1 and not reason else None
    if not isinstance(value, dict):
        return unreadable(place, f"{what} is not a JSON object", text)
    return value


def json_of(text: object) -> Any:
    """Any JSON value out of a column; None for what is none."""
    if not isinstance(text, (str, bytes)) or not text:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    found, reason = decode_leniently(b'{"value": ' + raw + b"}")
    return found[0].get("value") if len(found) == 1 and not reason else None
