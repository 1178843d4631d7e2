"""Chats: recents, one chat, and everything that changes a chat but its messages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Update,
    and_,
    func,
    literal,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert as pg_insert

from chattui.domain.chat import Chat, ChatRow
from chattui.domain.errors import Conflict
from chattui.domain.filter import parse_filter
from chattui.domain.kinds import OWN_SOURCE, ChatStatus
from chattui.domain.marks import DESCRIPTION_CHARS, clean_note, clean_tags
from chattui.store import columns, values
from chattui.store.database import Database
from chattui.store.filtering import conditions
from chattui.store.storable import storable
from chattui.store.tables import ME, archived_chats, chats

TITLE_CHARS = 200


def recents_statement(*, status: ChatStatus = ChatStatus.ACTIVE, limit: int = 100) -> Select[Any]:
    """Top-level chats that hold something (or are ours), pinned first, then the latest message first."""
    return (
        select(*columns.CHAT_ROW)
        .where(
            chats.c.owner == ME,
            chats.c.status == status.value,
            chats.c.parent_id.is_(None),
            or_(chats.c.message_count > 0, chats.c.source == OWN_SOURCE),
        )
        .order_by(chats.c.pinned.desc(), chats.c.last_message_at.desc(), chats.c.id.desc())
        .limit(limit)
    )


def recents(
    db: Database,
    *,
    limit: int = 100,
    after: ChatRow | None = None,
    needle: str = "",
    tags: Iterable[str] = (),
    noted: bool = False,
    bookmarked: bool = False,
    status: ChatStatus = ChatStatus.ACTIVE,
    source: str | None = None,
    slot: str | None = None,
) -> list[ChatRow]:
    """A page of recents, going on behind ``after``.

    ``needle`` is a filter as it is typed: what has its words in title, project, repository, branch, issue, tags or notes,
    whatever the case, and what ``tag:`` and ``has:`` in it say. ``tags`` are whole tags; ``noted`` and ``bookmarked`` keep
    chats that have, or hold a message that has, a note or a bookmark.
    """
    statement = recents_statement(status=status, limit=limit)
    if after is not None:
        key = tuple_(chats.c.pinned, chats.c.last_message_at, chats.c.id)
        statement = statement.where(
            key < tuple_(literal(after.pinned), literal(after.last_message_at), literal(after.id))
        )
    typed = parse_filter(storable(needle))
    wanted = replace(typed, tags=tuple(tags), noted=typed.noted or noted, bookmarked=typed.bookmarked or bookmarked)
    statement = statement.where(*conditions(wanted))
    if source is not None:
        statement = statement.where(chats.c.source == storable(source))
    return db.read(lambda conn: [values.chat_row(r) for r in conn.execute(statement)], slot=slot)


def get(db: Database, chat_id: int) -> Chat | None:
    """One chat, deleted or not; None when there is none of this id."""
    statement = select(*columns.CHAT).where(chats.c.owner == ME, chats.c.id == chat_id)

    def work(conn: Connection) -> Chat | None:
        row = conn.execute(statement).first()
        return None if row is None else values.chat(row)

    return db.read(work)


def find(db: Database, reference: str) -> Chat | None:
    """The chat that a person means by its id, by its source's id, or by the unambiguous beginning of the latter.

    Raises ``Conflict`` when several chats begin so.
    """
    if reference.isdecimal() and len(reference) < 19 and (found := get(db, int(reference))) is not None:
        return found
    reference = storable(reference)
    mine = select(*columns.CHAT).where(chats.c.owner == ME)
    exact = mine.where(chats.c.source_id == reference)
    prefix = mine.where(chats.c.source_id.startswith(reference, autoescape=True), chats.c.parent_id.is_(None)).limit(2)

    def work(conn: Connection) -> list[Any]:
        return list(conn.execute(exact.limit(2))) or (list(conn.execute(prefix)) if len(reference) >= 4 else [])

    found_rows = db.read(work)
    if len(found_rows) > 1:
        raise Conflict(f"Several chats have an id that begins with {reference!r}. Give more of it.")
    return values.chat(found_rows[0]) if found_rows else None


def children(db: Database, chat_id: int) -> list[ChatRow]:
    """The subagents of a chat, oldest first."""
    statement = (
        select(*columns.CHAT_ROW)
        .where(chats.c.owner == ME, chats.c.parent_id == chat_id)
        .order_by(chats.c.created_at, chats.c.id)
    )
    return db.read(lambda conn: [values.chat_row(r) for r in conn.execute(statement)])


def create(
    db: Database, *, title: str = "", project: str | None = None, tags: Iterable[str] = (), key: str | None = None
) -> Chat:
    """A new chat of our own, durable when this returns. ``key`` names it for ever: repeating the call makes no second."""
    chosen, given = key or uuid.uuid4().hex, tuple(tags)
    return db.write(lambda conn: create_in(conn, title=title, project=project, tags=given, key=chosen), idempotent=True)


def create_in(
    conn: Connection, *, title: str = "", project: str | None = None, tags: Iterable[str] = (), key: str
) -> Chat:
    """The same in a transaction that goes on."""
    conn.execute(
        pg_insert(chats)
        .values(
            source=OWN_SOURCE,
            source_id=key,
            title=storable(title)[:TITLE_CHARS],
            title_is_own=bool(title),
            project=None if project is None else storable(project),
            tags=[storable(t) for t in tags],
        )
        .on_conflict_do_nothing()
    )
    made = select(*columns.CHAT).where(chats.c.owner == ME, chats.c.source == OWN_SOURCE, chats.c.source_id == key)
    return values.chat(conn.execute(made).one())


def rename(db: Database, chat_id: int, title: str) -> Chat:
    """Give a chat a title of one's own; a later import keeps it."""
    clean = storable(" ".join(title.split()))[:TITLE_CHARS]
    return change(db, chat_id, update(chats).values(title=clean, title_is_own=True))


