"""Search: the query alone and from key to painted, class by class; after a cold start."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence

from chattui.domain.language import parse
from chattui.server import conninfo
from chattui.store import search
from chattui.store.database import Database
from tests.bench import bulk
from tests.bench.keys import Keys, type_probe
from tests.bench.machine import Others, family, favour, process_ms, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, Home
from tests.bench.prose import Prose
from tests.bench.report import Row, figure, percentile, timing
from tests.bench.startup import chats_shown
from tests.bench.terminal import Terminal

TITLE = "Search"
NOTES = (
    "Search: query is `store.search.search` as the app asks it while one types (top 20 with snippets, 20 ms of budget), on an "
    "open connection, warm; key → painted as in the group of the search bar. Cold: the server is stopped, its files are put "
    "out of the page cache, and the first query is measured with its connection. Deep search is asked with a budget of "
    "80 ms. With --quick the database has 10,000 messages.",
)
LANGUAGE_PROBES: dict[str, list[str]] = {
    "role: and kind:": ["role:user kubernetes ", "kind:tool_result latency ", "role:assistant redis throttle "],
    "project: and source:": ["project:p3 terraform ", "source:claude-code quokka "],
    "tool: and file:": [
        "file:xylocarp.py ",
        "tool:Grep latency ",
        "tool:WebFetch kubernetes ",
        f"tool:{bulk.RARE_TOOL} ",
    ],
    "has: and is:": ["has:error kubernetes ", "has:code latency ", "has:error terraform "],
    "title: and chat:": ["title:longest terraform ", "chat:7 "],
    "dates": ["last:90d kubernetes ", "before:2026-06 latency "],
    "OR": ["quokka OR xylocarp ", "latency OR mainframe "],
    "negation": ["kubernetes -terraform ", "latency -redis -throttle "],
}
DEEP_PROBES = ["/parse_\\w+_header/", "sub:rnetes"]
COLD_PROBES = ["kubernetes", "quokka", "redis throttle", '"connection reset by peer"', "ku"]
_QUICK = 10_000
_DEEP_BUDGET_MS = 80


def measure(options: Options) -> list[Row]:
    """The rows of queries, of painting, of cold starts, of deep search and of the rivals."""
    messages = _QUICK if options.quick else options.big
    large = messages > 1_000_000
    home = bulk.database(options.cache, messages)
    db = Database(conninfo(home.settings), pool_size=1)
    try:
        rows = _queries(options, home, db, limit=60 if large else 30)
        rows += _deep(options, home, db)
    finally:
        db.close()
    understood = {row.what.removeprefix("query, ") for row in rows if not row.measured.startswith("not measured")}
    rows += _painted(options, home, [name for name in LANGUAGE_PROBES if name in understood], limit=80 if large else 50)
    rows += _cold(options, home, limit=250 if large else 150)
    home.stop_server()
    return rows


def ask(db: Database, text: str, budget_ms: int = search.TYPING_BUDGET_MS) -> tuple[float, int]:
    """Wall milliseconds of one search, and how many hits came."""
    began = time.perf_counter()
    page = search.search(db, text, budget_ms=budget_ms)
    return (time.perf_counter() - began) * 1e3, len(page.hits)


def _queries(options: Options, home: Home, db: Database, *, limit: float) -> list[Row]:
    classes = {**bulk.PROBES, "Han, 2 and 4": bulk.han_probes(Prose(7)), **LANGUAGE_PROBES}
    found = _timed(options, home, db, classes, search.TYPING_BUDGET_MS)
    together = [ms for walls, _, _, _ in found.values() for ms in walls]
    rows = [timing("query, all classes", together, limit=limit, p95=True)]
    return rows + [
        _query_row(f"query, {name}", limit, name in LANGUAGE_PROBES, *taken) for name, taken in found.items()
    ]


def _query_row(
    what: str, limit: float, must_find: bool, walls: list[float], cpu: list[float], hits: list[int], others: float
) -> Row:
    """A text of the query language that finds nothing was not understood: its time says nothing."""
    row = timing(what, walls, limit=limit, p95=True, cpu=cpu, others=[others])
    if must_find and not min(hits):
        return Row(what, row.target, "not measured: a query that must find something finds nothing")
    said = f"; {min(hits)} to {max(hits)} hits"
    return Row(row.what, row.target, row.measured + said, row.ratio, row.cpu, row.others, row.verdict)


def _timed(
    options: Options, home: Home, db: Database, classes: dict[str, list[str]], budget_ms: int
) -> dict[str, tuple[list[float], list[float], list[int], float]]:
    """Of each class: wall and server CPU milliseconds of every query, hits of every query, cores of others."""
    rounds = 5 if options.quick else 20
    for texts in classes.values():
        for text in texts:
            ask(db, text, budget_ms)
    backends = family([home.server_pid()])
    favour([*backends, os.getpid()])
    found: dict[str, tuple[list[float], list[float], list[int], float]] = {}
    for name, texts in _shuffled(classes):
        wait_quiet(0.6)
        walls, cpu, hits = [], [], []
        with Others(home.server_pid()) as others:
            for _ in range(rounds):
                for text in texts:
                    used = sum(process_ms(pid) for pid in backends)
                    wall, count = ask(db, text, budget_ms)
                    walls.append(wall)
                    cpu.append(sum(process_ms(pid) for pid in backends) - used)
                    hits.append(count)
        found[name] = (walls, cpu, hits, others.cores)
    return {name: found[name] for name in classes}


def _shuffled(classes: dict[str, list[str]]) -> Sequence[tuple[str, list[str]]]:
    items = list(classes.items())
    random.shuffle(items)
    return items


def _deep(options: Options, home: Home, db: Database) -> list[Row]:
    rows = []
    for text in DEEP_PROBES:
        taken = _timed(options, home, db, {text: [text]}, _DEEP_BUDGET_MS)[text]
        rows.append(_query_row(f"deep search, first results, {text}", 100, True, *taken))
    return rows


def _painted(options: Options, home: Home, names: Sequence[str], *, limit: float) -> list[Row]:
    """Classes of the language from key to painted; those of plain words are in the group of the search bar."""
    found = {name: Keys() for name in names}
    if not found:
        return []
    server = home.server_pid()
    with Others(server) as others, Terminal(PROGRAM, home.env) as terminal:
        terminal.wait(chats_shown, "recents and the last chat")
        terminal.settle(1.0)
        terminal.press("ctrl+k")
        terminal.settle()
        for warming in (True, False):
            for _ in range(1 if warming or options.quick else 3):
                for name, texts in _shuffled({name: LANGUAGE_PROBES[name] for name in names}):
                    wait_quiet(0.6)
                    for text in texts:
                        type_probe(terminal, text.rstrip(), Keys() if warming else found[name], server, _is_whole)
    rows = []
    for name, keys in found.items():
        what = f"key → painted, {name}"
        if not keys.results:
            rows.append(Row(what, f"p95 ≤ {limit:g} ms", "nothing was painted", verdict="FAILED", failed=True))
            continue
        row = timing(what, keys.results, limit=limit, p95=True, cpu=keys.cpu, others=[others.cores])
        said = f"; echo p95 {figure(percentile(keys.echo, 0.95))}; {keys.late} after the next key, {keys.missing} never"
        rows.append(Row(row.what, row.target, row.measured + said, row.ratio, row.cpu, row.others, row.verdict))
    return rows


def _is_whole(typed: str) -> bool:
    """A field without its value, or with half of one, leaves the line above the hits as it is: its answer is in another row."""
    return not parse(typed).problems


def _cold(options: Options, home: Home, *, limit: float) -> list[Row]:
    """The first query of a server that has just started, none of whose files is in memory."""
    walls, busy = [], []
    for text in COLD_PROBES * (1 if options.quick else 3):
        home.stop_server()
        _put_out_of_memory(home)
        home.start_server()
        wait_quiet(1.0)
        with Others(home.server_pid()) as others:
            db = Database(conninfo(home.settings), pool_size=1)
            walls.append(ask(db, text)[0])
            db.close()
        busy.append(others.cores)
    return [timing("first query after a cold start", walls, limit=limit, p95=True, others=busy)]


def _put_out_of_memory(home: Home) -> None:
    """Ask the system to forget the files of the stopped server; what it has not written yet is written first."""
    os.sync()
    for path in home.data.rglob("*"):
        if path.is_file() and not path.is_symlink():
            file = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)
