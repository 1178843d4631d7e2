"""How much room a database needs: measured on one that is there, computed for teams, written as docs/capacity.md.

    python -m tests.bench.capacity CONNINFO > docs/capacity.md

The database is only read. What needs writing (log, backup, memory of connections) is measured with a part of it in a throw-away
server.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from chattui.config import load_settings
from chattui.server import client_program, open_database, stop
from chattui.store import search, search_index
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.startup import prepare

Source = psycopg.Connection[tuple[Any, ...]]
MB, GB = 1024**2, 1024**3
PART = 20_000
"""Messages that are copied into the throw-away server."""
SEARCHES = 200
PEOPLE = (10, 100, 1000)
EACH = 1_000_000
FREE = 1.25
"""What is kept free for the working of VACUUM, REINDEX of the largest index, and growth until somebody looks."""
A_DAY = 2_000
"""Messages that a person adds on a working day: 1,000,000 are about two years of that."""

TABLES = """
SELECT c.relname, pg_relation_size(c.oid), coalesce(pg_total_relation_size(c.reltoastrelid), 0)
  FROM pg_class c WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind = 'r' ORDER BY pg_total_relation_size(c.oid) DESC
"""
INDEXES = """
SELECT c.relname, i.indrelid::regclass::text, pg_relation_size(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE c.relnamespace = 'chattui'::regnamespace ORDER BY 3 DESC
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes, of ``messages`` messages with ``text`` bytes of text in all; ``part`` of them for the second group."""

    version: str
    messages: int
    text: int
    tables: list[tuple[str, int, int]]
    indexes: list[tuple[str, str, int]]
    search_cpu_ms: float
    part: int
    bulk_log: int
    live_log: int
    backup: int
    idle_memory: int
    search_memory: int

    @property
    def size(self) -> int:
        return sum(heap + toast for _, heap, toast in self.tables) + sum(size for *_, size in self.indexes)


def measure(conninfo: str) -> Measured:
    with psycopg.connect(conninfo, autocommit=True, options="-c default_transaction_read_only=on") as conn:
        counted = conn.execute("SELECT sum(message_count), sum(byte_count) FROM chattui.chats").fetchone()
        version = conn.execute("SHOW server_version").fetchone()
        assert counted is not None
        assert version is not None
        tables, indexes = conn.execute(TABLES).fetchall(), conn.execute(INDEXES).fetchall()
        words = [
            w
            for (w,) in conn.execute(
                "SELECT word FROM chattui.words WHERE length(word) > 3 ORDER BY random() LIMIT 400"
            )
        ]
        with _throw_away() as other:
            part, bulk, live, backup = _write_a_part(conn, other)
            idle, searching = _memory(other, words)
    cpu = _search_cpu(conninfo, words)
    return Measured(
        version[0].split()[0],
        int(counted[0]),
        int(counted[1]),
        tables,
        indexes,
        cpu,
        part,
        bulk,
        live,
        backup,
        idle,
        searching,
    )


@contextmanager
def _throw_away() -> Iterator[str]:
    """A server that is gone afterwards; its conninfo."""
    with tempfile.TemporaryDirectory(prefix="cap-") as home:
        settings = load_settings({"CHATTUI_HOME": home, "CHATTUI_LINGER": "forever"})
        try:
            opened = open_database(settings).conninfo
            with connect(opened, autocommit=True) as conn:
                prepare(conn)
            yield opened
        finally:
            stop(settings)


def _write_a_part(source: Source, target: str) -> tuple[int, int, int, int]:
    """Copy some chats, at once and then as they come; messages, bytes of the log of either, bytes of a backup of them."""
    chats = (
        "SELECT id, message_count FROM chattui.chats WHERE message_count BETWEEN 1 AND 5000 ORDER BY id DESC LIMIT 5000"
    )
    ids: list[int] = []
    total = 0
    for chat, count in source.execute(chats).fetchall():
        ids.append(chat)
        total += count
        if total >= PART:
            break
    db = Database(target, pool_size=1)
    with connect(target, autocommit=True) as conn:

        def at_once() -> None:
            search_index.set_aside(db, GB)
            _copy(source, conn, ids)
            search_index.build(db)

        bulk = _logged(conn, at_once)
        conn.execute("TRUNCATE chattui.chats CASCADE")
        live = _logged(conn, lambda: _copy(source, conn, ids))
        conn.execute("SELECT chattui.refresh_words()")
    db.close()
    with tempfile.NamedTemporaryFile() as file:
        program = client_program(load_settings({"CHATTUI_HOME": "/nonexistent"}), "pg_dump")
        subprocess.run([program, "--format=custom", "--file", file.name, "-d", target], check=True)
        backup = Path(file.name).stat().st_size
    return total, bulk, live, backup


def _logged(conn: Source, work: Callable[[], None]) -> int:
    """Bytes of the write-ahead log that ``work`` makes."""
    conn.execute("CHECKPOINT")
    before = conn.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
    work()
    after = conn.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", before).fetchone()
    assert after is not None
    return int(after[0])


def _copy(source: Source, conn: Source, ids: list[int]) -> None:
    """The messages of these chats, a transaction a chat."""
    what = "owner, chat_id, seq, created_at, role, kind, content_type, content, source_id, parent_seq, call_id, model, metadata"
    made = "INSERT INTO chattui.chats (owner, id, source, source_id) VALUES ('chattui', %s, 'x', %s)"
    for chat in ids:
        with conn.transaction():
            conn.execute(made, (chat, str(chat)))
            wanted = f"COPY (SELECT {what} FROM chattui.messages WHERE chat_id = {int(chat)} ORDER BY seq) TO STDOUT"
            with (
                source.cursor().copy(wanted) as out,
                conn.cursor().copy(f"COPY chattui.messages ({what}) FROM STDIN") as into,
            ):
                for data in out:
                    into.write(data)


def _memory(conninfo: str, words: list[str]) -> tuple[int, int]:
    """Bytes of its own that a server process holds (not those that all of them share): idle, and after searches."""
    db = Database(conninfo, pool_size=1)
    with db.raw() as conn:
        conn.execute("SELECT 1")
        pid = conn.info.backend_pid
    idle = _own_bytes(pid)
    for word in words[:50]:
        search.search(db, word)
    after = _own_bytes(pid)
    db.close()
    return idle, after


def _own_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Dirty", "Private_Clean"))) * 1024


def _search_cpu(conninfo: str, words: list[str]) -> float:
    """Milliseconds of the server's CPU for one page of a search, warm."""
    db = Database(conninfo, pool_size=1)
    with db.raw() as conn:
        pid = conn.info.backend_pid
    chosen = random.Random(1).sample(words, min(len(words), SEARCHES))
    for word in chosen:
        search.search(db, word)
    before = _cpu_seconds(pid)
    for word in chosen:
        search.search(db, word)
    spent = _cpu_seconds(pid) - before
    db.close()
    return 1000 * spent / len(chosen)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def page(m: Measured) -> str:
    """The document."""
    each = m.size / m.messages
    gin = next(size for name, _, size in m.indexes if name == "messages_search")
    wal, backup = m.live_log / m.part, m.backup / m.part
    return _PAGE.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        version=m.version,
        messages=m.messages,
        text=m.text / m.messages,
        parts="\n".join(_parts(m)),
        each=each,
        indexes=100 * sum(size for *_, size in m.indexes) / m.size,
        gin=100 * gin / m.size,
        wal=wal,
        bulk=m.bulk_log / m.part,
        part=m.part,
        backup=backup,
        idle=m.idle_memory / MB,
        searching=m.search_memory / MB,
        cpu=m.search_cpu_ms,
        searches=SEARCHES,
        typing=1000 / (5 * m.search_cpu_ms),
        a_day=A_DAY,
        day_data=A_DAY * each / MB,
        day_wal=A_DAY * wal / MB,
        million=EACH,
        free=100 * (FREE - 1),
        people=" | ".join(f"{n:,} people" for n in PEOPLE),
        rule=" ---: |" * len(PEOPLE),
        teams="\n".join(_teams(m, gin)),
    )


