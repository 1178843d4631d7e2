"""Imports of every source that are killed at any moment: what is there is whole, and the next import finishes.

A handful of moments by default; ``CHATTUI_TEST_KILLS`` is how many.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from homes import EMPTIED, held
from killed_importer import found_in
from mutations import Original, alike, originals
from steps import rows, until, value

from chattui.sources.registry import all_sources
from chattui.store import check
from chattui.store.database import Database
from chattui.sync.engine import Sync

KILLS = int(os.environ.get("CHATTUI_TEST_KILLS", "5"))
SEED = 11
CHATS = 14

COUNTS = "SELECT source, source_id, message_count FROM chattui.chats WHERE message_count > 0"
MISCOUNTED = """
SELECT id FROM chattui.chats c
 WHERE message_count <> (SELECT count(*) FROM chattui.messages m WHERE m.chat_id = c.id AND m.owner = c.owner)
"""


class Importer:
    """Imports in processes of their own."""

    def __init__(self) -> None:
        here = Path(__file__).parent
        places = [here, here.parent / "sources", here.parent / "store"]
        self._process = subprocess.Popen(
            [sys.executable, str(here / "killed_importer.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))},
        )

    def begin(self, db: Database, files: Sequence[list[str]], *, index: bool) -> int:
        """Start an import; its process id."""
        self._tell(json.dumps({"conninfo": db.conninfo, "files": files, "index": index}))
        return int(self._line())

    def end(self) -> int:
        """How the last one ended: 0, or minus the number of a signal."""
        self._tell("")
        return int(self._line())

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


@pytest.fixture(scope="module")
def importer() -> Iterator[Importer]:
    one = Importer()
    yield one
    one.close()


def put(folder: Path, sets: Sequence[Original]) -> list[list[str]]:
    """Write the histories; the newest is the first."""
    files = []
    for n, one in enumerate(sets):
        for name, raw in one.files.items():
            path = folder / str(n) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
            os.utime(path, (1_772_400_000 - n, 1_772_400_000 - n))
        files.append([one.source.name, str(folder / str(n) / one.main)])
    return files


def all_of(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows, but of a container not the number of parts of its last reading, which is of what was missing, and of a
    chat that is only named as another's parent not when that was."""
    found = held(db)
    found["chats"] = [row if row[15] else row[:-2] for row in found["chats"]]
    found["imports"] = [(*row[:5], row[5] if row[2] else 0, *row[6:]) for row in found["imports"]]
    return {name: sorted(many, key=repr) for name, many in found.items()}


def digest(held_rows: dict[str, list[tuple[Any, ...]]]) -> str:
    """Of all rows, whatever the numbers of chats are."""
    return hashlib.sha256(repr(held_rows).encode()).hexdigest()


def differences(there: dict[str, list[tuple[Any, ...]]], wanted: dict[str, list[tuple[Any, ...]]]) -> str:
    """What is there and should not be, and what is missing, for a person to read."""
    lines = []
    for name, rows_ in wanted.items():
        lines += [f"{name} + {row}"[:600] for row in there[name] if row not in rows_][:4]
        lines += [f"{name} - {row}"[:600] for row in rows_ if row not in there[name]][:4]
    return "\n".join(lines)


def finish(db: Database, files: list[list[str]]) -> None:
    sync = Sync(db, all_sources(), machine="boat")
    found = found_in(files)
    report = sync.run_work(sync.compare(found), found=len(found))
    assert not report.faults


def alone(db: Database) -> None:
    """Wait until the server has let go of whoever was killed."""
    until(
        lambda: (
            not value(
                db,
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
                "WHERE d.datname = current_database() AND l.locktype = 'advisory'",
            )
        )
    )


def clear(db: Database) -> None:
    rows(db, EMPTIED)


def sample(folder: Path, which: int) -> list[list[str]]:
    made = alike(originals(SEED, CHATS))
    return put(folder, made[which % len(made)])


def test_killed_at_any_moment_and_finished_all_rows_are_those_of_an_undisturbed_import(
    tmp_path: Path, db: Database, other_db: Database, importer: Importer
) -> None:
    chance = random.Random(SEED)
    sets = [sample(tmp_path / str(n), n) for n in range(3)]
    wanted: dict[int, tuple[dict[str, list[tuple[Any, ...]]], dict[tuple[str, str], int], float]] = {}
    killed = 0
    for turn in range(KILLS):
        which = turn % len(sets)
        files = sets[which]
        if which not in wanted:
            clear(other_db)
            began = time.monotonic()
            importer.begin(other_db, files, index=True)
            assert importer.end() == 0
            counts = {(source, name): count for source, name, count in rows(other_db, COUNTS)}
            wanted[which] = all_of(other_db), counts, time.monotonic() - began
        expected, counts, seconds = wanted[which]
        clear(db)
        for _again in range(chance.choice((1, 1, 2, 3))):
            child = importer.begin(db, files, index=True)
            time.sleep(chance.uniform(0, seconds))
            os.kill(child, signal.SIGKILL)
            killed += importer.end() == -signal.SIGKILL
            alone(db)
            assert rows(db, MISCOUNTED) == []
            for source, name, count in rows(db, COUNTS):
                assert count <= counts[source, name]
        finish(db, files)
        there = all_of(db)
        assert digest(there) == digest(expected), f"turn {turn}\n{differences(there, expected)}"
        assert not [one for one in check.check(db, everything=True) if one.wrong]
    assert killed >= KILLS // 2


def test_a_chat_of_a_container_is_there_as_a_whole_or_not_at_all_whenever_its_import_is_killed(
    tmp_path: Path, db: Database, other_db: Database, importer: Importer
) -> None:
    chance = random.Random(SEED + 1)
    made = [one for one in originals(SEED, 40) if one.main in ("export.zip", "opencode.db", "elia.sqlite")]
    files = put(tmp_path, made)
    began = time.monotonic()
    importer.begin(other_db, files, index=False)
    assert importer.end() == 0
    seconds = time.monotonic() - began
    whole = {(source, name): count for source, name, count in rows(other_db, COUNTS)}
    partly = 0
    for _turn in range(max(3, KILLS // 4)):
        clear(db)
        child = importer.begin(db, files, index=False)
        time.sleep(chance.uniform(0.1, 0.9) * seconds)
        os.kill(child, signal.SIGKILL)
        importer.end()
        alone(db)
        there = rows(db, COUNTS)
        partly += 0 < len(there) < len(whole)
        for source, name, count in there:
            assert count == whole[source, name], "a part of a chat"
    assert partly, "it was never killed in the middle"
    finish(db, files)
    finish(other_db, files)
    there, wanted = all_of(db), all_of(other_db)
    assert digest(there) == digest(wanted), differences(there, wanted)
