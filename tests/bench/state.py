"""How long a person, or a container's health check, waits for the state of the database."""

from __future__ import annotations

from tests.bench import bulk
from tests.bench.machine import Others, wait_quiet
from tests.bench.options import Options
from tests.bench.places import Home
from tests.bench.report import Row, timing
from tests.bench.warm import warm

TITLE = "Status"
NOTES = ("Status: the whole command, from the start of its process to its end; the server is up, the page cache warm.",)
_VERBS = (("db status", 150.0), ("db health", 150.0), ("db stats", None))
_MORE = 3


def measure(options: Options) -> list[Row]:
    """A row for each verb, on a small database and a large one."""
    rows = []
    for size in (10_000, options.big):
        home = bulk.database(options.cache, size)
        rows += [_row(home, verb, limit, size, options.runs * _MORE) for verb, limit in _VERBS]
        home.stop_server()
    return rows


def _row(home: Home, verb: str, limit: float | None, size: int, runs: int) -> Row:
    wall, cpu = [], []
    home.run(*verb.split())
    warm()
    wait_quiet()
    with Others(home.server_pid()) as others:
        for _ in range(runs):
            done = home.run(*verb.split())
            if done.code:
                raise RuntimeError(f"{verb} ended with {done.code}: {done.err.strip()}")
            wall.append(done.wall)
            cpu.append(done.cpu)
    return timing(f"{verb}, {size:,} messages", wall, limit=limit, cpu=cpu, others=[others.cores])
