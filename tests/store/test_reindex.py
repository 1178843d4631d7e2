"""The search index is rebuilt beside the old one, whatever ends the rebuild; the vocabulary follows what was imported."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from steps import NOON, begin, fill, kill_backends, people, rows, until, value

from chattui.domain.errors import DatabaseError
from chattui.domain.upkeep import IndexProgress, Step, UpkeepRules
from chattui.store import keeping, search, search_index
from chattui.store.connection import connect
from chattui.store.database import Database

FILE = "SELECT pg_relation_filenode('chattui.messages_search')"
BUILDS = (
    "SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database() AND phase LIKE 'waiting%%'"
)


@pytest.fixture
def filled(db: Database) -> Database:
    fill(db, begin(db), [(f"needle number {n} of the hay", NOON - timedelta(hours=n)) for n in range(500)])
    rows(db, "ANALYZE chattui.messages")
    return db


@contextmanager
def held_up(db: Database) -> Iterator[threading.Thread]:
    """A rebuild that cannot go on, because somebody has been writing since before; ends when that transaction does."""
    ended: list[BaseException | search_index.Rebuilt] = []

    def work() -> None:
        try:
            ended.append(search_index.rebuild(db))
        except DatabaseError as error:
            ended.append(error)

    with connect(db.conninfo) as blocker:
        blocker.execute("LOCK TABLE chattui.messages IN ROW EXCLUSIVE MODE")
        thread = threading.Thread(target=work)
        thread.start()
        until(lambda: value(db, BUILDS))
        try:
            yield thread
        finally:
            blocker.rollback()
            thread.join(30)
    assert ended


def test_an_index_set_aside_for_an_import_is_left_alone_until_that_is_done(filled: Database) -> None:
    other = Database(filled.conninfo)
    with search_index.aside(filled, 1 << 40) as first, search_index.aside(other, 1 << 40) as second:
        assert (first, second) == (True, True), "two may import at once"
        assert not search_index.build(other)
        assert not search_index.is_ready(filled)
    with search_index.aside(other, 1 << 40) as is_away:
        assert is_away
        rows(
            filled,
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            "WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.mode = 'ShareLock'",
        )
        assert search_index.build(filled), "who had set it aside is gone"
    assert search_index.is_ready(filled)
    with search_index.aside(filled, 1) as is_away:
        assert not is_away
    assert search_index.is_ready(filled)
    other.close()


@pytest.mark.parametrize("name", search_index.INDEXES)
def test_every_index_that_imports_do_without_is_built_again(filled: Database, name: str) -> None:
    built = rows(filled, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'chattui' ORDER BY 1")
    with search_index.aside(filled, 1 << 40):
        left = {one for (one,) in rows(filled, "SELECT indexname FROM pg_indexes WHERE schemaname = 'chattui'")}
        assert {one for one, _ in built} - left == set(search_index.INDEXES)
    search_index.build(filled)
    rows(filled, f"DROP INDEX chattui.{name}")  # one was built, and then the program was ended
    assert not search_index.is_ready(filled)
    assert search_index.build(filled)
    assert rows(filled, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'chattui' ORDER BY 1") == built
    assert not search_index.build(filled)


def test_who_may_not_build_the_index_keeps_nobody_from_it(server: str, filled: Database) -> None:
    with people(server, filled.conninfo, "ann") as (info,), search_index.aside(filled, 1 << 40):
        ann = Database(info)
        with search_index.aside(ann, 1 << 40) as is_away:
            assert not is_away
        ann.close()
    with people(server, filled.conninfo, "bob") as (info,):
        bob = Database(info)
        with search_index.aside(bob, 1 << 40):
            assert search_index.build(filled)
        bob.close()


def test_a_rebuild_makes_every_text_index_anew_and_the_vocabulary(filled: Database) -> None:
    before = value(filled, FILE)
    rows(filled, "DELETE FROM chattui.words")
    done = search_index.rebuild(filled)
    assert value(filled, FILE) != before
    assert done.indexes[0] == "messages_search"
    assert {"marks_search", "chats_noted", "words_similar"} <= set(done.indexes)
    assert done.words == value(filled, "SELECT count(*) FROM chattui.words") > 3
    assert len(search.search(filled, "needle ", limit=1_000).hits) == 500


@pytest.mark.parametrize("state", ["missing", "half-built"])
def test_a_rebuild_builds_what_is_not_there(filled: Database, state: str) -> None:
    if state == "missing":
        rows(filled, "DROP INDEX chattui.messages_search")
    else:
        rows(filled, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'chattui.messages_search'::regclass")
    assert not search_index.is_ready(filled)
    assert "messages_search" in search_index.rebuild(filled).indexes
    assert search_index.is_ready(filled)


def test_searches_use_the_old_index_and_writers_go_on_while_the_new_one_is_built(filled: Database) -> None:
    before = value(filled, FILE)
    scans = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelid = 'chattui.messages_search'::regclass"
    used = value(filled, scans) or 0
    with held_up(filled):
        assert search_index.is_ready(filled)
        assert len(search.search(filled, "needle ", limit=1_000).hits) == 500
        begin(filled, "a needle that came meanwhile")
        assert len(search.search(filled, "needle meanwhile").hits) == 1
        assert value(filled, FILE) == before
        until(lambda: value(filled, scans) > used)
    assert value(filled, FILE) != before
    assert len(search.search(filled, "needle meanwhile").hits) == 1


def test_what_an_ended_rebuild_has_left_is_cleared_by_the_next_one(filled: Database) -> None:
    with held_up(filled):
        assert kill_backends(filled.conninfo, "REINDEX%") == 1
    with connect(filled.conninfo, autocommit=True) as conn:
        left = search_index.leftovers(conn)
        assert left
        assert len(search.search(filled, "needle ", limit=1_000).hits) == 500
        done = search_index.rebuild(filled)
        assert list(done.cleared) == left
        assert search_index.leftovers(conn) == []


def test_a_rebuild_that_is_cancelled_leaves_nothing(filled: Database) -> None:
    with held_up(filled):
        rows(
            filled,
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND query LIKE 'REINDEX%%' AND pid <> pg_backend_pid()",
        )
    with connect(filled.conninfo, autocommit=True) as conn:
        assert search_index.leftovers(conn) == []
    assert search_index.is_ready(filled)


def test_a_rebuild_waits_for_another_and_says_so(filled: Database) -> None:
    told: list[IndexProgress] = []
    with held_up(filled):
        second = threading.Thread(target=search_index.rebuild, args=(filled, told.append))
        second.start()
        until(lambda: told)
        assert told[0].step is Step.WAITING
    second.join(30)
    assert search_index.is_ready(filled)


def test_progress_tells_share_rate_and_time_that_remains(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chattui.store.index_progress.EVERY", 0.005)
    fill(db, begin(db), [(f"needle {n} " + "hay and straw " * 200, NOON - timedelta(hours=n)) for n in range(3_000)])
    rows(db, "VACUUM ANALYZE chattui.messages")
    told: list[IndexProgress] = []
    search_index.rebuild(db, told.append)
    building = [p for p in told if p.step is Step.BUILDING and p.index == "messages_search"]
    assert building
    assert [p.share for p in building] == sorted(p.share for p in building)
    assert all(0 <= p.share <= 1 for p in told)
    assert any(p.rate and p.rate > 0 and p.remaining is not None and p.remaining >= 0 for p in building)


def test_who_does_not_own_the_tables_is_told_whom_to_ask(server: str, filled: Database) -> None:
    with people(server, filled.conninfo, "ann") as (ann,):
        db = Database(ann)
        with pytest.raises(DatabaseError, match="Only the owner of the tables"):
            search_index.rebuild(db)
        db.close()


def test_many_small_imports_add_up_to_a_new_vocabulary(db: Database) -> None:
    chat = begin(db)
    fill(db, chat, [(f"word{n % 40} of many", NOON) for n in range(300)])
    assert search_index.words_are_stale(db)
    search_index.refresh_words(db)
    assert not search_index.words_are_stale(db)
    first = 301
    for _ in range(4):
        fill(db, chat, [("a latecomer", NOON)] * 120, first)
        first += 120
        assert not search_index.words_are_stale(db)
    fill(db, chat, [("a latecomer", NOON)] * 120, first)
    assert search_index.words_are_stale(db)
    search_index.refresh_words(db)
    assert "latecomer" in search.suggest(db, "latecommer")
    rows(db, "DELETE FROM chattui.messages WHERE seq > 300")
    assert search_index.words_are_stale(db), "what is gone is gone from the vocabulary too"


@pytest.mark.parametrize("sample", [-5, 0, 1, 2_000_000_000])
def test_sampling_the_vocabulary_takes_any_number_and_reads_a_bounded_number_of_messages(
    db: Database, sample: int
) -> None:
    fill(db, begin(db), [(f"word{n % 40} of many", NOON) for n in range(300)])
    assert value(db, "SELECT chattui.refresh_words(%s)", sample) > 20


def test_the_vocabularys_sample_grows_with_the_history(db: Database) -> None:
    rows(
        db,
        "CREATE OR REPLACE FUNCTION chattui.refresh_words(p_sample integer DEFAULT 10000) RETURNS integer "
        "LANGUAGE sql AS 'SELECT p_sample'",
    )
    asked = []
    for messages in (0, 1_000_000, 5_000_000, 40_000_000):
        rows(db, "DELETE FROM chattui.day_counts")
        rows(db, "INSERT INTO chattui.day_counts (owner, day, n) VALUES (CURRENT_USER, 20000, %s)", messages)
        asked.append(search_index.refresh_words(db))
    assert asked == [10_000, 10_000, 25_000, 50_000]


def test_a_build_that_meets_somebody_who_analyzes_is_done_again(filled: Database) -> None:
    rows(filled, "DROP INDEX chattui.messages_search")

    def analyze() -> None:
        with connect(filled.conninfo, autocommit=True) as conn:
            conn.execute("SET deadlock_timeout = '60s'")  # so that it is the build that has to give way
            conn.execute("ANALYZE chattui.messages")

    analyzing = threading.Thread(target=analyze)
    with held_up(filled):
        analyzing.start()
        until(lambda: value(filled, "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode LIKE 'ShareUpdate%%'"))
    analyzing.join(30)
    assert search_index.is_ready(filled)
    assert len(search.search(filled, "needle ", limit=1_000).hits) == 500


def test_upkeep_waits_for_no_build(filled: Database) -> None:
    with held_up(filled):
        done = {one.step: one for one in keeping.keep(filled, UpkeepRules())}
        assert done["indexes"].names == ()
