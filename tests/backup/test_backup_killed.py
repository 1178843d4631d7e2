"""Killed at any moment, a verb leaves the old state or the new one. CHATTUI_TEST_KILLS=20 does it twenty times each."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from holdings import furnish, shape, state
from program import Program
from steps import begin, rows, until

from chattui.backup.run import Wanted, backup, check_file
from chattui.backup.sealing import Keys
from chattui.store.database import Database

KILLS = int(os.environ.get("CHATTUI_TEST_KILLS", "2"))


def kill_within(chattui: Program, seconds: float, *arguments: str) -> bool:
    """Run the verb and kill it at a random moment; whether it was killed."""
    process = subprocess.Popen(
        chattui.command(*arguments),
        env=chattui.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(random.uniform(0.25, seconds))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def settled(conninfo: str) -> None:
    """Until the server has noticed that its client is gone."""
    until(lambda: rows(conninfo, _BUSY) == [])


_BUSY = """
SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND backend_type = 'client backend' AND state <> 'idle'
"""


def took(chattui: Program, *arguments: str) -> float:
    began = time.perf_counter()
    done = chattui(*arguments)
    assert done.code == 0, done.err
    return time.perf_counter() - began


def test_backup(chattui: Program, db: Database, tmp_path: Path) -> None:
    furnish(db, messages=4000, data=os.urandom(5_000_000))
    out = tmp_path / "out"
    seconds = took(chattui, "db", "backup", "--to", f"{out}/")
    for _ in range(KILLS):
        kill_within(chattui, seconds, "db", "backup", "--to", f"{out}/")
        for path in out.glob("*.chattui"):
            check_file(path, Keys())
    time.sleep(2.1)  # as long as an unlocked file may still be a new one
    assert chattui("db", "backup", "--to", f"{out}/").code == 0
    assert list(out.glob(".*")) == []


@pytest.mark.parametrize("verb", ["restore", "reset", "move"])
def test_what_changes_a_database(chattui: Program, db: Database, other_db: Database, tmp_path: Path, verb: str) -> None:
    furnish(db, messages=4000)
    begin(other_db, "old")
    old, form = state(other_db.conninfo), shape(other_db.conninfo)
    path = backup(other_db.conninfo, Wanted(tmp_path / "old.chattui", is_directory=False)).path
    new = state(db.conninfo)
    source = backup(db.conninfo, Wanted(tmp_path / "new.chattui", is_directory=False)).path
    back = ("db", "restore", str(path), "--replace", "--yes")
    there = Program(chattui.home, other_db.conninfo)
    arguments = {
        "restore": ("db", "restore", str(source), "--replace", "--yes"),
        "reset": ("db", "reset", "--yes"),
        "move": ("db", "move", "--to", other_db.conninfo, "--replace", "--yes"),
    }[verb]
    runner = chattui if verb == "move" else there
    seconds = took(runner, *arguments)
    if verb == "reset":
        new = dict.fromkeys(new, (0, "0" * 64))
    assert state(other_db.conninfo) == new
    seen: set[bool] = set()
    for _ in range(KILLS):
        took(there, *back)
        kill_within(runner, seconds * 1.05, *arguments)
        settled(other_db.conninfo)
        found = state(other_db.conninfo)
        assert found in (old, new)
        seen.add(found == new)
        if verb == "move":
            with psycopg.connect(other_db.conninfo) as conn:
                conn.execute("DROP SCHEMA IF EXISTS chattui_moving CASCADE")
        assert shape(other_db.conninfo) == form
