"""Replies of models as a chat keeps them: what is asked, what came, how it ended, and what a chat sets for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from chattui.domain.chat import Message
from chattui.domain.turns import TURN, Part, parts_of

Why = Literal["stop", "length", "cut", "stopped", "failed", "interrupted"]
"""Why a reply ended: it is whole, the model's limit was reached, it was too long, the person stopped it, it failed, or
whoever wrote it down was gone."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a message: bytes of a MIME type."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said by one side of a conversation."""

    role: Literal["user", "assistant"]
    text: str
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that is being written, or was. ``parent_seq`` is the prompt that it answers, or what it goes on with;
    ``again`` makes it another answer beside those there are. ``key`` names it for ever. A turn of an agent has ``parts`` in
    the place of thinking and content, those from number ``first`` on; what comes before them is stored."""

    chat_id: int
    key: str
    parent_seq: int
    again: bool = False
    model: str = ""
    thinking: str = ""
    content: str = ""
    first: int = 0
    parts: tuple[Part, ...] = ()

    @property
    def is_turn(self) -> bool:
        """Whether it is a turn of an agent."""
        return self.key.startswith(TURN)

    @staticmethod
    def from_json(fields: dict[str, Any]) -> Reply:
        """What ``asdict`` made of one, after its way through JSON."""
        return Reply(**{**fields, "parts": parts_of(fields.get("parts", []))})


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """How a reply ended. ``latency_ms`` passed until the first of it came, ``seconds`` until the end; ``cost`` is in US
    dollars; None is "not known". ``sentence`` says what failed."""

    why: Why = "stop"
    sentence: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost: float | None = None
    latency_ms: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session of an agent that it can take up again: by its id, up to message ``seq`` of the chat."""

    agent: str
    id: str
    seq: int


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """What a chat sets for its replies; empty where it sets nothing."""

    model: str = ""
    system: str = ""
    options: dict[str, Any] = field(default_factory=dict)


_WORDS: dict[str, str] = {
    "length": "cut at the model's limit",
    "cut": "cut, too long",
    "stopped": "stopped",
    "failed": "broken off",
    "interrupted": "interrupted",
}


def cut_short(message: Message) -> str:
    """Why a reply is not whole, in a few words; empty for one that is, and for every other message."""
    about = (message.metadata or {}).get("reply")
    return _WORDS.get(str(about.get("why")), "") if isinstance(about, dict) else ""
