"""A search: what was asked, what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chattui.domain.kinds import Kind, Role


class FoundBy(StrEnum):
    """How a hit was found."""

    WORDS = "words"
    MEANING = "meaning"
    BOTH = "both"


class FoundIn(StrEnum):
    """What a hit is in: a message, or what stands beside messages."""

    MESSAGE = "message"
    NOTE = "note"
    TITLE = "title"
    FILE = "file"
    ISSUE = "issue"
    BRANCH = "branch"


BY = {FoundBy.WORDS: "words", FoundBy.MEANING: "≈ meaning", FoundBy.BOTH: "≈ words and meaning"}
"""As it is shown beside a hit: a sign and a word, not a colour alone."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One message that matches. ``ranges`` are (start, end) character offsets of matches within ``snippet``.

    ``found_in`` says what else it is: a note on the message, or the name of a file that is attached to it. ``seq`` is 0 for
    the title of a chat, its issue, its branch, a note on it or its tags, and where the message is gone.
    """

    chat_id: int
    seq: int
    role: Role
    kind: Kind
    created_at: datetime
    snippet: str
    ranges: tuple[tuple[int, int], ...]
    title: str
    source: str
    source_id: str | None
    project: str | None = None
    parent_id: int | None = None
    found_in: FoundIn = FoundIn.MESSAGE
    found_by: FoundBy = FoundBy.WORDS

    @property
    def is_message(self) -> bool:
        """Whether the match is in the message itself."""
        return self.found_in is FoundIn.MESSAGE

    @property
    def is_name(self) -> bool:
        """Whether it is the title of a chat, its issue, its branch or the name of a file, of which only the newest few are
        looked for."""
        return self.found_in not in (FoundIn.MESSAGE, FoundIn.NOTE)


def counted(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that are counted: messages and notes, not names."""
    return [hit for hit in hits if not hit.is_name]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a search goes on: the tier it is in and the last place looked at, newest first."""

    tier: int  # -1 what is beside messages, 0 the words as a phrase, 1 all the words
    created_at: datetime
    chat_id: int
    seq: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of hits. ``more`` continues the search; None when everything has been looked at.

    ``complete`` is False when the time budget ended the page before it was full: there may be older hits. ``problems`` are
    sentences about what is mistaken in the query. ``fused``: hits by meaning are among them, and their order is to stay.
    """

    hits: tuple[Hit, ...]
    about: int
    exact: bool
    more: Cursor | None
    complete: bool
    problems: tuple[str, ...] = ()
    fused: bool = False


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that was given a name."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class HitCount:
    """How many hits a search has; ``at_least``: there may be more."""

    number: int
    at_least: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.at_least else ''}"
