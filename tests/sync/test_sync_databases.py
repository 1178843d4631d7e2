"""Databases of other programs in the app's own: sessions in two stores, programs that are at work, many chats."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from container_makers import CASES, EDITOR, NOON, Case, add_editor, add_opencode_session, rows_of, write_opencode
from histories import write
from homes import MACHINE, Home
from steps import rows, value
from test_opencode import NAME, database, tree

from chattui.domain.errors import SourceError
from chattui.sources import sqlite
from chattui.sources.registry import all_sources
from chattui.store import imports, search_index
from chattui.sync import choose, engine
from chattui.sync.choose import history_in
from chattui.sync.engine import Sync
from chattui.sync.progress import SyncReport

TOLD = "SELECT m.seq, m.content FROM chattui.messages m JOIN chattui.chats c ON c.id = m.chat_id WHERE c.source_id = %s ORDER BY 1"


def later(path: Path, seconds: int) -> None:
    when = path.stat().st_mtime_ns + seconds * 1_000_000_000
    os.utime(path, ns=(when, when))


def place(home: Home) -> Path:
    found = home.path / ".local" / "share" / "opencode"
    found.mkdir(parents=True, exist_ok=True)
    return found


def opened(home: Home, *paths: Path) -> SyncReport:
    sync = Sync(home.db, all_sources(), machine=MACHINE)
    return sync.run_work(sync.compare(history_in(paths, all_sources())))


def test_a_session_in_both_stores_is_there_once(home: Home) -> None:
    tree(place(home))
    home.sync()
    first = rows(home.db, TOLD, NAME)
    assert first
    path = database(place(home), messages=6)
    report = home.sync()
    assert (report.faults, report.problems) == ((), 0)
    assert rows(home.db, TOLD, NAME) == first
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 1
    # the session goes on in the database, and what was there is changed
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(
            "UPDATE part SET data = ? WHERE id LIKE '%_0001_0'", (json.dumps({"type": "text", "text": "edited"}),)
        )
        values = (
            "msg_new",
            NAME,
            NOON + 99_000,
            NOON + 99_000,
            json.dumps({"role": "user", "time": {"created": NOON + 99_000}}),
        )
        conn.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", values)
        part = json.dumps({"type": "text", "text": "once more"})
        conn.execute("INSERT INTO part VALUES ('prt_new', 'msg_new', ?, 1, 1, ?)", (NAME, part))
    later(path, 5)
    home.sync()
    told = [content for _seq, content in rows(home.db, TOLD, NAME)]
    assert told[0] == "edited"
    assert told[-1] == "once more"
    assert len(told) == len(first) + 1
    assert home.sync().read == 0


def test_both_stores_at_once_and_in_any_order_say_the_same(home: Home, other: Home) -> None:
    for one, is_tree_newer in ((home, True), (other, False)):
        session, path = tree(place(one)), database(place(one))
        message = next(session.parents[2].glob("message/*/*.json"))
        later(message if is_tree_newer else path, 100)
        one.sync()
    assert rows(home.db, TOLD, NAME) == rows(other.db, TOLD, NAME)
    assert [row[0] for row in rows(home.db, TOLD, NAME)] == list(range(1, len(rows(home.db, TOLD, NAME)) + 1))


def test_a_conversation_that_has_a_transcript_is_not_taken_away_by_the_editors_database(home: Home) -> None:
    transcript = home.path / ".cursor" / "projects" / "p" / "agent-transcripts" / "comp1" / "comp1.jsonl"
    lines = [
        {"role": role, "message": {"content": [{"type": "text", "text": f"{role} says"}]}}
        for role in ("user", "assistant")
    ]
    write(transcript, lines)
    home.sync()
    path = home.path / ".config" / "Cursor" / "User" / "globalStorage" / "state.vscdb"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(EDITOR)
        for chat in (1, 2):
            add_editor(conn, random.Random(3), chat, 4)
    write(transcript, [*lines, {"role": "user", "message": {"content": [{"type": "text", "text": "more"}]}}])
    home.sync()
    assert [content for _seq, content in rows(home.db, TOLD, "comp1")] == ["user says", "assistant says", "more"]
    assert len(rows(home.db, TOLD, "comp2")) > 2
    assert home.sync().read == 0


def test_a_chat_that_was_emptied_keeps_what_it_said(home: Home) -> None:
    path = database(place(home))
    home.sync()
    before = rows(home.db, TOLD, NAME)
    rows_of(path, "DELETE FROM message")
    rows_of(path, "DELETE FROM part")
    later(path, 5)
    assert home.sync().messages == 0
    assert rows(home.db, TOLD, NAME) == before
    assert value(home.db, "SELECT message_count FROM chattui.imported_chats") == len(before)


def test_hostile_names_of_chats(home: Home) -> None:
    path = database(place(home), messages=0)
    with closing(sqlite3.connect(path)) as conn, conn:
        for name in ("a\0b", "a\u2400b", "x" * 5000, "\u2028", "y" * 5000):
            add_opencode_session(conn, random.Random(1), name, 1)
    assert home.sync().faults == ()
    assert value(home.db, "SELECT count(*) FROM chattui.chats WHERE message_count > 0") == 5


def test_a_locked_database_is_read_at_the_next_sync(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    path = database(place(home))
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("BEGIN EXCLUSIVE")
    report = home.sync()
    assert [fault.reason for fault in report.faults] == [
        f"{path} is locked by the program that it belongs to. It is read the next time."
    ]
    assert imports.faults(home.db) == []
    owner.execute("ROLLBACK")
    owner.close()
    assert home.sync().messages > 0


def test_a_locked_database_that_is_named_is_waited_for_and_then_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(choose, "LOCKED_SECONDS", 0.3)
    path = database(place(home))
    owner = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    owner.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceError) as caught:
        choose.history_in([path], all_sources())
    assert str(caught.value) == (
        f"{path} is locked by another program, which is writing to it. Try again when that is done, or close it."
    )
    monkeypatch.setattr(choose, "LOCKED_SECONDS", 10.0)
    done = threading.Timer(0.3, owner.execute, ("ROLLBACK",))
    done.start()
    [(source, file)] = choose.history_in([path], all_sources())
    assert (source.name, file.path) == ("opencode", path)
    done.join()
    owner.close()


def test_a_damaged_database_is_told_once_and_keeps_what_it_brought(home: Home) -> None:
    path = place(home) / "opencode.db"
    write_opencode(path, random.Random(5), 4)
    home.sync()
    before = value(home.db, "SELECT count(*) FROM chattui.messages")
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + b"\xa5" * (len(raw) - 4096))
    later(path, 5)
    assert "cannot be read as a database" in home.sync().faults[0].reason
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == before
    path.write_bytes(raw)
    later(path, 9)
    assert home.sync().faults == ()
    assert imports.faults(home.db) == []


def test_a_chat_with_a_problem_is_told_and_read_again(home: Home) -> None:
    path = database(place(home))
    rows_of(path, "UPDATE message SET data = '{' WHERE id LIKE '%_0003'")
    assert home.sync().problems == 1
    assert imports.faults(home.db)[0].problems == ((3, f"message msg_{NAME}_0003 is not a JSON object"),)
    add = json.dumps({"role": "user", "time": {"created": NOON + 3000}})
    rows_of(path, "UPDATE message SET data = ? WHERE id LIKE '%_0003'", add)  # nothing else tells of it
    later(path, 5)
    home.sync()
    assert "question 3" in [content for _seq, content in rows(home.db, TOLD, NAME)]
    assert imports.faults(home.db) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_container_comes_in_and_its_changes_too(case: Case, home: Home, other: Home) -> None:
    path = case.fresh(home.path)
    case.write(path, random.Random(7), 6)
    assert opened(home, path).faults == ()
    case.change(path, random.Random(8))
    assert opened(home, path).faults == ()
    assert opened(home, path).read == 0
    opened(other, path)
    said = (
        "SELECT c.source, c.source_id, c.title, m.seq, m.content, m.role::text, m.kind::text, m.source_id, m.parent_seq, "
        "m.call_id, m.tokens_in, c.message_count, c.tokens_in FROM chattui.messages m JOIN chattui.chats c ON c.id = m.chat_id "
        "ORDER BY 1, 2, 4"
    )
    calls = (
        "SELECT c.source_id, t.call_id, t.name, t.status::text, t.call_seq, t.result_seq, t.error "
        "FROM chattui.tool_calls t JOIN chattui.chats c ON c.id = t.chat_id ORDER BY 1, 2"
    )
    for question in (said, calls):
        assert rows(home.db, question) == rows(other.db, question)
    assert value(home.db, "SELECT count(*) FROM chattui.messages") > 0


def many(conn: sqlite3.Connection, chats: int) -> None:
    conn.executescript(
        "CREATE TABLE chat (id INTEGER PRIMARY KEY, model VARCHAR, title VARCHAR, started_at DATETIME, archived BOOLEAN);"
        "CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, role VARCHAR, content VARCHAR, timestamp DATETIME,"
        " meta JSON, parent_id INTEGER, model VARCHAR); CREATE INDEX m ON message (chat_id);"
    )

    def messages() -> Iterator[tuple[Any, ...]]:
        for n in range(chats):
            for role in ("user", "assistant"):
                yield n, role, f"{role} {n} " + "words " * 300

    begun = (
        (n, "oak-1", f"Boats {n}", f"2026-03-01 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}")
        for n in range(chats)
    )
    conn.executemany("INSERT INTO chat VALUES (?, ?, ?, ?, 0)", begun)
    conn.executemany("INSERT INTO message (chat_id, role, content) VALUES (?, ?, ?)", messages())


def test_a_container_of_many_chats_is_read_in_parts_with_bounded_memory(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home.path / "elia.sqlite"
    home.path.mkdir()
    with closing(sqlite3.connect(path)) as conn, conn:
        many(conn, 6000)
    assert path.stat().st_size > 20 << 20
    monkeypatch.setattr(engine, "BATCH_MESSAGES", 400)
    sync = Sync(home.db, all_sources(), machine=MACHINE)
    work = sync.compare(history_in([path], all_sources()))
    tracemalloc.start()
    report = sync.run_work(work, index=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.messages == 12_000
    assert peak < 16 << 20
    assert int(value(home.db, "SELECT count(DISTINCT xmin::text) FROM chattui.messages")) > 20
    rows_of(path, "UPDATE message SET content = content || '!' WHERE chat_id = 5")
    later(path, 5)
    again = opened(home, path)
    assert again.messages == 2


def test_a_small_change_of_a_large_container_does_not_set_the_search_index_aside(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is built anew only when much more comes than is there."""
    path = home.path / "elia.sqlite"
    home.path.mkdir()
    with closing(sqlite3.connect(path)) as conn, conn:
        many(conn, 5)
        conn.execute("CREATE TABLE other (data BLOB)")
        conn.execute("INSERT INTO other VALUES (zeroblob(8000000))")
    opened(home, path)
    monkeypatch.setattr(search_index, "BULK_BYTES", 1)
    index = value(home.db, "SELECT 'chattui.messages_search'::regclass::oid")
    rows_of(path, "UPDATE message SET content = content || '!' WHERE chat_id = 3")
    later(path, 5)
    assert opened(home, path).messages == 2
    assert value(home.db, "SELECT 'chattui.messages_search'::regclass::oid") == index


def test_subagents_find_their_parents(home: Home) -> None:
    path = place(home) / "opencode.db"
    write_opencode(path, random.Random(5), 0)
    with closing(sqlite3.connect(path)) as conn, conn:
        add_opencode_session(conn, random.Random(1), "ses_child", 2, "ses_parent")
        add_opencode_session(conn, random.Random(1), "ses_parent", 2)
    home.sync()
    joined = "SELECT c.source_id, p.source_id FROM chattui.chats c JOIN chattui.chats p ON p.id = c.parent_id"
    assert rows(home.db, joined) == [("ses_child", "ses_parent")]
