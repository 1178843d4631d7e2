"""Upkeep: chats that nobody opens are archived and come back, deleted ones are forgotten for good, the rest is kept small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from steps import NOON, begin, fill, people, rows, value

from chattui.domain.errors import Conflict
from chattui.domain.kinds import ChatStatus
from chattui.domain.upkeep import Kept, UpkeepRules
from chattui.store import chats, embeddings, keeping, marks, search, search_index
from chattui.store.check import check
from chattui.store.connection import connect
from chattui.store.database import Database

SECRET = "xylophonic"
ARCHIVE = UpkeepRules(archive_after=90)
PURGE = UpkeepRules(purge_after=30)


def age(db: Database, chat_id: int, days: int) -> None:
    """As if nothing had happened to a chat for so long."""
    rows(
        db,
        "UPDATE chattui.chats SET updated_at = now() - %s * interval '1 day', last_message_at = now() - %s * interval '1 day', "
        "last_accessed_at = NULL, deleted_at = deleted_at - %s * interval '1 day' WHERE id = %s",
        days,
        days,
        days,
        chat_id,
    )


def status(db: Database, chat_id: int) -> ChatStatus:
    found = chats.get(db, chat_id)
    assert found is not None
    return found.status


def steps(done: list[Kept]) -> dict[str, int]:
    assert not [step for step in done if step.fault]
    return {step.step: step.done for step in done}


def everything(db: Database) -> str:
    """Every row of every table of ours, as text."""
    tables = rows(
        db, "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'chattui'::regnamespace AND relkind = 'r'"
    )
    return "\n".join(str(row) for (table,) in tables for row in rows(db, f"SELECT t::text FROM {table} t"))


def left_of(db: Database, chat: int) -> set[str]:
    """The tables that still have a row of a chat, of all that there are: a new one is asked too."""
    found = rows(
        db,
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'chattui' AND column_name = 'chat_id' "
        "AND table_name IN (SELECT relname FROM pg_class WHERE relnamespace = 'chattui'::regnamespace AND relkind = 'r')",
    )
    tables = {name for (name,) in found}
    assert {"messages", "files", "marks", "raw_records", "replies", "archived_chats", "embeddings"} <= tables
    return {t for t in tables if value(db, f"SELECT count(*) FROM chattui.{t} WHERE chat_id = %s", chat)}


def imported(db: Database, text: str, source_id: str, parent: int | None = None) -> int:
    """A chat as an import makes it, with a tool call, an attachment and its file remembered."""
    chat = value(
        db,
        "INSERT INTO chattui.chats (source, source_id, title, project, parent_id) VALUES ('codex', %s, %s, %s, %s) RETURNING id",
        source_id,
        f"{text} title",
        f"/{text}",
        parent,
    )
    fill(db, chat, [(f"{text} {n}", NOON) for n in range(3)])
    rows(db, "INSERT INTO chattui.tool_calls (chat_id, call_id, name, target) VALUES (%s, 'c', 'Bash', %s)", chat, text)
    rows(db, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256(%s), 9, %s)", text.encode(), text.encode())
    rows(
        db,
        "INSERT INTO chattui.files (chat_id, path, sha256, size) VALUES (%s, %s, sha256(%s), 9)",
        chat,
        text,
        text.encode(),
    )
    rows(
        db,
        "WITH i AS (INSERT INTO chattui.imports (machine, path, source, chat_id, inode, device, size, mtime_ns) "
        "VALUES ('box', %s, 'codex', %s, 0, 0, 0, 0) RETURNING id) INSERT INTO chattui.raw_records "
        "(import_id, digest, chat_id, line, part, what, size, data) SELECT id, '\\x00', %s, 1, 0, %s, 9, %s FROM i",
        source_id,
        chat,
        chat,
        text,
        text.encode(),
    )
    rows(db, "INSERT INTO chattui.replies (chat_id, key, parent_seq, content) VALUES (%s, 'k', 1, %s)", chat, text)
    rows(db, "INSERT INTO chattui.snapshots (kind, chat_id, data) VALUES ('chat', %s, '{}')", chat)
    rows(db, "INSERT INTO chattui.archived_chats (chat_id) VALUES (%s)", chat)
    marks.note(db, chat, 1, f"a note on {text}")
    chats.tag(db, chat, [text])
    chats.describe(db, chat, f"about {text}")
    return int(chat)


def test_what_nobody_opened_is_archived_stays_searchable_and_comes_back(db: Database) -> None:
    old, pinned, opened, changed = (begin(db, f"the {word} parrot") for word in ("old", "pinned", "opened", "changed"))
    chats.pin(db, pinned, True)
    by_hand = begin(db, "archived by hand")
    for chat in (old, pinned, opened, changed, by_hand):
        age(db, chat, 100)
    chats.touch(db, opened)
    chats.rename(db, changed, "renamed")
    chats.archive(db, by_hand)
    assert steps(keeping.would_do(db, ARCHIVE))["archive"] == 1
    assert status(db, old) is ChatStatus.ACTIVE
    assert steps(keeping.keep(db, ARCHIVE))["archive"] == 1
    assert [status(db, c) for c in (old, pinned, opened, changed)] == [ChatStatus.ARCHIVED, *[ChatStatus.ACTIVE] * 3]
    assert [h.chat_id for h in search.search(db, "old parrot").hits] == [old]
    assert [h.chat_id for h in search.search(db, "parrot is:archived").hits] == [old]
    assert keeping.bring_back(db) == 1
    assert (status(db, old), status(db, by_hand)) == (ChatStatus.ACTIVE, ChatStatus.ARCHIVED)
    assert steps(keeping.keep(db, ARCHIVE))["archive"] == 0, "it was just brought back"


def test_a_chat_that_upkeep_archived_comes_back_when_it_is_gone_on_with(db: Database) -> None:
    old, by_hand = begin(db, "the old parrot"), begin(db, "archived by hand")
    age(db, old, 100)
    chats.archive(db, by_hand)
    keeping.keep(db, ARCHIVE)
    for chat in (old, by_hand):
        fill(db, chat, [("more of it", datetime.now(UTC))], first=2)
    assert (status(db, old), status(db, by_hand)) == (ChatStatus.ACTIVE, ChatStatus.ARCHIVED)
    assert value(db, "SELECT count(*) FROM chattui.archived_chats") == 0


def test_a_chat_that_a_person_archived_again_is_not_upkeeps_any_more(db: Database) -> None:
    old = begin(db, "the old parrot")
    age(db, old, 100)
    keeping.keep(db, ARCHIVE)
    chats.archive(db, old, archived=False)
    chats.archive(db, old)
    fill(db, old, [("more of it", datetime.now(UTC))], first=2)
    assert status(db, old) is ChatStatus.ARCHIVED
    assert keeping.bring_back(db) == 0


def test_without_rules_no_chat_is_archived_or_forgotten(db: Database) -> None:
    old, gone = begin(db, "the old parrot"), begin(db, "deleted")
    chats.delete(db, gone)
    for chat in (old, gone):
        age(db, chat, 5_000)
    assert not {"archive", "purge"} & set(steps(keeping.keep(db, UpkeepRules())))
    assert [h.chat_id for h in search.search(db, "parrot").hits] == [old]
    assert chats.restore(db, gone).message_count == 1


def test_what_was_deleted_long_ago_is_gone_from_everywhere_and_does_not_come_back(db: Database) -> None:
    kept = begin(db, "the kept parrot")
    embeddings.switch_on(db, "m")
    chat = imported(db, SECRET, "s1")
    rows(
        db,
        "INSERT INTO chattui.embeddings (chat_id, seq, at, vector) VALUES (%s, 1, 0, array_fill(0.25, ARRAY[256])::halfvec)",
        chat,
    )
    imported(db, f"{SECRET}child", "s2", parent=chat)
    own = begin(db, f"{SECRET} of ours", title=SECRET)
    young = begin(db, "deleted yesterday")
    for one in (chat, own, young):
        chats.delete(db, one)
    for one in (chat, own):
        age(db, one, 31)
    search_index.refresh_words(db)
    assert SECRET in {word for (word,) in rows(db, "SELECT word FROM chattui.words")}
    assert keeping.would_lose(db, 30) == (2, 7, 105, 2)
    assert steps(keeping.would_do(db, PURGE))["purge"] == 2
    assert SECRET in everything(db)
    told: list[tuple[str, int, int]] = []
    done = steps(keeping.keep(db, PURGE, lambda *step: told.append(step)))
    assert (done["purge"], done["orphans"]) == (2, 2)
    assert ("purge", 2, 2) in told
    assert SECRET not in everything(db)
    assert left_of(db, chat) == {"imports"}, "which file it came from, so that it does not come back"
    assert rows(db, "SELECT source_id, message_count FROM chattui.chats WHERE source = 'codex' ORDER BY 1") == [
        ("s1", 0),
        ("s2", 0),
    ]
    assert chats.get(db, own) is None
    assert [row.id for row in chats.recents(db, status=ChatStatus.DELETED)] == [young]
    assert [row.id for row in chats.recents(db)] == [kept]
    assert chats.restore(db, young).message_count == 1
    assert not [f.check for f in check(db, everything=True) if f.wrong]
    # its file grows, or comes again from elsewhere: it stays deleted, and goes with the next upkeep
    fill(db, chat, [(f"{SECRET} again", NOON)])
    assert not search.search(db, SECRET).hits
    assert steps(keeping.keep(db, PURGE))["purge"] == 1
    assert SECRET not in everything(db)
    assert steps(keeping.keep(db, PURGE))["purge"] == 0


def test_one_persons_upkeep_leaves_the_others_alone(server: str, conninfo: str) -> None:
    with people(server, conninfo, "ann", "bob") as infos:
        ann, bob = (Database(info) for info in infos)
        try:
            for one in (ann, bob):
                old, gone = begin(one, "old"), begin(one, "deleted")
                chats.delete(one, gone)
                age(one, old, 100)
                age(one, gone, 100)
                rows(one, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('x'), 1, 'x')")
            before = rows(bob, "SELECT id, status FROM chattui.chats ORDER BY 1")
            done = keeping.keep(ann, UpkeepRules(archive_after=90, purge_after=30))
            assert steps(done) == {"archive": 1, "purge": 1, "snapshots": 0, "orphans": 1}, "tables are their owner's"
            assert rows(bob, "SELECT id, status FROM chattui.chats ORDER BY 1") == before
            assert value(bob, "SELECT count(*) FROM chattui.blobs") == 1
            assert keeping.bring_back(bob) == 0
        finally:
            ann.close()
            bob.close()


def test_only_what_is_worth_it_is_vacuumed_and_rebuilt(db: Database) -> None:
    chat = begin(db, "a beginning")
    search_index.refresh_words(db)
    assert {s.step: s.names for s in keeping.keep(db, UpkeepRules())}["indexes"] == ()
    rows(db, "ALTER TABLE chattui.searches SET (autovacuum_enabled = false)")
    rows(db, "INSERT INTO chattui.searches (query) SELECT repeat('x', 400) || n FROM generate_series(1, 60000) n")
    rows(db, "DELETE FROM chattui.searches WHERE right(query, 1) <> '7' OR length(query) < 405")
    done = {s.step: s.names for s in keeping.keep(db, UpkeepRules())}
    assert "searches" in done["tables"]
    assert value(db, "SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'searches'")
    swollen = value(db, "SELECT pg_relation_size('chattui.searches_pkey')")
    assert "searches_pkey" in done["indexes"]
    assert swollen < 12_000_000, "30 MB were for what is gone"
    assert {s.step: s.names for s in keeping.keep(db, UpkeepRules())}["indexes"] == ()
    assert chats.get(db, chat) is not None


def test_a_table_that_somebody_holds_is_left_for_the_next_time(db: Database) -> None:
    rows(db, "ALTER TABLE chattui.searches SET (autovacuum_enabled = false)")
    rows(db, "INSERT INTO chattui.searches (query) SELECT repeat('x', 40) || n FROM generate_series(1, 20000) n")
    rows(db, "DELETE FROM chattui.searches")
    with connect(db.conninfo) as builder:  # who builds an index holds it so, and waits for all who wait for it
        builder.execute("LOCK TABLE chattui.searches IN SHARE UPDATE EXCLUSIVE MODE")
        left = {s.step: s for s in keeping.keep(db, UpkeepRules())}["tables"]
    assert "searches" not in left.names
    assert left.fault is None
    assert "searches" in {s.step: s for s in keeping.keep(db, UpkeepRules())}["tables"].names


def test_a_missing_search_index_is_built_and_a_half_built_one_cleared(db: Database) -> None:
    begin(db, "the parrot")
    rows(db, "DROP INDEX chattui.messages_search")
    rows(db, "CREATE INDEX marks_search_ccnew ON chattui.marks (note)")
    rows(db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'chattui.marks_search_ccnew'::regclass")
    assert {s.step: s.names for s in keeping.keep(db, UpkeepRules())}["indexes"] == ("messages_search",)
    assert value(db, "SELECT to_regclass('chattui.marks_search_ccnew') IS NULL")
    assert search_index.is_ready(db)


def test_two_programs_do_not_keep_the_same_database_at_once(db: Database) -> None:
    with connect(db.conninfo, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s, hashtext(CURRENT_USER::text))", (keeping._LOCK,))
        with pytest.raises(Conflict, match="Another program"):
            keeping.keep(db, UpkeepRules())
    keeping.keep(db, UpkeepRules())


def test_a_step_that_fails_is_told_and_the_others_are_done(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    rows(db, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('x'), 1, 'x')")
    rows(
        db,
        "CREATE OR REPLACE FUNCTION chattui.archive_chats(p_days integer, p_dry_run boolean DEFAULT false) RETURNS integer "
        "LANGUAGE sql AS 'SELECT 1 / (p_days - p_days)'",
    )
    done = {step.step: step for step in keeping.keep(db, ARCHIVE)}
    assert "SQLSTATE 22012" in (done["archive"].fault or "")
    assert done["orphans"].done == 1


def test_each_run_is_recorded_and_old_records_go(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keeping.last_run(db) is None
    monkeypatch.setattr(keeping, "_RUNS_KEPT", 2)
    for _ in range(3):
        keeping.keep(db, ARCHIVE)
    assert value(db, "SELECT count(*) FROM chattui.upkeep_runs") == 2
    assert value(db, "SELECT report -> 'archive' ->> 'done' FROM chattui.upkeep_runs LIMIT 1") == "0"
    last = keeping.last_run(db)
    assert last is not None
    assert datetime.now(UTC) - last < timedelta(minutes=1)


@pytest.mark.parametrize("call", ["archive_chats(0)", "archive_chats(NULL)", "purge_deleted(-1)"])
def test_the_functions_refuse_days_that_would_take_everything(db: Database, call: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="a number of days"):
        rows(db, f"SELECT chattui.{call}")
