"""Snapshots: saved state to go back to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, literal, select

from chattui.store.database import Database
from chattui.store.tables import ME, chats, snapshots

KEPT = 20
APP = "app"
"""Kind of the snapshot that holds what the app had open: ``{"chat": id, "seq": n, "line": n}``."""

CHAT = "chat"
"""Kind of the snapshots that hold where a chat was left, one a chat: ``{"seq": n, "line": n, "at_end": bool}``."""

CHATS_KEPT = 500


def latest_statement(kind: str) -> Select[Any]:
    """The newest snapshot of a kind."""
    return (
        select(snapshots.c.data)
        .where(snapshots.c.owner == ME, snapshots.c.kind == kind)
        .order_by(snapshots.c.id.desc())
        .limit(1)
    )


def latest(db: Database, kind: str = APP) -> dict[str, Any]:
    """The newest state of a kind; empty when none was ever saved."""
    return db.read(lambda conn: conn.execute(latest_statement(kind)).scalar()) or {}


def save(db: Database, data: dict[str, Any], kind: str = APP) -> None:
    """Save a state; the last ``KEPT`` of a kind are kept."""

    def work(conn: Connection) -> None:
        conn.execute(insert(snapshots).values(kind=kind, data=data))
        old = (
            select(snapshots.c.id)
            .where(snapshots.c.owner == ME, snapshots.c.kind == kind)
            .order_by(snapshots.c.id.desc())
            .offset(KEPT)
        )
        conn.execute(delete(snapshots).where(snapshots.c.owner == ME, snapshots.c.id.in_(old)))

    db.write(work)


def place_statement(chat_id: int) -> Select[Any]:
    """Where a chat was left."""
    return (
        select(snapshots.c.data)
        .where(snapshots.c.owner == ME, snapshots.c.kind == CHAT, snapshots.c.chat_id == chat_id)
        .order_by(snapshots.c.id.desc())
        .limit(1)
    )


def place(db: Database, chat_id: int) -> dict[str, Any]:
    """Where a chat was left; empty when that is not known."""
    return db.read(lambda conn: conn.execute(place_statement(chat_id)).scalar()) or {}


def save_place(db: Database, chat_id: int, data: dict[str, Any]) -> None:
    """Keep where a chat was left, in place of what was kept before; of ``CHATS_KEPT`` chats. A chat that is gone has none."""

    def work(conn: Connection) -> None:
        mine = (snapshots.c.owner == ME, snapshots.c.kind == CHAT)
        conn.execute(delete(snapshots).where(*mine, snapshots.c.chat_id == chat_id))
        there = select(literal(CHAT), chats.c.id, bindparam("data", data, type_=snapshots.c.data.type)).where(
            chats.c.owner == ME, chats.c.id == chat_id
        )
        conn.execute(insert(snapshots).from_select(["kind", "chat_id", "data"], there))
        old = select(snapshots.c.id).where(*mine).order_by(snapshots.c.id.desc()).offset(CHATS_KEPT)
        conn.execute(delete(snapshots).where(snapshots.c.owner == ME, snapshots.c.id.in_(old)))

    db.write(work, idempotent=True)
