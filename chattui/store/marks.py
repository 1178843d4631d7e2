"""Marks: bookmarks and notes on messages. They follow their message through every import of its history."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, delete, func, literal, null, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from chattui.domain.errors import Conflict
from chattui.domain.kinds import ChatStatus, Kind, Role
from chattui.domain.marks import Bookmark, Mark, clean_note
from chattui.store.database import Database
from chattui.store.storable import storable
from chattui.store.tables import ME, chats, marks, messages

EXCERPT_CHARS = 300

_NOW = func.clock_timestamp()
_KEY = func.chattui.mark_key(messages.c.source_id, messages.c.seq)


def _seq() -> Any:
    return func.chattui.seq_of(marks.c.chat_id, marks.c.source_id, marks.c.seq)


def of_chat(db: Database, chat_id: int) -> list[Mark]:
    """The marks of a chat, in the order of its messages; those whose message is gone come last."""
    mine = and_(marks.c.owner == ME, marks.c.chat_id == chat_id)
    placed = select(marks, _seq().label("now_at")).where(mine).subquery()
    statement = select(placed).order_by(placed.c.now_at.nulls_last(), placed.c.created_at)
    found = db.read(lambda conn: list(conn.execute(statement)))
    if any(row.now_at is not None and row.now_at != row.seq for row in found):  # an import has moved them
        correct = update(marks).where(mine, _seq() != marks.c.seq).values(seq=_seq())
        db.write(lambda conn: conn.execute(correct), idempotent=True)
    return [
        Mark(
            row.chat_id,
            row.source_id,
            row.now_at,
            row.bookmarked_at is not None,
            row.note or "",
            row.excerpt,
            row.created_at,
            row.updated_at,
        )
        for row in found
    ]


def bookmark(db: Database, chat_id: int, seq: int, bookmarked: bool = True) -> None:
    """Bookmark a message, or take its bookmark away. Raises ``Conflict`` when there is no such message."""
    _put(db, chat_id, seq, {"bookmarked_at": _NOW if bookmarked else null()}, is_set=bookmarked)


def note(db: Database, chat_id: int, seq: int, content: str) -> None:
    """Write a note on a message; an empty one takes it away.

    Raises ``ChattuiError`` when it is too long and ``Conflict`` when there is no such message.
    """
    clean = storable(clean_note(content))
    _put(db, chat_id, seq, {"note": clean or null()}, is_set=bool(clean))


def forget_bookmark(db: Database, chat_id: int, key: str) -> None:
    """Take a bookmark away whose message may be gone. ``key`` is ``Bookmark.key``."""
    db.write(lambda conn: _clear(conn, chat_id, key, {"bookmarked_at": null()}), idempotent=True)


def _put(db: Database, chat_id: int, seq: int, values: dict[str, Any], *, is_set: bool) -> None:
    """Set one side of a mark; a mark that has neither a bookmark nor a note is removed."""
    said = select(_KEY, func.left(messages.c.content, EXCERPT_CHARS)).where(
        messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq == seq
    )

    def work(conn: Connection) -> None:
        row = conn.execute(said).first()
        if row is None:
            raise Conflict("This message is not there any more. It may have been taken out by an import.")
        key, excerpt = row
        if not is_set:
            _clear(conn, chat_id, key, values)
            return
        fresh = values | {"seq": seq, "excerpt": excerpt}
        conn.execute(
            pg_insert(marks)
            .values(chat_id=chat_id, source_id=key, **fresh)
            .on_conflict_do_update(index_elements=["owner", "chat_id", "source_id"], set_=fresh | {"updated_at": _NOW})
        )

    db.write(work, idempotent=True)


def _clear(conn: Connection, chat_id: int, key: str, values: dict[str, Any]) -> None:
    this = and_(marks.c.owner == ME, marks.c.chat_id == chat_id, marks.c.source_id == key)
    other_side = marks.c.note if "bookmarked_at" in values else marks.c.bookmarked_at
    conn.execute(delete(marks).where(this, other_side.is_(None)))
    conn.execute(update(marks).where(this).values(**values, updated_at=_NOW))


def bookmarks(db: Database, *, needle: str = "", limit: int = 100, after: Bookmark | None = None) -> list[Bookmark]:
    """A page of the bookmarks of all chats that are not deleted, the newest first, going on behind ``after``.

    ``needle`` keeps those that have its words in the beginning of the message, the note, or the chat's title.
    """
    found = (
        select(
            marks.c.chat_id,
            marks.c.source_id.label("key"),
            marks.c.bookmarked_at,
            marks.c.note,
            marks.c.excerpt,
            chats.c.title,
            chats.c.source,
            chats.c.source_id,
            chats.c.project,
            _seq().label("seq"),
        )
        .join(chats, and_(chats.c.owner == marks.c.owner, chats.c.id == marks.c.chat_id))
        .where(marks.c.owner == ME, marks.c.bookmarked_at.is_not(None), chats.c.status != ChatStatus.DELETED.value)
        .order_by(marks.c.bookmarked_at.desc(), marks.c.chat_id.desc(), marks.c.source_id.desc())
        .limit(limit)
    )
    if after is not None:
        key = tuple_(marks.c.bookmarked_at, marks.c.chat_id, marks.c.source_id)
        found = found.where(key < tuple_(literal(after.bookmarked_at), literal(after.chat_id), literal(after.key)))
    for word in storable(needle).split()[:16]:
        whole = func.concat_ws(text("' '"), marks.c.excerpt, marks.c.note, chats.c.title)
        found = found.where(whole.icontains(word, autoescape=True))
    page = found.subquery("page")
    said = and_(messages.c.owner == ME, messages.c.chat_id == page.c.chat_id, messages.c.seq == page.c.seq)
    statement = (
        select(page, messages.c.role, messages.c.kind, messages.c.created_at)
        .select_from(page.outerjoin(messages, said))
        .order_by(page.c.bookmarked_at.desc(), page.c.chat_id.desc(), page.c.key.desc())
    )
    return db.read(lambda conn: [_bookmark(row) for row in conn.execute(statement)])


def _bookmark(row: Any) -> Bookmark:
    (chat_id, key, at, noted, excerpt, title, source, source_id, project, seq, role, kind, said_at) = row
    who, what = (Role(role), Kind(kind)) if role is not None else (None, None)
    return Bookmark(chat_id, key, at, noted or "", excerpt, title, source, source_id, project, seq, who, what, said_at)
