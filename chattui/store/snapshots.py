"""Snapshots: saved state to go back to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select

from chattui.store.database import Database
from chattui.store.tables import ME, snapshots

KEPT = 20
APP = "app"
"""Kind of the snapshot that holds what the app had open: ``{"chat": id, "seq": n, "line": n}``."""


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
