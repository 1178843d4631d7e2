"""Search by meaning: embedding everything, what that takes, and the search by words and meaning together."""

from __future__ import annotations

import time

from chattui.domain.language import parse
from chattui.domain.semantic import fuse
from chattui.semantic import MODEL, is_installed
from chattui.semantic.process import EmbeddingProcess
from chattui.server import conninfo
from chattui.store import embeddings, meaning, search
from chattui.store.database import Database
from chattui.sync.embedding import embed_missing
from tests.bench import bulk
from tests.bench.machine import Others, family, process_ms, wait_quiet
from tests.bench.options import Options
from tests.bench.places import Home, say
from tests.bench.report import Row, figure, timing

TITLE = "Search by meaning"
NOTES = (
    "Search by meaning: a database of its own, whose messages were embedded by the real model; with its rate. Query: the words as "
    "the app asks them (20 ms of budget), then what is typed embedded by the app's own process, the nearest 25 and their "
    "fusion, one after the other; warm. Not measured where the extra `semantic` is not installed. With --quick the database has "
    "10,000 messages.",
)
PROBES: dict[str, list[str]] = {
    "a sentence": ["~containers are killed when memory is full ", "~requests to the server take too long "],
    "one word, typed": ["~kub", "~latency"],
    "bounded by role": ["~requests take too long role:user "],
    "bounded by project": ["~requests take too long project:p3 "],
    "bounded by a month": ["~requests take too long last:30d ", "~requests take too long on:2026-03 "],
    "without a word": ["~requests take too long -kubernetes "],
}
_QUICK = 10_000


def measure(options: Options) -> list[Row]:
    """The rows of embedding and of searching; none where the model is not installed."""
    if not is_installed():
        return []
    messages = _QUICK if options.quick else options.big
    home = bulk.database(options.cache / "semantic", messages)
    db = Database(conninfo(home.settings), pool_size=1)
    try:
        rows = _embedded(options, db, home)
        return rows + _queries(options, db, home)
    finally:
        db.close()
        home.stop_server()


def _embedded(options: Options, db: Database, home: Home) -> list[Row]:
    """Embed what is missing: everything in the first run, nothing in later ones, which repeat what that one took."""
    kept = home.data / "embedding.txt"
    embeddings.switch_on(db, MODEL)
    if not kept.exists():
        say("embedding every message")
        began = time.perf_counter()
        done = embed_missing(db)
        seconds = time.perf_counter() - began
        if done is not None:
            kept.write_text(f"{done.done / seconds} {seconds}")
    rate, seconds = map(float, kept.read_text().split())
    found = embeddings.status(db, installed=True)
    per_message = found.bytes / max(1, found.embedded)
    return [
        timing("messages embedded a second, index included", [rate], unit="/s", at_least=True),
        Row("embedding all of them", "–", f"{seconds:,.0f} s for {found.embedded:,} messages, {found.chunks:,} chunks"),
        Row("what they take", "–", f"{found.bytes / 1e6:,.0f} MB, {figure(per_message)} bytes a message"),
    ]


def _queries(options: Options, db: Database, home: Home) -> list[Row]:
    limit = 120
    process = EmbeddingProcess()
    try:
        began = time.perf_counter()
        ask(db, process, PROBES["a sentence"][0])
        rows = [timing("the first search by meaning: the model is loaded", [(time.perf_counter() - began) * 1e3])]
        together: list[float] = []
        backends = family([home.server_pid()])
        for name, texts in PROBES.items():
            walls, cpu, hits = [], [], []
            for text in texts:
                ask(db, process, text)
            wait_quiet(0.6)
            with Others(home.server_pid()) as others:
                for text in texts * (5 if options.quick else 20):
                    used = sum(process_ms(pid) for pid in backends)
                    began = time.perf_counter()
                    hits.append(ask(db, process, text))
                    walls.append((time.perf_counter() - began) * 1e3)
                    cpu.append(sum(process_ms(pid) for pid in backends) - used)
            together += walls
            row = timing(f"words and meaning, {name}", walls, limit=limit, p95=True, cpu=cpu, others=[others.cores])
            said = f"; {min(hits)} to {max(hits)} hits by meaning"
            rows.append(Row(row.what, row.target, row.measured + said, row.ratio, row.cpu, row.others, row.verdict))
        return [rows[0], timing("words and meaning, all of them", together, limit=limit, p95=True), *rows[1:]]
    finally:
        process.close()


def ask(db: Database, process: EmbeddingProcess, text: str) -> int:
    """One search as the app makes it; how many hits by meaning came."""
    page = search.search(db, text, limit=25, budget_ms=search.TYPING_BUDGET_MS)
    query = parse(text)
    vector = process.ask(meaning.said(query), lambda: False)
    assert vector is not None
    near = meaning.near(db, query, vector)
    fuse(page, near)
    return len(near)
