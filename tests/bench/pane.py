"""The message pane with a chat of a hundred thousand messages: opening it, both ends, pages, memory."""

from __future__ import annotations

from tests.bench import bulk
from tests.bench.machine import Others, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, Home
from tests.bench.report import Row, figure, timing
from tests.bench.screen import Screen
from tests.bench.startup import chats_shown
from tests.bench.terminal import Terminal

TITLE = "Message pane"
NOTES = (
    "Message pane: a chat of 100,000 messages with code, tool calls and thinking, at 120 × 40; from the key to the end of the "
    "first frame that shows what was asked for, its text included.",
)
_LEFT = 41  # the pane begins right of the sidebar


def begins(screen: Screen) -> bool:
    """The first message of the big chat is shown."""
    return bulk.BIG_FIRST in screen


def ends(screen: Screen) -> bool:
    """The last message of the big chat is shown."""
    return bulk.BIG_LAST in screen


def turned(screen: Screen) -> bool:
    """The pane was painted anew, and no message of it waits for its text."""
    painted = sum(1 for y, (_, last) in screen.touched.items() if 2 <= y < screen.rows - 3 and last > _LEFT)
    waiting = any(screen.row(y, _LEFT - 4).strip(" ▎▌█▁▂▃▄▅▆▇") == "…" for y in range(2, screen.rows - 3))
    return painted > 5 and not waiting


def measure(options: Options) -> list[Row]:
    """All rows of the group."""
    home = bulk.database(options.cache, options.big)
    found: dict[str, list[float]] = {"open": [], "home": [], "end": [], "pageup": [], "pagedown": []}
    cpu: dict[str, list[float]] = {name: [] for name in found}
    sizes: list[tuple[float, float]] = []
    with Others(home.server_pid()) as others:
        for _ in range(options.runs):
            _session(home, found, cpu, sizes, pages=15 if options.quick else 40)
    home.stop_server()
    busy = [others.cores]
    rows = [
        timing(
            "Enter → the 100,000-message chat open at its end", found["open"], limit=100, cpu=cpu["open"], others=busy
        ),
        timing("Home → its first message", found["home"], limit=100, cpu=cpu["home"], others=busy),
        timing("End → its last message", found["end"], limit=100, cpu=cpu["end"], others=busy),
    ]
    for key, name in (("pageup", "Page up"), ("pagedown", "Page down")):
        rows.append(timing(f"{name} → painted", found[key], limit=20, p95=True, cpu=cpu[key], others=busy))
    rss, pss = max(rss for rss, _ in sizes), max(pss for _, pss in sizes)
    rows.append(
        Row(
            "memory of the app with that chat open, after all of this",
            "≤ 120 MiB",
            f"RSS {figure(rss)} MiB, PSS {figure(pss)} MiB (largest of {len(sizes)})",
            others=f"{others.cores:.1f}",
            verdict="kept" if rss <= 120 else "MISSED",
        )
    )
    return rows


def _session(
    home: Home,
    found: dict[str, list[float]],
    cpu: dict[str, list[float]],
    sizes: list[tuple[float, float]],
    *,
    pages: int,
) -> None:
    """One start of the app: the newest chat is open, the big one is the next in the list."""

    def press(key: str, name: str, shown: object, what: str) -> None:
        before = terminal.cpu_ms()
        terminal.press(key)
        moment = terminal.wait(shown, what)  # type: ignore[arg-type]
        found[name].append(moment.ms)
        cpu[name].append(moment.cpu - before)

    bulk.forget_position(home)
    wait_quiet(2.0)
    with Terminal(PROGRAM, home.env) as terminal:
        terminal.wait(chats_shown, "recents and the last chat")
        terminal.settle(0.8)
        terminal.press("down")
        terminal.settle()
        press("enter", "open", ends, "the big chat's end")
        terminal.settle()
        press("home", "home", begins, "the big chat's beginning")
        terminal.settle()
        press("end", "end", ends, "the big chat's end")
        terminal.settle()
        for key in ("pageup", "pagedown"):
            for _ in range(pages):
                press(key, key, turned, "the next page")
                terminal.settle(0.06)
            terminal.press("home")
            terminal.settle(0.3)
        sizes.append(terminal.memory())
