"""Containers in the database: each chat is replaced as a whole, the others are left alone, and nothing added here is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from histories import write
from homes import MACHINE, Home, held, later
from steps import people, rows, value

from chattui.sources.registry import all_sources
from chattui.store import imports
from chattui.store.database import Database
from chattui.sync import engine
from chattui.sync.engine import Sync

TOLD = "SELECT c.title, m.seq, m.content FROM chattui.chats c JOIN chattui.messages m ON m.chat_id = c.id ORDER BY 1, 2"
ROWS = "SELECT chat_id, seq, xmin::text FROM chattui.messages ORDER BY 1, 2"


def run(n: int, *said: str) -> str:
    """One run of Aider's."""
    turns = said or ("question", "answer")
    lines = [f"#### {words} {n}" if at % 2 == 0 else f"{words} {n}" for at, words in enumerate(turns)]
    return f"# aider chat started at 2026-03-01 10:{n // 60:02}:{n % 60:02}\n\n" + "\n\n".join(lines) + "\n\n"


def history(home: Home, *runs: str, seconds: int = 0) -> Path:
    path = write(home.path / ".aider.chat.history.md", "".join(runs).encode())
    later(path, seconds)
    return path


def chat_id(home: Home, title: str) -> int:
    return int(value(home.db, "SELECT id FROM chattui.chats WHERE title = %s", title))


def test_a_chat_that_changed_is_changed_from_where_it_differs(home: Home) -> None:
    history(home, run(1), run(2, "question", "answer", "more", "end"), run(3))
    assert home.sync().messages == 8
    before = rows(home.db, ROWS)
    second = chat_id(home, "question 2")
    history(home, run(1), run(2, "question", "answer", "other", "end"), run(3), seconds=5)
    report = home.sync()
    assert report.messages == 2
    after = rows(home.db, ROWS)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    changed = {row[:2] for row in after} - {row[:2] for row in set(after) & set(before)}
    assert changed == {(second, 3), (second, 4)}
    assert [row[2] for row in rows(home.db, TOLD) if row[0] == "question 2"] == [
        "question 2",
        "answer 2",
        "other 2",
        "end 2",
    ]
    assert value(home.db, "SELECT message_count FROM chattui.imports") == 8
    assert home.sync().read == 0


def test_a_chat_that_got_shorter_or_longer(home: Home) -> None:
    history(home, run(1, "question", "answer", "more", "end"), run(2))
    home.sync()
    history(home, run(1, "question", "answer"), run(2, "question", "answer", "more", "end"), seconds=5)
    assert home.sync().messages == 2
    assert [row[2] for row in rows(home.db, TOLD)] == [
        *("question 1", "answer 1"),
        *("question 2", "answer 2", "more 2", "end 2"),
    ]
    assert rows(home.db, "SELECT message_count FROM chattui.chats ORDER BY title") == [(2,), (4,)]
    assert value(home.db, "SELECT message_count FROM chattui.imports") == 6


def test_the_title_follows_and_a_chat_that_is_gone_stays(home: Home) -> None:
    history(home, run(1), run(2))
    home.sync()
    history(home, run(2, "renamed", "answer"), seconds=5)
    home.sync()
    assert rows(home.db, "SELECT title FROM chattui.chats ORDER BY 1") == [("question 1",), ("renamed 2",)]
    rows(home.db, "UPDATE chattui.chats SET title = 'mine', title_is_own = true WHERE title = 'renamed 2'")
    history(home, run(2, "again", "answer"), seconds=9)
    home.sync()
    assert rows(home.db, "SELECT title FROM chattui.chats ORDER BY 1") == [("mine",), ("question 1",)]


def test_what_was_added_here_stays_behind_what_comes(home: Home) -> None:
    history(home, run(1), run(2))
    home.sync()
    first = chat_id(home, "question 1")
    rows(
        home.db,
        "INSERT INTO chattui.messages (chat_id, seq, role, kind, content, source_id, parent_seq) "
        "VALUES (%s, 3, 'user', 'text', 'my own words', 'chattui:1', 2)",
        first,
    )
    history(home, run(1, "question", "changed", "more"), run(2), seconds=5)
    home.sync()
    told = rows(home.db, "SELECT seq, content, parent_seq FROM chattui.messages WHERE chat_id = %s ORDER BY 1", first)
    assert told == [(1, "question 1", None), (2, "changed 1", 1), (3, "more 1", 2), (4, "my own words", 3)]
    assert value(home.db, "SELECT message_count FROM chattui.chats WHERE id = %s", first) == 4


def test_a_chat_that_was_taken_away_here_does_not_come_back_by_itself(home: Home) -> None:
    history(home, run(1), run(2))
    home.sync()
    rows(home.db, "DELETE FROM chattui.chats WHERE title = 'question 1'")
    history(home, run(1), run(2), run(3), seconds=5)
    home.sync()
    assert rows(home.db, "SELECT title FROM chattui.chats ORDER BY 1") == [("question 2",), ("question 3",)]


def test_a_copy_of_the_container_adds_only_what_it_alone_has(home: Home) -> None:
    """The same runs under another path are other chats of Aider's; here it is the same path on another machine."""
    path = history(home, run(1), run(2, "question", "answer", "more"))
    home.sync()
    history(home, run(1, "question", "answer", "more"), run(2), seconds=5)
    work = Sync(home.db, all_sources(), machine="ship")
    found = [pair for pair in work.find({}, home.path) if pair.file.path == path]
    work.run_work(found)
    assert [row[2] for row in rows(home.db, TOLD)] == [
        *("question 1", "answer 1", "more 1"),
        *("question 2", "answer 2", "more 2"),
    ]
    brought = (
        "SELECT i.machine, k.message_count FROM chattui.imported_chats k JOIN chattui.imports i ON i.id = k.import_id"
    )
    assert sorted(rows(home.db, brought)) == [(MACHINE, 2), (MACHINE, 3), ("ship", 0), ("ship", 3)]


