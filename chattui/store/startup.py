"""The first screen, without SQLAlchemy: importing it takes longer than everything else between the shell and the chats.

The statements are those of the other modules, compiled ahead; ``tests/store/test_startup.py`` compiles them again and
compares. They run pipelined on a driver connection: one round trip for the lists, one for the open chat.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from chattui.domain.chat import Chat, FirstScreen
from chattui.store import migrations, values
from chattui.store.failures import translate

RECENTS = 100
LAST_MESSAGES = 60

RECENTS_SQL: LiteralString = (
    "SELECT chattui.chats.id, chattui.chats.title, chattui.chats.source, chattui.chats.last_message_at, "
    "chattui.chats.message_count, chattui.chats.pinned, chattui.chats.status, chattui.chats.project, "
    "chattui.chats.tags "
    "FROM chattui.chats WHERE chattui.chats.owner = CAST(CURRENT_USER AS TEXT) AND chattui.chats.status = 'active' "
    "AND chattui.chats.parent_id IS NULL AND (chattui.chats.message_count > 0 OR chattui.chats.source = 'chattui') "
    "ORDER BY chattui.chats.pinned DESC, chattui.chats.last_message_at DESC, chattui.chats.id DESC LIMIT 100"
)

SNAPSHOT_SQL: LiteralString = (
    "SELECT chattui.snapshots.data FROM chattui.snapshots "
    "WHERE chattui.snapshots.owner = CAST(CURRENT_USER AS TEXT) AND chattui.snapshots.kind = 'app' "
    "ORDER BY chattui.snapshots.id DESC LIMIT 1"
)

PLACE_SQL: LiteralString = (
    "SELECT chattui.snapshots.data FROM chattui.snapshots "
    "WHERE chattui.snapshots.owner = CAST(CURRENT_USER AS TEXT) AND chattui.snapshots.kind = 'chat' "
    "AND chattui.snapshots.chat_id = %(chat_id)s ORDER BY chattui.snapshots.id DESC LIMIT 1"
)

CHAT_SQL: LiteralString = (
    "SELECT chattui.chats.id, chattui.chats.title, chattui.chats.source, chattui.chats.source_id, "
    "chattui.chats.status, chattui.chats.pinned, chattui.chats.tags, chattui.chats.created_at, "
    "chattui.chats.updated_at, chattui.chats.last_message_at, chattui.chats.message_count, "
    "chattui.chats.prompt_count, chattui.chats.tokens_in, chattui.chats.tokens_out, chattui.chats.tokens_cached, "
    "chattui.chats.cost, chattui.chats.description, chattui.chats.project, chattui.chats.repository, "
    "chattui.chats.git_branch, chattui.chats.agent, chattui.chats.model, chattui.chats.parent_id, "
    "chattui.chats.forked_from, chattui.chats.forked_seq, chattui.chats.metadata, chattui.chats.settings "
    "FROM chattui.chats WHERE chattui.chats.owner = CAST(CURRENT_USER AS TEXT) AND chattui.chats.id = %(chat_id)s"
)

PAGE_SQL: LiteralString = (
    "SELECT chattui.messages.chat_id, chattui.messages.seq, chattui.messages.role, chattui.messages.kind, "
    "chattui.messages.content, chattui.messages.created_at, chattui.messages.content_type, chattui.messages.model, "
    "chattui.messages.parent_seq, chattui.messages.thread, chattui.messages.tokens_in, chattui.messages.tokens_out, "
    "chattui.messages.tokens_cached, chattui.messages.error, chattui.messages.metadata, chattui.messages.call_id, "
    "chattui.tool_calls.name, chattui.tool_calls.status, chattui.tool_calls.target, chattui.tool_calls.duration_ms, "
    "chattui.tool_calls.error AS error_1 FROM chattui.messages LEFT OUTER JOIN chattui.tool_calls "
    "ON chattui.tool_calls.owner = chattui.messages.owner AND chattui.tool_calls.chat_id = chattui.messages.chat_id "
    "AND chattui.tool_calls.call_id = chattui.messages.call_id "
    "WHERE chattui.messages.owner = CAST(CURRENT_USER AS TEXT) AND chattui.messages.chat_id = %(chat_id)s "
    "AND chattui.messages.seq BETWEEN %(first)s AND %(last)s ORDER BY chattui.messages.seq"
)


def prepare(conn: psycopg.Connection[Any]) -> bool:
    """Check the schema's version and migrate where needed; True when something was migrated."""
    if not migrations.check(migrations.current_version(conn)):
        return False
    return bool(migrations.migrate(conn))


def first_screen(conn: psycopg.Connection[Any], *, chat_id: int | None = None, fresh: bool = False) -> FirstScreen:
    """Read the first screen; ``chat_id`` opens that chat instead of the last one, ``fresh`` forgets how it was left."""
    try:
        with conn.pipeline():
            listed = conn.execute(RECENTS_SQL)
            saved = conn.execute(SNAPSHOT_SQL)
        recents = tuple(values.chat_row(r) for r in listed)
        row = saved.fetchone()
        snapshot: dict[str, Any] = row[0] if row and not fresh else {}
        for wanted in (chat_id, snapshot.get("chat"), recents[0].id if recents else None):
            if not isinstance(wanted, int):
                continue
            found = conn.execute(CHAT_SQL, {"chat_id": wanted}).fetchone()
            chat = values.chat(found) if found else None
            if chat is None or (chat.status == "deleted" and wanted != chat_id):
                continue
            if chat.id == chat_id and snapshot.get("chat") != chat.id:  # named, and not the last one: where it was left
                row = conn.execute(PLACE_SQL, {"chat_id": chat.id}).fetchone()
                snapshot = {**snapshot, **row[0], "chat": chat.id} if row else snapshot
            first, last = _first_page(chat, snapshot)
            page = conn.execute(PAGE_SQL, {"chat_id": chat.id, "first": first, "last": last})
            return FirstScreen(recents, chat, tuple(values.message(r) for r in page), snapshot)
        return FirstScreen(recents, None, (), snapshot)
    except psycopg.Error as error:
        raise translate(error) from error


def _first_page(chat: Chat, snapshot: dict[str, Any]) -> tuple[int, int]:
    seq = snapshot.get("seq")
    if snapshot.get("at_end"):
        seq = None
    if snapshot.get("chat") == chat.id and isinstance(seq, int) and seq <= chat.message_count - LAST_MESSAGES:
        return max(1, seq - LAST_MESSAGES // 3), seq + LAST_MESSAGES
    return max(1, chat.message_count - LAST_MESSAGES + 1), chat.message_count
