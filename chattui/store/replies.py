"""Replies of models: saved while they are written, made messages when they end, and the conversation that is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from chattui.domain.chat import Message
from chattui.domain.kinds import OWN_SOURCE, ContentType, Kind, Role
from chattui.domain.replies import File, KeptSession, Reply, ReplyEnd, ReplySettings, Turn
from chattui.store import turn_parts, values
from chattui.store.database import Database
from chattui.store.messages import locked, page_statement, seq_of
from chattui.store.storable import storable
from chattui.store.tables import ME, blobs, chats, files, messages, replies
from chattui.store.turns import Turn as Hold

_FILE_BYTES = 20_000_000
"""Bytes of files that are sent along, those of the newest messages first."""

_PATH = text("""
WITH RECURSIVE up AS (
  SELECT m.seq, coalesce(m.parent_seq, m.seq - 1) AS above, m.thread, 1 AS depth, 0 AS chars
    FROM chattui.messages m WHERE m.owner = CURRENT_USER::text AND m.chat_id = :chat_id AND m.seq = :seq
  UNION ALL
  SELECT m.seq, coalesce(m.parent_seq, m.seq - 1), up.thread, up.depth + 1,
         up.chars + CASE WHEN m.kind IN ('text', 'summary') THEN m.chars ELSE 0 END
    FROM up JOIN chattui.messages m
      ON m.owner = CURRENT_USER::text AND m.chat_id = :chat_id AND m.seq = up.above AND m.seq < up.seq
   WHERE up.chars < :most_chars AND up.depth < :most
)
SELECT m.seq, m.role, m.kind, m.content FROM up JOIN chattui.messages m
    ON m.owner = CURRENT_USER::text AND m.chat_id = :chat_id AND m.seq = up.seq
 WHERE m.kind IN ('text', 'summary', 'attachment') AND m.thread IS NOT DISTINCT FROM up.thread
   AND up.chars < :most_chars
 ORDER BY m.seq
