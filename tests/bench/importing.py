"""Bringing histories in: how fast, how soon the newest are there, and what a start costs when nothing is new."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus
from tests.bench.machine import Others, family_seconds, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, REPOSITORY, Home
from tests.bench.report import Row, figure, timing
from tests.bench.screen import Screen
from tests.bench.startup import set_up
from tests.bench.terminal import Terminal
from tests.bench.warm import warm

TITLE = "Import"
NOTES = (
    "Import: 2,000 Claude Code sessions, 500,000 records of all kinds, one session of 20,000; into a database without chats "
    "whose server is up; from the command on. Browsable: every message is stored. Indexed: the search index and its "
    "vocabulary are complete.",
)


@dataclass(frozen=True, slots=True)
class Imported:
    """One import. Seconds from the command on; ``cpu`` is CPU seconds of (the program, the server)."""

    messages: int
    browsable: float
    indexed: float
    phases: str
    cpu: tuple[float, float]


def measure(options: Options) -> list[Row]:
    """All rows of the group."""
    histories = corpus.large(options)
    home = Home(histories, options.cache / "import")
    rows = _throughput(options, home)
    rows += _nothing_new(options, home)
    home.forget()
    rows += _newest_first([Home(histories, options.cache / f"first-{n}") for n in range(3 if options.quick else 5)])
    return rows


def _throughput(options: Options, home: Home) -> list[Row]:
    found = []
    with Others() as others:
        for _ in range(1 if options.quick else 3):
            home.forget()
            home.start_server()
            wait_quiet()
            warm()
            found.append(timed_import(home))
            others.include(home.server_pid())
    rows = []
    for what, limit, seconds in (
        ("import until browsable", 25_000, [i.browsable for i in found]),
        ("import until fully indexed", 10_000, [i.indexed for i in found]),
    ):
        rates = [i.messages / s for i, s in zip(found, seconds, strict=True)]
        rows.append(timing(what, rates, limit=limit, at_least=True, unit="messages/s", others=[others.cores]))
    last = found[-1]
    rows.append(
        Row(
            "the last of these imports",
            "–",
            f"{last.messages:,} messages: {last.phases}",
            cpu=f"program {figure(last.cpu[0])} s, server {figure(last.cpu[1])} s",
        )
    )
    return rows


def timed_import(home: Home, *paths: Path) -> Imported:
    """``chattui import --progress``, its lines time-stamped as they come."""
    server = home.server_pid()
    before = family_seconds([server])
    began = time.perf_counter()
    process = subprocess.Popen(
        [*PROGRAM, "import", "--progress", *map(str, paths)],
        env=home.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    reading = browsable = None
    used = 0.0
    report: dict[str, object] = {}
    while True:
        select.select([process.stdout], [], [])
        now = time.perf_counter() - began
        line = process.stdout.readline()
        if not line:
            break
        used = max(used, family_seconds([process.pid]))
        report = json.loads(line)
        if report.get("phase") == "reading" and reading is None:
            reading = now
        if report.get("phase") == "indexing" and browsable is None:
            browsable = now
    process.wait()
    indexed = time.perf_counter() - began
    if process.returncode or browsable is None or reading is None:
        raise RuntimeError(f"the import failed: {process.stderr.read() if process.stderr else ''}")
    phases = f"{reading:.1f} s to begin, {browsable - reading:.1f} s reading, {indexed - browsable:.1f} s indexing"
    server_cpu = family_seconds([server]) - before
    return Imported(int(str(report["messages"])), browsable, indexed, phases, (used, server_cpu))


def _nothing_new(options: Options, home: Home) -> list[Row]:
    """The work of a sync that finds nothing, in a process of its own whose imports and connection are made before."""
    walls, cpus, servers, whole, whole_cpu = [], [], [], [], []
    with Others(home.server_pid()) as others:
        for _ in range(options.runs):
            wait_quiet(2.0)
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.idle_sync"],
                env=home.env,
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=True,
            )
            values = json.loads(done.stdout)
            walls.append(values["wall_ms"])
            cpus.append(values["cpu_ms"])
            servers.append(values["server_cpu_ms"])
            finished = home.run("import", "--json")
            whole.append(finished.wall)
            whole_cpu.append(finished.cpu)
    busy = [others.cores]
    return [
        timing("sync when nothing is new, 2,000 sessions: the work", walls, limit=100, cpu=cpus, others=busy),
        timing("… of it the server's CPU", servers, others=busy),
        timing("… `chattui import` as a whole", whole, cpu=whole_cpu, others=busy),
    ]


def _chats_listed(screen: Screen) -> int:
    """Lines of the sidebar that are chats: they end in an age behind the source's tag."""
    return sum(1 for y in range(screen.rows) if " cc " in screen.row(y, 12, 45))


def _newest_first(homes: list[Home]) -> list[Row]:
    """The app on a machine with a long history and no database: when the first 50 chats are listed."""
    launched, after_empty = [], []
    with Others() as others:
        for home in homes:
            wait_quiet()
            warm()
            with Terminal(PROGRAM, home.env, rows=90) as terminal:
                empty = terminal.wait(set_up(), "the end of the set-up")
                full = terminal.wait(lambda s: _chats_listed(s) >= 50, "50 chats in the list", timeout=60)
                launched.append(full.ms)
                after_empty.append(full.ms - empty.ms)
                others.include(home.server_pid())
            home.stop_server()
    for home in homes:
        home.forget()
    busy = [others.cores]
    return [
        timing("first start: database ready → newest 50 chats on screen", after_empty, limit=1_000, others=busy),
        timing("first start: launch → newest 50 chats on screen (with initdb, migrate)", launched, others=busy),
    ]
