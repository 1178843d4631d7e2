"""The values that fields have in one's own chats: what a query is completed with."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from sqlalchemy import Connection, func, literal, select, union_all

from chattui.domain.narrowing import project_name
from chattui.store.database import Database
from chattui.store.tables import ME, chats, files, tool_calls

_MOST = 200
_SAMPLED = 20_000
"""Tool calls that are looked at: there is no list of tools, and no need for the rarest."""

_RECENT_CHATS, _OF_EACH = 200, 100
"""Chats, pinned ones and then the newest, and calls of each, whose files are looked at."""

_PATH = re.compile(r"""[^\s"'`|;&<>(){}$*?=]+""")


def field_values(db: Database) -> dict[str, list[str]]:
    """Values by field, the commonest first: source, project, agent, model, branch, tag, tool, file."""

    def work(conn: Connection) -> dict[str, list[str]]:
        found = {name: _of_chats(conn, column) for name, column in _COLUMNS.items()}
        found["project"] = list(dict.fromkeys(filter(None, map(project_name, found["project"]))))
        each = select(func.unnest(chats.c.tags).label("value")).where(chats.c.owner == ME).subquery()
        found["tag"] = list(conn.execute(_common(each.c.value)).scalars())
        sample = select(tool_calls.c.name.label("value")).where(tool_calls.c.owner == ME).limit(_SAMPLED).subquery()
        found["tool"] = list(conn.execute(_common(sample.c.value)).scalars())
        found["file"] = _file_names(list(conn.execute(_files()).scalars()))
        return found

    return db.read(work)


_COLUMNS = {
    "source": chats.c.source,
    "project": chats.c.project,
    "agent": chats.c.agent,
    "model": chats.c.model,
    "branch": chats.c.git_branch,
}


def _of_chats(conn: Connection, column: Any) -> list[str]:
    return list(conn.execute(_common(column).where(chats.c.owner == ME, column.is_not(None), column != "")).scalars())


def _common(column: Any) -> Any:
    return select(column).group_by(column).order_by(func.count().desc(), column).limit(_MOST)


def _files() -> Any:
    """What tools were called on and what is attached in recent chats: by keys only, whatever else there is."""
    recent = select(chats.c.id).where(chats.c.owner == ME, chats.c.status == "active")
    recent = recent.order_by(chats.c.pinned.desc(), chats.c.last_message_at.desc(), chats.c.id.desc())
    newest = recent.limit(_RECENT_CHATS).subquery()
    each = []
    for table, column in ((tool_calls, tool_calls.c.target), (files, files.c.path)):
        of_chat = select(column.label("value")).where(table.c.owner == ME, table.c.chat_id == newest.c.id, column != "")
        sample = of_chat.limit(_OF_EACH).lateral()
        each.append(select(sample.c.value).select_from(newest.join(sample, literal(True))))
    return union_all(*each)


def _file_names(targets: list[str]) -> list[str]:
    """The names of files among what tools were called on, and then their whole paths; the commonest first."""
    paths = Counter(target for target in targets if _is_path(target))
    names: Counter[str] = Counter()
    for path, count in paths.items():
        names[re.split(r"[/\\]", path)[-1]] += count
    return list(dict.fromkeys(v for counted in (names, paths) for v, _ in counted.most_common(_MOST)))


def _is_path(target: str) -> bool:
    """Whether it is the path of a file rather than a command or an address: no blank in it, and a name at its end."""
    if len(target) > 300 or "://" in target or not _PATH.fullmatch(target):
        return False
    folder, _, name = target.replace("\\", "/").rpartition("/")
    return bool(name.strip(".")) and (bool(folder) or "." in name.strip("."))
