"""What an agent tells of its turn, as events: chunks of text, tool calls with what they change, plans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from acp import schema
from pydantic import ValidationError

from chattui.replies.events import Event, Odd, Plan, Text, Thinking, ToolCall, Usage, Warned

MOST_CHARS: Final = 1_000_000
"""Characters that an agent says and thinks in a turn."""

MOST_OF_CALL: Final = 200_000
"""Characters of what a call is given, and of what it gives."""

MOST_TOLD: Final = 100_000_000
"""Characters of a whole turn, with everything that was replaced."""

MOST_ITEMS: Final = 5_000
"""Tool calls and plans of a turn."""

MOST_ODD: Final = 20
_SHOWN: Final = 4_000
_STATUS: Final = {"in_progress": "running"}
_MARKS: Final = {"completed": "[x]", "in_progress": "[>]", "pending": "[ ]"}


class TooMuch(Exception):
    """The turn is longer than is kept."""


class Updates:
    """The updates of one turn. Tool calls are told when they begin, and what is new of them at ``flush``.

    ``tell`` takes events; once the turn is too long nothing more is told, and ``on_too_much`` is called, once.
    """

    def __init__(self, tell: Callable[[Event], None], on_too_much: Callable[[], None]) -> None:
        self._tell = tell
        self._on_too_much = on_too_much
        self._calls: dict[str, ToolCall] = {}
        self._changed: set[str] = set()
        self._said = self._told = self._items = self._odd = 0
        self._is_full = False

    def take(self, params: object) -> None:
        """An update as it came; one that is not understood is told as it is."""
        if self._is_full:
            return
        try:
            self._take(params)
        except TooMuch:
            self._is_full = True
            self._on_too_much()

    def _take(self, params: object) -> None:
        raw = params.get("update") if isinstance(params, dict) else None
        try:
            update = schema.SessionNotification.model_validate(params).update
        except (ValidationError, RecursionError):
            self.odd(_json(raw if raw is not None else params))
            return
        match update:
            case schema.AgentMessageChunk():
                self._say(Text, _text_of(update.content))
            case schema.AgentThoughtChunk():
                self._say(Thinking, _text_of(update.content))
            case schema.ToolCallStart() | schema.ToolCallProgress():
                self.call(update)
            case schema.AgentPlanUpdate():
                self._count(Plan(_plan(update.entries)))
            case schema.UsageUpdate():
                cost = update.cost
                if cost is not None and cost.currency.upper() == "USD":
                    self._tell(Usage(cost=cost.amount))

    def odd(self, text: str) -> None:
        """Something that is not understood."""
        self._odd += 1
        if self._odd <= MOST_ODD:
            self._tell(Odd(text[:_SHOWN]))

    def call(self, update: schema.ToolCall | schema.ToolCallUpdate) -> ToolCall:
        """What is known of a call, with this."""
        known = self._calls.get(update.tool_call_id)
        call = _merged(known or ToolCall(update.tool_call_id), update)
        self._calls[call.call_id] = call
        if known is None:
            self._count(call)
        else:
            self._told += len(_json(update.raw_input)) if update.raw_input is not None else 1_000
            self._changed.add(call.call_id)
        return call

    def flush(self) -> None:
        """Tell what has changed of the calls."""
        for call_id in sorted(self._changed):
            call = self._calls[call_id]
            self._told += len(call.arguments) + len(call.output)
            self._tell(call)
        self._changed.clear()
        if self._told > MOST_TOLD and not self._is_full:
            self._is_full = True
            self._on_too_much()

    def end(self) -> None:
        """The turn is over: tell what is left, and how much was not understood."""
        self.flush()
        if self._odd:
            self._tell(
                Warned(f"{self._odd:,} of the agent's lines were not understood. They stand in the chat as they are.")
            )

    def _say(self, kind: type[Text] | type[Thinking], text: str) -> None:
        room = MOST_CHARS - self._said
        self._said += len(text)
        if text:
            self._tell(kind(text[:room]))
        if len(text) > room:
            raise TooMuch

    def _count(self, event: Event) -> None:
        self._items += 1
        if self._items > MOST_ITEMS:
            raise TooMuch
        self._tell(event)


def _merged(call: ToolCall, update: schema.ToolCall | schema.ToolCallUpdate) -> ToolCall:
    """What is known of a call, with an update; what that does not say stays."""
    changes: dict[str, str] = {}
    if update.kind:
        changes["name"] = update.kind
    if update.title:
        changes["title"] = update.title
    if update.status:
        changes["status"] = _STATUS.get(update.status, update.status)
    if update.locations:
        changes["target"] = update.locations[0].path
    if update.raw_input is not None:
        changes["arguments"] = _json(update.raw_input)[:MOST_OF_CALL]
    if update.raw_output is not None:
        changes["output"] = _plain(update.raw_output)
    if update.content:
        diffs = [item for item in update.content if isinstance(item, schema.FileEditToolCallContent)]
        said = "\n".join(_text_of(i.content) for i in update.content if isinstance(i, schema.ContentToolCallContent))
        if diffs:
            edits = [{"file_path": d.path, "old_string": d.old_text or "", "new_string": d.new_text} for d in diffs]
            changes["arguments"] = _json(edits[0] if len(edits) == 1 else edits)[:MOST_OF_CALL]
            changes.setdefault("target", call.target or diffs[0].path)
        if said:
            changes["output"] = said
    if "output" in changes:
        changes["output"] = changes["output"][:MOST_OF_CALL]
    return replace(call, **changes)


def _text_of(block: Any) -> str:
    match block:
        case schema.TextContentBlock():
            return block.text
        case schema.ResourceContentBlock():
            return f"[{block.name}]({block.uri})"
        case schema.EmbeddedResourceContentBlock():
            text = getattr(block.resource, "text", None)
            return text if isinstance(text, str) else f"[{block.resource.uri}]"
        case schema.ImageContentBlock() | schema.AudioContentBlock():
            return f"[{block.mime_type}, {len(block.data) * 3 // 4:,} bytes]"
        case _:
            return ""


def _plan(entries: Iterable[schema.PlanEntry]) -> str:
    lines = [f"{_MARKS.get(entry.status, '[ ]')} {entry.content}" for entry in entries]
    done = sum(line.startswith("[x]") for line in lines)
    return "\n".join([f"Plan: {done} of {len(lines)} done", *lines])[:MOST_OF_CALL]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return "[nested too deeply]"
