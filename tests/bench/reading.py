"""Reading a chat of ten thousand, a hundred thousand and a million messages: none of it may grow with the chat."""

from __future__ import annotations

from collections import defaultdict

import psycopg

from chattui.server import conninfo
from chattui.store.connection import connect
from tests.bench import bulk
from tests.bench.machine import Others, wait_quiet
from tests.bench.options import Options
from tests.bench.pane import ends, turned
from tests.bench.places import PROGRAM, Home
from tests.bench.report import Row, figure, timing
from tests.bench.screen import Screen
from tests.bench.startup import chats_shown
from tests.bench.terminal import Terminal

TITLE = "Reading"
NOTES = (
    "Reading: one chat of so many messages with code, tool calls and thinking, at 120 × 40; from the key, the turn of the "
    "wheel or the new size to the end of the first frame that shows what was asked for, text included. A match is opened from "
    "the hits; the remembered place after another chat was read. The message of 5 MB is prose and code, opened from the list; "
    "its first part is shown, `e` shows the next.",
)
_LEFT, _TOP = 42, 2
_WHEEL = {"up": "\x1b[<64;80;20M", "down": "\x1b[<65;80;20M"}
_HUGE, _HUGE_BYTES = "A message of five megabytes", 5_000_000
_HUGE_SHOWN = "M characters) · e shows them"
_MEMORY = 150


def measure(options: Options) -> list[Row]:
    """The same rows for each size of chat, then the huge message."""
    sizes = {
        10_000: bulk.database(options.cache, 100_000),
        100_000: bulk.database(options.cache, options.big),
        1_000_000: bulk.database(options.cache, 1_010_000, 1_000_000),
    }
    for home in sizes.values():
        home.stop_server()
    rows: list[Row] = []
    for size, home in sizes.items():
        found: dict[str, list[float]] = defaultdict(list)
        memory: list[float] = []
        home.start_server()
        with Others(home.server_pid()) as others:
            for _ in range(1 if options.quick else 5):
                memory.append(_session(home, found))
        home.stop_server()
        rows += _rows(size, found, max(memory), others.cores)
    rows.append(_huge(sizes[10_000], options))
    return rows


def _rows(size: int, found: dict[str, list[float]], memory: float, others: float) -> list[Row]:
    of = f"{size:,} messages"
    busy = [others]
    rows = [
        timing(f"{of}: open at the end", found["end"], limit=100, others=busy),
        timing(f"{of}: open at a match", found["match"], limit=100, others=busy),
        timing(f"{of}: open at the remembered place", found["place"], limit=100, others=busy),
        timing(f"{of}: page", found["page"], limit=16, p95=True, others=busy),
        timing(f"{of}: turn of the wheel", found["wheel"], limit=16, p95=True, others=busy),
        timing(f"{of}: fold, unfold", found["fold"], limit=16, others=busy),
        timing(f"{of}: resize to the first frame", found["resize"], limit=60, others=busy),
        timing(f"{of}: another level of detail, the first time", found["level 1"], limit=100, others=busy),
        timing(f"{of}: another level of detail", found["level"], limit=100, others=busy),
    ]
    verdict = "kept" if memory <= _MEMORY else "MISSED"
    rows.append(
        Row(f"{of}: memory after all of this", f"≤ {_MEMORY} MiB", f"RSS {figure(memory)} MiB", verdict=verdict)
    )
    return rows


def _session(home: Home, found: dict[str, list[float]]) -> float:
    """One start of the app; returns its resident MiB."""
    bulk.forget_position(home)
    wait_quiet(2.0)
    with Terminal(PROGRAM, home.env) as terminal:
        terminal.wait(chats_shown, "recents and the last chat")
        terminal.settle(0.8)
        terminal.press("down")
        terminal.settle()
        terminal.press("enter")
        found["end"].append(terminal.wait(ends, "the big chat's end").ms)
        terminal.settle(0.5)
        for name, keys in (("page", ("pageup", "pagedown")), ("wheel", (_WHEEL["up"], _WHEEL["down"]))):
            for key in keys:
                for _ in range(25):
                    terminal.press(key)
                    found[name].append(terminal.wait(turned, f"the next {name}").ms)
                    terminal.settle(0.06)
        _at_the_middle(terminal)
        _come_back(terminal, found)
        _fold(terminal, found)
        for columns in (100, 140, 120):
            terminal.resize(columns, 40)
            found["resize"].append(terminal.wait(_resized, "the new size").ms)
            terminal.settle(0.3)
        _levels(terminal, found)
        _open_a_match(terminal, found)
        return terminal.memory()[0]


def _at_the_middle(terminal: Terminal) -> None:
    for key in (":", *"50%", "enter"):
        terminal.press(key)
        terminal.settle(0.2)
    if bulk.BIG_MIDDLE not in terminal.screen:
        terminal.press("pageup")
        terminal.wait(lambda screen: bulk.BIG_MIDDLE in screen, "the middle")