def pin(db: Database, chat_id: int, pinned: bool) -> Chat:
    """Put a chat on top of recents, or back among the others."""
    return change(db, chat_id, update(chats).values(pinned=pinned))


def tag(db: Database, chat_id: int, tags: Iterable[str]) -> Chat:
    """Set the tags of a chat: trimmed, without repetition, in the given order. Raises ``ChattuiError`` past the limits."""
    clean = [storable(t) for t in clean_tags(tags)]
    return change(db, chat_id, update(chats).values(tags=clean))


def describe(db: Database, chat_id: int, note: str) -> Chat:
    """Write the note on a chat; an empty one takes it away. Raises ``ChattuiError`` when it is too long."""
    clean = storable(clean_note(note, DESCRIPTION_CHARS))
    return change(db, chat_id, update(chats).values(description=clean or None))


def all_tags(db: Database) -> list[str]:
    """Every tag of chats that are not deleted, the commonest first."""
    each = func.unnest(chats.c.tags).table_valued("tag", name="each").render_derived()
    statement = (
        select(each.c.tag)
        .select_from(chats.join(each, true()))
        .where(chats.c.owner == ME, chats.c.status != ChatStatus.DELETED.value)
        .where(
            or_(chats.c.description.is_not(None), chats.c.tags != text("'{}'"))
        )  # the condition of the index chats_noted
        .group_by(each.c.tag)
        .order_by(func.count().desc(), each.c.tag)
    )
    return db.read(lambda conn: list(conn.execute(statement).scalars()))


def archive(db: Database, chat_id: int, archived: bool = True) -> Chat:
    """Take a chat out of recents but keep it searchable, or bring it back. It is a person's doing from then on, whatever
    upkeep did before."""
    status = ChatStatus.ARCHIVED if archived else ChatStatus.ACTIVE
    by_upkeep = delete_from(archived_chats).where(archived_chats.c.owner == ME, archived_chats.c.chat_id == chat_id)
    statement = update(chats).where(chats.c.status != ChatStatus.DELETED.value).values(status=status.value)
    return change(db, chat_id, statement.add_cte(by_upkeep.cte("by_upkeep")))


def delete(db: Database, chat_id: int) -> Chat:
    """Take a chat out of recents and search; ``restore`` brings it back as it was."""
    return change(
        db,
        chat_id,
        update(chats)
        .where(chats.c.status != ChatStatus.DELETED.value)
        .values(status_before=chats.c.status, status=ChatStatus.DELETED.value, deleted_at=func.now()),
    )


def restore(db: Database, chat_id: int) -> Chat:
    """Undo ``delete``."""
    return change(
        db,
        chat_id,
        update(chats)
        .where(chats.c.status == ChatStatus.DELETED.value)
        .values(
            status=func.coalesce(chats.c.status_before, text("'active'::chattui.chat_status")),
            status_before=None,
            deleted_at=None,
        ),
    )


def touch(db: Database, chat_id: int) -> None:
    """Remember that the chat was looked at now."""
    statement = update(chats).where(chats.c.owner == ME, chats.c.id == chat_id).values(last_accessed_at=func.now())
    db.write(lambda conn: conn.execute(statement), idempotent=True)


def change(db: Database, chat_id: int, statement: Update) -> Chat:
    """Run an UPDATE on one chat; a chat that was not changed because it is so already is returned as it is."""
    changed = (
        statement.where(chats.c.owner == ME, chats.c.id == chat_id)
        .values(updated_at=func.now())
        .returning(*columns.CHAT)
    )
    same = select(*columns.CHAT).where(and_(chats.c.owner == ME, chats.c.id == chat_id))

    def work(conn: Connection) -> Chat:
        row = conn.execute(changed).first() or conn.execute(same).first()
        if row is None:
            raise Conflict(f"There is no chat {chat_id} any more. It may have been deleted elsewhere.")
        return values.chat(row)

    return db.write(work, idempotent=True)
