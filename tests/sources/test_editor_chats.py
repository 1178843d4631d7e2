"""Continue, Amp and VS Code Chat: what a session says, its project, title and tokens, and where sessions are."""

from __future__ import annotations

import json
import os
import random
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from histories import SESSION, Record, jsonl, read, stamp, tokens, told, write

from chattui.domain.errors import SourceError
from chattui.domain.kinds import ToolStatus
from chattui.sources.amp import Amp
from chattui.sources.continue_dev import Continue
from chattui.sources.protocol import Source
from chattui.sources.uris import directory_of
from chattui.sources.vscode_chat import VSCodeChat
from chattui.sources.vscode_chat.replay import replayed
from chattui.sources.vscode_chat.requests import Requests

CREATED = 1_772_000_000_000
AT = datetime.fromtimestamp(CREATED / 1000, UTC)


def document(path: Path, content: Any) -> Path:
    return write(path, json.dumps(content).encode())


def found(source: Source, root: Path) -> set[str]:
    return {
        file.path.relative_to(root).as_posix() for file in source.discover(root, lambda path, why: pytest.fail(why))
    }


def test_a_session_of_continue(tmp_path: Path) -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 20},
        "model": "oak",
    }
    call = {"id": "c1", "function": {"name": "bash", "arguments": '{"command": "make hull"}'}}
    ended = {"toolCallId": "c1", "toolCall": call, "status": "errored", "output": [{"name": "x", "content": "rotten"}]}
    session = {
        "sessionId": SESSION,
        "title": "New Session",
        "workspaceDirectory": "file:///work/my%20boat",
        "history": [
            {"message": {"role": "system", "content": "be good"}},
            {
                "message": {"role": "user", "content": "Is it sound?"},
                "contextItems": [{"name": "keel.md", "content": "oak"}],
            },
            {
                "message": {"role": "assistant", "content": "I look.", "toolCalls": [call], "usage": usage},
                "toolCallStates": [ended],
                "reasoning": {"text": "hm"},
            },
            {"message": {"role": "tool", "content": "rotten", "toolCallId": "c1"}},
            {"message": {"role": "assistant", "content": "No."}, "conversationSummary": "It is not."},
        ],
    }
    path = document(tmp_path / f"{SESSION}.json", session)
    document(tmp_path / "sessions.json", [{"sessionId": SESSION, "dateCreated": str(CREATED)}])
    messages, chunk = read(Continue(), path)
    assert told(messages) == [
        ("user", "text", "Is it sound?"),
        ("user", "attachment", "[context keel.md]"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "I look."),
        ("assistant", "tool_call", "make hull"),
        ("tool", "tool_result", "rotten"),
        ("system", "summary", "It is not."),
        ("assistant", "text", "No."),
    ]
    assert messages[1].attachments[0].data == b"oak"
    assert messages[5].tool is not None
    assert messages[5].tool.status is ToolStatus.FAILED
    assert tokens(messages) == (100, 30, 20)
    chat = chunk.chat
    assert (chat.source_id, chat.title, chat.project, chat.model) == (SESSION, "Is it sound?", "/work/my boat", "oak")
    assert (chat.created_at, messages[0].created_at) == (AT, AT)
    assert messages[-1].created_at == datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    assert found(Continue(), tmp_path) == {f"{SESSION}.json"}
    assert Continue().roots({}, tmp_path) == (tmp_path / ".continue" / "sessions",)
    assert Continue().roots({"CONTINUE_GLOBAL_DIR": "/c"}, tmp_path) == (Path("/c/sessions"),)


def test_a_thread_of_amp(tmp_path: Path) -> None:
    usage = {
        "model": "oak",
        "inputTokens": 70,
        "outputTokens": 30,
        "cacheCreationInputTokens": 10,
        "cacheReadInputTokens": 20,
        "timestamp": stamp(1),
    }
    call = {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"cmd": "make hull"}}
    run = {"status": "error", "error": {"message": "rotten"}}
    thread = {
        "v": 3,
        "id": "T-1",
        "created": CREATED,
        "title": "Keel",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Is it sound?"}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, call], "usage": usage},
            {"role": "user", "content": [{"type": "tool_result", "toolUseID": "c1", "run": run}]},
            {"role": "assistant", "content": [{"type": "text", "text": "No."}, {"type": "sail", "cloth": "white"}]},
        ],
        "env": {"initial": {"trees": [{"displayName": "boat", "uri": "file:///work/boat"}]}},
    }
    messages, chunk = read(Amp(), document(tmp_path / "T-1.json", thread))
    assert told(messages)[:-1] == [
        ("user", "text", "Is it sound?"),
        ("assistant", "thinking", "hm"),
        ("assistant", "tool_call", "make hull"),
        ("tool", "tool_result", "rotten"),
        ("assistant", "text", "No."),
    ]
    assert "white" in messages[-1].content
    assert messages[3].tool is not None
    assert (messages[3].tool.status, messages[3].tool.error) == (ToolStatus.FAILED, "rotten")
    assert tokens(messages) == (100, 30, 20)
    chat = chunk.chat
    assert (chat.source_id, chat.title, chat.project, chat.model) == ("T-1", "Keel", "/work/boat", "oak")
    assert (chat.created_at, messages[0].created_at) == (AT, AT)
    document(tmp_path / "notes.json", {})
    assert found(Amp(), tmp_path) == {"T-1.json"}
    assert Amp().roots({}, tmp_path) == (tmp_path / ".local" / "share" / "amp" / "threads",)
    assert Amp().resume_command("T-1") == ("amp", "threads", "continue", "T-1")


