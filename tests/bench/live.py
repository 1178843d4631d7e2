"""A chat that grows while it is open: what it costs the app to follow a reply that another program brings in."""

from __future__ import annotations

import subprocess
import sys

from tests.bench import bulk, watching
from tests.bench.live_writer import FIRST, LAST
from tests.bench.machine import Others, process_ms, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, REPOSITORY, Home
from tests.bench.report import Row, timing
from tests.bench.terminal import Terminal

TITLE = "Live"
NOTES = (
    "Live: another program adds a reply of 100 tokens a second to the open chat, in blocks, for ten seconds, as an import "
    "does with a history that grows; the pane is at the end and follows, the list of chats too. CPU time of the app in that "
    "time, as a share of one core.",
    *watching.NOTES,
)
_SECONDS, _RATE = 10, 100
_BLOCKS = (50, 10)
_LIMIT = 15


def measure(options: Options) -> list[Row]:
    """A row for each size of block, and those of watching."""
    home = bulk.database(options.cache, 10_000)
    rows: list[Row] = []
    for size in _BLOCKS:
        with Others(home.server_pid()) as others:
            shares = [_session(home, size) for _ in range(1 if options.quick else 3)]
        what = f"a reply streamed at {_RATE} tokens/s, in blocks of {size}, followed"
        rows.append(timing(what, shares, limit=_LIMIT, unit="% of one core", others=[others.cores]))
    home.stop_server()
    return rows + watching.measure(options)


def _session(home: Home, size: int) -> float:
    """One start of the app and one reply; the percentage of a core that the app has used."""
    bulk.forget_position(home)
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.live_writer", str(_SECONDS), str(_RATE), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env=home.env,
        text=True,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    try:
        if writer.stdout.readline().strip() != "ready":
            raise RuntimeError("the program that writes the reply did not start")
        wait_quiet(2.0)
        with Terminal(PROGRAM, home.env) as terminal:
            terminal.wait(lambda screen: FIRST in screen, "the chat that will grow")
            terminal.settle(0.8)
            before = process_ms(terminal.pid)
            terminal.press("")  # nothing, but time is counted from here
            writer.stdin.write("\n")
            writer.stdin.flush()
            terminal.read_for(_SECONDS)
            used = process_ms(terminal.pid) - before
            terminal.wait(lambda screen: LAST in screen, "the end of the reply")
    finally:
        writer.stdin.close()
        writer.wait(20)
    return used / (_SECONDS * 10)