""")
"""A message and what it answers, up to the beginning of the chat or as many characters as are wanted."""

_TIP = text("""
WITH RECURSIVE down AS (
  SELECT CAST(:seq AS integer) AS seq
  UNION
  SELECT m.seq FROM down JOIN chattui.messages m
      ON m.owner = CURRENT_USER::text AND m.chat_id = :chat_id AND m.seq > :seq AND m.parent_seq = down.seq
)
SELECT max(seq) FROM down
""")
"""The last message that goes on from one: what another terminal wrote meanwhile comes before the reply."""

_MOST_MESSAGES = 20_000
_NEAR = 500
"""Messages above a reply among which its prompt is looked for."""


def hold(db: Database, key: str) -> Hold:
    """The lock on a reply, held by whoever writes it down; it ends with that program, however that ends."""
    return Hold(db.conninfo, f"reply {key}")


def begin(db: Database, reply: Reply) -> None:
    """Remember that a reply is being written. Repeating the call changes nothing."""
    statement = (
        pg_insert(replies)
        .values(
            chat_id=reply.chat_id,
            key=reply.key,
            parent_seq=reply.parent_seq,
            again=reply.again,
            model=storable(reply.model),
        )
        .on_conflict_do_nothing()
    )
    db.write(lambda conn: conn.execute(statement), idempotent=True)


def keep(db: Database, reply: Reply) -> None:
    """Save what has come so far; durable when this returns."""
    statement = (
        update(replies)
        .where(replies.c.owner == ME, replies.c.chat_id == reply.chat_id, replies.c.key == reply.key)
        .values(
            content=turn_parts.packed(reply) if reply.is_turn else storable(reply.content),
            thinking=storable(reply.thinking),
            model=storable(reply.model),
            saved_at=func.clock_timestamp(),
        )
    )
    db.write(lambda conn: conn.execute(statement), idempotent=True)


def finish(db: Database, reply: Reply, end: ReplyEnd) -> list[Message]:
    """Make messages of a reply that has ended: its thinking, its text, and what failed. Durable when this returns.

    Doing it twice is doing it once. Where somebody took it for abandoned and made a message of its beginning, only the
    rest is added. Raises ``Conflict`` when the chat is gone.
    """
    return db.write(lambda conn: finish_in(conn, reply, end), idempotent=True)


def add_parts(db: Database, reply: Reply) -> list[Message]:
    """Make messages of parts of a turn that goes on. Durable when this returns; doing it twice is doing it once.

    Raises ``Conflict`` when the chat is gone.
    """
    return db.write(lambda conn: finish_in(conn, reply, None), idempotent=True)


def settle(db: Database, chat_id: int) -> list[Message]:
    """Make messages of the replies of a chat whose writers are gone; what came of them."""
    waiting = (
        select(
            replies.c.key, replies.c.parent_seq, replies.c.again, replies.c.model, replies.c.thinking, replies.c.content
        )
        .where(replies.c.owner == ME, replies.c.chat_id == chat_id)
        .order_by(replies.c.began_at)
    )
    found = [reply_of(chat_id, row) for row in db.read(lambda conn: list(conn.execute(waiting)))]
    settled: list[Message] = []
    for reply in found:
        held = hold(db, reply.key)
        try:
            if held.take():
                settled += finish(db, reply, ReplyEnd("interrupted"))
        finally:
            held.leave()
    return settled


def reply_of(chat_id: int, row: Sequence[Any]) -> Reply:
    """A row of the replies that are being written: key, parent, again, model, thinking, content."""
    reply = Reply(chat_id, *row)
    if not reply.is_turn:
        return reply
    first, parts = turn_parts.unpacked(reply.content)
    return replace(reply, content="", first=first, parts=parts)


def finish_in(conn: Connection, reply: Reply, end: ReplyEnd | None) -> list[Message]:
    """Make messages of a reply in a transaction that goes on; where it has not ended, of the parts that it has."""
    count, _, _, _ = locked(conn, reply.chat_id)
    if end is not None:
        conn.execute(
            delete(replies).where(replies.c.owner == ME, replies.c.chat_id == reply.chat_id, replies.c.key == reply.key)
        )
    parts = _parts(reply, end)
    known = {name: seq_of(conn, reply.chat_id, name, count) for name, _ in parts}
    parent = (_last_of(conn, reply, count) if reply.first else None) or (
        reply.parent_seq if reply.again else _tip(conn, reply)
    )
    made: list[int] = []
    seqs: dict[str, int] = {}
    for name, fields in parts:
        seq, source_id, content = known[name], name, str(fields["content"])
        if seq is not None and fields["kind"] == Kind.TEXT.value and (rest := _rest(conn, reply, seq, content)):
            parent, source_id, content = seq, f"{name}-rest", rest
            seq = seq_of(conn, reply.chat_id, source_id, count)
        if seq is None:
            seq = count = count + 1
            of_reply = {"chat_id": reply.chat_id, "source_id": source_id, "reply_id": reply.key}
            of_chat = {"seq": seq, "parent_seq": parent, "model": storable(reply.model) or None}
            said = {**fields, **of_reply, **of_chat, "content": content, "created_at": func.clock_timestamp()}
            conn.execute(insert(messages).values(**said))
            if end is not None and "metadata" in fields:
                _add_up(conn, reply, end)
        parent = seqs[name] = seq
        made.append(seq)
    if reply.parts:
        turn_parts.join_calls(conn, reply, seqs, over=end is not None)
    if not made:
        return []
    return [values.message(row) for row in conn.execute(page_statement(reply.chat_id, made[0], made[-1]))]


def _parts(reply: Reply, end: ReplyEnd | None) -> list[tuple[str, dict[str, Any]]]:
    """The messages that a reply consists of, as (source id, fields)."""
    if end is None:
        return turn_parts.rows(reply, None, {})
    name = f"{OWN_SOURCE}:{reply.key}"
    assistant = {"role": Role.ASSISTANT.value, "content_type": ContentType.MARKDOWN.value}
    parts: list[tuple[str, dict[str, Any]]] = []
    if reply.thinking:
        thought = {**assistant, "kind": Kind.THINKING.value, "content": storable(reply.thinking)}
        parts.append((f"{name}-thinking", thought))
    about = {
        "why": end.why,
        "cost": end.cost,
        "seconds": None if end.seconds is None else round(end.seconds, 3),
    }
    took = {
        "tokens_in": end.tokens_in,
        "tokens_out": end.tokens_out,
        "tokens_cached": end.tokens_cached,
        "latency_ms": end.latency_ms,
        "error": end.why == "failed",
        "metadata": {"reply": {key: value for key, value in about.items() if value is not None}},
    }
    parts += turn_parts.rows(reply, end, took)
    if reply.content:
        said = {**assistant, "kind": Kind.TEXT.value, "content": storable(reply.content), **took}
        parts.append((name, said))
    if end.sentence:
        fault = {
            "role": Role.ASSISTANT.value,
            "kind": Kind.EVENT.value,
            "content_type": ContentType.TEXT.value,
            "content": storable(end.sentence),
            "error": True,
        }
        parts.append((f"{name}-failed", fault))
    return parts


def _tip(conn: Connection, reply: Reply) -> int:
    tip = conn.execute(_TIP, {"chat_id": reply.chat_id, "seq": reply.parent_seq}).scalar_one()
    return int(tip)


def _last_of(conn: Connection, reply: Reply, count: int) -> int | None:
    """The last message that was made of a turn so far."""
    last: int | None = conn.execute(
        select(func.max(messages.c.seq)).where(
            messages.c.owner == ME,
            messages.c.chat_id == reply.chat_id,
            messages.c.seq > count - _NEAR,
            messages.c.reply_id == reply.key,
        )
    ).scalar()
    return last


def _rest(conn: Connection, reply: Reply, seq: int, content: str) -> str:
    """What of the content is not in message ``seq``, which holds its beginning."""
    known = conn.execute(
        select(messages.c.content).where(
            messages.c.owner == ME, messages.c.chat_id == reply.chat_id, messages.c.seq == seq
        )
    ).scalar_one()
    return content[len(known) :] if content.startswith(known) else ""


def _add_up(conn: Connection, reply: Reply, end: ReplyEnd) -> None:
    """The chat's last model, and what it has cost so far."""
    cost = func.coalesce(chats.c.cost, 0) + end.cost if end.cost is not None else chats.c.cost
    model = storable(reply.model) or chats.c.model
    conn.execute(update(chats).where(chats.c.owner == ME, chats.c.id == reply.chat_id).values(cost=cost, model=model))


