"""Replies: what it costs to follow one that streams into a chat of 100,000 messages, keys meanwhile, and sending."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import suppress
from typing import Self

import psycopg
from psycopg import sql

from chattui.server import conninfo
from chattui.store.connection import connect
from tests.bench import bulk
from tests.bench.machine import Others, family, process_ms, wait_quiet
from tests.bench.options import Options
from tests.bench.pane import ends
from tests.bench.places import PROGRAM, Home
from tests.bench.report import Row, figure, timing
from tests.bench.screen import Screen
from tests.bench.startup import chats_shown
from tests.bench.terminal import Terminal
from tests.model_server import ModelServer, serving

TITLE = "Replies"
NOTES = (
    "Replies: a model on a loopback server streams 100 tokens a second into the 100,000-message chat, whose end is shown; CPU is "
    "the app's own, the process that speaks to the model is a row of its own. Meanwhile keys are typed into the composer, 130 ms "
    "apart; echo is the first frame that shows the key. Stored: from Enter until "
    "the commit, as the database tells another program of it; shown: until the message is painted in the pane, after that.",
)
_RATE, _SECONDS = 100, 12
_TYPED = "the quick brown fox jumps over the lazy dog and then some more of it"
_BETWEEN = 0.13


def measure(options: Options) -> list[Row]:
    """A row each for the app's share of a core, the model's process, echo and sending."""
    home = bulk.database(options.cache, 120_000, 100_000)
    found: dict[str, list[float]] = {name: [] for name in ("app", "asker", "echo", "stored", "shown", "first")}
    config = home.data / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    try:
        with serving() as server, Others(home.server_pid()) as others, Commits(conninfo(home.settings)) as commits:
            config.write_text(f'[models]\nurl = "{server.url}"\n')
            for number in range(1 if options.quick else 3):
                _session(home, server, commits, found, newest=number > 0)
    finally:
        config.unlink(missing_ok=True)
        home.stop_server()
    busy = [others.cores]
    what = f"a reply at {_RATE} tokens/s into a chat of 100,000 messages"
    return [
        timing(f"{what}, the app", found["app"], limit=15, unit="% of one core", others=busy),
        timing(f"{what}, the process that asks", found["asker"], unit="% of one core", others=busy),
        timing("key → echo in the composer meanwhile", found["echo"], limit=16, p95=True, others=busy),
        timing("Enter → the message stored", found["stored"], limit=20, p95=True, others=busy),
        timing("Enter → the message stored and shown", found["shown"], others=busy),
        Row(
            "Enter → the first of the first reply, the library's import included",
            "–",
            f"{figure(statistics.median(found['first']))} ms",
            others=f"{others.cores:.1f}",
        ),
    ]


class Commits:
    """When other programs' changes became visible to everybody: the database tells of each with its commit."""

    def __init__(self, conninfo: str) -> None:
        self._conn = connect(conninfo, autocommit=True)
        self._conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel())))
        self.times: list[float] = []
        self._listening = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._listening.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._conn.close()

    def first_after(self, mark: float) -> float:
        """Milliseconds from ``mark`` to the first commit after it."""
        return min(at for at in list(self.times) if at > mark) * 1e3 - mark * 1e3

    def _channel(self) -> str:
        row = self._conn.execute("SELECT chattui.channel(CURRENT_USER::text)").fetchone()
        assert row is not None
        return str(row[0])

    def _listen(self) -> None:
        with suppress(psycopg.OperationalError):  # closed by the other thread
            for _ in self._conn.notifies():
                self.times.append(time.perf_counter())


def _session(home: Home, server: ModelServer, commits: Commits, found: dict[str, list[float]], *, newest: bool) -> None:
    """One start of the app. The big chat is the ``newest`` once something was written into it: then it opens by itself."""
    bulk.forget_position(home)
    server.speed = 0.0
    server.said = "streamfirstword"
    wait_quiet(2.0)
    with Terminal(PROGRAM, home.env) as terminal:
        if newest:
            terminal.wait(lambda screen: bulk.BIG_TITLE in screen.row(1, 34), "the big chat")
            terminal.settle(0.8)
        else:
            terminal.wait(chats_shown, "recents and the last chat")
            terminal.settle(0.8)
            terminal.press("down")
            terminal.settle()
            terminal.press("enter")
            terminal.wait(ends, "the big chat's end")
            terminal.settle(0.5)
        terminal.press("w")
        terminal.settle(0.5)
        for number in range(20):
            text = f"sentnumber{number:03}x"
            terminal.press(text)
            terminal.settle(0.4)
            terminal.press("enter")
            began = terminal.mark
            moment = terminal.wait(lambda screen, text=text: _in_pane(screen, text), "the message")  # type: ignore[misc]
            found["shown"].append(moment.ms)
            found["stored"].append(commits.first_after(began))
            if not number:
                terminal.mark = began
                found["first"].append(terminal.wait(lambda screen: "streamfirstword" in screen, "a reply").ms)
            terminal.settle(0.5)
        server.speed = 1 / _RATE
        server.said = " ".join(
            f"{n % 97:03}" if n % 40 else "\n\nA **new** paragraph:" for n in range(_RATE * _SECONDS)
        )
        terminal.press("stream")
        terminal.settle(0.3)
        terminal.press("enter")
        terminal.wait(lambda screen: "A new paragraph" in screen, "the reply")
        found["echo"] += _echoes(terminal)
        children = [pid for pid in family([terminal.pid]) if pid != terminal.pid]
        before, asked = process_ms(terminal.pid), sum(process_ms(pid) for pid in children)
        terminal.press("")
        terminal.read_for(2.0)
        found["app"].append((process_ms(terminal.pid) - before) / 20)
        found["asker"].append((sum(process_ms(pid) for pid in children) - asked) / 20)


def _in_pane(screen: Screen, text: str) -> bool:
    return any(text in screen.row(y) for y in range(2, screen.rows - 5)) and "Saving" not in screen.text()


def _echoes(terminal: Terminal) -> list[float]:
    """Type into the composer and find for each key the first frame that shows it."""
    echoes = []
    for count in range(1, len(_TYPED) + 1):
        while terminal.replay() is not None:
            pass
        terminal.press(_TYPED[count - 1])
        typed = _TYPED[:count].rstrip()
        if _TYPED[count - 1] == " ":
            terminal.read_for(_BETWEEN)
            continue
        pressed = terminal.mark
        echoes.append(terminal.wait(lambda screen, typed=typed: typed in screen, "the key").ms)  # type: ignore[misc]
        terminal.mark = pressed
        terminal.read_for(_BETWEEN)
    return echoes
