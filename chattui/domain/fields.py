"""The fields of the search language: their names, what they mean, and which values they know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chattui.domain.kinds import Kind, Role


class Scope(StrEnum):
    """What a field is about."""

    CHAT = "chat"
    MESSAGE = "message"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field. ``values`` are all that it knows; None: any text. ``whole``: the value is a whole name, not a part."""

    name: str
    meaning: str
    scope: Scope
    values: tuple[str, ...] | None = None
    whole: bool = False


_CHAT, _MESSAGE, _TIME = Scope.CHAT, Scope.MESSAGE, Scope.TIME

FIELDS: dict[str, FieldInfo] = {
    info.name: info
    for info in (
        FieldInfo("role", "who said it", _MESSAGE, tuple(Role)),
        FieldInfo("kind", "what the message is", _MESSAGE, tuple(Kind)),
        FieldInfo("source", "the system the chat came from", _CHAT, whole=True),
        FieldInfo("project", "a part of the chat's directory or repository", _CHAT),
        FieldInfo("model", "a part of the model's name", _MESSAGE),
        FieldInfo("agent", "a part of the agent's name", _CHAT),
        FieldInfo("branch", "a part of the git branch", _CHAT),
        FieldInfo("tag", "a tag of the chat", _CHAT, whole=True),
        FieldInfo("title", "a part of the chat's title", _CHAT),
        FieldInfo("tool", "the tool that was called", _MESSAGE, whole=True),
        FieldInfo("file", "a part of a file's name: attached, or what a tool was called on", _MESSAGE),
        FieldInfo("chat", "the chat of this number or source id", _CHAT, whole=True),
        FieldInfo("before", "said before this date began", _TIME),
        FieldInfo("after", "said on this date or later", _TIME),
        FieldInfo("on", "said on this day, in this month or year", _TIME),
        FieldInfo("last", "said in the last 7d, 3w, 2m or 1y", _TIME),
        FieldInfo("is", "what the chat is", _CHAT, ("pinned", "archived", "mine", "unread")),
        FieldInfo("has", "what the message has", _MESSAGE, ("code", "tool", "error", "image", "note")),
        FieldInfo("sub", "text anywhere, also inside a word (deep search)", _MESSAGE),
    )
}
"""Every field by name, in the order in which help shows them."""


def nearest(name: str, known: tuple[str, ...] | None = None) -> str | None:
    """The field that was probably meant, or the one of ``known`` values, which may be farther off."""
    from difflib import get_close_matches

    found = (
        get_close_matches(name.lower(), FIELDS, 1, 0.78) if known is None else get_close_matches(name, known, 1, 0.6)
    )
    return found[0] if found else None


def listed(values: tuple[str, ...]) -> str:
    """``a, b or c``."""
    return f"{', '.join(values[:-1])} or {values[-1]}" if len(values) > 1 else "".join(values)
