"""What the file of a chat is called: the same each time, safe on every file system, and no two chats alike."""

from __future__ import annotations

import unicodedata
from datetime import UTC

from chattui.domain.chat import Chat

SLUG_BYTES = 80


def file_name(chat: Chat, suffix: str) -> str:
    """``2026-03-01-pool-exhausted-17.md``: the day on which it began (UTC), its title, its id.

    Letters and digits of any script stay, everything else becomes a hyphen: no separators, no dots, nothing hidden.
    """
    return f"{chat.created_at.astimezone(UTC):%Y-%m-%d}-{slug(chat.title)}-{chat.id}{suffix}"


def slug(title: str) -> str:
    """A title as lower-case words with hyphens between them, at most ``SLUG_BYTES`` bytes; ``untitled`` for none."""
    plain = unicodedata.normalize("NFKC", title[:400]).lower()
    kept = "".join(c if c.isalnum() else "-" for c in plain)
    words = "-".join(filter(None, kept.split("-")))
    short = words.encode("utf-8", "ignore")[:SLUG_BYTES].decode("utf-8", "ignore")
    return short.strip("-") or "untitled"
