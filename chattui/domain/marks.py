"""Marks: bookmarks and notes on messages, and the limits of what a person writes about chats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chattui.domain.errors import ChattuiError
from chattui.domain.kinds import Kind, Role

NOTE_CHARS = 4_000
DESCRIPTION_CHARS = 5_000
"""Of the note on a whole chat."""
TAG_CHARS = 50
MOST_TAGS = 30


@dataclass(frozen=True, slots=True)
class Mark:
    """A bookmark, a note, or both, on one message. ``seq`` is None when the message is gone.

    ``key`` is the message's own id inside its chat; ``excerpt`` is how the message began when it was marked.
    """

    chat_id: int
    key: str
    seq: int | None
    bookmarked: bool
    note: str
    excerpt: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A bookmark in the list of all chats. ``seq``, ``role``, ``kind`` and ``said_at`` are None when its message is gone."""

    chat_id: int
    key: str
    bookmarked_at: datetime
    note: str
    excerpt: str
    title: str
    source: str
    source_id: str | None
    project: str | None
    seq: int | None
    role: Role | None
    kind: Kind | None
    said_at: datetime | None


def clean_note(text: str, most: int = NOTE_CHARS) -> str:
    """The note without blanks around it. Raises ``ChattuiError`` when it is too long."""
    note = text.strip()
    if len(note) > most:
        raise ChattuiError(f"A note has at most {most:,} characters, and this one has {len(note):,}. Shorten it.")
    return note


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags on one line each, without #, comma or repetition, in the given order. Raises ``ChattuiError`` past the limits."""
    spaced = (" ".join(tag.replace(",", " ").split()).lstrip("#").strip() for tag in tags)
    clean = list({tag.casefold(): tag for tag in reversed(list(spaced)) if tag}.values())[::-1]
    for tag in clean:
        if len(tag) > TAG_CHARS:
            raise ChattuiError(f"A tag has at most {TAG_CHARS} characters; “{tag[:20]}…” has {len(tag)}.")
    if len(clean) > MOST_TAGS:
        raise ChattuiError(f"A chat has at most {MOST_TAGS} tags, and these are {len(clean)}.")
    return tuple(clean)
