"""Gemini CLI: a message that comes again and again is told once, whatever the file is, and rewinds make branches."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from histories import THREAD, Record, read, stamp, tokens, told, write

from chattui.domain.errors import SourceError
from chattui.domain.kinds import ToolStatus
from chattui.sources.content import moment
from chattui.sources.gemini_cli import GeminiCli

SOURCE = GeminiCli()
HASH = sha256(b"/work/boat").hexdigest()
HEADER: Record = {"sessionId": THREAD, "projectHash": HASH, "startTime": stamp(0), "kind": "main"}


def message(n: int, kind: str, content: Any, **fields: Any) -> Record:
    return {"id": f"m{n}", "timestamp": stamp(n), "type": kind, "content": content, **fields}


def call(status: str = "success", **fields: Any) -> Record:
    given = {"functionResponse": {"id": "c1", "name": "shell", "response": {"output": "oak"}}}
    return {
        "id": "c1",
        "name": "shell",
        "args": {"command": "make hull"},
        "status": status,
        "result": [given],
        **fields,
    }


CONTEXT = message(1, "user", [{"text": "<session_context>\nhere"}])
PROMPT = message(2, "user", [{"text": "Is it sound?"}])
THOUGHTS = [{"subject": "Keel", "description": "look first"}]
TOKENS = {"input": 100, "output": 30, "cached": 20, "thoughts": 5, "tool": 0, "total": 135}
ANSWER = message(3, "gemini", "I look.", thoughts=THOUGHTS, model="oak-1")
EXPECTED = [
    ("user", "text", "Is it sound?"),
    ("assistant", "thinking", "**Keel** look first"),
    ("assistant", "text", "I look."),
    ("assistant", "tool_call", "make hull"),
    ("tool", "tool_result", "oak"),
]


def chats(tmp_path: Path) -> Path:
    return tmp_path / "tmp" / "boat" / "chats"


def test_a_message_that_comes_again_with_more_is_told_once(tmp_path: Path) -> None:
    response = message(4, "user", [{"functionResponse": {"id": "c1", "response": {"output": "oak"}}}])
    again = message(3, "gemini", [{"text": "**Keel** look first", "thought": True}, {"text": "I look."}])
    records = [
        HEADER,
        {"$set": {"messages": [CONTEXT]}},
        PROMPT,
        ANSWER,
        {**ANSWER, "tokens": TOKENS},
        {**ANSWER, "tokens": TOKENS, "toolCalls": [call()]},
        response,
        {"$set": {"lastUpdated": stamp(9), "summary": "The keel"}},
        {"$set": {"messages": [CONTEXT, PROMPT, again, {**response, "id": "m3"}]}},
    ]
    messages, chunk = read(SOURCE, write(chats(tmp_path) / "session-a.jsonl", records))
    assert told(messages) == EXPECTED
    assert tokens(messages) == (100, 35, 20)
    assert {m.reply_id for m in messages[1:4]} == {"m3"}
    chat = chunk.chat
    assert (chat.source_id, chat.title, chat.model, chat.created_at) == (THREAD, "The keel", "oak-1", moment(stamp(1)))


def test_a_document_is_read_as_the_log_is(tmp_path: Path) -> None:
    document = {**HEADER, "messages": [CONTEXT, PROMPT, {**ANSWER, "tokens": TOKENS, "toolCalls": [call()]}]}
    for indent in (None, 2):
        path = chats(tmp_path) / "session-a.json"
        messages, chunk = read(SOURCE, write(path, json.dumps(document, indent=indent).encode()))
        assert told(messages) == EXPECTED
        assert tokens(messages) == (100, 35, 20)
        assert (chunk.chat.source_id, chunk.offset) == (THREAD, path.stat().st_size)
        assert not list(SOURCE.read(path, offset=chunk.offset, line=chunk.line, state=chunk.state))
    with pytest.raises(SourceError, match="not a history file"):
        list(SOURCE.read(write(path, b'{"sessionId": "x", "projectHash": ')))
    with pytest.raises(SourceError, match="no messages"):
        list(SOURCE.read(write(path, b'{"sessionId": "x", "projectHash": "y"}')))


def test_calls_end_as_they_ended(tmp_path: Path) -> None:
    records = [
        HEADER,
        message(1, "gemini", "", toolCalls=[call("executing", result=[], id="c0"), call("cancelled")]),
        message(2, "gemini", "", toolCalls=[call("error", id="c2", result=[])]),
        message(3, "user", [{"functionResponse": {"id": "c0", "response": {"error": "no wood"}}}]),
    ]
    messages, _chunk = read(SOURCE, write(chats(tmp_path) / "session-a.jsonl", records))
    ends = [(m.tool.call_id, m.tool.status, m.content) for m in messages if m.tool and m.kind == "tool_result"]
    assert ends == [
        ("c1", ToolStatus.CANCELLED, "oak"),
        ("c2", ToolStatus.FAILED, ""),
        ("c0", ToolStatus.FAILED, "no wood"),
    ]


def test_a_rewind_makes_a_branch(tmp_path: Path) -> None:
    records = [
        HEADER,
        PROMPT,
        ANSWER,
        message(4, "user", "And the mast?"),
        message(5, "gemini", "Tall."),
        {"$rewindTo": "m4"},
        message(6, "user", "And the sail?"),
        {"$rewindTo": "no such message"},
        message(7, "user", "From the beginning"),
    ]
    messages, _chunk = read(SOURCE, write(chats(tmp_path) / "session-a.jsonl", records))
    parents = {m.content: m.parent_id for m in messages}
    assert parents["And the mast?"] == parents["And the sail?"] == "m3:text"
    assert parents["From the beginning"] is None


def test_what_the_tool_says_and_what_is_not_known(tmp_path: Path) -> None:
    records = [HEADER, message(1, "error", "No wood left"), message(2, "sail", "white")]
    messages, _chunk = read(SOURCE, write(chats(tmp_path) / "session-a.jsonl", records))
    assert (messages[0].content, messages[0].error) == ("No wood left", True)
    assert "white" in messages[1].content


def test_the_project_by_place_or_hash(tmp_path: Path) -> None:
    path = write(chats(tmp_path) / "session-a.jsonl", [HEADER, PROMPT])
    assert read(SOURCE, path)[1].chat.project == ""
    (tmp_path / "projects.json").write_text(json.dumps({"projects": {"/work/other": "x", "/work/boat": "ship"}}))
    assert read(SOURCE, path)[1].chat.project == "/work/boat"
    (tmp_path / "tmp" / "boat" / ".project_root").write_text("/work/moved\n")
    assert read(SOURCE, path)[1].chat.project == "/work/moved"


def test_a_subagent_belongs_to_its_session(tmp_path: Path) -> None:
    path = write(chats(tmp_path) / THREAD / "inner.jsonl", [{**HEADER, "sessionId": "inner-id"}, PROMPT])
    chat = read(SOURCE, path)[1].chat
    assert (chat.source_id, chat.parent_source_id) == ("inner-id", THREAD)


def test_where_sessions_are(tmp_path: Path) -> None:
    assert SOURCE.roots({}, tmp_path) == (tmp_path / ".gemini" / "tmp",)
    wanted = {
        write(chats(tmp_path) / "session-a.jsonl", [HEADER]),
        write(chats(tmp_path) / "session-b.json", b"{}"),
        write(chats(tmp_path) / THREAD / "inner.jsonl", [HEADER]),
    }
    write(tmp_path / "tmp" / "boat" / "logs.json", b"[]")
    write(tmp_path / "tmp" / "boat" / "checkpoint-x.json", b"{}")
    found = {f.path: f.whole for f in SOURCE.discover(tmp_path / "tmp", lambda path, why: pytest.fail(why))}
    assert set(found) == wanted
    assert {path.suffix: whole for path, whole in found.items()} == {".jsonl": False, ".json": True}
    assert SOURCE.resume_command(THREAD) == ("gemini", "--resume", THREAD)
