"""The values that fields have in one's own chats: what a query is completed with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from chattui.domain.narrowing import project_name
from chattui.store.database import Database
from chattui.store.tables import ME, chats, tool_calls

_MOST = 200
_SAMPLED = 20_000
"""Tool calls that are looked at: there is no list of tools, and no need for the rarest."""


def field_values(db: Database) -> dict[str, list[str]]:
    """Values by field, the commonest first: source, project, model, branch, tag, tool."""

    def work(conn: Connection) -> dict[str, list[str]]:
        found = {name: _of_chats(conn, column) for name, column in _COLUMNS.items()}
        found["project"] = list(dict.fromkeys(filter(None, map(project_name, found["project"]))))
        each = select(func.unnest(chats.c.tags).label("value")).where(chats.c.owner == ME).subquery()
        found["tag"] = list(conn.execute(_common(each.c.value)).scalars())
        sample = select(tool_calls.c.name.label("value")).where(tool_calls.c.owner == ME).limit(_SAMPLED).subquery()
        found["tool"] = list(conn.execute(_common(sample.c.value)).scalars())
        return found

    return db.read(work)


_COLUMNS = {"source": chats.c.source, "project": chats.c.project, "model": chats.c.model, "branch": chats.c.git_branch}


def _of_chats(conn: Connection, column: Any) -> list[str]:
    return list(conn.execute(_common(column).where(chats.c.owner == ME, column.is_not(None), column != "")).scalars())


def _common(column: Any) -> Any:
    return select(column).group_by(column).order_by(func.count().desc(), column).limit(_MOST)
