"""Chats of every kind of message, written through the store as an import writes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import insert

from chattui.domain.kinds import Kind, Role
from chattui.samples import BASE
from chattui.store import chats
from chattui.store.database import Database
from chattui.store.tables import messages

TURN = (
    (Role.USER, Kind.TEXT, "prompt"),
    (Role.ASSISTANT, Kind.THINKING, "thought"),
    (Role.ASSISTANT, Kind.TOOL_CALL, "call"),
    (Role.TOOL, Kind.TOOL_RESULT, "result"),
    (Role.SYSTEM, Kind.EVENT, "event"),
    (Role.ASSISTANT, Kind.TEXT, "reply"),
)
"""What a turn of a made chat consists of."""


def turns(count: int) -> list[tuple[Role, Kind, str]]:
    """As many turns, each message with its number in its text."""
    return [
        (role, kind, f"{word} {turn * len(TURN) + n} of it")
        for turn in range(count)
        for n, (role, kind, word) in enumerate(TURN, 1)
    ]


def write_chat(
    db: Database, title: str, texts: Iterable[tuple[Role, Kind, str]], *, parents: dict[int, int | None] | None = None
) -> int:
    """A chat of these messages, a second apart; each answers the one before unless ``parents`` say otherwise."""
    chat = chats.create(db, title=title)
    add(db, chat.id, texts, parents=parents)
    return chat.id


def add(
    db: Database,
    chat_id: int,
    texts: Iterable[tuple[Role, Kind, str]],
    *,
    after: int = 0,
    parents: dict[int, int | None] | None = None,
) -> None:
    """More messages, behind the first ``after``."""
    given = parents or {}
    rows = [
        {
            "chat_id": chat_id,
            "seq": seq,
            "role": role.value,
            "kind": kind.value,
            "content": text,
            "content_type": "markdown",
            "parent_seq": given.get(seq, seq - 1 or None),
            "created_at": BASE - timedelta(days=1) + timedelta(seconds=seq),
        }
        for seq, (role, kind, text) in enumerate(texts, after + 1)
    ]
    db.write(lambda conn: conn.execute(insert(messages), rows))
