"""Messages of one chat: pages by seq around any place, sizes by block, and appending one that is durable."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Select, case, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from chattui.domain.attached import size_words
from chattui.domain.chat import SIZE_BLOCK, BlockSize, Message
from chattui.domain.errors import Conflict
from chattui.domain.kinds import FOLDED_KINDS, OWN_SOURCE, ChatStatus, ContentType, Kind, Role
from chattui.domain.replies import File
from chattui.store import columns, values
from chattui.store.database import Database
from chattui.store.storable import storable
from chattui.store.tables import ME, blobs, chats, messages
from chattui.store.tables import files as stored_files

_FOLDED = tuple(sorted(k.value for k in FOLDED_KINDS))
_SEEN_BACK = 200


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
    source_id = f"{OWN_SOURCE}:{key}"
    count, title, source, status = locked(conn, chat_id)
    seq = seq_of(conn, chat_id, source_id, count)
    if seq is None:
        if status == ChatStatus.DELETED.value:
            raise Conflict("This chat has been deleted, so nothing was added to it.")
        above = parent if parent is not None and parent <= count else count or None
        for nth, file in enumerate(files, 1):
            count += 1
            add_file(conn, chat_id, count, file, source_id=f"{source_id}-{nth}", parent=above)
            above = count
        seq, said = count + 1, storable(content)
        of = {"chat_id": chat_id, "seq": seq, "source_id": source_id, "parent_seq": above, "content": said}
        how = {"role": role.value, "kind": kind.value, "content_type": content_type.value}
        at = conn.execute(
            insert(messages).values(**of, **how, created_at=func.clock_timestamp()).returning(messages.c.created_at)
        ).scalar_one()
        if source == OWN_SOURCE and not title:
            name = title_from(content)
            conn.execute(update(chats).where(chats.c.owner == ME, chats.c.id == chat_id).values(title=name))
        return Message(chat_id, seq, role, kind, said, at, content_type, parent_seq=above)
    return values.message(conn.execute(page_statement(chat_id, seq, seq)).one())


def locked(conn: Connection, chat_id: int) -> tuple[int, str, str, str]:
    """(messages, title, source, status) of a chat that nobody else adds to meanwhile. Raises ``Conflict`` without one."""
    chat = conn.execute(
        select(chats.c.message_count, chats.c.title, chats.c.source, chats.c.status)
        .where(chats.c.owner == ME, chats.c.id == chat_id)
        .with_for_update()
    ).first()
    if chat is None:
        raise Conflict(f"There is no chat {chat_id} any more, so nothing was added to it.")
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
