"""Chats in several files, files that are written anew, and forks that copy, as the database then holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from histories import THREAD, Record, stamp, write
from homes import Home, add, later
from steps import rows, value

from chattui.sources import chunks
from chattui.sources.registry import all_sources
from chattui.sync import engine
from chattui.sync.engine import Sync

HEADER: Record = {"sessionId": THREAD, "projectHash": "f" * 64, "startTime": stamp(0), "kind": "main"}


def message(n: int, kind: str, content: Any, **fields: Any) -> Record:
    return {"id": f"m{n}", "timestamp": stamp(n), "type": kind, "content": content, **fields}


def gemini(home: Home, name: str, content: list[Record] | Record) -> Path:
    path = home.path / ".gemini" / "tmp" / "boat" / "chats" / name
    return write(path, json.dumps(content).encode() if isinstance(content, dict) else content)


def test_a_session_in_several_files_is_one_chat(home: Home) -> None:
    first = [message(1, "user", "first"), message(2, "gemini", "answer")]
    path = gemini(home, "session-a.jsonl", [HEADER, *first])
    checkpoint = {"$set": {"messages": [message(0, "user", "<session_context>"), *first]}}
    gemini(home, "session-b.jsonl", [HEADER, checkpoint])
    home.sync()
    assert home.texts(THREAD) == ["first", "answer"]
    add(path, [message(3, "user", "second"), message(4, "gemini", "answer two")])
    gemini(home, "session-c.jsonl", [HEADER, checkpoint, message(5, "user", "third")])
    home.sync()
    assert sorted(home.texts(THREAD)) == ["answer", "answer two", "first", "second", "third"]
    assert rows(home.db, "SELECT source, title, message_count FROM chattui.chats") == [("gemini-cli", "first", 5)]
    assert home.sync().read == 0


def test_a_file_that_is_written_anew_is_read_anew_when_it_has_changed(home: Home) -> None:
    said = [message(1, "user", "first"), message(2, "gemini", "answr")]
    path = gemini(home, "session-a.json", {**HEADER, "messages": said})
    home.sync()
    assert home.texts(THREAD) == ["first", "answr"]
    assert home.sync().read == 0
    said = [said[0], message(2, "gemini", "answer"), message(3, "user", "second")]
    gemini(home, "session-a.json", {**HEADER, "summary": "Boats", "messages": said})
    later(path)
    assert home.sync().read == 1
    assert home.texts(THREAD) == ["first", "answer", "second"]
    assert value(home.db, "SELECT title FROM chattui.chats") == "Boats"


def test_a_half_written_file_takes_nothing_away(home: Home) -> None:
    path = gemini(home, "session-a.json", {**HEADER, "messages": [message(1, "user", "first")]})
    home.sync()
    write(path, b'{"sessionId": "x", "projectHash": "y", "messages": [')
    later(path)
    assert "not a history file" in home.sync().faults[0].reason
    assert home.texts(THREAD) == ["first"]
    gemini(home, "session-a.json", {**HEADER, "messages": [message(1, "user", "first"), message(2, "user", "second")]})
    later(path, 20)
    home.sync()
    assert home.texts(THREAD) == ["first", "second"]


def test_a_file_that_is_read_whole_is_stored_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    gemini(home, "session-a.json", {**HEADER, "messages": [message(n, "user", f"prompt {n}") for n in range(50)]})
    monkeypatch.setattr(engine, "FIRST_BATCH", 5)
    monkeypatch.setattr(engine, "_TELL_EVERY", 0)
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", 5)
    sync = Sync(home.db, all_sources(), machine="boat", tell=lambda p: sync.stop() if p.bytes_done else None)
    assert sync.run({}, home.path).stopped
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == 50
    assert home.sync().read == 0


def test_a_fork_of_pi_goes_on_from_its_parent(home: Home) -> None:
    def entry(n: int, parent: int | None, role: str) -> Record:
        content = [{"type": "text", "text": f"words {n}"}]
        usage = {"input": 10, "output": 5, "cacheRead": 0, "cacheWrite": 0}
        place = None if parent is None else f"{parent:08x}"
        said = {"role": role, "content": content, "usage": usage}
        return {"type": "message", "id": f"{n:08x}", "parentId": place, "timestamp": stamp(n), "message": said}

    shared = [entry(1, None, "user"), entry(2, 1, "assistant")]
    for name, last in (("parent", 3), ("fork", 4)):
        header = {"type": "session", "version": 3, "id": name, "timestamp": stamp(0), "cwd": "/work"}
        write(
            home.path / ".pi" / "agent" / "sessions" / "--work--" / f"x_{name}.jsonl",
            [header, *shared, entry(last, 2, "assistant")],
        )
    home.sync()
    forks = "SELECT c.source_id, f.source_id, c.forked_seq FROM chattui.chats c JOIN chattui.chats f ON f.id = c.forked_from"
    assert rows(home.db, forks) == [("fork", "parent", 2)]
    assert value(home.db, "SELECT sum(tokens_in) FROM chattui.chats") == 30


def test_several_chats_in_one_file(home: Home) -> None:
    path = home.path / ".aider.chat.history.md"
    begins = "# aider chat started at 2026-03-01 1{}:00:00\n\n#### question {}\n\nanswer {}\n\n"
    runs = [begins.format(n, n, n) for n in range(4)]
    told = "SELECT c.title, m.seq, m.content FROM chattui.chats c JOIN chattui.messages m ON m.chat_id = c.id ORDER BY 1, 2"
    expected = [
        row for n in range(4) for row in ((f"question {n}", 1, f"question {n}"), (f"question {n}", 2, f"answer {n}"))
    ]

    def sync(text: str, seconds: int) -> None:
        write(path, text.encode())
        later(path, seconds)
        home.sync()

    sync("".join(runs[:2]), 10)
    assert rows(home.db, told) == expected[:4]
    sync("".join(runs[:3]), 20)
    assert rows(home.db, told) == expected[:6]
    sync("".join(runs[:3]) + "#### once more\n", 30)
    assert rows(home.db, told) == [*expected[:6], ("question 2", 3, "once more")]
    sync("".join(runs[1:3]) + "#### once more\n\n" + runs[3], 40)  # a person took the first run out
    assert rows(home.db, told) == [*expected[:6], ("question 2", 3, "once more"), *expected[6:]]
