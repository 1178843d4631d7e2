"""What a watch tells: how it stands, and what it brought in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chattui.domain.chat import Chat
from chattui.sync.progress import Progress, SyncReport


class State(StrEnum):
    """What a watch is doing."""

    LOOKING = "looking"
    FOLLOWING = "following"
    POLLING = "polling"  # without the system's help: looks now and then
    STANDING_BY = "standing-by"  # another program watches
    WAITING = "waiting"  # for the database


@dataclass(frozen=True, slots=True)
class Stands:
    """How it stands with a watch, with a sentence where there is something to say."""

    state: State
    sentence: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return {"state": self.state.value, "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought in; the ``first`` time of a watch, also when that is nothing. ``chats`` names some of them."""

    report: SyncReport
    chats: tuple[Chat, ...] = ()
    first: bool = False

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        named = [{"chat_id": c.id, "source": c.source, "title": c.title, "project": c.project} for c in self.chats]
        return {"first": self.first, **self.report.as_json(), "chats": named}


Told = Stands | Brought | Progress
