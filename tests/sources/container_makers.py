"""Invented containers: how one of each source is written, changed as its tool would, and spoiled."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import export_makers
from test_aider import made as aider_history

from chattui.sources.aider import Aider
from chattui.sources.chatgpt import ChatGpt
from chattui.sources.claude_ai import ClaudeAi
from chattui.sources.open_webui import OpenWebUi
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


def export(make: Callable[[Rng, int, int], Any]) -> tuple[Any, Any, Any]:
    """How an export is written, changed and spoiled: JSON, or a zip by its name."""

    def records(path: Path) -> list[Any]:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return list(json.loads(archive.read("conversations.json")))
        return list(json.loads(path.read_bytes()))

    def put(path: Path, content: list[Any]) -> None:
        raw = json.dumps(content).encode()
        path.write_bytes(export_makers.packed({"conversations.json": raw}) if path.suffix == ".zip" else raw)

    def write(path: Path, rng: Rng, size: int) -> None:
        put(path, [make(rng, rng.randrange(1, 9), n) for n in range(size)])

    def change(path: Path, rng: Rng) -> None:
        content = records(path)
        if rng.random() < 0.5:
            content.append(make(rng, 5, 1000))
        else:
            content[rng.randrange(len(content))]["title"] = "renamed"
        rng.shuffle(content)
        put(path, content)
        later(path)

    def spoil(path: Path, rng: Rng, rate: float) -> None:
        values = [None, 0, -1, 1 << 70, 0.5, "", "\x1b[2J", [], {}, [None], {"a": []}, "x" * 5000, True]

        def spoiled(value: Any) -> Any:
            if rng.random() < rate:
                return rng.choice(values)
            if isinstance(value, dict):
                return {key: spoiled(inner) for key, inner in value.items()}
            return [spoiled(inner) for inner in value] if isinstance(value, list) else value

        put(path, [spoiled(record) for record in records(path)])

    return write, change, spoil


CASES = [
    Case(Aider(), ".aider.chat.history.md", write_aider, change_aider, spoil_aider),
    Case(ChatGpt(), "conversations.json", *export(export_makers.gpt_random)),
    Case(ChatGpt(), "export.zip", *export(export_makers.gpt_random)),
    Case(ClaudeAi(), "conversations.json", *export(export_makers.claude_random)),
    Case(OpenWebUi(), "chats.json", *export(export_makers.webui_random)),
]
