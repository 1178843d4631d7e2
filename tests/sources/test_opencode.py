"""OpenCode: a session says the same from its database, its tree of files and its export."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from container_makers import (
    NOON,
    OPENCODE,
    add_opencode_message,
    add_opencode_session,
    opencode_message,
    rows_of,
    write_opencode,
)
from histories import tokens, told

from chattui.domain.history import Chunk, NewMessage
from chattui.sources.opencode import OpenCode
from chattui.sources.registry import recognise
from chattui.sources.walk import history_file

SOURCE = OpenCode()
NAME = "ses_1"


def said(found: list[Chunk]) -> list[NewMessage]:
    return [message for chunk in found for message in chunk.messages]


def database(folder: Path, messages: int = 6, seed: int = 1) -> Path:
    path = folder / "opencode.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(OPENCODE)
        add_opencode_session(conn, random.Random(seed), NAME, messages)
    return path


def tree(folder: Path, messages: int = 6, seed: int = 1) -> Path:
    """The same session as ``database`` has."""
    rng = random.Random(seed)
    storage = folder / "storage"
    session = storage / "session" / "p1" / f"{NAME}.json"
    time = {"created": NOON, "updated": NOON + 1000 * messages}
    title = rng.choice([f"Boats {NAME}", "New session - 2026-03-01T12:00:00.000Z"])
    about = {
        "id": NAME,
        "projectID": "p1",
        "directory": "/work/boat",
        "title": title,
        "version": "1.18.33",
        "time": time,
    }
    put(session, about)
    for n in range(1, messages + 1):
        info, parts = opencode_message(rng, NAME, n)
        message = f"msg_{NAME}_{n:04}"
        put(storage / "message" / NAME / f"{message}.json", {"id": message, **info})
        for name, part in parts:
            put(storage / "part" / message / f"{name}.json", {"id": name, "messageID": message, **part})
    return session


def put(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize("seed", range(6))
def test_a_session_is_the_same_wherever_it_is_kept(tmp_path: Path, seed: int) -> None:
    from_database = list(SOURCE.read_chats(database(tmp_path, seed=seed), {}))
    from_tree = list(SOURCE.read(tree(tmp_path, seed=seed)))
    assert said(from_tree) == said(from_database)
    assert from_tree[-1].chat == from_database[-1].chat
    rng = random.Random(seed)
    title = rng.choice([f"Boats {NAME}", "New session - 2026-03-01T12:00:00.000Z"])
    info = {"id": NAME, "directory": "/work/boat", "title": title, "version": "1.18.33", "time": {"created": NOON}}
    messages = []
    for n in range(1, 7):
        about, parts = opencode_message(rng, NAME, n)
        messages.append(
            {"info": {"id": f"msg_{NAME}_{n:04}", **about}, "parts": [{"id": name, **part} for name, part in parts]}
        )
    export = tmp_path / "export.json"
    put(export, {"info": info, "messages": messages})
    assert said(list(SOURCE.read(export))) == said(from_database)
    for path in (tmp_path / "opencode.db", tmp_path / f"storage/session/p1/{NAME}.json", export):
        known = recognise(path)
        assert known is not None
        assert known.name == "opencode"


def test_what_a_session_says(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(OPENCODE)
        revert = json.dumps({"messageID": "msg_3"})
        conn.execute(
            "INSERT INTO session VALUES ('ses_1', 'p1', 'ses_0', '/work/boat', 'Boats', '1.18.33', ?, ?, ?, NULL)",
            (revert, NOON, NOON),
        )
        parts = {
            ("msg_1", "user"): [
                {"type": "text", "text": "Is it sound?"},
                {"type": "text", "text": "x", "synthetic": True},
            ],
            ("msg_2", "assistant"): [
                {"type": "step-start"},
                {"type": "reasoning", "text": "hm"},
                {"type": "text", "text": "It is."},
                {
                    "type": "tool",
                    "tool": "bash",
                    "callID": "c1",
                    "state": {
                        "status": "completed",
                        "input": {"command": "ls", "description": "list"},
                        "output": "no such file",
                        "metadata": {"exit": 2},
                        "time": {"start": NOON, "end": NOON + 250},
                    },
                },
                {
                    "type": "step-finish",
                    "tokens": {"input": 10, "output": 5, "reasoning": 1, "cache": {"read": 3, "write": 2}},
                },
                {"type": "step-finish", "tokens": {"input": 20, "output": 7, "cache": {"read": 0, "write": 0}}},
            ],
            ("msg_3", "user"): [{"type": "text", "text": "undone"}],
        }
        for n, ((name, role), made) in enumerate(parts.items()):
            info = {"role": role, "time": {"created": NOON + n}, "modelID": "oak-1" if role == "assistant" else None}
            conn.execute(
                "INSERT INTO message VALUES (?, 'ses_1', ?, ?, ?)", (name, NOON + n, NOON + n, json.dumps(info))
            )
            for at, part in enumerate(made):
                values = (f"prt_{n}{at}", name, NOON + at, NOON + at, json.dumps(part))
                conn.execute("INSERT INTO part VALUES (?, ?, 'ses_1', ?, ?, ?)", values)
    (chunk,) = SOURCE.read_chats(path, {})
    messages = list(chunk.messages)
    assert told(messages) == [
        ("user", "text", "Is it sound?"),
        ("system", "event", "x"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "It is."),
        ("assistant", "tool_call", "ls\n\ndescription: list"),
        ("tool", "tool_result", "no such file"),
        ("user", "text", "undone"),
    ]
    result = messages[5].tool
    assert result is not None
    assert (str(result.status), result.duration_ms, messages[5].error) == ("failed", 250, True)
    assert tokens(messages) == (35, 13, 3)
    assert messages[6].metadata == {"reverted": True}
    assert [m.reply_id for m in messages[2:5]] == ["msg_2"] * 3
    chat = chunk.chat
    assert (chat.title, chat.project, chat.agent, chat.model) == ("Boats", "/work/boat", "opencode 1.18.33", "oak-1")
    assert chat.parent_source_id == "ses_0"
    assert SOURCE.resume_command("ses_1") == ("opencode", "-s", "ses_1")


def test_a_part_that_comes_later_changes_the_session(tmp_path: Path) -> None:
    path = database(tmp_path)
    (chunk,) = SOURCE.read_chats(path, {})
    known = {NAME: chunk.version or ""}
    last = f"msg_{NAME}_0006"
    rows_of(
        path, "INSERT INTO part VALUES ('prt_z', ?, ?, 1, 1, ?)", last, NAME, json.dumps({"type": "text", "text": "z"})
    )
    assert len(list(SOURCE.read_chats(path, known))) == 1


def test_a_session_of_the_tree_changes_with_its_messages(tmp_path: Path) -> None:
    path = tree(tmp_path)
    before = history_file(SOURCE, path, path.stat())
    assert before.whole
    message = tmp_path / "storage" / "message" / NAME / f"msg_{NAME}_0006.json"
    when = before.mtime_ns + 5_000_000_000
    os.utime(message, ns=(when, when))
    assert history_file(SOURCE, path, path.stat()).mtime_ns == when


def test_both_stores_are_found(tmp_path: Path) -> None:
    home = tmp_path / "home"
    place = home / ".local" / "share" / "opencode"
    place.mkdir(parents=True)
    database(place)
    tree(place)
    (place / "opencode.db-wal").write_bytes(b"")
    (root,) = SOURCE.roots({}, home)
    found = {file.path.name: file for file in SOURCE.discover(root, lambda path, why: pytest.fail(why))}
    assert set(found) == {"opencode.db", f"{NAME}.json"}
    assert (found["opencode.db"].container, found[f"{NAME}.json"].container) == (True, False)
    assert SOURCE.roots({"XDG_DATA_HOME": "/data"}, home) == (Path("/data/opencode"),)


def test_a_message_that_is_no_json_costs_itself(tmp_path: Path) -> None:
    path = database(tmp_path)
    rows_of(path, "UPDATE message SET data = '{' WHERE id = ?", f"msg_{NAME}_0003")
    (chunk,) = SOURCE.read_chats(path, {})
    assert [problem.reason for problem in chunk.problems] == [f"message msg_{NAME}_0003 is not a JSON object"]
    assert "question 1" in [m.content for m in chunk.messages]
    assert "question 3" not in [m.content for m in chunk.messages]


def test_reading_does_not_wait_for_a_writer_with_a_log(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    write_opencode(path, random.Random(3), 3)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = wal")
    writer.execute("BEGIN IMMEDIATE")
    add_opencode_message(writer, random.Random(1), "ses_0", 50)
    before = len(said(list(SOURCE.read_chats(path, {}))))
    writer.execute("COMMIT")
    assert len(said(list(SOURCE.read_chats(path, {})))) > before
    writer.close()
