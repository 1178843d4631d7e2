"""A turn of an agent as a chat keeps it: what was said, thought, called and planned, in order, each a message of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

TURN: Final = "turn-"
"""What the key of a reply begins with that is an agent's turn."""

Sort = Literal["text", "thinking", "tool", "plan", "odd"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a turn. Of a tool, ``content`` is what the call was given, for reading, and ``output`` what it gave."""

    sort: Sort
    content: str
    content_type: str = "markdown"
    call_id: str = ""
    name: str = ""
    target: str = ""
    status: str = "pending"
    output: str = ""
    duration_ms: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it, as far as it says itself."""
        return self.sort != "tool" or self.status in ("completed", "failed", "cancelled")


def parts_of(fields: list[dict[str, Any]]) -> tuple[Part, ...]:
    """The parts that ``as_fields`` made JSON of."""
    return tuple(Part(**one) for one in fields)


def as_fields(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    """The parts as JSON can hold them."""
    return [asdict(part) for part in parts]
