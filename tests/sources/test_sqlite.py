"""Somebody else's database, in every state that its program leaves it in: read, or one sentence, and never touched."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chattui.domain.errors import NotNow, SourceError
from chattui.sources import sqlite
from chattui.sources.sqlite import Database

COUNT = "SELECT count(*) FROM notes"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "tool"
    made.mkdir()
    yield made
    made.chmod(0o700)


def made(folder: Path, mode: str = "wal") -> Path:
    path = folder / "notes.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"PRAGMA journal_mode = {mode}")
        conn.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, words TEXT)")
        conn.executemany("INSERT INTO notes (words) VALUES (?)", [(f"words {n}",) for n in range(100)])
    return path


def seen(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in sorted(folder.iterdir())}


def count(path: Path) -> int:
    with Database(path) as db:
        return int(db.rows(COUNT)[0][0])


@pytest.mark.parametrize("mode", ["wal", "delete", "truncate", "persist"])
@pytest.mark.parametrize("is_closed_folder", [False, True])
def test_a_database_that_nobody_uses(folder: Path, mode: str, is_closed_folder: bool) -> None:
    path = made(folder, mode)
    before = seen(folder)
    if is_closed_folder:
        path.chmod(0o400)
        folder.chmod(0o500)
    assert count(path) == 100
    assert seen(folder) == before


class Writer:
    """Another program that has the database open. (In this one SQLite shares what it knows with every connection.)"""

    CODE = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    print(conn.execute(line).fetchone(), flush=True)
"""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", self.CODE, str(path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, statement: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(statement, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def end(self, *, kill: bool = False) -> None:
        if kill:
            self._process.kill()
        if self._process.poll() is None or kill:
            self._process.communicate(timeout=10)


@pytest.fixture
def writer(folder: Path) -> Iterator[Writer]:
    """It writes into ``notes.db``, whose log it keeps."""
    found = Writer(made(folder))
    yield found
    found.end()


def test_a_database_whose_log_is_in_use(folder: Path, writer: Writer) -> None:
    path = folder / "notes.db"
    writer("INSERT INTO notes (words) VALUES ('in the log')")
    before = seen(folder)
    assert set(before) == {"notes.db", "notes.db-shm", "notes.db-wal"}
    assert count(path) == 101
    assert seen(folder) == before
    writer("BEGIN IMMEDIATE")
    writer("INSERT INTO notes (words) VALUES ('not yet')")
    assert count(path) == 101
    writer("COMMIT")
    before = seen(folder)
    assert count(path) == 102
    assert seen(folder) == before


def test_a_log_that_a_crash_has_left(folder: Path, writer: Writer) -> None:
    writer("INSERT INTO notes (words) VALUES ('in the log')")
    writer.end(kill=True)
    before = seen(folder)
    assert set(before) == {"notes.db", "notes.db-shm", "notes.db-wal"}
    assert count(folder / "notes.db") == 101
    folder.chmod(0o500)
    assert count(folder / "notes.db") == 101
    assert seen(folder) == before


def test_reading_keeps_no_log_from_being_emptied(folder: Path, writer: Writer) -> None:
    writer("INSERT INTO notes (words) VALUES ('in the log')")
    with Database(folder / "notes.db") as db:
        assert db.rows(COUNT) == [(101,)]
        assert writer("PRAGMA wal_checkpoint(TRUNCATE)") == "(0, 0, 0)"
        writer("INSERT INTO notes (words) VALUES ('more')")
        assert db.rows(COUNT) == [(102,)]


