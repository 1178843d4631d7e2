"""New chats made of messages that are there: a duplicate, several chats as one, and what follows a message as its own.

A chat that is made so is ours. Those that it was made of stay as they are, unless they are ours and give a part away: what
their tool has written would come back with the next import.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from chattui.domain.chat import Chat
from chattui.domain.errors import Conflict
from chattui.domain.kinds import OWN_SOURCE, ChatStatus
from chattui.store import columns, values
from chattui.store.chats import TITLE_CHARS
from chattui.store.database import Database
from chattui.store.tables import ME, chats, messages

_IDS = bindparam("ids", type_=ARRAY(BigInteger))

_MESSAGES = text("""
    WITH taken AS MATERIALIZED (
      SELECT m.chat_id, m.seq, row_number() OVER (ORDER BY m.created_at, x.nr, m.seq) AS made
        FROM unnest(:ids) WITH ORDINALITY AS x (id, nr)
        JOIN chattui.messages m ON m.owner = CURRENT_USER::text AND m.chat_id = x.id
       WHERE m.seq >= :first
    )
    INSERT INTO chattui.messages (chat_id, seq, created_at, role, kind, content_type, content, source_id, parent_seq, reply_id,
           call_id, thread, model, tokens_in, tokens_out, tokens_cached, latency_ms, error, metadata)
    SELECT :made, t.made, m.created_at, m.role, m.kind, m.content_type, m.content, m.chat_id || ':' || m.seq, p.made, m.reply_id,
           m.chat_id || ':' || m.call_id, m.thread, m.model, m.tokens_in, m.tokens_out, m.tokens_cached, m.latency_ms, m.error,
           m.metadata
      FROM taken t
      JOIN chattui.messages m ON m.owner = CURRENT_USER::text AND m.chat_id = t.chat_id AND m.seq = t.seq
      LEFT JOIN taken p ON p.chat_id = t.chat_id AND p.seq = m.parent_seq
     ORDER BY t.made
""").bindparams(_IDS)
"""In the order in which they were said. Seqs are made anew; ids get the chat before them, so that none is there twice."""

_CALLS = text("""
    INSERT INTO chattui.tool_calls (chat_id, call_id, name, target, status, call_seq, result_seq, duration_ms, error, created_at)
    SELECT :made, c.chat_id || ':' || c.call_id, c.name, c.target, c.status,
           (SELECT n.seq FROM chattui.messages n WHERE n.owner = CURRENT_USER::text AND n.chat_id = :made
               AND n.source_id = c.chat_id || ':' || c.call_seq),
           (SELECT n.seq FROM chattui.messages n WHERE n.owner = CURRENT_USER::text AND n.chat_id = :made
               AND n.source_id = c.chat_id || ':' || c.result_seq),
           c.duration_ms, c.error, c.created_at
      FROM chattui.tool_calls c
     WHERE c.owner = CURRENT_USER::text AND c.chat_id = ANY (:ids)
       AND EXISTS (SELECT FROM chattui.messages n WHERE n.owner = CURRENT_USER::text AND n.chat_id = :made
                      AND n.call_id = c.chat_id || ':' || c.call_id)
""").bindparams(_IDS)

_FILES = text("""
    INSERT INTO chattui.files (chat_id, path, seq, sha256, mime, encoding, size, created_at)
    SELECT :made, CASE WHEN cardinality(:ids) = 1 THEN f.path ELSE f.chat_id || '/' || f.path END, n.seq, f.sha256, f.mime,
           f.encoding, f.size, f.created_at
      FROM chattui.files f
      LEFT JOIN chattui.messages n ON n.owner = CURRENT_USER::text AND n.chat_id = :made AND n.source_id = f.chat_id || ':' || f.seq
     WHERE f.owner = CURRENT_USER::text AND f.chat_id = ANY (:ids) AND (f.seq IS NULL OR n.seq IS NOT NULL)
""").bindparams(_IDS)

_RAW = text("""
    INSERT INTO chattui.raw_records (import_id, digest, chat_id, line, part, what, size, data, met_at)
    SELECT r.import_id, sha256(r.digest || convert_to(CAST(:made AS text), 'UTF8')), :made, r.line, r.part, r.what, r.size, r.data,
           r.met_at
      FROM chattui.raw_records r
     WHERE r.owner = CURRENT_USER::text AND r.chat_id = ANY (:ids)
