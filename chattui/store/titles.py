"""Titles that are suggested: for which chats, and set only where nobody has given another one meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from chattui.domain.chat import Chat
from chattui.domain.kinds import OWN_SOURCE, Kind, Role
from chattui.store import columns, values
from chattui.store.database import Database
from chattui.store.messages import title_from
from chattui.store.storable import storable
from chattui.store.tables import ME, chats, messages


@dataclass(frozen=True, slots=True)
class Untitled:
    """A chat that is named by its first prompt alone: ``title`` is that name, ``reply`` is what the prompt led to."""

    title: str
    prompt: str
    reply: str


def untitled(db: Database, chat_id: int) -> Untitled | None:
    """What a title can be made from; None for a chat of another source, one with a title that its first prompt did not give,
    and one that has gone on from there."""

    def work(conn: Connection) -> Untitled | None:
        chat = conn.execute(
            select(chats.c.title, chats.c.title_is_own, chats.c.source, chats.c.prompt_count).where(
                chats.c.owner == ME, chats.c.id == chat_id
            )
        ).first()
        if chat is None or chat.title_is_own or chat.source != OWN_SOURCE or chat.prompt_count != 1:
            return None
        said = dict[str, str]()
        rows = conn.execute(
            select(messages.c.role, messages.c.content)
            .where(messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.kind == Kind.TEXT.value)
            .order_by(messages.c.seq)
            .limit(10)
        )
        for role, content in rows:
            said.setdefault(role, content)
        prompt, reply = said.get(Role.USER.value, ""), said.get(Role.ASSISTANT.value, "")
        if not reply or title_from(prompt) != chat.title:
            return None
        return Untitled(chat.title, prompt, reply)

    return db.read(work)


def suggest(db: Database, chat_id: int, title: str, before: str) -> Chat | None:
    """Give a chat a title that is not a person's own; None where it is not called ``before`` any more, or by a person."""
    statement = (
        update(chats)
        .where(chats.c.owner == ME, chats.c.id == chat_id, chats.c.title == before, ~chats.c.title_is_own)
        .values(title=storable(title))
        .returning(*columns.CHAT)
    )

    def work(conn: Connection) -> Chat | None:
        row = conn.execute(statement).first()
        return None if row is None else values.chat(row)

    return db.write(work)
