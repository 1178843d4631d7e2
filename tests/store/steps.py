"""What the tests of the store say in one line: chats with messages, waiting, people, plans."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from chattui.store import chats, messages
from chattui.store.connection import connect
from chattui.store.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Poll until ``condition`` holds; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


def begin(db: Database, *texts: str, **options: Any) -> int:
    """A chat of our own with these messages."""
    chat = chats.create(db, **options)
    for number, text in enumerate(texts):
        messages.append(db, chat.id, text, key=f"{chat.id}-{number}")
    return chat.id


def rows(db: Database | str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement, on a connection of its own."""
    with connect(db if isinstance(db, str) else db.conninfo, autocommit=True) as conn:
        cursor = conn.execute(statement, values or None)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def value(db: Database | str, statement: str, *values: Any) -> Any:
    """The only value of the only row."""
    return rows(db, statement, *values)[0][0]


def fill(db: Database, chat_id: int, texts: Iterable[tuple[str, datetime]], first: int = 1) -> None:
    """Many messages of given times in one statement, as an import would bring them."""
    found = list(texts)
    rows(
        db,
        "INSERT INTO chattui.messages (chat_id, seq, created_at, role, content_type, content, source_id) "
        "SELECT %s, nr + %s, x.at, 'user', 'text', x.content, 'r' || nr "
        "FROM unnest(%s::text[], %s::timestamptz[]) WITH ORDINALITY AS x (content, at, nr)",
        chat_id,
        first - 1,
        [text for text, _ in found],
        [when for _, when in found],
    )
    began = "UPDATE chattui.chats SET created_at = least(created_at, %s) WHERE id = %s AND owner = CURRENT_USER"
    rows(db, began, min(when for _, when in found), chat_id)


@contextmanager
def people(server: str, conninfo: str, *names: str) -> Iterator[list[str]]:
    """Ordinary roles that may use chattui in this database; their conninfos."""
    made = [f"{name}_{psycopg.conninfo.conninfo_to_dict(conninfo)['dbname']}" for name in names]
    with connect(server, autocommit=True) as conn:
        for name in made:
            conn.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE chattui_user").format(sql.Identifier(name)))
    try:
        yield [psycopg.conninfo.make_conninfo(conninfo, user=name) for name in made]
    finally:
        with connect(conninfo, autocommit=True) as conn:
            for name in made:
                conn.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
                conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def kill_backends(conninfo: str, like: str = "%") -> int:
    """End the other server processes of this database whose last statement is like this; how many there were."""
    return len(
        rows(
            conninfo,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND query LIKE %s",
            like,
        )
    )


def is_running(conninfo: str, like: str) -> bool:
    """Whether another connection of this database runs a statement like this."""
    found = rows(
        conninfo,
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND state = 'active' AND query LIKE %s",
        like,
    )
    return bool(found)
