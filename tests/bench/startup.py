"""From the command to the shell, and to one's chats on the screen."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import bulk
from tests.bench.machine import Others, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, Home, empty_histories
from tests.bench.report import Row, timing
from tests.bench.screen import Screen
from tests.bench.terminal import Moment, Terminal
from tests.bench.warm import warm

TITLE = "Start"
NOTES = (
    "Start: the baseline is an empty Textual app (tests/bench/empty_app.py) of the same interpreter in the same terminal "
    "(120 × 40), measured in turn with ours; warm page cache.",
)
_MORE = 3  # times as many runs of what is compared with the baseline: single starts differ by a third
_EMPTY = (sys.executable, str(Path(__file__).with_name("empty_app.py")))


def shell(screen: Screen) -> bool:
    """The search bar is there: the first thing of ours on the screen."""
    return "Search every message" in screen


def chats_shown(screen: Screen) -> bool:
    """Recents at the left, the end of the newest chat at the right."""
    return bulk.LAST_WORD in screen and any(bulk.BIG_TITLE[:12] in screen.row(y, 0, 34) for y in range(screen.rows))


def set_up() -> Callable[[Screen], bool]:
    """Whether a first start is over: the banner about it was there and has gone. What is below it is shown earlier."""
    seen = False

    def over(screen: Screen) -> bool:
        nonlocal seen
        shown = "Setting up the database" in screen
        seen = seen or shown
        return seen and not shown

    return over


def measure(options: Options) -> list[Row]:
    """All rows of the group."""
    small, big = bulk.database(options.cache, 10_000), bulk.database(options.cache, options.big)
    rows = _shells(options, small, big)
    rows += _first_screens(options, big)
    rows += _pictures(options, big)
    small.stop_server()
    big.stop_server()
    return rows


def launch(argv: Sequence[str], home: Home, shown: Callable[[Screen], bool], what: str) -> Moment:
    """Start a program, wait for ``shown``, and close it."""
    wait_quiet(2.0)
    warm()
    with Terminal(argv, home.env) as terminal:
        moment = terminal.wait(shown, what)
        terminal.settle()
        return moment


def _shells(options: Options, small: Home, big: Home) -> list[Row]:
    found: dict[str, list[Moment]] = {"empty": [], "small": [], "big": []}
    with Others(small.server_pid(), big.server_pid()) as others:
        launch(PROGRAM, small, shell, "the shell")
        launch(PROGRAM, big, shell, "the shell")
        for _ in range(options.runs * _MORE):
            found["empty"].append(launch(_EMPTY, small, lambda _: True, "an empty app"))
            found["small"].append(launch(PROGRAM, small, shell, "the shell"))
            found["big"].append(launch(PROGRAM, big, shell, "the shell"))
    ms = {name: [m.ms for m in moments] for name, moments in found.items()}
    cpu = {name: [m.cpu for m in moments] for name, moments in found.items()}
    busy = [others.cores]
    rows = [
        timing("launch → first paint of an empty Textual app (baseline)", ms["empty"], cpu=cpu["empty"], others=busy)
    ]
    for name, size in (("small", 10_000), ("big", options.big)):
        rows.append(
            timing(
                f"launch → shell painted, {size:,} messages",
                ms[name],
                baseline=ms["empty"],
                limit_ratio=1.3,
                cpu=cpu[name],
                others=busy,
            )
        )
    shares = [statistics.median(cpu[name]) / statistics.median(cpu["empty"]) for name in ("small", "big")]
    rows.append(
        Row(
            "the same by CPU time",
            "–",
            f"{statistics.median(cpu['big']):.0f} ms of CPU against {statistics.median(cpu['empty']):.0f}",
            " / ".join(f"{share:.2f}" for share in shares),
            others=f"{others.cores:.1f}",
        )
    )
    return rows


def _first_screens(options: Options, big: Home) -> list[Row]:
    rows = []
    with Others(big.server_pid()) as others:
        up = [launch(PROGRAM, big, chats_shown, "recents and the last chat") for _ in range(options.runs)]
    rows.append(_row("launch → recents and last chat, server up", up, 500, others.cores))
    stopped = []
    with Others() as others:
        for _ in range(options.runs):
            big.stop_server()
            stopped.append(launch(PROGRAM, big, chats_shown, "recents and the last chat"))
            others.include(big.server_pid())
    rows.append(_row("launch → recents and last chat, server stopped", stopped, 800, others.cores))
    first = []
    # a directory each, and none removed before the last: ext4 is slow to make files where many were just deleted
    homes = [Home(empty_histories(options.cache), options.cache / f"first-{n}") for n in range(options.runs)]
    with Others() as others:
        for fresh in homes:
            first.append(launch(PROGRAM, fresh, set_up(), "the end of the set-up"))
            others.include(fresh.server_pid())
            fresh.stop_server()
    for fresh in homes:
        fresh.forget()
    rows.append(_row("launch → ready and empty, very first start (initdb, migrate)", first, 2_000, others.cores))
    return rows


def _pictures(options: Options, big: Home) -> list[Row]:
    """The picture of the last screen, and the living app in its place: the first and the second frame."""
    env = {**big.env, "CHATTUI_PICTURE": "1"}
    pictures, living = [], []
    with Others(big.server_pid()) as others:
        for number in range(options.runs + 1):
            wait_quiet(2.0)
            warm()
            with Terminal(PROGRAM, env) as terminal:
                if number:  # the first one leaves a picture
                    pictures.append(terminal.wait(chats_shown, "the picture"))
                    living.append(terminal.wait(chats_shown, "the living app"))
                else:
                    terminal.wait(chats_shown, "recents and the last chat")
                terminal.settle()
    return [
        _row("launch → the picture of the last screen", pictures, 50, others.cores),
        _row("… → the living app in its place", living, 500, others.cores),
    ]


def _row(what: str, moments: list[Moment], limit: float, others: float) -> Row:
    return timing(what, [m.ms for m in moments], limit=limit, cpu=[m.cpu for m in moments], others=[others])
