"""The search bar, key by key: when a key is echoed, and when the results for what was typed are painted."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench import bulk
from tests.bench.machine import Others, family, favour, process_ms, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM
from tests.bench.prose import Prose
from tests.bench.report import Row, figure, percentile, timing
from tests.bench.screen import Screen
from tests.bench.startup import chats_shown
from tests.bench.terminal import Frame, Terminal

TITLE = "Search bar"
NOTES = (
    "Search bar: every probe is typed with 120 ms between keys. Echo: the first frame that shows the key. Results: the first "
    "frame, from the echo on, that paints the answer for this text; when it did not come before the next key, the answer to "
    "that one. Every probe was typed once before: the caches are warm.",
)
_BETWEEN = 0.12
_SUMMARY = re.compile(r"\d messages?\b|No hits|[Ss]till looking")
_BAR, _SAYS = 0, 1  # rows of the screen


@dataclass(slots=True)
class Keys:
    """What one class of probes cost, one entry a key. ``late``: answers that came after the next key."""

    echo: list[float] = field(default_factory=list)
    results: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    late: int = 0
    missing: int = 0


def measure(options: Options) -> list[Row]:
    """One row of echoes for all classes together, one row of results for each class."""
    home = bulk.database(options.cache, options.big)
    probes = dict(bulk.PROBES)
    probes["Han, 2 and 4"] = bulk.han_probes(Prose(7))
    found = {name: Keys() for name in probes}
    server = home.server_pid()
    with Others(server) as others, Terminal(PROGRAM, home.env) as terminal:
        terminal.wait(chats_shown, "recents and the last chat")
        terminal.settle(1.0)
        terminal.press("ctrl+k")
        terminal.settle()
        for warming in (True, False):
            rounds = 1 if warming or options.quick else 3
            for _ in range(rounds):
                for name, texts in _shuffled(probes):
                    wait_quiet(0.6)
                    for text in texts:
                        type_probe(terminal, text, Keys() if warming else found[name], server)
    home.stop_server()
    return _rows(found, others.cores, 80 if options.big > 1_000_000 else 50)


def _shuffled(probes: dict[str, list[str]]) -> Sequence[tuple[str, list[str]]]:
    """Another order every time, so that a busy moment does not fall on one class alone."""
    items = list(probes.items())
    random.shuffle(items)
    return items


def type_probe(
    terminal: Terminal, text: str, keys: Keys, server: int, counts: Callable[[str], bool] = lambda _typed: True
) -> None:
    """Type one text into the empty search bar, key by key, then empty the bar. ``counts`` says of what is typed so far whether
    its answer is one that can be seen."""
    backends = family([server])
    favour(backends)
    pressed: list[float] = []
    cpu, used = terminal.cpu_ms(), sum(process_ms(pid) for pid in backends)
    for key in text:
        terminal.press(key)
        pressed.append(terminal.mark)
        terminal.read_for(_BETWEEN)
    terminal.read_for(_BETWEEN * 4)
    keys.cpu.append((terminal.cpu_ms() - cpu) / len(text))
    keys.server.append((sum(process_ms(pid) for pid in backends) - used) / len(text))
    _judge(terminal, text, pressed, keys, counts)
    terminal.press("ctrl+u")
    terminal.settle(0.2)


def _judge(terminal: Terminal, text: str, pressed: list[float], keys: Keys, counts: Callable[[str], bool]) -> None:
    """Replay the frames and find for each key its echo and its answer."""
    echoes: list[float | None] = [None] * len(text)
    answers: list[float | None] = [None] * len(text)
    while (frame := terminal.replay()) is not None:
        shown = _typed(terminal.screen, text)
        for number in range(shown):
            if echoes[number] is None and pressed[number] < frame.at and _BAR in terminal.screen.touched:
                echoes[number] = frame.at
        if _answers(terminal.screen):
            for number in range(shown):
                if answers[number] is None and _is_after(echoes[number], frame):
                    answers[number] = frame.at
    for number, at in enumerate(pressed):
        if not counts(text[: number + 1]):
            continue
        echo, answer = echoes[number], answers[number]
        if echo is None or answer is None:
            keys.missing += 1
            continue
        keys.echo.append((echo - at) * 1e3)
        keys.results.append((answer - at) * 1e3)
        if number + 1 < len(pressed) and answer > pressed[number + 1]:
            keys.late += 1


def _is_after(echo: float | None, frame: Frame) -> bool:
    return echo is not None and frame.at >= echo


def _typed(screen: Screen, text: str) -> int:
    """How many characters of ``text`` the search bar shows; a blank at its end cannot be seen, and counts as shown."""
    bar = screen.row(_BAR)
    for count in range(len(text), 0, -1):
        if f"chattui {text[:count].rstrip()}" in bar:
            return count
    return 0


def _answers(screen: Screen) -> bool:
    """Whether the last frame painted an answer: the line above the hits was written, and says how many there are."""
    return _SAYS in screen.touched and _SUMMARY.search(screen.row(_SAYS, 30)) is not None


def _rows(found: dict[str, Keys], others: float, limit: float) -> list[Row]:
    echoes = [ms for keys in found.values() for ms in keys.echo]
    results = [ms for keys in found.values() for ms in keys.results]
    cpu = [ms for keys in found.values() for ms in keys.cpu]
    busy = [others]
    rows = [
        timing("key → echo, all classes", echoes, limit=12, p95=True, cpu=cpu, others=busy),
        timing("key → results, all classes", results, limit=limit, p95=True, cpu=cpu, others=busy),
    ]
    for name, keys in found.items():
        if not keys.results:
            rows.append(
                Row(
                    f"key → results, {name}",
                    f"p95 ≤ {limit:.0f} ms",
                    "nothing was painted",
                    verdict="FAILED",
                    failed=True,
                )
            )
            continue
        row = timing(f"key → results, {name}", keys.results, limit=limit, p95=True, cpu=keys.cpu, others=busy)
        said = (
            f"; echo p95 {figure(percentile(keys.echo, 0.95))}, server {figure(percentile(keys.server, 0.5))} ms a key"
        )
        if keys.late or keys.missing:
            said += f"; {keys.late} after the next key, {keys.missing} never"
        rows.append(Row(row.what, row.target, row.measured + said, row.ratio, row.cpu, row.others, row.verdict))
    return rows
