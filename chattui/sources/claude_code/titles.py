"""Which of a session's many titles counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chattui.sources.content import TITLE_LENGTH, first_line
from chattui.sources.windows import Seen, key_of

_PENDING: Final = 64


class Titles:
    """The last custom title, else the last generated one, else the last summary, else the first prompt.

    Summaries at the head of a file mostly describe other sessions: one counts only when the record it names is met,
    before or after it.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.custom: str = state.get("custom", "")
        self.ai: str = state.get("ai", "")
        self.prompt: str = state.get("prompt", "")
        self._summary: tuple[int, str] = tuple(state.get("summary", (0, "")))
        self.pending: dict[str, tuple[int, str]] = {k: (v[0], v[1]) for k, v in state.get("pending", {}).items()}

    def state(self) -> dict[str, Any]:
        """What is known, for the chunk's state."""
        known: dict[str, Any] = {"custom": self.custom, "ai": self.ai, "prompt": self.prompt, "pending": self.pending}
        if self._summary[0]:
            known["summary"] = self._summary
        return {name: value for name, value in known.items() if value}

    def best(self) -> tuple[str, str]:
        """The title, and where it is from: custom, ai, summary or prompt. Both "" when there is none."""
        known = (("custom", self.custom), ("ai", self.ai), ("summary", self._summary[1]), ("prompt", self.prompt))
        return next(((title, origin) for origin, title in known if title), ("", ""))

    def prompted(self, text: str) -> None:
        """A prompt was met; the first one counts."""
        if not self.prompt:
            self.prompt = first_line(text, TITLE_LENGTH)

    def summarised(self, record: Mapping[str, Any], line: int, seen: Seen) -> None:
        """A summary was met."""
        summary, leaf = record.get("summary"), record.get("leafUuid")
        if not isinstance(summary, str) or not isinstance(leaf, str):
            return
        key, title = key_of(leaf), (line, first_line(summary, TITLE_LENGTH))
        if key in seen:
            self._summary = max(self._summary, title)
            return
        self.pending[key] = title
        if len(self.pending) > _PENDING:
            del self.pending[next(iter(self.pending))]

    def met(self, key: str) -> None:
        """A record was met that a pending summary names."""
        self._summary = max(self._summary, self.pending.pop(key))
