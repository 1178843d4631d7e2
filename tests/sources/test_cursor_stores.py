"""Cursor's databases: conversations of the editor and of the command line, but those that have a transcript."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from container_makers import EDITOR, NOON, put_key, write_store
from histories import tokens, told
from test_containers import chats

from chattui.sources.cursor import Cursor
from chattui.sources.cursor.store import children

SOURCE = Cursor()


def editor(home: Path, **composers: dict[str, Any]) -> Path:
    path = home / ".config" / "Cursor" / "User" / "globalStorage" / "state.vscdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(EDITOR)
        for name, about in composers.items():
            bubbles = about.pop("bubbles")
            headers = [{"bubbleId": bubble, "type": 1} for bubble in bubbles]
            put_key(conn, f"composerData:{name}", {"createdAt": NOON, "fullConversationHeadersOnly": headers, **about})
            for bubble, said in bubbles.items():
                put_key(conn, f"bubbleId:{name}:{bubble}", said)
        put_key(conn, "composerData:empty", {"fullConversationHeadersOnly": []})
        conn.execute("INSERT INTO cursorDiskKV VALUES ('composerData:deleted', NULL)")
    return path


BUBBLES: dict[str, Any] = {
    "b1": {"type": 1, "text": "Is it sound?", "createdAt": "2026-03-01T12:00:00.000Z"},
    "b2": {
        "type": 2,
        "text": "I look.",
        "thinking": {"text": "hm"},
        "tokenCount": {"inputTokens": 10, "outputTokens": 5},
        "toolFormerData": {
            "toolCallId": "c1",
            "name": "run_terminal_cmd",
            "rawArgs": '{"command": "ls"}',
            "status": "completed",
            "result": '{"output": "done"}',
        },
    },
    "b3": {"type": 2, "text": "", "codeBlocks": [{"content": "print(1)"}]},
}


def test_what_a_conversation_of_the_editor_says(tmp_path: Path) -> None:
    path = editor(tmp_path, one={"name": "Boats", "bubbles": BUBBLES, "modelConfig": {"modelName": "oak-1"}})
    with closing(sqlite3.connect(path)) as conn, conn:
        put_key(conn, "bubbleId:one:orphan", {"type": 2, "text": "never finished"})
    workspace = tmp_path / ".config" / "Cursor" / "User" / "workspaceStorage" / "abc"
    workspace.mkdir(parents=True)
    (workspace / "workspace.json").write_text('{"folder": "file:///work/my%20boat"}')
    with closing(sqlite3.connect(workspace / "state.vscdb")) as conn, conn:
        conn.executescript(EDITOR)
        value = json.dumps({"allComposers": [{"composerId": "one"}]})
        conn.execute("INSERT INTO ItemTable VALUES ('composer.composerData', ?)", (value,))
    found = chats(SOURCE.read_chats(path, {}))
    assert set(found) == {"one", "empty"}
    assert found["empty"].messages == []
    one = found["one"]
    assert told(one.messages) == [
        ("user", "text", "Is it sound?"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "I look."),
        ("assistant", "tool_call", "ls"),
        ("tool", "tool_result", "output: done"),
        ("assistant", "text", "```\nprint(1)\n```"),
    ]
    assert tokens(one.messages) == (10, 5, 0)
    assert (one.chat.title, one.chat.project, one.chat.model) == ("Boats", "/work/my boat", "oak-1")


def test_a_conversation_that_has_a_transcript_is_left_to_that(tmp_path: Path) -> None:
    path = editor(tmp_path, one={"bubbles": BUBBLES}, two={"bubbles": BUBBLES})
    transcript = tmp_path / ".cursor" / "projects" / "work-boat" / "agent-transcripts" / "one" / "one.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_text("")
    found = chats(SOURCE.read_chats(path, {}))
    assert {name: bool(one.messages) for name, one in found.items()} == {"one": False, "two": True, "empty": False}


def test_a_session_of_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / ".cursor" / "chats" / "abc" / "agent-1" / "store.db"
    path.parent.mkdir(parents=True)
    write_store(path, random.Random(1), 1)
    (path.parent / "meta.json").write_text('{"cwd": "/work/boat", "title": "x"}')
    (one,) = chats(SOURCE.read_chats(path, {})).values()
    assert told(one.messages) == [
        ("user", "text", "question 0"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "answer 1"),
        ("assistant", "tool_call", "make"),
        ("tool", "tool_result", "output 2"),
    ]
    assert (one.chat.source_id, one.chat.title, one.chat.project, one.chat.model) == (
        "agent-1",
        "Boats",
        "/work/boat",
        "oak-1",
    )
    assert SOURCE.resume_command("agent-1") == ("cursor-agent", "--resume=agent-1")


def test_blobs_name_their_children() -> None:
    one, two = bytes(range(32)), bytes(range(32, 64))
    data = b"\x0a\x20" + one + b"\x18\x96\x01" + b"\x1a\x03abc" + b"\x12\x20" + two + b"\x0a\x20short"
    assert children(data) == [one.hex(), two.hex()]
    assert children(b"") == []
    assert children(b"\xff" * 50) == []


def test_all_three_stores_are_found(tmp_path: Path) -> None:
    database = editor(tmp_path)
    (database.parent / "extension").mkdir()
    (database.parent / "extension" / "state.vscdb").write_bytes(b"")
    store = tmp_path / ".cursor" / "chats" / "abc" / "agent-1" / "store.db"
    transcript = tmp_path / ".cursor" / "projects" / "p" / "agent-transcripts" / "t" / "t.jsonl"
    for path in (store, transcript):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
    found = {
        file.path: file.container
        for root in SOURCE.roots({}, tmp_path)
        for file in SOURCE.discover(root, lambda path, why: pytest.fail(why))
    }
    assert found == {database: True, store: True, transcript: False}