def test_a_moved_container_is_known_again(home: Home) -> None:
    path = history(home, run(1), run(2))
    home.sync()
    known = imports.versions(home.db, MACHINE, str(path))
    assert len(known) == 2
    moved = path.with_name("moved.md")
    path.rename(moved)
    sync = Sync(home.db, all_sources(), machine=MACHINE)
    from chattui.sync.choose import history_in

    report = sync.run_work(sync.compare(history_in([moved], all_sources())))
    assert (report.read, report.messages) == (1, 0)
    assert imports.versions(home.db, MACHINE, str(moved)) == known


def test_a_reading_that_is_broken_off_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    history(home, *(run(n) for n in range(40)))
    monkeypatch.setattr(engine, "FIRST_BATCH", 6)
    monkeypatch.setattr(engine, "BATCH_MESSAGES", 6)
    monkeypatch.setattr(engine, "_TELL_EVERY", 0)
    sync = Sync(home.db, all_sources(), machine=MACHINE, tell=lambda p: sync.stop() if p.messages >= 12 else None)
    assert sync.run({}, home.path).stopped
    some = int(value(home.db, "SELECT count(*) FROM chattui.messages"))
    assert 0 < some < 80
    assert some % 2 == 0
    before = rows(home.db, ROWS)
    report = home.sync()
    assert report.messages == 80 - some
    assert set(before) <= set(rows(home.db, ROWS))
    assert home.sync().read == 0
    assert value(home.db, "SELECT message_count FROM chattui.imports") == 80


def test_two_programs_at_once_store_a_container_once(home: Home) -> None:
    history(home, run(1), run(2))
    one, two = (Sync(home.db, all_sources(), machine=MACHINE) for _ in range(2))
    work_one, work_two = one.find({}, home.path), two.find({}, home.path)
    assert one.run_work(work_one).messages == 4
    assert two.run_work(work_two).messages == 0
    history(home, run(1), run(2), run(3), seconds=5)
    older = two.find({}, home.path)
    history(home, run(1), run(2), run(3, "newer", "answer"), seconds=9)
    assert home.sync().messages == 2
    two.run_work(older)  # what it found is not what it reads, and its time is older than what is stored
    assert value(home.db, "SELECT count(*) FROM chattui.chats WHERE title = 'newer 3'") == 1
    home.sync()
    assert home.sync().read == 0


def test_sources_are_counted_with_the_chats_of_their_containers(home: Home) -> None:
    history(home, run(1), run(2), run(3))
    home.sync()
    (summary,) = imports.summaries(home.db)
    assert (summary.source, summary.files, summary.chats, summary.messages) == ("aider", 1, 3, 6)


def test_an_ordinary_person_of_a_shared_database_imports_containers_too(
    tmp_path: Path, server: str, conninfo: str
) -> None:
    """Row-level security takes another way into the table, and one person's imports are not seen by another."""
    with people(server, conninfo, "ann", "bob") as infos:
        ann, bob = (Database(info) for info in infos)
        home = Home(tmp_path / "ann", ann)
        path = history(home, run(1), run(2))
        assert home.sync().messages == 4
        history(home, run(1, "question", "changed"), run(2), seconds=5)
        assert home.sync().messages == 1
        assert [row[2] for row in rows(ann, TOLD)] == ["question 1", "changed 1", "question 2", "answer 2"]
        assert len(imports.versions(ann, MACHINE, str(path))) == 2
        assert imports.versions(bob, MACHINE, str(path)) == {}
        assert rows(bob, "SELECT * FROM chattui.imported_chats") == []
        for db in (ann, bob):
            db.close()


KILLED = """
import os, sys, threading, time
from chattui.store.database import Database
from chattui.sources.registry import all_sources
from chattui.sync import engine
from chattui.sync.engine import Sync
from pathlib import Path
engine.FIRST_BATCH = engine.BATCH_MESSAGES = 50
info, home, after = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
sync = Sync(Database(info), all_sources(), machine="boat", tell=lambda p: p.messages > after and os.kill(os.getpid(), 9))
sync.run({}, home)
"""


def test_killed_anywhere_it_goes_on_without_loss_or_doubling(home: Home, other: Home, conninfo: str) -> None:
    """A new container, and one that has changed in every second chat."""

    def runs(changed: str) -> list[str]:
        return [run(n, *(("question", "answer", changed if n % 2 else "same", "end") * 3)) for n in range(120)]

    def strike(after: int) -> None:
        command = [sys.executable, "-c", KILLED, conninfo, str(home.path), str(after)]
        environment = {**os.environ, "PYTHONPATH": str(Path(engine.__file__).parents[2])}
        subprocess.run(command, check=False, capture_output=True, timeout=60, env=environment)

    for seconds, changed in ((10, "first"), (20, "second")):
        history(home, *runs(changed), seconds=seconds)
        history(other, *runs(changed), seconds=seconds)
        for after in (0, 200, 500):
            strike(after)
        home.sync()
        other.sync()

    def without_place(found: dict[str, list[tuple[Any, ...]]]) -> list[Any]:
        return sorted((row[1], row[6], row[8]) for row in found["messages"])

    assert without_place(held(home.db)) == without_place(held(other.db))
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == 120 * 12
    assert home.sync().read == 0
