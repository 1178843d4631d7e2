"""Other ways to search the same messages: SQLite's FTS5, and ripgrep over one file a chat."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chattui.server import conninfo
from chattui.store.connection import connect
from tests.bench.places import Home

Ask = Callable[[str], float]
"""Wall milliseconds of one search."""


class NotHere(Exception):
    """A rival that is not installed; the reason."""


@dataclass(frozen=True, slots=True)
class Rival:
    """``prepare`` makes what it needs of a home's messages, kept in the cache, and returns how it is asked."""

    name: str
    prepare: Callable[[Home, Path], Ask]


def _messages(home: Home) -> Iterator[tuple[int, str]]:
    """Chat and text of every message, the oldest first."""
    with connect(conninfo(home.settings)) as conn, conn.cursor(name="all") as cursor:
        cursor.itersize = 5_000
        cursor.execute("SELECT chat_id, content FROM chattui.messages ORDER BY created_at, chat_id, seq")
        row: Any
        for row in cursor:
            yield row[0], row[1]


def _fts5(home: Home, cache: Path) -> Ask:
    path = cache / f"fts5-{home.data.name}.db"
    if not path.exists():
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        made = sqlite3.connect(half)
        try:
            made.execute("CREATE VIRTUAL TABLE m USING fts5 (chat UNINDEXED, text, tokenize = 'unicode61')")
        except sqlite3.OperationalError as error:
            raise NotHere(f"this Python's SQLite has no FTS5 ({error})") from error
        made.executemany("INSERT INTO m VALUES (?, ?)", _messages(home))
        made.execute("INSERT INTO m (m) VALUES ('optimize')")
        made.commit()
        made.close()
        half.rename(path)
    conn = sqlite3.connect(path)

    def ask(text: str) -> float:
        query = text if text.startswith('"') else f"{text}*"
        began = time.perf_counter()
        conn.execute(
            "SELECT chat, substr(text, 1, 240) FROM m WHERE m MATCH ? ORDER BY rowid DESC LIMIT 20", (query,)
        ).fetchall()
        return (time.perf_counter() - began) * 1e3

    ask("warm")
    return ask


def _ripgrep(home: Home, cache: Path) -> Ask:
    program = shutil.which("rg")
    if program is None:
        raise NotHere("rg is not installed")
    folder = cache / f"rg-{home.data.name}"
    if not folder.exists():
        half = cache / f"rg-{home.data.name}.half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        chats: dict[int, list[str]] = {}
        for number, (chat, text) in enumerate(_messages(home), 1):
            chats.setdefault(chat, []).append(text)
            if number % 100_000 == 0:
                _append(half, chats)
        _append(half, chats)
        half.rename(folder)

    def ask(text: str) -> float:
        words = text.strip('"') if text.startswith('"') else ".*".join(text.split())
        began = time.perf_counter()
        subprocess.run([program, "-il", words, str(folder)], stdout=subprocess.DEVNULL, check=False)
        return (time.perf_counter() - began) * 1e3

    ask("warm")
    return ask


def _append(folder: Path, chats: dict[int, list[str]]) -> None:
    for chat, texts in chats.items():
        with (folder / f"{chat}.txt").open("a", encoding="utf-8") as file:
            file.write("\n".join([*texts, ""]))
    chats.clear()


ALL = (Rival("FTS5", _fts5), Rival("ripgrep", _ripgrep))
