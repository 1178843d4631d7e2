"""Find in chat, key by key, in a chat of ten thousand and one of a hundred thousand messages: when the count is painted."""

from __future__ import annotations

import re

from tests.bench import bulk
from tests.bench.machine import Others, wait_quiet
from tests.bench.options import Options
from tests.bench.pane import begins, ends
from tests.bench.places import PROGRAM, Home
from tests.bench.report import Row, figure, timing
from tests.bench.screen import Screen
from tests.bench.startup import chats_shown
from tests.bench.terminal import Terminal

TITLE = "Find in chat"
NOTES = (
    "Find in chat: words of different frequency are typed into the find bar in the middle of the chat, with 200 ms between "
    "keys. Key: until the first frame, from the echo on, that paints what was found for this text around the reader, with its "
    "highlights, or says that there is "
    "none near and that it goes on. Whole: until the count is that of the whole chat, after the last key of a word.",
)
_PROBES = ("kubernetes", "quokka", "latency", "path.join", "zzyzxnohit")
_BETWEEN = 0.2
_BAR, _LEFT = 2, 40
_COUNT = re.compile(r"\d\+? messages?\b|no message has it|none near here")
_WHOLE = re.compile(r"[\d,]+ messages?\b|no message has it")


def measure(options: Options) -> list[Row]:
    """Two rows for each size of chat."""
    rows: list[Row] = []
    for messages in (100_000, options.big):
        home = bulk.database(options.cache, messages)
        keys: list[float] = []
        whole: list[float] = []
        cpu: list[float] = []
        with Others(home.server_pid()) as others:
            for _ in range(1 if options.quick else 3):
                memory = _session(home, keys, whole, cpu)
        home.stop_server()
        size = min(bulk.BIG_CHAT, messages // 10)
        busy = [others.cores]
        rows.append(timing(f"key → found, {size:,} messages", keys, limit=50, p95=True, cpu=cpu, others=busy))
        rows.append(timing(f"last key → whole of {size:,} messages counted", whole, limit=1_000, others=busy))
    limit = 150
    rows.append(
        Row(
            "memory of the app after all of this",
            f"≤ {limit} MiB",
            f"RSS {figure(memory)} MiB",
            verdict="kept" if memory <= limit else "MISSED",
        )
    )
    return rows


def _session(home: Home, keys: list[float], whole: list[float], cpu: list[float]) -> float:
    """One start of the app; returns its resident MiB."""
    bulk.forget_position(home)
    wait_quiet(2.0)
    with Terminal(PROGRAM, home.env) as terminal:
        terminal.wait(chats_shown, "recents and the last chat")
        terminal.settle(0.8)
        terminal.press("down")
        terminal.settle()
        terminal.press("enter")
        terminal.wait(ends, "the big chat's end")
        terminal.settle()
        terminal.press("home")
        terminal.wait(begins, "the big chat's beginning")
        for key in (":", *"50%", "enter"):
            terminal.press(key)
            terminal.settle(0.2)
        terminal.press("ctrl+f")
        terminal.wait(lambda screen: "Find in chat" in screen, "the find bar")
        terminal.settle()
        for warming in (True, False):
            for probe in _PROBES:
                _type(terminal, probe, *([], [], []) if warming else (keys, whole, cpu))
        return terminal.memory()[0]


def _type(terminal: Terminal, probe: str, keys: list[float], whole: list[float], cpu: list[float]) -> None:
    for number in range(1, len(probe) + 1):
        typed = probe[:number]

        def found(screen: Screen, typed: str = typed) -> bool:
            said = _says(screen, _COUNT)
            painted = screen.touched.get(_BAR, (0, 0))[1]
            return said is not None and painted >= said.end() + _LEFT and f"Find in chat {typed} " in screen.row(_BAR)

        before = terminal.cpu_ms()
        terminal.press(probe[number - 1])
        moment = terminal.wait(found, f"what was found for {typed}")
        keys.append(moment.ms)
        cpu.append(moment.cpu - before)
        if number == len(probe):
            if not _says(terminal.screen, _WHOLE):
                moment = terminal.wait(lambda screen: bool(_says(screen, _WHOLE)), "the whole count")
            whole.append(moment.ms)
        terminal.read_for(_BETWEEN)
    terminal.press("ctrl+u")
    terminal.settle(0.3)


def _says(screen: Screen, pattern: re.Pattern[str]) -> re.Match[str] | None:
    return pattern.search(screen.row(_BAR, _LEFT))
