"""Messages of one chat: pages by seq around any place, sizes by block, and appending one that is durable."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final, LiteralString

from sqlalchemy import Connection, Integer, Select, case, func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as pg_insert

from chattui.domain.attached import size_words
from chattui.domain.chat import SIZE_BLOCK, BlockSize, Chat, Message
from chattui.domain.errors import Conflict
from chattui.domain.kinds import FOLDED_KINDS, OWN_SOURCE, ChatStatus, ContentType, Kind, Role
from chattui.domain.replies import File
from chattui.store import columns, values
from chattui.store.database import Database, together
from chattui.store.startup import CHAT_SQL
from chattui.store.storable import storable
from chattui.store.tables import ME, blobs, chats, messages
from chattui.store.tables import files as stored_files

_FOLDED = tuple(sorted(k.value for k in FOLDED_KINDS))
_SEEN_BACK: Final = 200
_GONE = "There is no chat {} any more, so nothing was added to it."
_DELETED = "This chat has been deleted, so nothing was added to it."


def page_statement(chat_id: int, first: int, last: int) -> Select[Any]:
    """Messages ``first`` … ``last`` of a chat, in order."""
    return (
        columns.select_messages()
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq.between(first, last))
        .order_by(messages.c.seq)
    )


def page(db: Database, chat_id: int, first: int, last: int, *, slot: str | None = None) -> list[Message]:
    """Messages ``first`` … ``last`` (inclusive) of a chat, in order; fewer when there are fewer."""
    statement = page_statement(chat_id, first, last)
    return db.read(lambda conn: [values.message(r) for r in conn.execute(statement)], slot=slot)


def these(db: Database, chat_id: int, seqs: Sequence[int]) -> list[Message]:
    """The messages with these numbers, in order; those that there are."""
    statement = (
        columns.select_messages()
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq.in_(seqs))
        .order_by(messages.c.seq)
    )
    return db.read(lambda conn: [values.message(r) for r in conn.execute(statement)])


def around(db: Database, chat_id: int, seq: int, *, before: int = 40, after: int = 40) -> list[Message]:
    """The messages around ``seq``, in order."""
    return page(db, chat_id, max(1, seq - before), seq + after)


def sizes(db: Database, chat_id: int) -> list[BlockSize]:
    """Sizes of each block of ``SIZE_BLOCK`` messages, answered from the index alone."""
    block = func.div(messages.c.seq - 1, literal(SIZE_BLOCK)).cast(Integer)
    folded = messages.c.kind.in_(_FOLDED)
    statement = (
        select(
            func.count(),
            func.count().filter(folded),
            func.coalesce(func.sum(case((folded, 0), else_=messages.c.chars)), 0),
            func.coalesce(func.sum(case((folded, 0), else_=messages.c.lines)), 0),
        )
        .where(messages.c.owner == ME, messages.c.chat_id == chat_id)
        .group_by(block)
        .order_by(block)
    )
    return db.read(lambda conn: [BlockSize(*map(int, r)) for r in conn.execute(statement)])


def append(
    db: Database,
    chat_id: int,
    content: str,
    *,
    key: str,
    role: Role = Role.USER,
    kind: Kind = Kind.TEXT,
    content_type: ContentType = ContentType.MARKDOWN,
    parent: int | None = None,
    files: Sequence[File] = (),
) -> Message:
    """Add a message at the end of a chat, its files before it; durable when this returns.

    ``key`` is chosen by the caller and names this message for ever: repeating the call with it, after a lost
    connection, adds nothing. ``parent`` is the message that it answers: without it the last one, 0 for another beginning.
    The first message names a chat of ours that has no title. Raises ``Conflict`` when the chat is gone or deleted.
    """
    more: dict[str, Any] = {"role": role, "kind": kind, "content_type": content_type, "parent": parent, "files": files}
    return db.write(lambda conn: append_in(conn, chat_id, content, key=key, **more), idempotent=True)


def append_in(
    conn: Connection,
    chat_id: int,
    content: str,
    *,
    key: str,
    role: Role = Role.USER,
    kind: Kind = Kind.TEXT,
    content_type: ContentType = ContentType.MARKDOWN,
    parent: int | None = None,
    files: Sequence[File] = (),
) -> Message:
    """The same in a transaction that goes on."""
    more: dict[str, Any] = {"role": role, "kind": kind, "content_type": content_type, "parent": parent, "files": files}
    return add_in(conn, chat_id, content, key=key, **more)[1]


_LOCK: LiteralString = (
    "SELECT status::text FROM chattui.chats WHERE owner = CURRENT_USER::text AND id = %(chat_id)s FOR UPDATE"
)
_ADD: LiteralString = """
INSERT INTO chattui.messages (chat_id, seq, source_id, parent_seq, content, role, kind, content_type, created_at)
SELECT c.id, c.message_count + 1, %(source_id)s,
       CASE WHEN %(parent)s::integer <= c.message_count THEN %(parent)s::integer ELSE nullif(c.message_count, 0) END,
       %(content)s, %(role)s::chattui.message_role, %(kind)s::chattui.message_kind, %(content_type)s::chattui.content_type,
       clock_timestamp()
  FROM chattui.chats c
 WHERE c.owner = CURRENT_USER::text AND c.id = %(chat_id)s AND c.status <> 'deleted'
   AND NOT EXISTS (SELECT FROM chattui.messages m WHERE m.owner = CURRENT_USER::text AND m.chat_id = c.id
                      AND m.seq > c.message_count - %(back)s AND m.source_id = %(source_id)s)
