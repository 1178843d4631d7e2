"""A turn of an agent while it is held: its parts in order, of which the first ones become messages while it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chattui.domain.replies import Reply
from chattui.domain.turns import TURN, Part, Sort
from chattui.replies.events import Event, Odd, Permission, Plan, Text, Thinking, ToolCall
from chattui.sources.content import readable_input, target_of
from chattui.tui.data.live_reply import LiveReply, Wanted

_SORTS: Final[dict[type[Event], Sort]] = {Text: "text", Thinking: "thinking", Plan: "plan", Odd: "odd"}
_SHOWN: Final = 4_000
"""Characters of what a call is given and gives that are shown while it is no message yet."""


class LiveTurn(LiveReply):
    """Parts are counted from the beginning of the turn: ``stored`` of them are messages, and ``shown`` as such."""

    def __init__(self, wanted: Wanted, key: str, model: str) -> None:
        super().__init__(wanted, TURN + key, model)
        self.permissions: dict[str, Permission] = {}
        self._parts: list[Part] = []
        self._pieces: list[str] = []  # of the last part, while it is text
        self._calls: dict[str, tuple[int, float]] = {}  # the part of a call, and when it began
        self._running: set[str] = set()
        self._stored = self._shown = 0
        self._version = self._kept = 0

    def _gather(self, event: Event) -> None:
        self._version += 1
        match event:
            case Text() | Thinking():
                self._grow(_SORTS[type(event)], event.text)
            case Plan() if self._parts and self._parts[-1].sort == "plan" and len(self._parts) > self._stored:
                self._parts[-1] = Part("plan", event.text, "text")
            case Plan() | Odd():
                self._add(Part(_SORTS[type(event)], event.text, "text"))
            case ToolCall():
                self._call(event)
            case Permission():
                self.permissions[event.ask] = event
        self._has_parts = bool(self._parts)

    def _add(self, part: Part) -> None:
        self._join()
        self._parts.append(part)

    def _grow(self, sort: Sort, text: str) -> None:
        if not self._parts or self._parts[-1].sort != sort or len(self._parts) <= self._stored:
            self._add(Part(sort, ""))
        self._pieces.append(text)

    def _join(self) -> None:
        if self._pieces:
            last = self._parts[-1]
            self._parts[-1] = replace(last, content=last.content + "".join(self._pieces))
            self._pieces = []

    def _call(self, event: ToolCall) -> None:
        now = time.monotonic()
        known = self._calls.get(event.call_id)
        part = _tool(event, f"{self.key[-12:]}-{event.call_id}")
        (self._running.discard if part.is_over else self._running.add)(event.call_id)
        if known is None:
            self._calls[event.call_id] = len(self._parts), now
            self._add(part)
            return
        number, began = known
        if part.is_over:
            part = replace(part, duration_ms=round((now - began) * 1000))
        if number >= self._stored:  # what is stored stays as it was
            self._parts[number] = part

    def quiet_for(self) -> float:
        """Seconds since the agent was heard of; none pass while a tool works, or the person is asked."""
        return 0.0 if self._running or self.permissions else super().quiet_for()

    def reply(self) -> Reply:
        """What has come and is not stored."""
        return self._from(self._stored)

    def parts_shown(self) -> Sequence[Part]:
        """What has come and is not shown as messages, shortened for the screen."""
        return [_short(part) for part in self._from(self._shown).parts]

    def _from(self, first: int, to: int | None = None) -> Reply:
        with self._lock:
            self._join()
            of, parts = self.wanted, tuple(self._parts[first:to])
            return Reply(of.chat_id, self.key, of.seq, of.again, self._model, first=first, parts=parts)

    def to_store(self) -> Reply | None:
        """The parts of which nothing more will come, from the first that is not stored; None when there are none."""
        with self._lock:
            end = self._stored
            while end < len(self._parts) - 1 and self._parts[end].is_over:
                end += 1
        return self._from(self._stored, end) if end > self._stored else None

    def stored(self, reply: Reply) -> None:
        """These parts are messages now."""
        with self._lock:
            self._stored = reply.first + len(reply.parts)

    def answered(self, ask: str) -> None:
        """A permission was given or refused."""
        self.permissions.pop(ask, None)

    def showing(self, reply: Reply) -> None:
        """These parts are shown as messages."""
        self._shown = max(self._shown, reply.first + len(reply.parts))

    def to_save(self) -> Reply | None:
        """What is not stored, where that is another than at the last call."""
        version = self._version
        if version == self._kept:
            return None
        self._kept = version
        return self.reply()


def _tool(call: ToolCall, call_id: str) -> Part:
    """The part of a call. Calls are named by their turn too: an agent may count them from one again."""
    value: object = call.arguments
    try:
        value = json.loads(call.arguments) if call.arguments else None
    except (ValueError, RecursionError):
        value = call.arguments
    target = call.target or target_of(value) or call.title
    if isinstance(value, dict) and call.title and call.title != target:
        value = {"title": call.title} | value  # before an edit, which ends with what it puts in
    content, content_type = readable_input(value) if value is not None else (call.title, "text")
    if isinstance(value, str) and call.title:
        content = f"{call.title}\n{content}"
    status = call.status if call.status in ("pending", "running", "completed", "failed", "cancelled") else "running"
    target = " ".join(target[:400].split())[:200]
    return Part("tool", content, str(content_type), call_id, call.name or "tool", target, status, call.output)


def _short(part: Part) -> Part:
    if part.sort != "tool" or len(part.content) + len(part.output) <= _SHOWN:
        return part
    return replace(part, content=part.content[:_SHOWN], output=part.output[-_SHOWN:])
