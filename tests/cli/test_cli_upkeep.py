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
