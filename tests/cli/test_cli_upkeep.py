"""``chattui db reindex`` and ``chattui db check`` as a person runs them."""

from __future__ import annotations

import json
import signal
import subprocess
from datetime import timedelta

import pytest
from program import Program
from steps import NOON, begin, fill, is_running, rows, until, value

from chattui.store import search
from chattui.store.connection import connect
from chattui.store.database import Database


@pytest.fixture
def filled(db: Database) -> Database:
    fill(db, begin(db), [(f"needle number {n} of the hay", NOON - timedelta(hours=n)) for n in range(300)])
    return db


def test_reindex_tells_what_it_made(chattui: Program, filled: Database) -> None:
    done = chattui("db", "reindex")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Rebuilt messages_search, ")
    assert "the vocabulary has" in done.out
    made = chattui("db", "reindex", "--json").json
    assert made["indexes"][0] == "messages_search"
    assert made["cleared"] == []
    assert made["words"] > 3


def test_reindex_prints_progress_for_programs(chattui: Program, filled: Database) -> None:
    lines = [json.loads(line) for line in chattui("db", "reindex", "--progress").out.splitlines()]
    assert lines[-1]["indexes"][0] == "messages_search"
    assert all({"index", "step", "share", "rate", "remaining"} == set(line) for line in lines[:-1])


def test_a_reindex_that_is_killed_costs_nothing_and_is_done_by_the_next(chattui: Program, filled: Database) -> None:
    with connect(filled.conninfo) as blocker:
        blocker.execute("LOCK TABLE chattui.messages IN ROW EXCLUSIVE MODE")
        killed = subprocess.Popen(chattui.command("db", "reindex"), env=chattui.env, stdout=subprocess.DEVNULL)
        until(lambda: is_running(filled.conninfo, "REINDEX%"))
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(search.search(filled, "needle ", limit=500).hits) == 300
        rows(filled, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'REINDEX%%'")
    done = chattui("db", "reindex")
    assert done.code == 0
    assert done.out.startswith("Cleared what an earlier rebuild had left: messages_search_ccnew.")
    invalid = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT indisvalid"
    assert value(filled, invalid) == 0
    assert len(search.search(filled, "needle ", limit=500).hits) == 300


def test_check_says_what_was_looked_at_and_ends_with_0_when_all_is_right(chattui: Program, filled: Database) -> None:
    chattui("db", "reindex")
    done = chattui("db", "check")
    assert (done.code, done.err) == (0, "")
    assert "right    chat counters: chats (1 looked at)" in done.out
    assert done.out.endswith("A sample was looked at (--all looks at everything): all is right.\n")
    found = chattui("db", "check", "--all", "--json").json
    assert found["ok"] is True
    assert {f["check"]: f["looked_at"] for f in found["findings"]}["index text"] == 300


def test_check_says_what_is_wrong_and_repair_what_it_did(chattui: Program, filled: Database) -> None:
    chattui("db", "reindex")
    rows(filled, "UPDATE chattui.chats SET prompt_count = 9000")
    rows(filled, "UPDATE chattui.day_counts SET n = n + 1")
    done = chattui("db", "check")
    assert done.code == 1
    assert "WRONG    chat counters: chats, but not 1 of 1: 1" in done.out
    assert "`chattui db check --repair` mends day counts, chat counters." in done.out
    done = chattui("db", "check", "--repair")
    assert done.code == 0
    assert "mended   chat counters: counted again (1)" in done.out
    assert done.out.endswith("all is right again.\n")
    assert chattui("db", "check", "--all").code == 0


def test_check_ends_with_1_when_something_cannot_be_mended(chattui: Program, filled: Database) -> None:
    chattui("db", "reindex")
    with connect(filled.conninfo) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute("INSERT INTO chattui.marks (chat_id, source_id, seq, note) VALUES (99, 'x', 1, 'x')")
    done = chattui("db", "check", "--repair", "--json")
    assert done.code == 1
    assert done.json["ok"] is False
    assert [f["check"] for f in done.json["left"]] == ["marks"]
    assert "A backup, or importing again, may help." in chattui("db", "check", "--repair").out
