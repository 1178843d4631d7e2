"""Migrations: from nothing, from every earlier version with data in it, by several programs at once, all or nothing."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from steps import begin, rows, value

from chattui.domain.errors import DatabaseError, SchemaMismatch
from chattui.store import catalogue, chats, search, search_index, startup
from chattui.store import migrations as steps_of
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.migrations import Migration, available, check, current_version, latest_version, migrate

ALL = available()


def prepare(conninfo: str) -> bool:
    with connect(conninfo, autocommit=True) as conn:
        return startup.prepare(conn)


def version(conninfo: str) -> int | None:
    with connect(conninfo, autocommit=True) as conn:
        return current_version(conn)


def test_an_empty_database_is_brought_to_the_newest_version_once(empty_database: str) -> None:
    assert version(empty_database) is None
    assert prepare(empty_database)
    assert version(empty_database) == latest_version()
    assert not prepare(empty_database)


def test_files_are_numbered_without_gaps_and_each_records_itself(empty_database: str) -> None:
    assert [m.version for m in ALL] == list(range(1, len(ALL) + 1))
    prepare(empty_database)
    recorded = rows(empty_database, "SELECT version, name FROM chattui.schema_versions ORDER BY 1")
    assert recorded == [(m.version, m.name) for m in ALL]


@pytest.mark.parametrize("file", ALL, ids=lambda m: m.name)
def test_a_file_run_by_psql_leaves_the_version_that_the_program_expects(empty_database: str, file: Migration) -> None:
    for migration in ALL[: file.version]:
        rows(empty_database, migration.path.read_text(encoding="utf-8"))
        assert version(empty_database) == migration.version


@pytest.mark.parametrize("before", ALL[:-1], ids=lambda m: f"from-{m.version}")
def test_an_earlier_version_keeps_its_chats(empty_database: str, before: Migration) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn, ALL[: before.version])
        conn.execute("INSERT INTO chattui.chats (source, source_id, title) VALUES ('codex', 'x', 'kept')")
        conn.execute(
            "INSERT INTO chattui.messages (chat_id, seq, role, content) SELECT id, 1, 'user', 'the oldest words' "
            "FROM chattui.chats"
        )
        assert [m.version for m in migrate(conn)] == [m.version for m in ALL[before.version :]]
    db = Database(empty_database)
    try:
        found = chats.find(db, "x")
        assert found is not None
        assert found.title == "kept"
        begin(db, "written with the newest program")
        assert [h.snippet for h in search.search(db, "newest ").hits] == ["written with the newest program"]
    finally:
        db.close()


def test_an_index_of_words_with_accents_is_built_again_and_searched_without_meanwhile(empty_database: str) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn, ALL[:5])
        conn.execute("INSERT INTO chattui.chats (title) VALUES ('kept')")
        conn.execute(
            "INSERT INTO chattui.messages (chat_id, seq, role, content) SELECT id, 1, 'user', 'nach Zürich' FROM chattui.chats"
        )
        migrate(conn)
    db = Database(empty_database)
    try:
        assert not search_index.is_ready(db)
        assert len(search.search(db, "zurich ").hits) == 1
        assert search_index.build(db)
        assert len(search.search(db, "zurich ").hits) == 1
    finally:
        db.close()


def test_programs_that_start_together_migrate_once(empty_database: str) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool, ThreadPoolExecutor(2) as threads:
        here = threads.map(prepare, [empty_database] * 2)
        there = pool.map(_prepare_elsewhere, [empty_database] * 2)
        migrated = [*here, *there]
    assert migrated.count(True) >= 1
    assert rows(empty_database, "SELECT count(*) FROM chattui.schema_versions") == [(len(ALL),)]


def _prepare_elsewhere(conninfo: str) -> bool:
    return prepare(conninfo)


@pytest.mark.parametrize("statement", ["SELECT 1/0", "CREATE TABLE chattui.chats ()", "nonsense"])
def test_a_migration_that_fails_leaves_nothing_of_any(empty_database: str, tmp_path: Path, statement: str) -> None:
    broken = tmp_path / "0099_broken.sql"
    broken.write_text(f"CREATE TABLE chattui.half (); {statement};")
    with connect(empty_database, autocommit=True) as conn, pytest.raises(DatabaseError):
        migrate(conn, [*ALL, Migration(99, "broken", broken)])
    assert version(empty_database) is None
    assert value(empty_database, "SELECT to_regnamespace('chattui') IS NULL")


def test_a_newer_database_is_refused_with_a_sentence_and_left_alone(conninfo: str) -> None:
    rows(conninfo, "INSERT INTO chattui.schema_versions (version, name) VALUES (999, 'future')")
    with pytest.raises(SchemaMismatch, match=r"schema version 999.*Update chattui"):
        prepare(conninfo)
    with connect(conninfo, autocommit=True) as conn, pytest.raises(SchemaMismatch):
        migrate(conn)
    assert version(conninfo) == 999


def test_which_versions_are_migrated() -> None:
    assert check(None)
    assert check(latest_version() - 1)
    assert not check(latest_version())


@pytest.fixture
def stranger(server: str, empty_database: str) -> Iterator[str]:
    """A role without any right in the database; its conninfo."""
    name = "stranger_" + psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]
    role = sql.Identifier(name)
    with connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    yield psycopg.conninfo.make_conninfo(empty_database, user=name)
    with connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP ROLE {}").format(role))


def test_who_may_not_create_the_schema_is_told_whom_to_ask(stranger: str) -> None:
    with pytest.raises(SchemaMismatch, match="Ask the owner of the database"):
        prepare(stranger)


def test_who_may_not_read_the_schema_is_told_which_role_is_missing(stranger: str, empty_database: str) -> None:
    prepare(empty_database)
    with pytest.raises(DatabaseError, match="chattui_user"):
        prepare(stranger)


def test_a_person_on_an_older_schema_is_told_that_its_owner_must_migrate(stranger: str, empty_database: str) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn, ALL)
        conn.execute(
            "DELETE FROM chattui.schema_versions WHERE version = (SELECT max(version) FROM chattui.schema_versions)"
        )
        role = psycopg.conninfo.conninfo_to_dict(stranger)["user"]
        conn.execute(sql.SQL("GRANT chattui_user TO {}").format(sql.Identifier(role)))
    with pytest.raises(SchemaMismatch, match="may not change it"):
        prepare(stranger)


WAYS_BACK = [m for m in ALL if m.way_back is not None]


@pytest.mark.parametrize("last", WAYS_BACK, ids=lambda m: f"from-{m.version}")
def test_a_step_back_leaves_the_version_before_as_it_was_made_and_keeps_chats(
    empty_database: str, last: Migration
) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn, ALL[: last.version])
        conn.execute("INSERT INTO chattui.chats (source, source_id, title) VALUES ('codex', 'x', 'kept')")
        conn.execute(
            "INSERT INTO chattui.messages (chat_id, seq, role, content) SELECT id, 1, 'user', 'words' FROM chattui.chats"
        )
        back = steps_of.step_back(conn, dry_run=True)
        assert version(empty_database) == last.version
        assert steps_of.step_back(conn) == back
        assert version(empty_database) == last.version - 1
        assert catalogue.differences(conn) == []
        migrate(conn)
        assert catalogue.differences(conn) == []
    assert rows(empty_database, "SELECT title, message_count FROM chattui.chats") == [("kept", 1)]


def test_the_last_step_can_be_taken_back_and_says_what_is_lost(empty_database: str) -> None:
    assert ALL[-1].way_back is not None, "write schema/down for each new migration"
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn)
        before = {r[0] for r in rows(empty_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'chattui'")}
        lost = steps_of.step_back(conn).lost
    after = {r[0] for r in rows(empty_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'chattui'")}
    assert {name for name, _ in lost if "." not in name} == before - after


def test_a_step_back_that_fails_or_is_not_written_changes_nothing(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn, ALL[:13])
        with pytest.raises(DatabaseError, match="no way back from 0013_names"):
            steps_of.step_back(conn)
        (tmp_path / "down").mkdir()
        made = tmp_path / "0013_names.sql"
        (tmp_path / "down" / made.name).write_text("DROP TABLE chattui.marks; SELECT 1/0;")
        monkeypatch.setattr(steps_of, "available", lambda: [*ALL[:12], Migration(13, "names", made)])
        monkeypatch.setattr(steps_of, "latest_version", lambda: 13)
        with pytest.raises(DatabaseError):
            steps_of.step_back(conn)
    assert version(empty_database) == 13
    assert value(empty_database, "SELECT to_regclass('chattui.marks') IS NOT NULL")


def test_a_try_runs_everything_and_leaves_nothing(empty_database: str) -> None:
    told: list[int] = []
    with connect(empty_database, autocommit=True) as conn:
        done = migrate(conn, dry_run=True, tell=lambda m: told.append(m.version))
    assert [m.version for m in done] == told == [m.version for m in ALL]
    assert version(empty_database) is None
    assert value(empty_database, "SELECT to_regnamespace('chattui') IS NULL")


def test_who_does_not_own_the_tables_cannot_compare_them(stranger: str, empty_database: str) -> None:
    prepare(empty_database)
    role = psycopg.conninfo.conninfo_to_dict(stranger)["user"]
    rows(empty_database, sql.SQL("GRANT chattui_user TO {}").format(sql.Identifier(role)))
    with connect(stranger, autocommit=True) as conn, pytest.raises(DatabaseError, match="Only the owner"):
        catalogue.differences(conn)
    assert version(empty_database) == latest_version()


def test_what_search_by_meaning_adds_is_no_difference(empty_database: str) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn)
        conn.execute("SELECT chattui.prepare_semantic()")
        assert catalogue.differences(conn) == []
        conn.execute("ALTER TABLE chattui.embeddings DROP COLUMN bits")
        assert {d.name for d in catalogue.differences(conn)} >= {"embeddings.bits"}