""").bindparams(_IDS)
"""What was not understood of them. Which of it stands behind a message is not known: a part of a chat gets all of it."""


def duplicate(db: Database, chat_id: int) -> Chat:
    """A chat of ours with the same messages, project, tags and note. Raises ``Conflict`` when the chat is gone."""
    return db.write(lambda conn: _made(conn, [chat_id], "Copy of {}"))


def merge(db: Database, chat_ids: Sequence[int]) -> Chat:
    """Several chats as one of ours, their messages in the order in which they were said; they themselves are archived.

    Title, project and note are of the first. Raises ``Conflict`` for fewer than two, or when one is gone.
    """
    wanted = list(dict.fromkeys(chat_ids))
    if len(wanted) < 2:
        raise Conflict("To merge chats, select hits of at least two of them (Space).")

    def work(conn: Connection) -> Chat:
        made = _made(conn, wanted, f"{{}} and {len(wanted) - 1} more")
        archived = update(chats).values(status=ChatStatus.ARCHIVED.value, updated_at=func.now())
        conn.execute(
            archived.where(chats.c.owner == ME, chats.c.id.in_(wanted), chats.c.status != ChatStatus.DELETED.value)
        )
        return made

    return db.write(work)


def split(db: Database, chat_id: int, seq: int) -> Chat:
    """What follows a message, itself included, as a chat of ours that goes on from the one before it.

    A chat of ours gives these messages away; one that a tool has written keeps them. Raises ``Conflict`` when there is nothing
    before the message, or the chat is gone.
    """

    def work(conn: Connection) -> Chat:
        chat = _locked(conn, [chat_id])[0]
        if not 1 < seq <= chat.message_count:
            raise Conflict("A chat is split at a message that has others before it: go to one with ] and try again.")
        made = _made(conn, [chat_id], "{}, from message " + f"{seq:,}", first=seq)
        changed = update(chats).where(chats.c.owner == ME, chats.c.id == made.id)
        conn.execute(changed.values(forked_from=chat_id, forked_seq=seq - 1))
        if chat.source == OWN_SOURCE:
            gone = delete(messages).where(messages.c.owner == ME, messages.c.chat_id == chat_id, messages.c.seq >= seq)
            conn.execute(gone)
            conn.execute(
                update(chats)
                .where(chats.c.owner == ME, chats.c.id == chat_id)
                .values(last_message_at=_when(func.max(messages.c.created_at), chat_id))
            )
        return _chat(conn, made.id)

    return db.write(work)


def _made(conn: Connection, ids: Sequence[int], title: str, *, first: int = 1) -> Chat:
    of = _locked(conn, ids)[0]
    statement = (
        insert(chats)
        .values(
            source=OWN_SOURCE,
            source_id=uuid.uuid4().hex,
            title=title.format(of.title or "Untitled")[:TITLE_CHARS],
            title_is_own=True,
            description=of.description,
            project=of.project,
            repository=of.repository,
            git_branch=of.git_branch,
            agent=of.agent,
            model=of.model,
            tags=list(of.tags),
        )
        .returning(chats.c.id)
    )
    made = conn.execute(statement).scalar_one()
    given = {"ids": list(ids), "made": made}
    conn.execute(_MESSAGES, {**given, "first": first})
    conn.execute(_CALLS, given)
    conn.execute(_FILES, given)
    conn.execute(_RAW, given)
    began = func.coalesce(_when(func.min(messages.c.created_at), made), chats.c.created_at)
    conn.execute(update(chats).where(chats.c.owner == ME, chats.c.id == made).values(created_at=began))
    return _chat(conn, made)


def _when(which: ColumnElement[datetime], chat_id: int) -> ScalarSelect[datetime]:
    """The time of the first or the last message of a chat."""
    return select(which).where(messages.c.owner == ME, messages.c.chat_id == chat_id).scalar_subquery()


def _locked(conn: Connection, ids: Sequence[int]) -> list[Chat]:
    """The chats in this order, which nobody else changes meanwhile."""
    statement = select(*columns.CHAT).where(chats.c.owner == ME, chats.c.id.in_(ids)).order_by(chats.c.id)
    found = {chat.id: chat for chat in map(values.chat, conn.execute(statement.with_for_update()))}
    for one in ids:
        if one not in found or found[one].status is ChatStatus.DELETED:
            raise Conflict(f"There is no chat {one} any more. It may have been deleted elsewhere.")
    return [found[one] for one in ids]


def _chat(conn: Connection, chat_id: int) -> Chat:
    return values.chat(conn.execute(select(*columns.CHAT).where(chats.c.owner == ME, chats.c.id == chat_id)).one())