def _come_back(terminal: Terminal, found: dict[str, list[float]]) -> None:
    for _ in range(3):
        terminal.press("escape")
        terminal.settle()
        terminal.press("up")
        terminal.settle()
        terminal.press("enter")
        terminal.wait(lambda screen: bulk.LAST_WORD in screen, "the newest chat")
        terminal.settle(0.3)
        terminal.press("escape")
        terminal.settle()
        terminal.press("down")
        terminal.settle()
        terminal.press("enter")
        found["place"].append(terminal.wait(lambda screen: bulk.BIG_MIDDLE in screen, "the remembered place").ms)
        terminal.settle(0.3)


def _fold(terminal: Terminal, found: dict[str, list[float]]) -> None:
    for _ in range(8):
        terminal.press("]")
        terminal.settle(0.1)
        for _ in range(2):
            terminal.press("f")
            found["fold"].append(terminal.wait(_painted, "the message folded or open").ms)
            terminal.settle(0.1)


def _levels(terminal: Terminal, found: dict[str, list[float]]) -> None:
    """From everything to the prompts and back."""
    for turn in range(4):
        terminal.press("1")
        found["level" if turn else "level 1"].append(terminal.wait(_only_prompts, "the prompts alone").ms)
        terminal.settle(0.5)
        terminal.press("4")
        found["level"].append(terminal.wait(_replies_too, "the replies as well").ms)
        terminal.settle(0.5)


def _names(screen: Screen) -> set[str]:
    """Who speaks in the pane: the first words of the lines that head a message."""
    heads = (screen.row(y, _LEFT - 4).strip(" │┃▌▏").split() for y in range(_TOP, screen.rows - 3))
    return {words[0] for words in heads if words and words[0] in ("You", "Assistant", "▸", "▾")}


def _only_prompts(screen: Screen) -> bool:
    return _names(screen) == {"You"}


def _replies_too(screen: Screen) -> bool:
    return bool(_names(screen) - {"You"})


def _open_a_match(terminal: Terminal, found: dict[str, list[float]]) -> None:
    terminal.press("home")
    terminal.settle(0.3)
    for _ in range(3):
        terminal.press("ctrl+k")
        terminal.settle()
        for key in bulk.BIG_MIDDLE:
            terminal.press(key)
            terminal.settle(0.05)
        if not _one_hit(terminal.screen):
            terminal.wait(_one_hit, "the hit")
        terminal.settle(0.2)
        terminal.press("enter")
        found["match"].append(terminal.wait(_match_shown, "the match").ms)
        terminal.settle(0.3)
        terminal.press("escape")
        terminal.settle()
        terminal.press("escape")
        terminal.settle()


def _one_hit(screen: Screen) -> bool:
    return "1 message ·" in screen.row(1, 30)


def _match_shown(screen: Screen) -> bool:
    """The hits show it too, and so does the search bar."""
    in_pane = any(bulk.BIG_MIDDLE in screen.row(y, _LEFT - 4) for y in range(_TOP, screen.rows - 3))
    return in_pane and "Search" not in screen.row(1, _LEFT - 4, _LEFT + 10)


def _painted(screen: Screen) -> bool:
    return any(_TOP <= y < screen.rows - 3 and last > _LEFT for y, (_, last) in screen.touched.items())


def _resized(screen: Screen) -> bool:
    return sum(1 for y, (_, last) in screen.touched.items() if y >= _TOP and last > screen.columns - 8) > 20


# A message of five megabytes


def _huge(home: Home, options: Options) -> Row:
    home.start_server()
    times: list[float] = []
    with Others(home.server_pid()) as others:
        with connect(conninfo(home.settings), autocommit=True) as conn:
            _write_huge(conn)
        for _ in range(1 if options.quick else 5):
            bulk.forget_position(home)
            wait_quiet(1.0)
            with Terminal(PROGRAM, home.env) as terminal:
                terminal.wait(chats_shown, "recents and the last chat")
                terminal.settle(0.8)
                for key in ("f", *"megabytes", "enter"):
                    terminal.press(key)
                    terminal.settle(0.3)
                terminal.press("enter")
                times.append(terminal.wait(lambda screen: _HUGE_SHOWN in screen, "the huge message").ms)
    home.stop_server()
    return timing("a message of 5 MB: first screen", times, limit=150, others=[others.cores])


def _write_huge(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    """A chat of one message, once: far back, so that no other benchmark meets it."""
    known = conn.execute("SELECT FROM chattui.chats WHERE source_id = 'huge'").fetchone()
    if known is not None:
        return
    part = "The planner takes the nested loop because statistics are stale.\n\n```python\nfor row in rows:\n    use(row)\n```\n\n"
    text = part * (_HUGE_BYTES // len(part))
    with conn.transaction():
        made = conn.execute(
            "INSERT INTO chattui.chats (source, source_id, title, created_at, last_message_at)"
            " VALUES ('claude-code', 'huge', %s, '2025-01-01', '2025-01-01') RETURNING id",
            (_HUGE,),
        ).fetchone()
        assert made is not None
        conn.execute(
            "INSERT INTO chattui.messages (chat_id, seq, created_at, role, kind, content)"
            " VALUES (%s, 1, '2025-01-01', 'assistant', 'text', %s)",
            (made[0], text),
        )
