"""What a backup holds comes back row by row: to another database, another person, beside others, on another PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from holdings import furnish, shape, state
from psycopg import sql
from servers import OLDER, embedded
from steps import begin, people, rows, value

from chattui.backup.places import Keep
from chattui.backup.run import Wanted, backup, move, restore
from chattui.backup.sealing import Keys
from chattui.domain.backup import Written
from chattui.domain.errors import BackupError, Conflict, SchemaMismatch
from chattui.store import chats, embeddings, migrations, search, staging
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.reset import reset
from chattui.store.startup import prepare

NO_KEYS = Keys()


def save(conninfo: str, path: Path, **options: object) -> Written:
    return backup(conninfo, Wanted(path, is_directory=False, **options))  # type: ignore[arg-type]


@pytest.fixture
def saved(db: Database, tmp_path: Path) -> Path:
    """A backup of ``db``, which has everything."""
    furnish(db)
    return save(db.conninfo, tmp_path / "all.chattui").path


def test_everything_comes_back_and_the_database_is_as_a_new_one(
    db: Database, other_db: Database, saved: Path, conninfo: str
) -> None:
    before, blank = state(db.conninfo), shape(other_db.conninfo)
    done = restore(other_db.conninfo, saved, NO_KEYS)
    assert state(other_db.conninfo) == before
    assert shape(other_db.conninfo) == blank  # indexes, keys, triggers, defaults, policies, grants
    assert all(count for table, (count, _) in before.items() if table not in {"words", "vocabularies"}), before
    assert done.index_ready
    assert len(search.search(other_db, "zurich number").hits) > 0
    ids = {i for (i,) in rows(other_db, "SELECT id FROM chattui.chats")}
    fresh = begin(other_db, "hello")
    assert fresh not in ids  # the sequence goes on behind what came
    assert value(other_db, "SELECT message_count FROM chattui.chats WHERE id = %s", fresh) == 1  # triggers count again


def test_a_database_that_holds_something_is_refused_and_replaced_only_on_demand(
    other_db: Database, db: Database, saved: Path
) -> None:
    begin(other_db, "keep me")
    mine = state(other_db.conninfo)
    with pytest.raises(BackupError, match=r"not empty: it holds 1 chats with 1 messages and 0 attachments of chattui"):
        restore(other_db.conninfo, saved, NO_KEYS)
    assert state(other_db.conninfo) == mine
    done = restore(other_db.conninfo, saved, NO_KEYS, replace=True)
    assert done.replaced is not None
    assert done.replaced.messages == 1
    assert state(other_db.conninfo) == state(db.conninfo)


def test_readers_see_the_old_state_until_the_new_one_is_there_and_writers_are_told(
    other_db: Database, saved: Path
) -> None:
    chat = begin(other_db, "old")
    seen: list[int] = []

    def look(_: object) -> None:
        if not seen:
            seen.append(value(other_db, "SELECT count(*) FROM chattui.messages"))
            impatient = psycopg.conninfo.make_conninfo(other_db.conninfo, options="-c lock_timeout=100ms")
            with psycopg.connect(impatient) as conn, pytest.raises(psycopg.errors.LockNotAvailable):
                conn.execute("UPDATE chattui.chats SET title = 'lost?' WHERE id = %s", (chat,))
            with pytest.raises(Conflict, match="Another restore"):
                restore(other_db.conninfo, saved, NO_KEYS, replace=True)  # two at once

    restore(other_db.conninfo, saved, NO_KEYS, replace=True, tell=look)
    assert seen == [1]


def test_roles_of_the_operator_keep_what_they_were_granted(server: str, other_db: Database, saved: Path) -> None:
    begin(other_db, "old")
    asked = (
        "SELECT has_table_privilege(%s, 'chattui.upkeep_runs', 'INSERT'), has_table_privilege(%s, 'chattui.chats', 'SELECT'), "
        "has_sequence_privilege(%s, 'chattui.upkeep_runs_id_seq', 'USAGE'), has_schema_privilege(%s, 'chattui', 'USAGE'), "
        "has_function_privilege(%s, 'chattui.me()', 'EXECUTE')"
    )
    with connect(server, autocommit=True) as conn, people(server, other_db.conninfo, "nightly") as (nightly,):
        name = psycopg.conninfo.conninfo_to_dict(nightly)["user"]
        role = sql.Identifier(name)
        conn.execute(sql.SQL("REVOKE chattui_user FROM {}").format(role))
        assert rows(other_db, asked, *[name] * 5) == [(False,) * 5]
        with connect(other_db.conninfo, autocommit=True) as owner:
            for grant in (
                "INSERT ON chattui.upkeep_runs",
                "USAGE ON SEQUENCE chattui.upkeep_runs_id_seq",
                "USAGE ON SCHEMA chattui",
                "EXECUTE ON FUNCTION chattui.me()",
            ):
                owner.execute(sql.SQL("GRANT " + grant + " TO {}").format(role))
        given = rows(other_db, asked, *[name] * 5)
        assert given == [(True, False, True, True, True)]
        restore(other_db.conninfo, saved, NO_KEYS, replace=True)
        assert rows(other_db, asked, *[name] * 5) == given
        reset(other_db.conninfo, all_owners=True)
        assert rows(other_db, asked, *[name] * 5) == given


def test_an_ordinary_person_keeps_to_what_is_theirs_on_both_sides(
    server: str, conninfo: str, other_db: Database, tmp_path: Path
) -> None:
    with people(server, conninfo, "ann", "bob") as (ann, bob):
        for who in (ann, bob):
            person = Database(who)
            furnish(person)
            person.close()
        with pytest.raises(BackupError, match="sees only what is theirs"):
            save(ann, tmp_path / "x.chattui", all_owners=True)
        of_ann = save(ann, tmp_path / "ann.chattui").path
        names = [psycopg.conninfo.conninfo_to_dict(c)["user"] for c in (ann, bob)]
        anns, bobs = state(conninfo, owner=names[0]), state(conninfo, owner=names[1])

        restore(other_db.conninfo, of_ann, NO_KEYS)  # of another person, who owns the tables
        assert state(other_db.conninfo, owner="chattui") == anns

        rows(ann, "DELETE FROM chattui.marks")
        with pytest.raises(BackupError, match="not empty"):
            restore(ann, of_ann, NO_KEYS)
        with pytest.raises(BackupError, match="may only restore for themselves"):
            restore(ann, of_ann, NO_KEYS, owner=names[1], replace=True)
        restore(ann, of_ann, NO_KEYS, replace=True)
        derived = {"words", "vocabularies"}  # sampled again
        found = state(conninfo, owner=names[0])
        assert {t: d for t, d in found.items() if t not in derived} == {
            t: d for t, d in anns.items() if t not in derived
        }
        assert state(conninfo, owner=names[1]) == bobs
        ids = {i for (i,) in rows(ann, "SELECT id FROM chattui.chats")}
        person = Database(ann)
        assert begin(person, "next") not in ids
        person.close()

        everybody = save(conninfo, tmp_path / "all.chattui", all_owners=True)
        assert set(everybody.manifest.head.owners) == set(names)
        restore(other_db.conninfo, everybody.path, NO_KEYS, replace=True)
        assert state(other_db.conninfo, owner=names[1]) == bobs
        assert (
            state(other_db.conninfo, owner="chattui")["chats"][0] > 0
        )  # somebody who is not in the backup keeps theirs


def test_one_of_everybody_keeps_its_owner_also_where_there_is_only_one(
    server: str, conninfo: str, other_db: Database, tmp_path: Path
) -> None:
    with people(server, conninfo, "ann") as (ann,):
        person = Database(ann)
        begin(person, "of ann")
        person.close()
        wanted = Wanted(tmp_path, is_directory=True, all_owners=True, keep=Keep(daily=1))
        everybody = backup(conninfo, wanted)
        assert everybody.path.name.startswith("chattui-all-"), (
            "so that it is of one series with those of several people"
        )
        name = psycopg.conninfo.conninfo_to_dict(ann)["user"]
        assert rows(ann, "SELECT owner FROM chattui.upkeep_runs WHERE kind = 'backup'") == [(name,)], "it is told"
        backup(other_db.conninfo, Wanted(tmp_path / "own", is_directory=True))
        assert value(other_db, "SELECT count(*) FROM chattui.upkeep_runs") == 1, "which is nothing that is in the way"
        assert restore(other_db.conninfo, everybody.path, NO_KEYS).owners == (name,)
        assert value(other_db, "SELECT owner FROM chattui.messages") == name
        assert restore(other_db.conninfo, everybody.path, NO_KEYS, owner="zoe").owners == ("zoe",)


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    empty_database: str, other_db: Database, tmp_path: Path
) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrations.migrate(conn, [m for m in migrations.available() if m.version <= 10])
    old = Database(empty_database)
    begin(old, "from before", "and another")
    path = save(empty_database, tmp_path / "old.chattui").path
    restore(other_db.conninfo, path, NO_KEYS)
    assert value(other_db, "SELECT max(version) FROM chattui.schema_versions") == migrations.latest_version()
    assert [m for (m,) in rows(other_db, "SELECT content FROM chattui.messages ORDER BY seq")] == [
        "from before",
        "and another",
    ]
    old.close()


def test_a_backup_of_a_newer_schema_is_refused(db: Database, other_db: Database, tmp_path: Path) -> None:
    begin(db, "x")
    rows(db, "INSERT INTO chattui.schema_versions (version, name) VALUES (9999, 'future')")
    path = save(db.conninfo, tmp_path / "new.chattui").path
    with pytest.raises(SchemaMismatch, match="schema version 9999"):
        restore(other_db.conninfo, path, NO_KEYS)


def test_embeddings_travel_too_and_can_be_left_out(db: Database, other_db: Database, tmp_path: Path) -> None:
    chat = begin(db, "bread")
    embeddings.switch_on(db, "m")
    rows(
        db,
        "INSERT INTO chattui.embeddings (chat_id, seq, at, vector) VALUES (%s, 1, 0, array_fill(0.25, ARRAY[256])::halfvec)",
        chat,
    )
    path = save(db.conninfo, tmp_path / "with.chattui").path
    restore(other_db.conninfo, path, NO_KEYS)
    assert state(other_db.conninfo) == state(db.conninfo)
    assert embeddings.is_on(other_db)
    without = save(db.conninfo, tmp_path / "without.chattui", embeddings=False).path
    restore(other_db.conninfo, without, NO_KEYS, replace=True)
    assert not embeddings.is_on(other_db)


def test_a_move_leaves_the_old_one_goes_on_where_it_was_and_is_compared(
    db: Database, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(db, messages=3000, data=b"x" * 100)
    before = state(db.conninfo)
    bring = staging.Staging.bring

    def broken(self: staging.Staging, owner: str, table: str, *rest: object) -> None:
        bring(self, owner, table, *rest)  # type: ignore[arg-type]
        if table == "messages":
            raise KeyboardInterrupt

    monkeypatch.setattr(staging.Staging, "bring", broken)
    with pytest.raises(KeyboardInterrupt):
        move(db.conninfo, empty_database)
    assert rows(empty_database, "SELECT to_regnamespace('chattui') IS NULL") == [(True,)]  # nothing is seen of it
    monkeypatch.undo()
    chats.create(db, title="came meanwhile")
    before = state(db.conninfo)
    done = move(db.conninfo, empty_database)
    assert done.resumed > 500_000
    assert state(empty_database) == before == state(db.conninfo)
    assert rows(empty_database, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'chattui%'") == [("chattui",)]
    with pytest.raises(BackupError, match="not empty"):
        move(db.conninfo, empty_database)


def test_a_person_moves_to_a_server_of_several_and_makes_nothing_there(
    server: str, db: Database, other_db: Database
) -> None:
    furnish(db)
    begin(other_db, "the admin's own")
    with people(server, other_db.conninfo, "ann") as (ann,):
        move(db.conninfo, ann)
        name = psycopg.conninfo.conninfo_to_dict(ann)["user"]
        derived = {"words", "vocabularies"}
        mine, theirs = state(db.conninfo, owner="chattui"), state(other_db.conninfo, owner=name)
        assert {t: d for t, d in mine.items() if t not in derived} == {
            t: d for t, d in theirs.items() if t not in derived
        }
        assert value(other_db, "SELECT count(*) FROM chattui.messages WHERE owner = 'chattui'") == 1


@pytest.fixture(scope="module", params=OLDER)
def old_server(request: pytest.FixtureRequest) -> Iterator[str]:
    if not (OLDER[request.param] / "postgres").exists():
        pytest.skip(f"no binaries of PostgreSQL {request.param} here")
    with embedded(CHATTUI_PG_BIN=str(OLDER[request.param])) as conninfo:
        with connect(conninfo, autocommit=True) as conn:
            prepare(conn)
        yield conninfo


def test_backups_go_from_18_to_older_ones_and_back(
    db: Database, other_db: Database, old_server: str, saved: Path, tmp_path: Path
) -> None:
    before = state(db.conninfo)
    restore(old_server, saved, NO_KEYS)
    assert state(old_server) == before
    back = save(old_server, tmp_path / "back.chattui")
    assert int(back.manifest.head.server_version.split(".")[0]) in OLDER
    restore(other_db.conninfo, back.path, NO_KEYS)
    assert state(other_db.conninfo) == before
    move(old_server, other_db.conninfo, replace=True)
    assert state(other_db.conninfo) == before


def test_nothing_of_it_stays_when_a_table_differs(
    db: Database, other_db: Database, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chattui.store import load

    begin(other_db, "old")
    before, form = state(other_db.conninfo), shape(other_db.conninfo)
    real = load.WholeLoad.put

    def lossy(self: load.WholeLoad, owner: str, table: str, columns: tuple[str, ...], pieces: object) -> None:
        kept = (p.replace(b"failed", b"completed") for p in pieces) if table == "tool_calls" else pieces  # type: ignore[attr-defined]
        real(self, owner, table, columns, kept)  # type: ignore[arg-type]

    monkeypatch.setattr(load.WholeLoad, "put", lossy)
    with pytest.raises(BackupError, match="differs from what was kept: tool_calls"):
        restore(other_db.conninfo, saved, NO_KEYS, replace=True)
    assert (state(other_db.conninfo), shape(other_db.conninfo)) == (before, form)
