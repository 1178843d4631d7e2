"""A turn of a conversation, and who takes it: a person, an assistant, or somebody with a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chattui.domain.kinds import Kind, Role

_PEOPLE: Final = frozenset({"user", "human", "you", "me", "prompt", "ich", "nutzer", "benutzer"})
_ASSISTANTS: Final = frozenset(
    {
        "assistant", "ai", "bot", "chatbot", "model", "chatgpt", "gpt", "claude", "gemini", "copilot", "bard", "grok",
        "llama", "mistral", "deepseek", "qwen", "perplexity", "codex", "siri", "alexa", "assistent", "response",
    }
)  # fmt: skip
_HARNESS: Final = frozenset({"system", "developer", "tool", "function"})
_SAID: Final = re.compile(r"\s+(said|wrote|says|writes)$", re.IGNORECASE)
_FIRST: Final = re.compile(r"[^\W\d_]+")
_NOT_NAMES: Final = frozenset(
    {
        "note", "notes", "warning", "tip", "todo", "fixme", "example", "examples", "usage", "hint", "important",
        "caution", "info", "error", "question", "answer", "date", "time", "title", "author", "version", "license",
        "summary", "result", "output", "input", "step", "see", "source", "http", "https", "added", "fixed", "changed",
        "removed", "name", "description", "default", "type", "returns", "from", "to", "subject", "speakers", "duration",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said at one time. ``start`` and ``end`` in seconds from the beginning, where that is known."""

    speaker: str
    text: str
    at: datetime | None = None
    start: float | None = None
    end: float | None = None
    kind: Kind = Kind.TEXT


@dataclass(slots=True)
class Transcript:
    """All turns in order, and what else the file tells."""

    turns: list[Turn] = field(default_factory=list)
    title: str = ""
    begun: datetime | None = None


def role_of(speaker: str) -> Role | None:
    """The role that a name says, ``ChatGPT 4o`` and ``You said`` too; None for a name that says none."""
    name = _SAID.sub("", speaker.strip().lower())
    found = _FIRST.match(name)
    first = found[0] if found else ""
    if name in _PEOPLE:
        return Role.USER
    if first in _ASSISTANTS:
        return Role.ASSISTANT
    return Role.SYSTEM if name in _HARNESS else None


def speakers_among(names: Iterable[str]) -> frozenset[str]:
    """Which of the names in front of lines are speakers; none when there is no conversation between them.

    Where a person and an assistant are named so, those are. Otherwise whoever speaks twice, when there are two of them.
    """
    counts = Counter(names)
    roles = {name: role_of(name) for name in counts}
    if {Role.USER, Role.ASSISTANT} <= set(roles.values()):
        return frozenset(name for name, role in roles.items() if role is not None)
    often = {name for name, count in counts.items() if count > 1 and name.split()[0].lower() not in _NOT_NAMES}
    return frozenset(often) if len(often) > 1 else frozenset()
