"""Copilot CLI's events: calls once however they are told, subagents apart, tokens once, names from beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from histories import SESSION, Record, read, stamp, tokens, told, uuid, write

from chattui.domain.kinds import ToolStatus
from chattui.sources.copilot_cli import CopilotCli

SOURCE = CopilotCli()


def events(*made: tuple[str, dict[str, Any]]) -> list[Record]:
    start = {
        "sessionId": SESSION,
        "copilotVersion": "1.0.102",
        "selectedModel": "oak-1",
        "context": {"cwd": "/work/boat", "branch": "keel", "repository": "me/boat"},
    }
    return [
        {"type": kind, "data": data, "id": uuid(n), "timestamp": stamp(n), "parentId": None}
        for n, (kind, data) in enumerate([("session.start", start), *made])
    ]


def place(tmp_path: Path) -> Path:
    return tmp_path / "session-state" / SESSION / "events.jsonl"


def test_a_session_with_all_that_it_says(tmp_path: Path) -> None:
    request = {"toolCallId": "c1", "name": "bash", "arguments": '{"command": "make hull"}'}
    failed = {"toolCallId": "c1", "success": False, "result": {"content": "rotten"}}
    records = events(
        ("system.message", {"role": "system", "content": "be good"}),
        ("user.message", {"content": "Is it sound?", "attachments": [{"type": "file", "path": "/work/boat/keel.md"}]}),
        ("user.message", {"content": "<skill-context name='x'>\nlong", "source": "skill-x"}),
        ("session.usage_record", {"usage": {"inputTokens": 100, "outputTokens": 30, "cacheReadTokens": 20}}),
        (
            "assistant.message",
            {"content": "I look.", "reasoningText": "hm", "toolRequests": [request], "outputTokens": 30},
        ),
        ("tool.execution_start", {"toolCallId": "c1", "toolName": "bash", "arguments": {"command": "make hull"}}),
        ("tool.execution_complete", {**failed, "toolTelemetry": {"metrics": {"durationMs": 4}}}),
        ("session.model_change", {"newModel": "oak-2"}),
        ("assistant.message", {"content": "", "toolRequests": []}),
        ("assistant.message", {"content": "It is not.", "toolRequests": []}),
        ("abort", {"reason": "user"}),
        ("session.error", {"message": "No wood left"}),
        ("session.hoist", {"flag": "white"}),
    )
    messages, chunk = read(SOURCE, write(place(tmp_path), records))
    assert told(messages)[:-1] == [
        ("user", "text", "Is it sound?"),
        ("user", "attachment", "[file /work/boat/keel.md]"),
        ("system", "event", "<skill-context name='x'>"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "I look."),
        ("assistant", "tool_call", "make hull"),
        ("tool", "tool_result", "rotten"),
        ("assistant", "text", "It is not."),
        ("system", "event", "Aborted: user"),
        ("system", "event", "Error: No wood left"),
    ]
    assert "white" in messages[-1].content
    assert tokens(messages) == (100, 30, 20)
    result = messages[6].tool
    assert result is not None
    assert (result.status, result.duration_ms, result.error) == (ToolStatus.FAILED, 4, "rotten")
    assert messages[7].model == "oak-2"
    chat = chunk.chat
    assert (chat.source_id, chat.title, chat.project) == (SESSION, "Is it sound?", "/work/boat")
    assert (chat.git_branch, chat.repository, chat.agent) == ("keel", "me/boat", "copilot-cli 1.0.102")


def test_a_call_is_told_once_whichever_event_comes_first(tmp_path: Path) -> None:
    call = {"toolCallId": "c1", "toolName": "bash", "arguments": {"command": "ls"}}
    request = {"toolCallId": "c1", "name": "bash", "arguments": {"command": "ls"}}
    records = events(
        ("tool.execution_start", call),
        ("assistant.message", {"content": "", "toolRequests": [request]}),
        ("tool.execution_complete", {"toolCallId": "c1", "success": True, "result": {"content": "a"}}),
    )
    messages, _chunk = read(SOURCE, write(place(tmp_path), records))
    assert [str(m.kind) for m in messages] == ["tool_call", "tool_result"]


def test_without_usage_records_the_messages_tell_their_tokens(tmp_path: Path) -> None:
    records = events(
        ("assistant.message", {"content": "a", "outputTokens": 5}),
        ("assistant.message", {"content": "b", "outputTokens": 7}),
    )
    messages, _chunk = read(SOURCE, write(place(tmp_path), records))
    assert tokens(messages) == (0, 12, 0)


def test_what_a_subagent_said_is_a_thread(tmp_path: Path) -> None:
    records = events(
        ("user.message", {"content": "go"}),
        ("assistant.message", {"content": "inner", "parentToolCallId": "agent"}),
        ("assistant.message", {"content": "inner two", "parentToolCallId": "agent"}),
        ("assistant.message", {"content": "outer"}),
    )
    messages, _chunk = read(SOURCE, write(place(tmp_path), records))
    assert [(m.content, m.thread) for m in messages] == [
        ("go", None),
        ("inner", "agent"),
        ("inner two", "agent"),
        ("outer", None),
    ]
    assert messages[2].parent_id == messages[1].source_id
    assert messages[3].parent_id == messages[0].source_id


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("name: Keel", "Keel"),
        ("name: 'Keel: a story'", "Keel: a story"),
        ("name: null", "go"),
        ("user_named: true", "go"),
    ],
)
def test_a_name_stands_beside_the_events(tmp_path: Path, line: str, title: str) -> None:
    path = write(place(tmp_path), events(("user.message", {"content": "go"})))
    path.with_name("workspace.yaml").write_text(f"id: {SESSION}\ncwd: /work/boat\n{line}\n")
    assert read(SOURCE, path)[1].chat.title == title
    assert SOURCE.titles(tmp_path / "session-state") == ({SESSION: title} if title != "go" else {})


def test_where_sessions_are(tmp_path: Path) -> None:
    assert SOURCE.roots({}, tmp_path) == (tmp_path / ".copilot" / "session-state",)
    assert SOURCE.roots({"COPILOT_HOME": "/c"}, tmp_path) == (Path("/c/session-state"),)
    new = write(place(tmp_path), events())
    old = write(tmp_path / "session-state" / "old.jsonl", events())
    write(tmp_path / "session-state" / SESSION / "checkpoints" / "x.jsonl", b"{}\n")
    root = tmp_path / "session-state"
    assert {f.path for f in SOURCE.discover(root, lambda path, why: pytest.fail(why))} == {new, old}
    assert SOURCE.resume_command(SESSION) == ("copilot", f"--resume={SESSION}")
