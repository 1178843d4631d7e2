"""Tokens out of counters that only ever grow, and are reported more than once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chattui.sources.content import count_of

Counts = tuple[int, int, int]
"""In (with what the cache held), out, of the tokens in: read from the cache."""

NOTHING: Counts = (0, 0, 0)
_MOST = 1 << 53


def counts_of(usage: object) -> Counts | None:
    """A usage object; None when there is none."""
    if not isinstance(usage, dict):
        return None
    return (
        count_of(usage.get("input_tokens"), _MOST),
        count_of(usage.get("output_tokens"), _MOST),
        count_of(usage.get("cached_input_tokens"), _MOST),
    )


def reported(kind: str, payload: Mapping[str, Any]) -> tuple[Counts | None, Counts | None]:
    """The thread's total and the last reply's usage in a ``token_count`` or a ``token_usage_record``."""
    if kind == "token_usage_record":
        return counts_of(payload.get("thread_token_usage")), counts_of(payload.get("usage"))
    info = payload.get("info")
    if not isinstance(info, dict):
        return None, None
    return counts_of(info.get("total_token_usage")), counts_of(info.get("last_token_usage"))


def increase(before: Counts | None, total: Counts | None, last: Counts | None) -> Counts:
    """What a report adds: the growth of the total; the last usage where no total was known, or the counter began anew."""
    if total is None:
        return last or NOTHING
    if before is None:
        return last if last is not None else total
    grown = (total[0] - before[0], total[1] - before[1], total[2] - before[2])
    return grown if min(grown) >= 0 else last or NOTHING
