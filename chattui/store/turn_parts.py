"""The parts of an agent's turn as rows: a message for each, two for a tool call that gave something, and the call itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, func
from sqlalchemy.dialects.postgresql import insert

from chattui.domain.kinds import OWN_SOURCE, ContentType, Kind, Role, ToolStatus
from chattui.domain.replies import Reply, ReplyEnd
from chattui.domain.turns import Part, as_fields, parts_of
from chattui.store.storable import storable
from chattui.store.tables import tool_calls

_TARGET: Final = 200
_KINDS: Final = {"text": Kind.TEXT, "thinking": Kind.THINKING, "plan": Kind.EVENT, "odd": Kind.EVENT}


def packed(reply: Reply) -> str:
    """The parts that are no messages yet, as the row of a reply keeps them."""
    return json.dumps({"first": reply.first, "parts": as_fields(reply.parts)})


def unpacked(content: str) -> tuple[int, tuple[Part, ...]]:
    """Which part is the first, and the parts; what ``packed`` made."""
    if not content:
        return 0, ()
    fields: dict[str, Any] = json.loads(content)
    return int(fields["first"]), parts_of(fields["parts"])


def rows(reply: Reply, end: ReplyEnd | None, about: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The messages of the parts, as (source id, fields). ``about`` goes with the last text when the turn has ended."""
    made: list[tuple[str, dict[str, Any]]] = []
    for number, part in enumerate(reply.parts, reply.first):
        name = f"{OWN_SOURCE}:{reply.key}-{number}"
        fields: dict[str, Any] = {
            "role": Role.ASSISTANT.value,
            "kind": Kind.TOOL_CALL.value if part.sort == "tool" else _KINDS[part.sort].value,
            "content_type": part.content_type,
            "content": storable(part.content),
        }
        if part.sort == "tool":
            fields["call_id"] = storable(part.call_id)
        made.append((name, fields))
        if part.sort == "tool" and (part.output or part.status == "failed"):
            result = {
                "role": Role.TOOL.value,
                "kind": Kind.TOOL_RESULT.value,
                "content_type": ContentType.TEXT.value,
                "content": storable(part.output),
                "call_id": storable(part.call_id),
                "error": part.status == "failed",
            }
            made.append((f"{name}-result", result))
    last = max((n for n, (_, fields) in enumerate(made) if fields["kind"] == Kind.TEXT.value), default=-1)
    if end is not None and last >= 0:
        made[last][1].update(about)
    return made


def join_calls(conn: Connection, reply: Reply, seqs: Mapping[str, int], *, over: bool) -> None:
    """Write down the calls of the parts, with where they stand. Of a turn that is over, none runs any more."""
    for number, part in enumerate(reply.parts, reply.first):
        name = f"{OWN_SOURCE}:{reply.key}-{number}"
        if part.sort != "tool" or name not in seqs:
            continue
        fields = {
            "name": storable(part.name),
            "target": storable(part.target)[:_TARGET],
            "status": ToolStatus.CANCELLED.value if over and not part.is_over else part.status,
            "call_seq": seqs[name],
            "result_seq": seqs.get(f"{name}-result"),
            "duration_ms": part.duration_ms,
            "error": storable(part.output)[:500] if part.status == "failed" else None,
        }
        statement = insert(tool_calls).values(
            chat_id=reply.chat_id, call_id=storable(part.call_id), created_at=func.clock_timestamp(), **fields
        )
        conn.execute(statement.on_conflict_do_update(index_elements=["owner", "chat_id", "call_id"], set_=fields))
