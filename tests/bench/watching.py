"""A chat whose tool goes on writing: from the write to the screen, and what watching costs when nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import corpus
from tests.bench.machine import Others, family, process_ms, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, Home, say
from tests.bench.report import Row, timing
from tests.bench.screen import Screen
from tests.bench.terminal import Terminal

NOTES = (
    "Watching: 5,000 history files, all imported; a program appends messages to one of them, which is open at its end, with "
    "0.4 s between. From the write to the end of the first frame that shows the message, in the terminal whose app watches "
    "and in another one on the same database. Idle: CPU time of 20 s in which nothing is written, as a share of one core, of "
    "the app with the watch beside it, and of `chattui watch` alone.",
)
_SESSION = "5e551011-0000-4000-8000-00000bead001"
_FIRST = "the first of them"
_LIMIT, _IDLE_LIMIT, _IDLE_SECONDS = 300, 2, 20


def measure(options: Options) -> list[Row]:
    """Rows for both terminals, and for doing nothing."""
    home = Home(corpus.many(options), options.cache / "watching")
    path = home.histories / ".claude" / "projects" / "-watched" / f"{_SESSION}.jsonl"
    home.forget()
    try:
        home.start_server()
        _begin(path)
        say("importing 5,000 files …")
        done = home.run("import", "--json")
        if done.code:
            raise RuntimeError(f"the import failed: {done.err.strip()}")
        return _measured(options, home, path)
    finally:
        path.unlink(missing_ok=True)
        home.forget()


def _measured(options: Options, home: Home, path: Path) -> list[Row]:
    runs = 10 if options.quick else 40
    here: list[float] = []
    there: list[float] = []
    server = home.server_pid()
    wait_quiet()
    with Others(server) as others, Terminal(PROGRAM, home.env) as first:
        first.wait(_shows(_FIRST), "the chat that will grow")
        _settle(first)
        idle = _idle([first.pid])
        for number in range(runs):
            here.append(_said(first, path, f"here{number:03}"))
        with Terminal(PROGRAM, home.env) as second:
            second.wait(_shows(_FIRST), "the chat that will grow")
            _settle(second)
            for number in range(runs):
                there.append(_said(second, path, f"there{number:03}"))
                first.pump(0)
    with subprocess.Popen([*PROGRAM, "watch", "--quiet"], env=home.env) as alone:
        time.sleep(4)
        idle_alone = _idle([alone.pid])
        alone.terminate()
    busy = [others.cores]
    return [
        timing("written → on the screen, its app watches", here, limit=_LIMIT, p95=True, others=busy),
        timing("written → on the screen of another terminal", there, limit=_LIMIT, p95=True, others=busy),
        timing(
            "idle: the app and its watch, 5,000 files", [idle], limit=_IDLE_LIMIT, unit="% of one core", others=busy
        ),
        timing("idle: chattui watch, 5,000 files", [idle_alone], limit=_IDLE_LIMIT, unit="% of one core", others=busy),
    ]


def _shows(text: str) -> Callable[[Screen], bool]:
    return lambda screen: text in screen.text()


def _settle(terminal: Terminal) -> None:
    """The watch beside the app has looked at everything twice, and follows."""
    terminal.press("")
    terminal.read_for(5.0)
    terminal.settle(0.5)


def _idle(pids: list[int]) -> float:
    """Per cent of a core that these and their children use while nothing happens."""
    before = sum(process_ms(pid) for pid in family(pids))
    time.sleep(_IDLE_SECONDS)
    return (sum(process_ms(pid) for pid in family(pids)) - before) / (_IDLE_SECONDS * 10)


def _said(terminal: Terminal, path: Path, words: str) -> float:
    terminal.press("")
    terminal.read_for(0.4)
    terminal.press("")  # nothing, but time is counted from here
    _append(path, words)
    return terminal.wait(_shows(words), f"the message {words}").ms


def _begin(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    _append(path, _FIRST)


def _append(path: Path, words: str) -> None:
    record = {
        "type": "user",
        "uuid": f"00000000-0000-4000-8000-{os.urandom(6).hex()}",
        "parentUuid": None,
        "sessionId": _SESSION,
        "cwd": "/watched",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "message": {"role": "user", "content": words},
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
