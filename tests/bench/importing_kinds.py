"""Bringing histories in, source by source: how fast, with how much memory, and beside other programs."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus, kinds
from tests.bench.importing import timed_import
from tests.bench.machine import Others, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, REPOSITORY, Home, say
from tests.bench.report import Row, figure, impossible, timing
from tests.bench.rivals import installed
from tests.bench.warm import warm

TITLE = "Import, every source"
NOTES = (
    "Import, every source: chats of twelve turns, as each tool writes them (tests/bench/kinds.py), into a database without chats "
    "whose server is up; from the command on. All together: the same of every source that is found in its place, in one import. "
    "Other programs make their own index of corpus L (Claude Code), each as its own command does it, from nothing; none of them "
    "keeps tool output or thinking as we do. Memory: the largest resident set of the importer, without the server.",
)
BROWSABLE, INDEXED = 25_000, 10_000
MEMORY_MIB = 250
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class _Peer:
    """Another program that reads the same chats: what to install, and the command that makes its index."""

    package: str
    program: str
    arguments: tuple[str, ...]
    env: Mapping[str, str]


_PEERS = (
    _Peer("fast-resume", "fr", ("--rebuild", "--list", "--limit", "1"), {}),
    _Peer("navcom", "navcom", ("zyxquartz",), {"NAVCOM_NO_SKILLS": "1"}),
    _Peer("agentsview", "agentsview", ("sync",), {"AGENTSVIEW_NO_DAEMON": "1"}),
)


def measure(options: Options) -> list[Row]:
    """All rows of the group."""
    rows = _sources(options)
    rows += _together(options)
    rows += _beside_others(options)
    rows += _memory(options)
    rows += _one_line(options)
    rows += _nothing_new(options)
    return rows


def _home(options: Options, kind: str, chats: int) -> tuple[Home, list[Path]]:
    """A home with chats of one source, and the files that must be named."""
    histories = options.cache / f"kind-{kind}-{chats}"
    done = histories / "done.json"
    if not done.exists():
        shutil.rmtree(histories, ignore_errors=True)
        say(f"writing {chats:,} chats of {kind}")
        done.write_text(json.dumps([str(path) for path in kinds.write(kind, histories, chats)]))
    return Home(histories, options.cache / "kinds"), [Path(path) for path in json.loads(done.read_text())]


def _sources(options: Options) -> list[Row]:
    rows = []
    for kind in kinds.KINDS:
        chats = 1_500 if kind not in kinds.SHORT else 3_750
        home, named = _home(options, kind, chats // 10 if options.quick else chats)
        rows += _throughput(home, kind, [named])
    return rows


def _together(options: Options) -> list[Row]:
    chats = 60 if options.quick else 600
    histories = options.cache / f"kind-all-{chats}"
    shutil.rmtree(histories, ignore_errors=True)
    histories.mkdir(parents=True)
    for kind in kinds.KINDS:
        one, named = _home(options, kind, chats)
        if not named:
            shutil.copytree(one.histories, histories, dirs_exist_ok=True, copy_function=os.link)
            (histories / "done.json").unlink()
    return _throughput(Home(histories, options.cache / "kinds"), "all together, found in their places", [[]])


def _throughput(home: Home, what: str, imports: list[list[Path]]) -> list[Row]:
    try:
        with Others() as others:
            home.forget()
            home.start_server()
            wait_quiet()
            warm()
            done = [timed_import(home, *named) for named in imports]
            others.include(home.server_pid())
    except Exception as error:
        return [impossible(f"{what}: import", "–", error)]
    finally:
        home.forget()
    messages = sum(one.messages for one in done)
    until = sum(one.browsable for one in done), sum(one.indexed for one in done)
    busy = [others.cores]
    return [
        timing(
            f"{what}: browsable",
            [messages / until[0]],
            limit=BROWSABLE,
            at_least=True,
            unit=f"messages/s, {messages:,} of them",
            others=busy,
        ),
        timing(f"{what}: indexed", [messages / until[1]], limit=INDEXED, at_least=True, unit="messages/s", others=busy),
    ]


def _beside_others(options: Options) -> list[Row]:
    histories = corpus.large(options)
    messages = corpus.manifest(histories)["messages"]
    home = Home(histories, options.cache / "kinds")
    rows = _throughput(home, "corpus L, Claude Code", [[]])
    for peer in _PEERS:
        what = f"… {peer.package}: its index"
        place = options.cache / f"home-{peer.program}"
        try:
            program = installed(peer.package, peer.program, options.cache)
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(histories / ".claude", place / ".claude", copy_function=os.link)
            wait_quiet()
            env = {"PATH": os.environ["PATH"], "HOME": str(place), "LANG": "C.UTF-8", **peer.env}
            began = time.perf_counter()
            subprocess.run([program, *peer.arguments], env=env, capture_output=True, check=True, timeout=1200)
            seconds = time.perf_counter() - began
        except Exception as error:  # a program of other people: it may be gone or changed
            rows.append(impossible(what, "–", error))
            continue
        finally:
            shutil.rmtree(place, ignore_errors=True)
        rows.append(timing(what, [messages / seconds], unit="messages/s"))
    return rows


def peak_mib(home: Home, *arguments: str) -> tuple[float, int]:
    """The largest resident set of a verb in MiB, and its exit code. The system tells it of the program as it is since its
    start; what ``getrusage`` tells is of this process too, which it was forked from."""
    peak = 0
    with subprocess.Popen([*PROGRAM, *arguments], env=home.env, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for line in _status(process.pid):
                if line.startswith("VmHWM"):
                    peak = max(peak, int(line.split()[1]))
            time.sleep(0.005)
    return peak / 1024, process.returncode


def _status(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return []


def _memory(options: Options) -> list[Row]:
    """Files that are larger than what may be held of them."""
    share = 10 if options.quick else 1
    folder = options.cache / "large"
    folder.mkdir(exist_ok=True)
    cases = (
        (f"an export of {2000 // share:,} MB", lambda: _export(folder / "conversations.json", 2000 * _MB // share)),
        (f"a session of {500 // share} MB", lambda: session(folder / "session.jsonl", 500 * _MB // share)),
        ("a line of 200 MB", lambda: _long_line(folder / "long.jsonl", 200 * _MB)),
        ("a line of 45 MB", lambda: _long_line(folder / "line.jsonl", 45 * _MB)),
        ("a damaged line of 45 MB", lambda: _damaged_line(folder / "damaged.jsonl", 45 * _MB)),
        (f"a log of operations of {300 // share} MB", lambda: _operations(folder / "log.jsonl", 300 * _MB // share)),
        (f"a document of {300 // share} MB", lambda: _document(folder / "session-1.json", 300 * _MB // share)),
        ("an export with a chat of 60 MB", lambda: _long_chat(folder / "chat.json", 60 * _MB)),
        ("an export with a chat of 120 MB", lambda: _long_chat(folder / "chat.json", 120 * _MB)),
        ("a database with a value of 200 MB", lambda: _long_value(folder / "goose", 200 * _MB)),
    )
    rows = []
    home = Home(folder, options.cache / "kinds")
    for what, make in cases:
        path = make()
        home.forget()
        home.start_server()
        try:
            peak, _code = peak_mib(home, "import", "--json", str(path))
            rows.append(timing(f"memory: {what}", [peak], limit=MEMORY_MIB, unit="MiB"))
        finally:
            home.forget()
            path.unlink()
    return rows


def _export(path: Path, size: int) -> Path:
    """An export of ChatGPT of so many bytes: chats of a real length, each under an id of its own."""
    some = list(kinds.talks(50))
    with path.open("wb") as file:
        number = 0
        while file.tell() < size:
            for talk in some:
                number += 1
                file.write(b"[" if number == 1 else b",")
                file.write(json.dumps(kinds.chatgpt_record(talk, f"{number:08}{talk.id[8:]}")).encode())
        file.write(b"]")
    return path


def _document(path: Path, size: int) -> Path:
    """A session of Gemini CLI that is one JSON document of so many bytes."""
    some = [turn for talk in kinds.talks(40) for turn in talk.turns]
    with path.open("w", encoding="utf-8") as file:
        file.write('{"sessionId": "5e551012-0000-4000-8000-0000000000aa", "projectHash": "0", "messages": [')
        number = 0
        while file.tell() < size:
            for turn in some:
                number += 1
                said = {"id": str(number), "timestamp": turn.stamp(), "type": "gemini", "content": turn.output}
                file.write(("," if number > 1 else "") + json.dumps(said))
        file.write("]}")
    return path


def _long_chat(path: Path, size: int) -> Path:
    """An export of ChatGPT with one chat of so many bytes between two short ones."""
    first, middle, last = list(kinds.talks(3))
    long = kinds.chatgpt_record(middle, middle.id)
    nodes = [node for node in long["mapping"].values() if node["message"]]
    for node in nodes:
        node["message"]["content"]["parts"] = ["word " * (size // len(nodes) // 5)]
    chats = [kinds.chatgpt_record(first, first.id), long, kinds.chatgpt_record(last, last.id)]
    path.write_text(json.dumps(chats), encoding="utf-8")
    return path


def _long_value(folder: Path, size: int) -> Path:
    """A database of Goose with one message of so many bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    kinds.write("goose", folder, 3)
    path = next(folder.rglob("sessions.db"))
    text = json.dumps([{"type": "text", "text": "word " * (size // 5)}])
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE messages SET content_json = ? WHERE id = (SELECT max(id) FROM messages)", (text,))
    return path


def session(path: Path, size: int) -> Path:
    """A session of Claude Code of so many bytes."""
    with path.open("w", encoding="utf-8") as file:
        for line in _records():
            file.write(line)
            if file.tell() >= size:
                break
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def _records(first: int = 0) -> Iterator[str]:
    some = [turn for talk in kinds.talks(40) for turn in talk.turns]
    number, parent = first, None
    about = {"sessionId": "5e551011-0000-4000-8000-0000000000aa", "cwd": "/work/boat", "version": "2.1.7"}
    while True:
        for turn in some:
            for kind, words in (("user", turn.prompt), ("assistant", f"{turn.thought}\n{turn.output}\n{turn.answer}")):
                number += 1
                this = f"00000000-0000-4000-8000-{number:012x}"
                content = words if kind == "user" else [{"type": "text", "text": words}]
                message = {"role": kind, "content": content, "id": f"msg_{number}"}
                record = {
                    **about,
                    "parentUuid": parent,
                    "type": kind,
                    "uuid": this,
                    "timestamp": turn.stamp(),
                    "message": message,
                }
                yield json.dumps(record) + "\n"
                parent = this


def _long_line(path: Path, size: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        lines = _records()
        file.write(next(lines))
        record = json.loads(next(lines))
        record["message"]["content"] = [{"type": "text", "text": "word " * (size // 5)}]
        file.write(json.dumps(record) + "\n")
        file.write(next(lines))
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def _damaged_line(path: Path, size: int) -> Path:
    """A session of Claude Code with a line of so many bytes that breaks off, between two that are whole."""
    path = _long_line(path, size)
    first, long, last = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join((first, long[:-40], last, "")), encoding="utf-8")
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def _operations(path: Path, size: int) -> Path:
    """A log of VS Code of so many bytes: each response comes in pieces."""
    some = [turn for talk in kinds.talks(40) for turn in talk.turns]
    about = {"version": 3, "sessionId": path.stem, "responderUsername": "Copilot", "creationDate": 1_772_000_000_000}
    with path.open("w", encoding="utf-8") as file:

        def put(kind: int, value: object, *place: object) -> None:
            file.write(json.dumps({"kind": kind, "v": value} | ({"k": place} if place else {})) + "\n")

        put(0, {**about, "requests": []})
        number = 0
        while file.tell() < size:
            for turn in some:
                put(2, [{"requestId": f"r{number}", "message": {"text": turn.prompt}, "response": []}], "requests")
                for piece in (turn.thought, turn.output, turn.answer):
                    put(2, [{"value": piece}], "requests", number, "response")
                number += 1
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def _one_line(options: Options) -> list[Row]:
    """What it costs to bring in one line that was added to a long session, in a process that is there: the app, a watch."""
    size = 50 if options.quick else 500
    histories = options.cache / "one-line"
    path = histories / ".claude" / "projects" / "-work-boat" / "5e551011-0000-4000-8000-0000000000aa.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    session(path, size * _MB)
    home = Home(histories, options.cache / "kinds")
    home.forget()
    home.start_server()
    try:
        done = home.run("import")
        if done.code:
            raise RuntimeError(done.err)
        asked = [sys.executable, "-m", "tests.bench.one_line", str(path), str(options.runs * 3)]
        told = subprocess.run(asked, env=home.env, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        values = json.loads(told.stdout)
    finally:
        home.forget()
        path.unlink()
    return [
        timing(
            f"one new line in a session of {size} MB: the work",
            [one["wall_ms"] for one in values],
            limit=20,
            cpu=[one["cpu_ms"] for one in values],
        ),
        timing("… of it the server's CPU", [one["server_cpu_ms"] for one in values]),
    ]


def _nothing_new(options: Options) -> list[Row]:
    home = Home(corpus.many(options), options.cache / "kinds")
    home.forget()
    home.start_server()
    walls, cpus = [], []
    try:
        done = home.run("import")
        if done.code:
            raise RuntimeError(done.err)
        for _ in range(options.runs):
            wait_quiet(2.0)
            asked = [sys.executable, "-m", "tests.bench.idle_sync"]
            told = subprocess.run(asked, env=home.env, cwd=REPOSITORY, capture_output=True, text=True, check=True)
            values = json.loads(told.stdout)
            walls.append(values["wall_ms"])
            cpus.append(values["cpu_ms"])
    finally:
        home.forget()
    files = sum(1 for _ in home.histories.rglob("*.jsonl"))
    return [timing(f"sync when nothing is new, {figure(files)} files: the work", walls, limit=150, cpu=cpus)]
