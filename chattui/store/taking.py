"""Chats to take along: everything that is known of one, page by page, with the bytes of its attachments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from chattui.domain.kinds import OWN_SOURCE, ChatStatus
from chattui.domain.portable import PortableAttachment, PortableChat, PortableMessage
from chattui.store import columns, values
from chattui.store.database import Database
from chattui.store.tables import ME, blobs, chats, files, messages

PAGE = 250
"""Messages read at a time."""

Attached = tuple[PortableAttachment, bytes]
"""An attachment and the hash of its bytes."""


def every_id(db: Database) -> list[int]:
    """Every chat that holds something or is ours, subagents' too, and is not deleted; in order of their ids."""
    statement = (
        select(chats.c.id)
        .where(
            chats.c.owner == ME,
            chats.c.status != ChatStatus.DELETED.value,
            or_(chats.c.message_count > 0, chats.c.source == OWN_SOURCE),
        )
        .order_by(chats.c.id)
    )
    return db.read(lambda conn: list(conn.execute(statement).scalars()))


def portable(db: Database, chat_id: int) -> PortableChat | None:
    """One chat with what names its relations anywhere; None when there is none of this id."""
    parent, original = chats.alias("parent"), chats.alias("original")
    statement = (
        select(
            *columns.CHAT,
            chats.c.title_is_own,
            parent.c.source_id,
            chats.c.parent_call_id,
            original.c.source_id,
            chats.c.root_id,
        )
        .select_from(
            chats.outerjoin(parent, and_(parent.c.owner == chats.c.owner, parent.c.id == chats.c.parent_id)).outerjoin(
                original, and_(original.c.owner == chats.c.owner, original.c.id == chats.c.forked_from)
            )
        )
        .where(chats.c.owner == ME, chats.c.id == chat_id)
    )
    row = db.read(lambda conn: conn.execute(statement).first())
    if row is None:
        return None
    known = len(columns.CHAT)
    return PortableChat(values.chat(row[:known]), *row[known:])


def messages_of(
    db: Database, chat_id: int, first: int, last: int, *, with_data: bool = False
) -> Iterator[PortableMessage]:
    """Messages ``first`` … ``last`` (inclusive) in order, read in pages.

    The bytes of attachments are read one message at a time, and only ``with_data``.
    """
    for start in range(first, last + 1, PAGE):
        end = min(last, start + PAGE - 1)
        found = db.read(partial(_page, chat_id=chat_id, first=start, last=end))
        attached = db.read(partial(_files, chat_id=chat_id, first=start, last=end))
        for row in found:
            *of_message, source_id, reply_id, parent_id = row
            message = values.message(of_message)
            own = attached.get(message.seq, [])
            if own and with_data:
                own = db.read(partial(_with_data, of=own))
            yield PortableMessage(message, source_id, parent_id, reply_id, tuple(each for each, _ in own))


def attachments_of(db: Database, chat_id: int, seq: int) -> list[PortableAttachment]:
    """The attachments of a message in order, without their bytes."""
    found = db.read(partial(_files, chat_id=chat_id, first=seq, last=seq))
    return [each for each, _ in found.get(seq, ())]


def attachment(db: Database, chat_id: int, seq: int, number: int) -> PortableAttachment | None:
    """The ``number``-th attachment of a message, from 1, with its bytes; None when it is not there."""
    found = db.read(partial(_files, chat_id=chat_id, first=seq, last=seq)).get(seq, [])
    wanted = db.read(partial(_with_data, of=found[number - 1 : number])) if number >= 1 else []
    return wanted[0][0] if wanted else None


def _page(conn: Connection, chat_id: int, first: int, last: int) -> list[Any]:
    answered = messages.alias("answered")
    statement = (
        columns.select_messages()
        .add_columns(
            messages.c.source_id,
            messages.c.reply_id,
            select(answered.c.source_id)
            .where(
                answered.c.owner == messages.c.owner,
                answered.c.chat_id == messages.c.chat_id,
                answered.c.seq == messages.c.parent_seq,
            )
            .scalar_subquery(),
        )
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq.between(first, last))
        .order_by(messages.c.seq)
    )
    return list(conn.execute(statement))


def _files(conn: Connection, chat_id: int, first: int, last: int) -> dict[int, list[Attached]]:
    """Attachments with the hash of their bytes, by the message's seq, in the order in which they came."""
    statement = select(files.c.seq, files.c.path, files.c.mime, files.c.size, files.c.sha256).where(
        files.c.owner == ME, files.c.chat_id == chat_id, files.c.seq.between(first, last)
    )
    found: dict[int, list[tuple[int, PortableAttachment, bytes]]] = {}
    for seq, path, mime, size, sha256 in conn.execute(statement):
        nth, name = _named(path)
        found.setdefault(seq, []).append((nth, PortableAttachment(name, mime, size), bytes(sha256)))
    return {seq: [(each, sha) for _, each, sha in sorted(of, key=lambda f: f[0])] for seq, of in found.items()}


def _named(path: str) -> tuple[int, str]:
    """What the writer has put together as "seq-nth-name"."""
    _seq, _, rest = path.partition("-")
    nth, _, name = rest.partition("-")
    return (int(nth), name) if nth.isdecimal() and name else (0, path)


def _with_data(conn: Connection, of: list[Attached]) -> list[Attached]:
    found: list[Attached] = []
    for about, sha256 in of:
        data = conn.execute(select(blobs.c.data).where(blobs.c.owner == ME, blobs.c.sha256 == sha256)).scalar()
        found.append((PortableAttachment(about.name, about.mime, about.size, bytes(data or b"")), sha256))
    return found
