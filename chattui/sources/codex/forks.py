"""Which records of a rollout are copies of the parent's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_UUID7: Final = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def born(record_id: object) -> int | None:
    """The time in an UUID of version 7, in milliseconds since the epoch; None for any other id."""
    found = _UUID7.fullmatch(record_id) if isinstance(record_id, str) else None
    return int(found[1] + found[2], 16) if found else None


def turn_of(payload: Mapping[str, Any]) -> object:
    """The turn that a record belongs to; None when it does not say."""
    if "turn_id" in payload:
        return payload["turn_id"]
    passed = payload.get("internal_chat_message_metadata_passthrough")
    return passed.get("turn_id") if isinstance(passed, dict) else None


def is_older(turn: object, thread: str) -> bool | None:
    """True when the turn began before the thread was made, and so was copied; None when the ids do not tell."""
    began, made = born(turn), born(thread)
    return None if began is None or made is None else began < made
