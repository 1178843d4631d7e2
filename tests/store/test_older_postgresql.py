"""Every PostgreSQL from the oldest that is supported takes the schema, an import's rows and a search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from servers import OLDER, embedded
from steps import NOON, begin, fill, rows, value

from chattui.domain.errors import DatabaseError
from chattui.domain.upkeep import IndexProgress
from chattui.semantic import MODEL
from chattui.store import chats, embeddings, health, search, search_index
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.startup import first_screen, prepare
from chattui.sync.embedding import embed_missing


@pytest.fixture(scope="module", params=OLDER)
def major(request: pytest.FixtureRequest) -> int:
    if not (OLDER[request.param] / "postgres").exists():
        pytest.skip(f"no binaries of PostgreSQL {request.param} here")
    return int(request.param)


@pytest.fixture(scope="module")
def old(major: int) -> Iterator[Database]:
    with embedded(CHATTUI_PG_BIN=str(OLDER[major])) as conninfo:
        with connect(conninfo, autocommit=True) as conn:
            prepare(conn)
        db = Database(conninfo)
        yield db
        db.close()


def test_everything_of_the_store_works(old: Database, major: int) -> None:
    assert health.health(old).server_version.startswith(f"{major}.")
    chat = begin(old, "os.path.join on an old server")
    fill(old, chat, [(f"line {n} getUserById 東京", NOON - timedelta(days=n)) for n in range(200)], first=2)
    assert search_index.refresh_words(old) > 0
    assert [h.seq for h in search.search(old, "path.join").hits] == [1]
    assert [h.seq for h in search.search(old, "user line", limit=3).hits] == [2, 3, 4]
    assert len(search.search(old, "東京", limit=500).hits) == 200
    value(old, "SELECT chattui.refresh_words()")
    found = chats.get(old, chat)
    assert found is not None
    assert found.message_count == 201
    with connect(old.conninfo, autocommit=True) as conn:
        assert first_screen(conn).chat == found


def test_the_index_is_dropped_and_built(old: Database) -> None:
    chats.create(old, title="x")
    assert search_index.set_aside(old, 1 << 40)
    assert not search_index.is_ready(old)
    told: list[IndexProgress] = []
    assert search_index.build(old, told.append)
    assert search_index.is_ready(old)
    assert all(0 <= progress.share <= 1 for progress in told)
    assert search_index.NAME in search_index.rebuild(old).indexes


def test_a_server_without_pgvector_says_so_and_searches_by_words(old: Database) -> None:
    """Debian's server comes without it, as the container postgres:18 does."""
    if rows(old, "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"):
        pytest.skip("this server has pgvector")
    with pytest.raises(DatabaseError, match=r"needs pgvector 0\.8 or newer, which this PostgreSQL does not have"):
        embeddings.switch_on(old, MODEL)
    found = embeddings.status(old, installed=True)
    assert (found.on, found.server) == (False, None)
    assert embed_missing(old) is None
    assert rows(old, "SELECT * FROM chattui.search_meaning('{}', '[1]')") == []
    embeddings.switch_off(old)