_PAGE = """\
# Capacity

What a database needs, computed from one that was measured. Written by `python -m tests.bench.capacity CONNINFO`, not by hand.
Measured {day} on PostgreSQL {version}: {messages:,} messages of {text:,.0f} bytes of text on average, of one person, from a
generated corpus of coding sessions. Your own messages may be longer: `chattui db status` tells text bytes and bytes on disk.

## A message

| what | bytes a message | share |
| --- | ---: | ---: |
{parts}
| **all of it** | **{each:,.0f}** | |

All indexes together take {indexes:.0f} % of the disk, the search index alone {gin:.0f} %. The write-ahead log, which is recycled
and is what a standby receives, is {bulk:,.0f} bytes a message when a history is imported at once, as the search index is built at
the end then, and {wal:,.0f} when messages come while it is there: each of their words goes into it. A compressed
backup (`pg_dump --format=custom`) is {backup:,.0f} bytes a message. These three are of {part:,} messages.

## A person

* A server process holds {idle:.1f} MB of its own when it is idle and {searching:.0f} MB after searches. The app holds two to four
  connections, of which one waits for notifications; PgBouncer lets many programs share few, and delivers no notifications.
* A search costs {cpu:.1f} ms of the server's CPU: the mean of {searches} words of the vocabulary, one page each, warm. While
  somebody types, a search runs with every key; at five keys a second one core serves {typing:,.0f} people who type at the same
  moment.
* {a_day:,} messages on a working day make {day_data:.1f} MB of data and {day_wal:.1f} MB of log.

## Teams, {million:,} messages each

Disk has {free:.0f} % on top. Memory is for those who work at the same time, taken as a fifth of the team: for each of them the
table's rows and the indexes of the newest tenth of their messages, and four connections without a pooler; 1 GB for the rest.
Cores are for a tenth of those, who type at the same moment, and at least two.

| | {people} |
| --- |{rule}
{teams}

These are sums, not measurements: no server of that size was tried. What was tried with one person and 10 million messages is in
[benchmarks.md](benchmarks.md); what helps when one server is not enough in [scale.md](scale.md).
"""