RETURNING seq, parent_seq, created_at
"""
_NAME: LiteralString = """
UPDATE chattui.chats SET title = %(title)s
 WHERE owner = CURRENT_USER::text AND id = %(chat_id)s AND source = 'chattui' AND title = ''
"""


def add_in(
    conn: Connection,
    chat_id: int,
    content: str,
    *,
    key: str,
    role: Role = Role.USER,
    kind: Kind = Kind.TEXT,
    content_type: ContentType = ContentType.MARKDOWN,
    parent: int | None = None,
    files: Sequence[File] = (),
) -> tuple[Chat, Message]:
    """As ``append_in``, with the chat as it is then. Without files it is one round trip: the statements go together, each
    sees what the ones before it did, and the first of them waits for whoever else is adding to the chat."""
    source_id, said = f"{OWN_SOURCE}:{key}", storable(content)
    if files:
        parent = _add_files(conn, chat_id, files, source_id=source_id, parent=parent)
    values_of = {"chat_id": chat_id, "source_id": source_id, "parent": parent, "content": said}
    values_of |= {"back": _SEEN_BACK, "role": role.value, "kind": kind.value, "content_type": content_type.value}
    named = {"chat_id": chat_id, "title": title_from(content)}
    locking, adding, _, reading = together(
        conn, (_LOCK, values_of), (_ADD, values_of), (_NAME, named), (CHAT_SQL, values_of)
    )
    if locking.fetchone() is None:
        raise Conflict(_GONE.format(chat_id))
    row = reading.fetchone()
    assert row is not None
    chat = values.chat(row)
    if (added := adding.fetchone()) is not None:
        seq, above, at = added
        return chat, Message(chat_id, seq, role, kind, said, at, content_type, parent_seq=above)
    seq = seq_of(conn, chat_id, source_id, chat.message_count)
    if seq is None:
        raise Conflict(_DELETED)
    return chat, values.message(conn.execute(page_statement(chat_id, seq, seq)).one())


def _add_files(
    conn: Connection, chat_id: int, files: Sequence[File], *, source_id: str, parent: int | None
) -> int | None:
    """Add files at the end of a chat, unless they are there; what the message that they go with answers then."""
    count, _, _, status = locked(conn, chat_id)
    if status == ChatStatus.DELETED.value or seq_of(conn, chat_id, source_id, count) is not None:
        return parent
    above = parent if parent is not None and parent <= count else count or None
    for nth, file in enumerate(files, 1):
        count += 1
        add_file(conn, chat_id, count, file, source_id=f"{source_id}-{nth}", parent=above)
        above = count
    return above


def locked(conn: Connection, chat_id: int) -> tuple[int, str, str, str]:
    """(messages, title, source, status) of a chat that nobody else adds to meanwhile. Raises ``Conflict`` without one."""
    chat = conn.execute(
        select(chats.c.message_count, chats.c.title, chats.c.source, chats.c.status)
        .where(chats.c.owner == ME, chats.c.id == chat_id)
        .with_for_update()
    ).first()
    if chat is None:
        raise Conflict(_GONE.format(chat_id))
    count, title, source, status = chat
    return count, title, source, status


def seq_of(conn: Connection, chat_id: int, source_id: str, count: int) -> int | None:
    """Where a message of ours is among the last ones of the ``count`` of its chat; None when it is not there yet."""
    written: int | None = conn.execute(
        select(messages.c.seq).where(
            messages.c.owner == ME,
            messages.c.chat_id == chat_id,
            messages.c.seq > count - _SEEN_BACK,
            messages.c.source_id == source_id,
        )
    ).scalar()
    return written


def add_file(conn: Connection, chat_id: int, seq: int, file: File, *, source_id: str, parent: int | None) -> None:
    """Add a file as message ``seq``: its bytes once, and a message that names it, as imports have it."""
    digest, size = hashlib.sha256(file.data).digest(), len(file.data)
    conn.execute(pg_insert(blobs).values(sha256=digest, size=size, data=file.data).on_conflict_do_nothing())
    name = storable(file.name.replace("/", "_").replace("\\", "_"))[:120] or "file"
    mime = storable(file.mime)[:100]
    conn.execute(
        insert(messages).values(
            chat_id=chat_id,
            seq=seq,
            role=Role.USER.value,
            kind=Kind.ATTACHMENT.value,
            content_type=ContentType.TEXT.value,
            content=f"{name}\n[{mime}, {size_words(size)}]",
            source_id=source_id,
            parent_seq=parent,
            created_at=func.clock_timestamp(),
        )
    )
    conn.execute(
        insert(stored_files).values(
            chat_id=chat_id, path=f"{seq}-1-{name}", seq=seq, sha256=digest, mime=mime, encoding="binary", size=size
        )
    )


def title_from(content: str, limit: int = 80) -> str:
    """The first line that says something, cut at a word."""
    line = next((" ".join(s.split()) for s in content.splitlines() if s.strip(" #>*`-")), "")
    line = storable(line).lstrip("#>*- ").strip()
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > limit // 2 else cut) + "…"
