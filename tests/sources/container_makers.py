"""Invented containers: how one of each source is written, changed as its tool would, and spoiled."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from test_aider import made as aider_history

from chattui.sources.aider import Aider
from chattui.sources.opencode import OpenCode
from chattui.sources.protocol import ContainerSource

Rng = random.Random


@dataclass(frozen=True)
class Case:
    """A source and how its containers come about. ``change`` changes one chat or adds one."""

    source: ContainerSource
    name: str
    write: Callable[[Path, Rng, int], None]
    change: Callable[[Path, Rng], None]
    spoil: Callable[[Path, Rng, float], None]

    @property
    def id(self) -> str:
        return f"{self.source.name}-{Path(self.name).name}"

    def fresh(self, folder: Path) -> Path:
        """A place for a container in a folder that holds nothing else."""
        inner = folder / "container"
        shutil.rmtree(inner, ignore_errors=True)
        path = inner / self.name
        path.parent.mkdir(parents=True)
        return path


def later(path: Path) -> None:
    """Another time than it had, however fast the test is."""
    when = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(when, when))


def write_aider(path: Path, rng: Rng, size: int) -> None:
    path.write_text(aider_history(rng, 5 * size))


def change_aider(path: Path, rng: Rng) -> None:
    more = rng.choice(["#### one more\n", "\n# aider chat started at 2027-01-01 10:00:00\n\n#### new\n"])
    with path.open("a") as file:
        file.write(more)
    later(path)


def spoil_aider(path: Path, rng: Rng, rate: float) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join(rng.choice(lines) if rng.random() < rate else line for line in lines))


def rows_of(path: Path, question: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn, conn:
        return conn.execute(question, values).fetchall()


HOSTILE: tuple[Any, ...] = (
    *(None, "", 0, -1, 1 << 62, 0.5, b"\xff\x00", "\x1b[2J", "null", "[]", "{}", "[1, null, {}]", '{"a": {"b": []}}'),
    *(
        "x" * 5000,
        "\ud83d".encode("utf-8", "surrogatepass"),
        '"text"',
        '[{"type": 5, "text": {}}]',
        '"\\ud83d"',
        "1e999",
    ),
)


def spoil_database(path: Path, rng: Rng, rate: float) -> None:
    """Other values in some fields, whatever the type of the column."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute("PRAGMA ignore_check_constraints = ON")
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table.startswith("sqlite_"):
                continue
            columns = [row[1] for row in conn.execute(f'PRAGMA table_info("{table}")')]
            ids = [row[0] for row in conn.execute(f'SELECT rowid FROM "{table}"')]
            for column in columns:
                for row in ids:
                    if rng.random() < rate:
                        value = rng.choice(HOSTILE)
                        conn.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, row))


OPENCODE = """
CREATE TABLE project (id text PRIMARY KEY, worktree text NOT NULL);
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL,
  title text NOT NULL, version text NOT NULL, revert text, time_created integer NOT NULL, time_updated integer NOT NULL,
  time_archived integer);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE INDEX part_message_id_id_idx ON part (message_id, id);
"""
NOON = 1_772_366_400_000  # 2026-03-01T12:00:00Z


def opencode_message(rng: Rng, session: str, n: int) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """A message and its parts, as OpenCode writes them in both of its stores."""
    at = NOON + 1000 * n
    if n % 2 == 1:
        info = {"role": "user", "time": {"created": at}, "agent": "build", "model": {"modelID": "oak-1"}}
        parts: list[dict[str, Any]] = [{"type": "text", "text": f"question {n}"}]
        if rng.random() < 0.2:
            parts.append({"type": "text", "text": "a file's content", "synthetic": True})
            parts.append({"type": "file", "mime": "text/plain", "filename": "keel.md", "url": "file:///work/keel.md"})
        if rng.random() < 0.2:
            parts.append(
                {"type": "file", "mime": "image/png", "filename": "a.png", "url": "data:image/png;base64,aGk="}
            )
    else:
        tokens = {"input": 10, "output": 5, "reasoning": 1, "cache": {"read": 3, "write": 2}}
        info = {
            "role": "assistant",
            "time": {"created": at},
            "modelID": "oak-1",
            "providerID": "wood",
            "tokens": tokens,
        }
        if rng.random() < 0.1:
            info["error"] = {"name": "MessageAbortedError", "data": {"message": "aborted"}}
        exit_code = rng.choice([0, 1])
        state: dict[str, Any] = {
            "status": rng.choice(["completed", "completed", "error", "running", "pending"]),
            "input": {"command": "make hull"},
            "output": f"output {n}",
            "metadata": {"exit": exit_code},
            "time": {"start": at + 20, "end": at + 50},
        }
        parts = [
            {"type": "step-start", "snapshot": "abc"},
            {"type": "reasoning", "text": f"thought {n}", "time": {"start": at + 10}},
            {"type": "text", "text": f"answer {n}", "time": {"start": at + 15}},
            {"type": "tool", "callID": f"call{n}", "tool": "bash", "state": state},
            {"type": rng.choice(["patch", "retry", "compaction", "wholly new"]), "files": ["a.py"]},
            {"type": "step-finish", "reason": "stop", "tokens": tokens},
        ]
    return info, [(f"prt_{session}_{n:04}_{at}", part) for at, part in enumerate(parts)]


def add_opencode_message(conn: sqlite3.Connection, rng: Rng, session: str, n: int) -> None:
    info, parts = opencode_message(rng, session, n)
    at = NOON + 1000 * n
    message_id = f"msg_{session}_{n:04}"
    conn.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (message_id, session, at, at + 900, json.dumps(info)))
    for name, part in parts:
        conn.execute(
            "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", (name, message_id, session, at, at, json.dumps(part))
        )


def add_opencode_session(
    conn: sqlite3.Connection, rng: Rng, name: str, messages: int, parent: str | None = None
) -> None:
    title = rng.choice([f"Boats {name}", "New session - 2026-03-01T12:00:00.000Z"])
    values = (name, "p1", parent, "/work/boat", title, "1.18.33", None, NOON, NOON + 1000 * messages, None)
    conn.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    for n in range(1, messages + 1):
        add_opencode_message(conn, rng, name, n)


def write_opencode(path: Path, rng: Rng, size: int) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(OPENCODE)
        for n in range(size):
            add_opencode_session(conn, rng, f"ses_{n}", rng.randrange(6), f"ses_{n - 1}" if n % 4 == 3 else None)


def change_opencode(path: Path, rng: Rng) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        if rng.random() < 0.3:
            add_opencode_session(conn, rng, "ses_new", 2)
        elif rng.random() < 0.5:
            add_opencode_message(conn, rng, "ses_0", 90)
        else:
            conn.execute("UPDATE session SET title = 'renamed', time_updated = time_updated + 1 WHERE id = 'ses_0'")
    later(path)


CASES = [
    Case(OpenCode(), "opencode.db", write_opencode, change_opencode, spoil_database),
    Case(Aider(), ".aider.chat.history.md", write_aider, change_aider, spoil_aider),
]
