"""Tokens of replies that are spread over several records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chattui.sources.content import count_of

_OPEN_REPLIES: Final = 64

Tokens = tuple[int | None, int | None, int | None]
"""In (with what the cache held), out, of the tokens in: read from the cache. None: nothing to add."""

NO_TOKENS: Final[Tokens] = (None, None, None)


class Replies:
    """Every record of a reply repeats the reply's usage, which can grow: each token is counted once."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._counted: dict[str, tuple[int, int, int, int]] = {
            reply: (counts[0], counts[1], counts[2], counts[3]) for reply, counts in (state or {}).items()
        }

    def state(self) -> dict[str, Any]:
        """Counts of the replies that may still go on, for the chunk's state."""
        return dict(self._counted)

    def increase(self, reply: str | None, usage: object) -> Tokens:
        """What this usage adds to what was counted for the reply: per field, the excess over the most seen."""
        if not isinstance(usage, dict):
            return NO_TOKENS
        fresh = count_of(usage.get("input_tokens"))
        written = count_of(usage.get("cache_creation_input_tokens"))
        read = count_of(usage.get("cache_read_input_tokens"))
        out = count_of(usage.get("output_tokens"))
        if reply is None:
            return fresh + written + read, out, read
        before = self._counted.get(reply)
        if before is None:
            self._counted[reply] = (fresh, written, read, out)
            if len(self._counted) > _OPEN_REPLIES:
                del self._counted[next(iter(self._counted))]
            return fresh + written + read, out, read
        if before == (fresh, written, read, out):
            return NO_TOKENS
        most = (max(before[0], fresh), max(before[1], written), max(before[2], read), max(before[3], out))
        self._counted[reply] = most
        added = tuple(now - then for now, then in zip(most, before, strict=True))
        return sum(added[:3]), added[3], added[2]