def conversation(db: Database, chat_id: int, seq: int, *, most_chars: int) -> list[Turn]:
    """What was said up to message ``seq``, along the branch that it is on: the newest ``most_chars`` characters of it.

    Turns alternate; tool calls, their output and thinking are left out. Files go with the turn behind them.
    """
    asked = {"chat_id": chat_id, "seq": seq, "most_chars": most_chars, "most": _MOST_MESSAGES}

    def work(conn: Connection) -> list[Turn]:
        rows = list(conn.execute(_PATH, asked))
        attached = _files(conn, chat_id, [row.seq for row in rows if row.kind == Kind.ATTACHMENT.value])
        return _turns(rows, attached)

    return db.read(work)


def _turns(rows: Sequence[Any], attached: dict[int, list[File]]) -> list[Turn]:
    turns: list[Turn] = []
    for seq, role, kind, content in rows:
        own = tuple(attached.get(seq, ()))
        side = "assistant" if role == Role.ASSISTANT.value else "user"
        said = content if kind != Kind.ATTACHMENT.value or not own else ""
        last = turns[-1] if turns else None
        if last is not None and last.role == side:
            both = "\n\n".join(filter(None, (last.text, said)))
            turns[-1] = Turn(last.role, both, (*last.files, *own))
        elif side == "user" or last is not None:  # a conversation begins with a prompt
            turns.append(Turn("assistant" if side == "assistant" else "user", said, own))
    return turns


