"""Parts of an agent's turn as messages to be shown, before they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from chattui.domain.chat import Message, ToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus

if TYPE_CHECKING:
    from chattui.tui.data.live_reply import LiveReply

_KINDS = {"text": Kind.TEXT, "thinking": Kind.THINKING, "plan": Kind.EVENT, "odd": Kind.EVENT, "tool": Kind.TOOL_CALL}


def parts_shown(live: LiveReply, like: Message) -> Iterator[Message]:
    """A message for each part that is shown as none yet, two for a call that gave something. ``like`` has what they share."""
    for part in live.parts_shown():
        said = replace(like, kind=_KINDS[part.sort], content=part.content, content_type=ContentType(part.content_type))
        if part.sort != "tool":
            yield said
            continue
        use = ToolUse(part.call_id, part.name, ToolStatus(part.status), part.target, part.duration_ms)
        yield replace(said, tool=use)
        if part.output:
            result = replace(said, role=Role.TOOL, kind=Kind.TOOL_RESULT, content=part.output, tool=use, model=None)
            yield replace(result, content_type=ContentType.TEXT, error=part.status == "failed")
