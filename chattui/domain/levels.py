"""Levels of detail: how much of a chat is shown, and at which level each message begins to be."""

from __future__ import annotations

from enum import IntEnum

from chattui.domain.kinds import FOLDED_KINDS, Kind, Role

UNKNOWN = ord("0")
"""The code of a message of which nothing is known yet: it is shown at every level."""

_RANK, _FOLDED = 7, 64  # the bits of a code that hold its level, and that say that it is one line


class Level(IntEnum):
    """How much is shown: each level has all of the one before."""

    PROMPTS = 1
    CONVERSATION = 2
    TOOLS = 3
    EVERYTHING = 4

    @property
    def label(self) -> str:
        """The level in words."""
        return _LABELS[self]


_LABELS = {
    Level.PROMPTS: "prompts",
    Level.CONVERSATION: "conversation",
    Level.TOOLS: "with tools",
    Level.EVERYTHING: "everything",
}


def level_of(role: Role, kind: Kind, *, error: bool) -> Level:
    """The first level that shows a message.

    What people said while the agent worked, and errors, are events that belong to the conversation.
    """
    if kind is Kind.TEXT and role is not Role.SYSTEM:
        return Level.PROMPTS if role is Role.USER else Level.CONVERSATION
    if kind is Kind.SUMMARY or (kind is Kind.EVENT and (error or role is not Role.SYSTEM)):
        return Level.CONVERSATION
    return Level.TOOLS if kind in (Kind.TOOL_CALL, Kind.TOOL_RESULT) else Level.EVERYTHING


def code_of(role: Role, kind: Kind, *, error: bool) -> str:
    """A message as one character: a digit for its level, the letter of that number when it is folded to a line."""
    level = level_of(role, kind, error=error)
    return chr((96 if kind in FOLDED_KINDS else 48) + level)


def level_in(code: int) -> int:
    """The level in a code; 0 while it is not known."""
    return code & _RANK


def shown_at(level: Level) -> bytes:
    """A table for ``bytes.translate``: codes to 1 where a message is shown, else 0."""
    return bytes(level_in(code) <= level for code in range(256))


def folded_at(level: Level) -> bytes:
    """A table for ``bytes.translate``: codes to 1 where a message is shown, and is one line."""
    return bytes(level_in(code) <= level and code & _FOLDED > 0 for code in range(256))