def _parts(m: Measured) -> Iterator[str]:
    least = m.size * 0.005
    rest = 0
    for name, heap, toast in m.tables:
        for what, size in ((f"table {name}", heap), (f"table {name}, long texts (TOAST)", toast)):
            if size >= least:
                yield _row(m, what, size)
            else:
                rest += size
    for name, table, size in m.indexes:
        if size >= least:
            yield _row(m, f"index {name} of {table.removeprefix('chattui.')}", size)
        else:
            rest += size
    yield _row(m, "all others", rest)


def _row(m: Measured, what: str, size: int) -> str:
    return f"| {what} | {size / m.messages:,.0f} | {100 * size / m.size:.1f} % |"


def _teams(m: Measured, gin: int) -> Iterator[str]:
    each = m.size / m.messages
    keys = sum(size for name, table, size in m.indexes if table == "chattui.messages")
    hot = (keys + sum(heap for name, heap, _ in m.tables if name == "messages")) / m.messages * EACH * 0.1

    def row(what: str, values: list[str]) -> str:
        return f"| {what} | " + " | ".join(values) + " |"

    active = [max(1, n // 5) for n in PEOPLE]
    yield row("messages", [f"{n * EACH / 1e6:,.0f} million" for n in PEOPLE])
    yield row("disk", [_bytes(n * EACH * each * FREE) for n in PEOPLE])
    yield row("… of it the search index", [_bytes(n * EACH * gin / m.messages) for n in PEOPLE])
    yield row("one backup", [_bytes(n * EACH * m.backup / m.part) for n in PEOPLE])
    yield row("growth in a working day", [_bytes(n * A_DAY * each) for n in PEOPLE])
    yield row("log for a standby in a working day", [_bytes(n * A_DAY * m.live_log / m.part) for n in PEOPLE])
    yield row("memory", [_bytes(GB + a * (hot + 4 * m.search_memory)) for a in active])
    yield row("connections without a pooler", [f"{4 * a:,}" for a in active])
    yield row("cores for searching", [f"{max(2, round(a / 10 * 5 * m.search_cpu_ms / 1000 + 0.5)):,}" for a in active])


def _bytes(n: float) -> str:
    return f"{n / GB / 1024:,.1f} TB" if n >= 1024 * GB else f"{n / GB:,.1f} GB" if n >= GB else f"{n / MB:,.0f} MB"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python -m tests.bench.capacity CONNINFO > docs/capacity.md")
    sys.stdout.write(page(measure(sys.argv[1])))
