"""Imports that are killed, doubled or stopped: nothing is lost, nothing is doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from histories import SESSION, THREAD
from homes import Home, conversation, held, rollout
from steps import begin, kill_backends, people, rows, until, value

from chattui.domain.errors import DatabaseError
from chattui.sources.registry import all_sources
from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.sync import engine
from chattui.sync.engine import Sync

IMPORT = """
import sys
from pathlib import Path
from chattui.sources.registry import all_sources
from chattui.store.database import Database
from chattui.sync import engine
engine.FIRST_BATCH, engine.BATCH_MESSAGES = 20, 60
tell = lambda p: print(p.phase.value, p.messages, flush=True)
db = Database(sys.argv[1])
engine.Sync(db, all_sources(), machine="boat", tell=tell).run({}, Path(sys.argv[2]))
"""

LOCKS = (
    "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
    "WHERE d.datname = current_database() AND l.locktype = 'advisory'"
)


@pytest.fixture
def full(home: Home) -> Home:
    """Many histories: sessions, subagents' worth of calls, rollouts."""
    for number in range(12):
        session = f"{SESSION[:-2]}{number:02}"
        home.claude(conversation(session, turns=5 + number), session)
    for number in range(6):
        thread = f"{THREAD[:-2]}{number:02}"
        home.codex(rollout(4 + number, meta={"id": thread}), str(number))
    home.claude(conversation(f"{SESSION[:-2]}03", turns=9), f"{SESSION[:-2]}03", project="-copy")
    return home


def importer(home: Home) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", IMPORT, home.db.conninfo, str(home.path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def truth(home: Home, server: str, template: str) -> dict[str, list]:
    """What an uninterrupted import brings."""
    db = Database(template)
    try:
        Sync(db, all_sources(), machine="boat").run({}, home.path)
        return held(db)
    finally:
        db.close()


@pytest.fixture
def second(server: str, conninfo: str) -> Iterator[str]:
    """Another migrated database without chats."""
    name = conninfo.partition("dbname=")[2].partition(" ")[0]
    rows(server, f"CREATE DATABASE {name}_b TEMPLATE chattui_template")
    yield conninfo.replace(name, f"{name}_b")
    rows(server, f"DROP DATABASE {name}_b WITH (FORCE)")


@pytest.mark.parametrize("seed", range(2))
def test_killed_anywhere_and_repeated_it_ends_as_if_it_had_never_been(
    full: Home, server: str, second: str, seed: int
) -> None:
    chance = random.Random(seed)
    killed = 0
    for _ in range(4):
        process = importer(full)
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        for _step in range(chance.randrange(1, 9)):
            next(lines, None)
        process.send_signal(signal.SIGKILL)
        killed += process.wait(20) == -signal.SIGKILL
        process.communicate()
        until(
            lambda: (
                not value(
                    full.db,
                    LOCKS,
                )
            )
        )
        counted = rows(
            full.db,
            "SELECT id FROM chattui.chats c WHERE message_count <> (SELECT count(*) FROM chattui.messages WHERE chat_id = c.id)",
        )
        assert counted == []
    assert killed > 0
    full.sync()
    assert held(full.db) == truth(full, server, second)


def test_two_imports_at_once_double_nothing(full: Home, server: str, second: str) -> None:
    both = [importer(full), importer(full)]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    full.sync()
    assert held(full.db) == truth(full, server, second)


def test_an_import_that_is_stopped_goes_on_next_time(
    full: Home, server: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FIRST_BATCH", 20)
    monkeypatch.setattr(engine, "BATCH_MESSAGES", 20)
    sync = Sync(full.db, all_sources(), machine="boat", tell=lambda p: sync.stop() if p.messages else None)
    report = sync.run({}, full.path)
    assert report.stopped
    assert 0 < value(full.db, "SELECT count(*) FROM chattui.messages") < 300
    full.sync()
    assert held(full.db) == truth(full, server, second)


def test_a_lost_connection_ends_an_import_with_a_sentence_and_the_next_one_finishes(
    full: Home, server: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FIRST_BATCH", 20)
    sync = Sync(full.db, all_sources(), machine="boat", tell=lambda p: kill_backends(full.db.conninfo))
    with pytest.raises(DatabaseError):
        sync.run({}, full.path)
    full.sync()
    assert held(full.db) == truth(full, server, second)


def test_messages_written_here_while_an_import_runs_are_kept(full: Home) -> None:
    own = begin(full.db, "mine")
    process = importer(full)
    number = 0
    while process.poll() is None and number < 200:
        number += 1
        messages.append(full.db, own, f"note {number}", key=f"note {number}")
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    found = chats.get(full.db, own)
    assert found is not None
    assert found.message_count == number + 1
    assert [m.seq for m in messages.page(full.db, own, 1, 10_000)] == list(range(1, number + 2))


def test_a_person_under_row_level_security_imports_for_oneself(full: Home, server: str, second: str) -> None:
    expected = truth(full, server, second)
    with people(server, full.db.conninfo, "ann", "bob") as (ann, bob):
        db = Database(ann)
        Sync(db, all_sources(), machine="boat").run({}, full.path)
        assert held(db) == expected
        assert Sync(db, all_sources(), machine="boat").run({}, full.path).read == 0
        db.close()
        other = Database(bob)
        assert held(other)["messages"] == []
        Sync(other, all_sources(), machine="boat").run({}, full.path)
        assert held(other) == expected
        other.close()


def test_another_machine_of_the_same_person_doubles_nothing(full: Home, tmp_path: Path) -> None:
    full.sync()
    before = held(full.db, paths=False)
    Sync(full.db, all_sources(), machine="laptop").run({}, full.path)
    assert held(full.db, paths=False) == before