REQUEST: Record = {
    "requestId": "r1",
    "message": {"text": "Is it sound?", "parts": []},
    "variableData": {"variables": [{"kind": "file", "name": "keel.md"}]},
    "timestamp": CREATED,
    "modelId": "copilot/oak",
    "response": [
        {"kind": "thinking", "value": "hm"},
        {"value": "I look at "},
        {"kind": "inlineReference", "inlineReference": {"path": "/work/boat/keel.md"}},
        {"kind": "undoStop", "id": "x"},
        {"value": " now."},
        {
            "kind": "toolInvocationSerialized",
            "toolId": "run_in_terminal",
            "toolCallId": "c1",
            "invocationMessage": "Running",
            "pastTenseMessage": "Ran",
            "isComplete": True,
            "toolSpecificData": {"commandLine": {"original": "make hull"}},
            "resultDetails": {"output": [{"value": "rotten"}]},
        },
        {"kind": "textEditGroup", "uri": {"path": "/work/boat/hull.md"}},
        {"kind": "sail", "cloth": "white"},
    ],
    "result": {
        "timings": {"totalElapsed": 5000},
        "metadata": {"promptTokens": 100, "outputTokens": 30},
        "errorDetails": {"message": "No wood left"},
    },
    "isCanceled": True,
}
CHAT: Record = {"version": 3, "sessionId": SESSION, "creationDate": CREATED, "responderUsername": "Copilot"}


def check_vscode(path: Path) -> None:
    messages, chunk = read(VSCodeChat(), path)
    assert told(messages[:7]) == [
        ("user", "text", "Is it sound?"),
        ("user", "attachment", "[file keel.md]"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "I look at `keel.md` now."),
        ("assistant", "tool_call", "make hull"),
        ("tool", "tool_result", "rotten"),
        ("system", "event", "Edited hull.md"),
    ]
    assert "white" in messages[7].content
    assert [m.content for m in messages[8:]] == ["No wood left", "Cancelled"]
    assert tokens(messages) == (100, 30, 0)
    assert messages[3].created_at is not None
    assert (messages[3].created_at - AT).total_seconds() == 5
    chat = chunk.chat
    assert (chat.source_id, chat.title, chat.project) == (SESSION, "Keel", "/work/boat")
    assert (chat.created_at, chat.model) == (AT, "copilot/oak")


def test_a_chat_of_vscode_in_both_of_its_forms(tmp_path: Path) -> None:
    folder = tmp_path / "workspaceStorage" / "hash"
    document(folder / "workspace.json", {"folder": "file:///work/boat"})
    check_vscode(
        document(folder / "chatSessions" / f"{SESSION}.json", {**CHAT, "customTitle": "Keel", "requests": [REQUEST]})
    )
    begun = {**REQUEST, "response": [{"value": "not yet"}], "isCanceled": False}
    log = [
        {"kind": 0, "v": {**CHAT, "requests": []}},
        {"kind": 2, "k": ["requests"], "v": [begun]},
        {"kind": 2, "k": ["requests", 0, "response"], "v": REQUEST["response"], "i": 0},
        {"kind": 1, "k": ["requests", 0, "isCanceled"], "v": True},
        {"kind": 1, "k": ["customTitle"], "v": "Keel"},
    ]
    check_vscode(write(folder / "chatSessions" / f"{SESSION}.jsonl", log))


def test_operations_that_lead_nowhere_are_problems(tmp_path: Path) -> None:
    log: list[Record] = [
        {"kind": 0, "v": {**CHAT, "requests": [REQUEST]}},
        {"kind": 1, "k": ["requests", 7, "isCanceled"], "v": True},
        {"kind": 2, "k": ["sessionId"], "v": [1]},
        {"kind": 2, "k": ["requests"], "i": -1},
        {"kind": 3, "k": ["requests", 5]},
        {"kind": 9, "k": ["requests"]},
        {"kind": 1, "v": 1},
    ]
    path = write(tmp_path / "x.jsonl", log)
    messages, chunk = read(VSCodeChat(), path)
    assert len(messages) == 10
    assert [problem.line for problem in chunk.problems] == [2, 3, 4, 5, 6, 7]
    assert chunk.problems[0].reason == "an operation on what is not there"
    with pytest.raises(SourceError, match="does not begin with a session"):
        list(VSCodeChat().read(write(path, jsonl(log[1:]))))