def test_a_log_that_was_left_behind_without_its_index(folder: Path, tmp_path: Path) -> None:
    path = made(tmp_path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("INSERT INTO notes (words) VALUES ('in the log')")
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", folder)
    writer.close()
    before = seen(folder)
    assert count(folder / path.name) == 101
    assert seen(folder) == before


def test_a_long_database_is_not_copied_only_to_tell_what_it_is(folder: Path, tmp_path: Path) -> None:
    path = made(tmp_path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("INSERT INTO notes (words) VALUES ('in the log')")
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", folder)
    writer.close()
    with pytest.raises(SourceError, match="there is no room"), Database(folder / path.name, 1000):
        pass


def test_a_journal_that_a_crash_has_left(folder: Path, tmp_path: Path) -> None:
    path = made(tmp_path, "delete")
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("BEGIN")
    writer.execute("UPDATE notes SET words = words || ?", ("x" * 3000,))
    writer.execute("DELETE FROM notes WHERE id > 50")
    for end in ("", "-journal"):
        shutil.copy(f"{path}{end}", folder)
    writer.execute("ROLLBACK")
    writer.close()
    before = seen(folder)
    assert count(folder / path.name) == 100
    assert seen(folder) == before


def test_a_locked_database_is_read_another_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    path = made(folder, "delete")
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(NotNow, match="is locked by the program"):
        count(path)
    assert time.monotonic() - began < 5
    owner.execute("COMMIT")
    owner.close()
    assert count(path) == 100


def test_a_database_that_is_opened_while_it_is_read_without_locks(folder: Path) -> None:
    path = made(folder)
    with Database(path) as db:
        assert db.rows(COUNT) == [(100,)]
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("INSERT INTO notes (words) VALUES ('new')")
            with pytest.raises(NotNow, match="written to at this moment"):
                db.rows(COUNT)


@pytest.mark.parametrize("at", [100, 1000, 4096, 5000])
def test_a_damaged_database_is_a_sentence(folder: Path, at: int) -> None:
    path = made(folder, "delete")
    raw = bytearray(path.read_bytes())
    raw[at : at + 600] = b"\xa5" * 600
    path.write_bytes(raw)
    told = ""
    try:
        with Database(path) as db:
            db.rows("SELECT words FROM notes")
    except SourceError as error:
        told = str(error)
    assert not told or (str(path) in told and "\n" not in told)


def test_what_is_no_database_is_a_sentence(folder: Path) -> None:
    path = folder / "a.db"
    with pytest.raises(SourceError, match="Cannot read"):
        count(path)
    for raw in (b"", b"SQLite format 3\0", b"SQLite format 3\0" + bytes(200), b"x" * 5000):
        path.write_bytes(raw)
        with pytest.raises(SourceError):
            count(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(SourceError, match="not a regular file"):
        count(path)


def test_views_and_endless_questions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "LONGEST_QUESTION", 0.3)
    path = made(folder, "delete")
    endless = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(i) AS id, 'x' AS words FROM n"
    )
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"CREATE VIEW session AS {endless}")
        conn.execute("CREATE VIRTUAL TABLE message USING fts5(id)")
    with Database(path) as db:
        assert "session" not in db.tables
        assert "message" not in db.tables
        assert db.read("session", ("id",)) == []
        with pytest.raises(SourceError, match="takes too long"):
            db.rows("SELECT * FROM session")


def test_a_value_that_is_too_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "LONGEST_VALUE", 10_000)
    path = made(folder, "delete")
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("INSERT INTO notes (words) VALUES (?)", ("x" * 80_000,))
        conn.execute("INSERT INTO notes (words) VALUES (?)", (json.dumps({"a": ["y" * 80_000, "z"]}),))
    with Database(path) as db, pytest.raises(SourceError, match="holds a value"):
        db.rows("SELECT words FROM notes")
    with Database(path) as db:
        *short, (text,), (long,) = db.read("notes", ("words",), "ORDER BY id")
        assert len(short) == 100
        assert text == "x" * 10_000 + "\n\n[cut: this text has 80,000 bytes]"
        cut = json.loads(long)["a"]
        assert cut[0].startswith("yyy")
        assert cut[1] == "z"
        problems = db.take_cuts()
    assert [problem.reason.partition(":")[0] for problem in problems] == [
        "words of row 101 in notes",
        "words of row 102 in notes",
    ]
    assert [one.long.size for one in problems if one.long] == [80_000, len(json.dumps({"a": ["y" * 80_000, "z"]}))]


def test_a_large_database_is_asked_row_by_row(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(folder)
    with Database(path) as db:
        at_once = list(db.each("notes", ("id", "colour", "words"), "WHERE id > ? ORDER BY id DESC", (1,)))
        monkeypatch.setattr(sqlite, "LONG_DATABASE", 0)
        assert list(db.each("notes", ("id", "colour", "words"), "WHERE id > ? ORDER BY id DESC", (1,))) == at_once
        assert len(at_once) == 99


def test_columns_that_an_older_version_lacks_are_null(folder: Path) -> None:
    with Database(made(folder)) as db:
        assert db.read("notes", ("id", "colour"), "WHERE id < 3 ORDER BY id") == [(1, None), (2, None)]
        assert db.read("pictures", ("id",)) == []
        assert db.has("notes", "id", "words")
        assert not db.has("notes", "colour")


def test_text_that_is_no_text(folder: Path) -> None:
    path = made(folder, "delete")
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE notes SET words = CAST(x'ff6162' AS TEXT) WHERE id = 1")
    with Database(path) as db:
        assert db.rows("SELECT words FROM notes WHERE id = 1") == [("\ufffdab",)]


def test_nothing_of_sqlite_is_imported_with_the_sources() -> None:
    code = (
        "import sys; from chattui.sources.registry import all_sources; all_sources(); print('sqlite3' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
