"""Databases of ten thousand to ten million messages, filled with COPY and kept between runs until the schema changes.

One chat holds a tenth of the messages, at most 100,000, or as many as are asked for. Known words are planted with known
frequencies; ``PROBES`` are the searches of each class.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import psycopg

from chattui.server import conninfo, open_database
from chattui.store import migrations, search_index
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.startup import prepare
from tests.bench.places import Home, empty_histories, say
from tests.bench.prose import Prose

END = datetime(2026, 11, 20, tzinfo=UTC)
SPAN = timedelta(days=365)
MEAN_CHAT = 50
BIG_CHAT = 100_000
LAST_CHAT = 60
BIG_TITLE = "The longest chat of all"
BIG_FIRST, BIG_MIDDLE, BIG_LAST = "alphabegincove", "halfwaymidcove", "omegaendcove"
LAST_TITLE, LAST_WORD = "The newest chat", "newestmessagecove"
_GAP, _BIG_GAP = 45.0, 20.0  # seconds between messages, on average
_BATCH = 20_000

PLANTED = {
    "kubernetes": 0.30,
    "terraform": 0.05,
    "latency": 0.01,
    "quokka": 0.001,
    "connection reset by peer": 0.005,
    "getUserSessionById": 0.0005,
    "os.path.join(root, name)": 0.002,
    "parse_http_header_v2": 0.0005,
}
RARE, RARE_COUNT = "xylocarp", 10
TOOLS = {
    "Bash": 0.45,
    "Read": 0.7,
    "Edit": 0.85,
    "Grep": 0.95,
    "WebFetch": 0.999,
    "NotebookEdit": 1.0,
}  # up to this share
RARE_TOOL, RARE_FILE = "Xylograph", "src/xylocarp.py"
"""Called once, where the rare word stands in a call of a tool, or else in the first call after it."""
_FAILS = 0.02  # of the results
_MODELS = ("claude-opus-5", "claude-sonnet-5", "claude-haiku-5")
OLD, OLD_PART, OLD_SHARE = "mainframe", 0.05, 0.5  # half of the oldest twentieth, nowhere else
PAIR, PAIR_EACH, PAIR_BOTH = ("redis", "throttle"), 0.05, 0.01
_HAN_SHARE = 0.02

PROBES: dict[str, list[str]] = {
    "common, 30 %": ["kubernetes"],
    "common, 5 %": ["terraform"],
    "1 %": ["latency"],
    "0.1 %": ["quokka"],
    "about 10 hits": ["xylocarp"],
    "no hit": ["zzyzxnohit"],
    "common, but only old": ["mainframe"],
    "two words": ["redis throttle", "latency quokka"],
    "phrase, half never match": ['"connection reset by peer"', '"terraform the kubernetes"'],
    "prefix of 1 letter": ["k", "s", "t", "q"],
    "prefix of 2 letters": ["ku", "st", "la"],
    "prefix of 3 to 5": ["kub", "late", "terra"],
    "word and prefix": ["kubernetes lat", "terraform qu"],
    "identifier": ["getUserSessionById", "parse_http_header_v2"],
    "part of an identifier": ["path.join", "SessionById", "http_header"],
    "Han, 2 and 4": [],  # filled by ``han_probes``
}


def han_probes(prose: Prose) -> list[str]:
    """Two and four characters that do occur, and four that hardly do."""
    return [prose.han[3][2:4], prose.han[3][2:6], prose.han[5][:2] + prose.han[6][:2]]


def database(cache: Path, messages: int, big: int | None = None) -> Home:
    """A home whose embedded server holds so many messages, ``big`` of them in one chat; filled now unless it was before.
    Its server is left running."""
    name = f"db-{messages}-{big}" if big else f"db-{messages}"
    homes = Home(empty_histories(cache), cache / f"{name}-{_version()}")
    ready = homes.data / "ready"
    if not ready.exists():
        for old in cache.glob(f"{name}-{'?' * len(_version())}"):
            Home(homes.histories, old).forget()
        say(f"filling a database with {messages:,} messages")
        began = time.perf_counter()
        _fill(homes, messages, big)
        ready.touch()
        say(f"filled and indexed in {time.perf_counter() - began:.0f} s")
    homes.start_server()
    forget_position(homes)
    return homes


def forget_position(home: Home) -> None:
    """Let the next start open the newest chat at its end, whatever was open last."""
    with connect(conninfo(home.settings), autocommit=True) as conn:
        conn.execute("DELETE FROM chattui.snapshots")


def _version() -> str:
    digest = hashlib.sha256()
    for path in (*(m.path for m in migrations.available()), Path(__file__), Path(__file__).with_name("prose.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _fill(home: Home, total: int, big: int | None) -> None:
    opened = open_database(home.settings)
    with connect(opened.conninfo, autocommit=True) as conn:
        prepare(conn)
        conn.execute("DROP INDEX IF EXISTS chattui.messages_search")
        conn.execute("SET synchronous_commit = off")
        _copy(conn, total, big)
        conn.execute("VACUUM (ANALYZE) chattui.chats")
    say("building the search index")
    db = Database(opened.conninfo)
    try:
        search_index.build(db)
        search_index.refresh_words(db)
    finally:
        db.close()


def _copy(conn: psycopg.Connection[tuple[object, ...]], total: int, big_chat: int | None) -> None:
    prose = Prose(7)
    sizes = _chat_sizes(prose, total, big_chat or min(BIG_CHAT, total // 10))
    conn.execute("SET search_path = chattui")
    starts = sorted(prose.rng.random() for _ in sizes)
    with conn.cursor().copy(
        "COPY chattui.chats (id, source, source_id, title, project, agent, model, created_at, last_message_at) FROM STDIN"
    ) as copy:
        for number, at in enumerate(starts, 1):
            newest, big = number == len(sizes), number == len(sizes) - 1
            title = LAST_TITLE if newest else BIG_TITLE if big else prose.title()
            when = _start(at, sizes[number - 1], newest=newest, big=big)
            copy.write_row(
                (
                    number,
                    "claude-code",
                    f"chat-{number}",
                    title,
                    f"/code/p{number % 20}",
                    "claude 2.1",
                    "opus",
                    when,
                    when,
                )
            )
    conn.execute("SELECT setval(pg_get_serial_sequence('chattui.chats', 'id'), %s)", (len(sizes),))
    calls: list[str] = []
    lines = _lines(prose, sizes, starts, total, calls)
    columns = "chat_id, seq, created_at, role, kind, call_id, error, model, content"
    of_calls = "chat_id, call_id, name, target, status, call_seq, result_seq, created_at"
    done = 0
    while batch := list(islice(lines, _BATCH)):
        with conn.cursor().copy(f"COPY chattui.messages ({columns}) FROM STDIN") as copy:
            copy.write("".join(batch).encode())
        with conn.cursor().copy(f"COPY chattui.tool_calls ({of_calls}) FROM STDIN") as copy:
            copy.write("".join(calls).encode())
        calls.clear()
        done += len(batch)
        if done % 200_000 < _BATCH:
            say(f"{done:,} of {total:,}")


def _chat_sizes(prose: Prose, total: int, big: int) -> list[int]:
    """Messages of each chat, oldest chat first; the last but one is the biggest, the last one has ``LAST_CHAT``."""
    left = total - big - LAST_CHAT
    raw = [prose.rng.lognormvariate(0, 1.2) for _ in range(max(10, left // MEAN_CHAT))]
    sizes = [max(2, int(x * left / sum(raw))) for x in raw]
    sizes[0] = max(2, sizes[0] + left - sum(sizes))
    return [*sizes, big, LAST_CHAT]


def _start(at: float, size: int, *, newest: bool, big: bool) -> datetime:
    """The newest chat is of the last hours, the biggest ends just before it, the others end days before."""
    if newest:
        return END - timedelta(hours=2)
    if big:
        return END - timedelta(hours=3) - timedelta(seconds=_BIG_GAP * size)
    return END - SPAN + at * (SPAN - timedelta(days=4))


def _escaped(pool: list[str]) -> list[str]:
    table = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""})
    return [text.translate(table) for text in pool]


def _lines(prose: Prose, sizes: list[int], starts: list[float], total: int, calls: list[str]) -> Iterator[str]:
    """Rows of COPY text, chat by chat; those of tool calls are put into ``calls`` when they are complete."""
    rng = prose.rng
    random, choices, gauss = rng.random, rng.choices, rng.gauss
    sentences, code = _escaped(prose.sentences), _escaped(prose.code)
    output, han = _escaped(prose.output), _escaped(prose.han)
    rare_at = {round((i + 0.5) * total / RARE_COUNT) for i in range(RARE_COUNT)}
    number, rare_tools = 0, 0
    for chat, (size, at) in enumerate(zip(sizes, starts, strict=True), 1):
        newest, big = chat == len(sizes), chat == len(sizes) - 1
        when = _start(at, size, newest=newest, big=big).timestamp()
        gap = _BIG_GAP if big else _GAP
        in_han = random() < _HAN_SHARE and not newest and not big
        old = chat <= OLD_PART * len(sizes)
        model, calling, called = _MODELS[chat % len(_MODELS)], "", 0
        for seq in range(1, size + 1):
            number += 1
            when += gap * (0.5 + random())
            stamp = datetime.fromtimestamp(when, UTC).isoformat()
            kind = random()
            call, error = "\\N", "f"
            rare_tools += number in rare_at
            weight = math.exp(gauss(0.0, 1.0))
            if kind < 0.2:
                role, what, parts = "user", "text", choices(sentences, k=1 + int(1.5 * weight))
            elif kind < 0.6:
                role, what, parts = "assistant", "text", choices(sentences, k=1 + int(4 * weight))
                if random() < 0.35:
                    parts.append(f"\\n\\n```python\\n{rng.choice(code)}\\n```\\n\\n")
            elif kind < 0.7:
                role, what, parts = "assistant", "thinking", choices(sentences, k=1 + int(4 * weight))
            elif kind < 0.85:
                role, what = "assistant", "tool_call"
                name = rng.choice(prose.identifiers)
                parts = [f'{{"command": "rg {name} src", "id": "{rng.getrandbits(48):012x}"}}']
                if calling:
                    calls.append(f"{calling}pending\t{called}\t\\N\t{stamp}\n")
                draw = random()
                tool = next(tool for tool, share in TOOLS.items() if draw < share)
                target = f"rg {name} src" if tool in ("Bash", "Grep") else f"src/{name}.py"
                if rare_tools:
                    rare_tools, tool, target = rare_tools - 1, RARE_TOOL, RARE_FILE
                call, called = f"c{number}", seq
                calling = f"{chat}\t{call}\t{tool}\t{target}\t"
            else:
                role, what = "tool", "tool_result"
                if calling:
                    call = calling.split("\t")[1]
                    error = "t" if random() < _FAILS else "f"
                    calls.append(f"{calling}{'failed' if error == 't' else 'completed'}\t{called}\t{seq}\t{stamp}\n")
                    calling = ""
                parts = choices(output, k=min(400, 1 + int(7 * weight**1.5)))
                parts.append(f"{rng.getrandbits(64):016x}")
            if in_han and role != "tool":
                parts = choices(han, k=len(parts))
            _plant(rng, parts, number in rare_at, old=old)
            if big and seq in (1, size // 2, size):
                word = BIG_FIRST if seq == 1 else BIG_LAST if seq == size else BIG_MIDDLE
                role, what, parts = "assistant", "text", [word]
            elif newest and seq == size:
                role, what, parts = "assistant", "text", [LAST_WORD]
            text = ("\\n" if role == "tool" else " ").join(parts)
            said_by = model if role == "assistant" else "\\N"
            if calling and seq == size:
                calls.append(f"{calling}pending\t{called}\t\\N\t{stamp}\n")
            yield f"{chat}\t{seq}\t{stamp}\t{role}\t{what}\t{call}\t{error}\t{said_by}\t{text}\n"


def _plant(rng: object, parts: list[str], rare: bool, *, old: bool) -> None:
    random = rng.random  # type: ignore[attr-defined]
    for word, share in PLANTED.items():
        if random() < share:
            parts.insert(int(random() * (len(parts) + 1)), word)
    draw = random()
    if draw < PAIR_EACH * 2 - PAIR_BOTH:
        words = PAIR if draw < PAIR_BOTH else PAIR[:1] if draw < PAIR_EACH else PAIR[1:]
        parts.extend(words)
    if rare:
        parts.append(RARE)
    if old and random() < OLD_SHARE:
        parts.append(OLD)
