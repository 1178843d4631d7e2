"""Behind PgBouncer in transaction mode, where every transaction may meet another connection of the server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from servers import PGBOUNCER, pooler
from steps import begin, is_running, rows, until, value

from chattui.domain.errors import Cancelled
from chattui.store import chats, messages, search, search_index
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.startup import first_screen, prepare

pytestmark = pytest.mark.skipif(not os.access(PGBOUNCER, os.X_OK), reason="PgBouncer is not installed")

LOCKS = (
    "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
    "WHERE d.datname = current_database() AND l.locktype = 'advisory'"
)


@pytest.fixture
def pooled(conninfo: str) -> Iterator[Database]:
    """A database behind a pooler; the fixture's conninfo leads to it directly."""
    with pooler(conninfo) as address:
        db = Database(address)
        yield db
        db.close()


def test_many_programs_read_write_and_search_without_an_error(pooled: Database) -> None:
    made = [begin(pooled, "a needle in hay") for _ in range(4)]

    def use(number: int) -> int:
        chat = made[number % 4]
        messages.append(pooled, chat, f"needle {number}", key=str(number))
        messages.page(pooled, chat, 1, 50)
        chats.recents(pooled)
        return len(search.search(pooled, "needle ").hits)

    with ThreadPoolExecutor(6) as threads:
        assert all(n > 0 for n in threads.map(use, range(60)))
    assert value(pooled, "SELECT count(*) FROM chattui.messages") == 64


def test_the_first_screen_and_the_schema_come_through_a_pooler(pooled: Database) -> None:
    chat = begin(pooled, "hello")
    with connect(pooled.conninfo, autocommit=True) as conn:
        assert not prepare(conn)
        screen = first_screen(conn)
    assert screen.chat is not None
    assert screen.chat.id == chat


def test_an_empty_database_is_migrated_through_a_pooler(empty_database: str) -> None:
    with pooler(empty_database) as address, connect(address, autocommit=True) as conn:
        assert prepare(conn)
        assert not prepare(conn)


def test_a_stale_search_is_cancelled_through_a_pooler(pooled: Database, conninfo: str) -> None:
    def slow() -> object:
        return pooled.read(lambda c: c.exec_driver_sql("SELECT 'mark', pg_sleep(30)").all(), slot="search")

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(slow)
        until(lambda: is_running(conninfo, "SELECT 'mark'%"))
        pooled.cancel("search")
        with pytest.raises(Cancelled):
            running.result(20)
    assert chats.recents(pooled) == []


def test_an_import_and_the_building_of_the_index_leave_nothing_behind(
    pooled: Database, conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for room in ("sources", "sync"):
        sys.path.insert(0, str(Path(__file__).parent.parent / room))
    from homes import Home, conversation

    monkeypatch.setattr(search_index, "BULK_BYTES", 1000)
    home = Home(tmp_path, pooled)
    home.claude(conversation(turns=50))
    for _ in range(2):
        home.sync()
        assert search_index.is_ready(pooled)
        assert (
            value(
                conninfo,
                LOCKS,
            )
            == 0
        )
        rows(conninfo, "DROP INDEX chattui.messages_search")
    assert home.texts()[-1] == "answer 50"
    for _ in range(4):
        with pooled.raw() as conn, conn.transaction():
            assert (
                conn.execute("SHOW maintenance_work_mem").fetchone() == rows(conninfo, "SHOW maintenance_work_mem")[0]
            )