def _files(conn: Connection, chat_id: int, seqs: Sequence[int]) -> dict[int, list[File]]:
    if not seqs:
        return {}
    statement = (
        select(files.c.seq, files.c.path, files.c.mime, blobs.c.data)
        .join(blobs, (blobs.c.owner == files.c.owner) & (blobs.c.sha256 == files.c.sha256))
        .where(files.c.owner == ME, files.c.chat_id == chat_id, files.c.seq.in_(bindparam("seqs", expanding=True)))
        .order_by(files.c.seq.desc())
    )
    found: dict[int, list[File]] = {}
    room = _FILE_BYTES
    for seq, path, mime, data in conn.execute(statement, {"seqs": list(seqs)}):
        room -= len(data)
        if room < 0:
            break
        found.setdefault(seq, []).append(File(path.split("-", 2)[-1], mime, bytes(data)))
    return found


def settings(db: Database, chat_id: int) -> ReplySettings:
    """What a chat sets for its replies."""
    statement = select(chats.c.settings).where(chats.c.owner == ME, chats.c.id == chat_id)
    found = db.read(lambda conn: conn.execute(statement).scalar()) or {}
    options = found.get("options")
    return ReplySettings(
        str(found.get("model") or ""), str(found.get("system") or ""), options if isinstance(options, dict) else {}
    )


def set_settings(db: Database, chat_id: int, wanted: ReplySettings) -> None:
    """Set what a chat sets for its replies; other settings of it stay."""
    db.write(lambda conn: set_settings_in(conn, chat_id, wanted), idempotent=True)


def set_settings_in(conn: Connection, chat_id: int, wanted: ReplySettings) -> None:
    """The same in a transaction that goes on."""
    fields = {"model": storable(wanted.model), "system": storable(wanted.system), "options": wanted.options}
    conn.execute(
        update(chats)
        .where(chats.c.owner == ME, chats.c.id == chat_id)
        .values(settings=chats.c.settings.op("||")(bindparam("fields", fields, chats.c.settings.type)))
    )


def session(db: Database, chat_id: int) -> KeptSession | None:
    """The agent's session that a chat was held in last; None where there is none to be taken up again."""
    statement = select(chats.c.settings["session"]).where(chats.c.owner == ME, chats.c.id == chat_id)
    found = db.read(lambda conn: conn.execute(statement).scalar())
    if not isinstance(found, dict) or not isinstance(found.get("seq"), int):
        return None
    return KeptSession(str(found.get("agent") or ""), str(found.get("id") or ""), found["seq"])


def keep_session(db: Database, chat_id: int, kept: KeptSession) -> None:
    """Remember the agent's session that a chat is held in; other settings of it stay."""
    fields = {"session": {"agent": kept.agent, "id": storable(kept.id), "seq": kept.seq}}
    statement = (
        update(chats)
        .where(chats.c.owner == ME, chats.c.id == chat_id)
        .values(settings=chats.c.settings.op("||")(bindparam("fields", fields, chats.c.settings.type)))
    )
    db.write(lambda conn: conn.execute(statement), idempotent=True)


def prompt_of(db: Database, chat_id: int, seq: int) -> int | None:
    """The prompt that message ``seq`` is, or that it answers; None when there is none before it."""
    asked = {"chat_id": chat_id, "seq": seq, "most_chars": 1 << 30, "most": _NEAR}

    def work(conn: Connection) -> int | None:
        rows = [r.seq for r in conn.execute(_PATH, asked) if r.role == Role.USER.value and r.kind == Kind.TEXT.value]
        return rows[-1] if rows else None

    return db.read(work)