def test_a_log_is_replayed() -> None:
    log: list[Record] = [
        {"kind": 0, "v": {"a": [1, 2, 3], "b": {"c": 1}}},
        {"kind": 2, "k": ["a"], "v": [9], "i": 1},
        {"kind": 2, "k": ["new"], "v": [5]},
        {"kind": 1, "k": ["a", 2], "v": 7},
        {"kind": 1, "k": ["b", "c"], "v": 2},
        {"kind": 3, "k": ["a", 0]},
    ]
    assert replay(log) == {"a": [9, 7], "b": {"c": 2}, "new": [5]}


def replay(log: list[Record], report: Callable[[str], None] = pytest.fail) -> Any:
    lines = [json.dumps(entry) for entry in log]
    return replayed(((json.loads(line), len(line)) for line in lines), report)


def operation(rng: random.Random) -> Record:
    path: list[Any] = ["requests", *rng.sample([0, 1, 2, 3, "response", "n"], rng.randrange(4))]
    value = rng.choice([{"response": [{"value": rng.random()}], "n": 1 << 70}, [{"n": 1}, {"response": []}], "\ud800"])
    entry: Record = {"kind": rng.randint(1, 3), "k": path, "v": value}
    return {**entry, "i": rng.randrange(3)} if rng.random() < 0.3 else entry


def test_requests_that_lie_in_a_file_are_those_that_a_list_would_hold() -> None:
    rng = random.Random(11)
    for _ in range(300):
        log = [{"kind": 0, "v": {"requests": [{"n": n, "response": []} for n in range(3)]}}]
        log += [operation(rng) for _ in range(20)]
        held = json.loads(json.dumps(log).replace('"requests"', '"others"'))
        in_file: list[str] = []
        in_list: list[str] = []
        state = replay(log, in_file.append)
        requests = state.get("requests")
        assert replay(held, in_list.append).get("others") == (
            list(requests) if isinstance(requests, Requests) else requests
        )
        assert in_file == in_list


def test_a_long_log_is_not_held_in_memory() -> None:
    def log() -> Iterator[tuple[Record, int]]:
        yield {"kind": 0, "v": {"requests": []}}, 20
        for number in range(100):
            yield {"kind": 2, "k": ["requests"], "v": [{"response": []}]}, 20
            text = f"{number:04}" * (1 << 17)
            yield {"kind": 2, "k": ["requests", number, "response"], "v": [{"value": text}]}, len(text)

    tracemalloc.start()
    try:
        state = replayed(log(), pytest.fail)
        assert [request["response"][0]["value"][:4] for request in state["requests"]] == [f"{n:04}" for n in range(100)]
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", [["requests", 0, "response"], ["inputState"]])
def test_what_grows_without_end_is_a_problem(path: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chattui.sources.vscode_chat.replay.MOST_BYTES", 4000)
    more: Record = {"kind": 2, "k": path, "v": [{"value": "x" * 500}]}
    over: Record = {**more, "i": 0}
    problems: list[str] = []
    state = replay(
        [{"kind": 0, "v": {"requests": [{"response": []}]}}, *[over] * 50, *[more] * 50, {**more, "i": 1}],
        problems.append,
    )
    found = state["requests"][0]["response"] if len(path) > 1 else state["inputState"]
    assert 4 <= len(problems) <= 48, "what took the place of something else is not counted twice"
    assert 1 <= len(found) <= 7
    assert problems[0] == "an operation that makes something longer than 0 MB"


def test_of_two_forms_of_a_chat_the_newer_one_is_read_and_of_extensions_nothing(tmp_path: Path) -> None:
    user = tmp_path / ".config" / "Code" / "User"
    roots = VSCodeChat().roots({}, tmp_path)
    assert user / "workspaceStorage" in roots
    assert user / "globalStorage" / "emptyWindowChatSessions" in roots
    assert tmp_path / "Library" / "Application Support" / "VSCodium" / "User" / "workspaceStorage" in roots
    sessions = user / "workspaceStorage" / "hash" / "chatSessions"
    old, new = document(sessions / "a.json", CHAT), write(sessions / "a.jsonl", [CHAT])
    os.utime(old, (1_000_000_000, 1_000_000_000))
    document(user / "workspaceStorage" / "hash" / "some.extension" / "b.json", CHAT)
    document(user / "globalStorage" / "emptyWindowChatSessions" / "c.json", CHAT)
    assert found(VSCodeChat(), user / "workspaceStorage") == {"hash/chatSessions/a.jsonl"}
    os.utime(new, (999_999_999, 999_999_999))
    assert found(VSCodeChat(), user / "workspaceStorage") == {"hash/chatSessions/a.json"}
    assert found(VSCodeChat(), user / "globalStorage" / "emptyWindowChatSessions") == {"c.json"}
    assert not found(VSCodeChat(), tmp_path / "nowhere" / "workspaceStorage")


@pytest.mark.parametrize(
    ("place", "directory"),
    [
        ("file:///work/my%20boat", "/work/my boat"),
        ("file:///c%3A/work", "c:/work"),
        ("/work", "/work"),
        ("", ""),
        ("file://[", ""),
    ],
)
def test_places_written_as_uris(place: str, directory: str) -> None:
    assert directory_of(place) == directory
