"""Killed at any moment, a verb leaves the old state or the new one. CHATTUI_TEST_KILLS=20 does it twenty times each."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from holdings import furnish, shape, state
from program import Program
from psycopg import sql
from steps import begin, rows, until

from chattui.backup.run import Wanted, backup, check_file
from chattui.backup.sealing import Keys
from chattui.store import chats, search_index
from chattui.store.check import VOCABULARY, check
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.migrations import available, migrate

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


@pytest.fixture
def copies(server: str) -> Iterator[Callable[[str], str]]:
    """Makes copies of a database that nobody is connected to; their conninfos."""
    made: list[str] = []

    def copy(conninfo: str) -> str:
        name = f"k_{uuid.uuid4().hex[:12]}"
        source = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]))
        with connect(server, autocommit=True) as conn:
            conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), source))
        made.append(name)
        return psycopg.conninfo.make_conninfo(server, dbname=name)

    yield copy
    with connect(server, autocommit=True) as conn:
        for name in made:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.parametrize("down", [False, True])
def test_migrate(chattui: Program, empty_database: str, copies: Callable[[str], str], down: bool) -> None:
    verb = ("db", "migrate", *(("--down", "--yes") if down else ()))
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn, [m for m in available() if down or m.version <= 9])
    before = Database(empty_database)
    begin(before, *(f"text {n}" for n in range(50)))
    before.close()
    finished = copies(empty_database)
    seconds = took(Program(chattui.home, finished), *verb)
    forms = [shape(empty_database), shape(finished)]
    assert forms[0] != forms[1]
    for _ in range(KILLS):
        there = copies(empty_database)
        kill_within(Program(chattui.home, there), seconds, *verb)
        settled(there)
        assert shape(there) in forms
        assert rows(there, "SELECT count(*), sum(length(content)) FROM chattui.messages") == [(50, 340)]


def test_upkeep(chattui: Program, db: Database) -> None:
    kept, *gone = [begin(db, f"parrot {n}", "and more of it") for n in range(120)]
    for chat in gone:
        chats.delete(db, chat)
    search_index.refresh_words(db)
    verb = ("db", "upkeep", "--purge-after", "1d", "--yes")
    for _ in range(KILLS):
        rows(db, "UPDATE chattui.chats SET deleted_at = now() - interval '2 days' WHERE status = 'deleted'")
        kill_within(chattui, 0.6, *verb)
        settled(db.conninfo)
        left = rows(
            db,
            "SELECT c.message_count, (SELECT count(*) FROM chattui.messages m WHERE m.owner = c.owner AND m.chat_id = c.id) "
            "FROM chattui.chats c",
        )
        assert set(left) == {(2, 2)}, "each is forgotten as a whole, or not at all"
        assert {f.check for f in check(db, everything=True) if f.wrong} <= {VOCABULARY}, "whose words go at the end"
    assert chattui(*verb).code == 0
    assert rows(db, "SELECT id FROM chattui.chats") == [(kept,)]
    assert not [f.check for f in check(db, everything=True) if f.wrong]
