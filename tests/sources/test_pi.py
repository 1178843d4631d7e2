"""Pi's sessions: entries by their parents, tokens, names, and copies that make a fork."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from histories import THREAD, Record, read, stamp, tokens, told, write

from chattui.domain.kinds import ToolStatus
from chattui.sources.content import moment
from chattui.sources.pi import Pi

SOURCE = Pi()
NAME = f"2026-03-01T11-00-00-000Z_{THREAD}.jsonl"
HEADER: Record = {"type": "session", "version": 3, "id": THREAD, "timestamp": stamp(0), "cwd": "/work/app"}


def entry(n: int, parent: int | None, kind: str = "message", **fields: Any) -> Record:
    place = None if parent is None else f"{parent:08x}"
    return {"type": kind, "id": f"{n:08x}", "parentId": place, "timestamp": stamp(n), **fields}


def said(n: int, parent: int | None, role: str, *content: Any, **fields: Any) -> Record:
    blocks = [{"type": "text", "text": one} if isinstance(one, str) else one for one in content]
    return entry(n, parent, message={"role": role, "content": blocks, **fields})


def test_a_session_with_all_that_it_says(tmp_path: Path) -> None:
    call = {"type": "toolCall", "id": "c1", "name": "bash", "arguments": {"command": "make hull"}}
    usage = {"input": 80, "output": 30, "cacheRead": 20, "cacheWrite": 5}
    records = [
        HEADER,
        entry(1, None, "model_change", modelId="oak-1"),
        said(2, 1, "system", "be good"),
        said(3, 2, "user", "Is the keel sound?", {"type": "image", "mimeType": "image/png", "data": "aGk="}),
        said(4, 3, "assistant", {"type": "thinking", "thinking": "hm"}, "I look.", call, usage=usage, model="oak-2"),
        said(5, 4, "toolResult", "rotten", toolCallId="c1", toolName="bash", isError=True),
        said(6, 5, "assistant", stopReason="aborted", errorMessage="Request was aborted"),
        entry(7, 6, "compaction", summary="The keel is rotten."),
        entry(8, 7, "session_info", name="Keel"),
        entry(9, 8, message={"role": "bashExecution", "command": "ls", "output": "hull", "exitCode": 0}),
        entry(10, 9, "sail", cloth="white"),
    ]
    messages, chunk = read(SOURCE, write(tmp_path / NAME, records))
    assert told(messages)[:-1] == [
        ("user", "text", "Is the keel sound?"),
        ("user", "attachment", "[image/png, 2 bytes]"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "I look."),
        ("assistant", "tool_call", "make hull"),
        ("tool", "tool_result", "rotten"),
        ("system", "event", "Request was aborted"),
        ("system", "summary", "The keel is rotten."),
        ("system", "event", "$ ls\nhull"),
    ]
    assert "sail" in messages[-1].content
    assert "white" in messages[-1].content
    assert messages[1].attachments[0].data == b"hi"
    assert tokens(messages) == (105, 30, 20)
    assert {m.model for m in messages if m.role == "assistant"} == {"oak-2"}
    assert {m.reply_id for m in messages[2:5]} == {f"{4:08x}"}
    result = messages[5].tool
    assert result is not None
    assert (result.call_id, result.status, result.error) == ("c1", ToolStatus.FAILED, "rotten")
    chat = chunk.chat
    assert (chat.source, chat.source_id, chat.title, chat.project) == ("pi", THREAD, "Keel", "/work/app")
    assert (chat.created_at, chat.model, chat.metadata) == (moment(stamp(0)), "oak-2", {"title_from": "custom"})
    assert [m.parent_id for m in messages] == [None, *(m.source_id for m in messages[:-1])]


def test_a_branch_goes_on_from_its_parent(tmp_path: Path) -> None:
    records = [
        HEADER,
        said(1, None, "user", "first"),
        said(2, 1, "assistant", "answer"),
        entry(3, 2, "model_change", modelId="oak-2"),
        said(4, 3, "user", "second"),
        said(5, 4, "assistant", "answer two"),
        said(6, 3, "user", "second, edited"),
        said(7, 6, "assistant", "another answer"),
        said(8, None, "user", "from the beginning"),
    ]
    messages, _chunk = read(SOURCE, write(tmp_path / NAME, records))
    parents = {m.content: m.parent_id for m in messages}
    assert parents == {
        "first": None,
        "answer": f"{1:08x}",
        "second": f"{2:08x}",
        "answer two": f"{4:08x}",
        "second, edited": f"{2:08x}",
        "another answer": f"{6:08x}",
        "from the beginning": None,
    }


def test_the_oldest_version_has_no_ids(tmp_path: Path) -> None:
    records = [
        {"type": "session", "id": THREAD, "timestamp": stamp(5), "cwd": "/work/app", "modelId": "oak-1"},
        {"type": "message", "timestamp": stamp(1), "message": {"role": "user", "content": "go"}},
        {"type": "message", "timestamp": stamp(2), "message": {"role": "assistant", "content": []}},
        {
            "type": "message",
            "timestamp": stamp(3),
            "message": {"role": "assistant", "content": [{"type": "text", "text": "a"}]},
        },
    ]
    messages, chunk = read(SOURCE, write(tmp_path / NAME, records))
    assert [(m.source_id, m.parent_id, m.model) for m in messages] == [("2", None, None), ("4", "2", "oak-1")]
    assert (chunk.chat.created_at, chunk.chat.title, chunk.chat.root_id) == (moment(stamp(1)), "go", "")


def test_a_fork_begins_with_the_ids_of_its_parent(tmp_path: Path) -> None:
    copied = [said(1, None, "user", "first"), said(2, 1, "assistant", "answer")]
    fork = {**HEADER, "id": "fork", "parentSession": "/x/parent.jsonl"}
    _messages, parent = read(SOURCE, write(tmp_path / NAME, [HEADER, *copied, said(3, 2, "user", "on")]))
    messages, chunk = read(SOURCE, write(tmp_path / "b_fork.jsonl", [fork, *copied, said(4, 2, "user", "off")]))
    assert chunk.chat.root_id == parent.chat.root_id == f"{1:08x}"
    assert [m.source_id for m in messages] == [f"{n:08x}" for n in (1, 2, 4)]


def test_where_sessions_are(tmp_path: Path) -> None:
    assert SOURCE.roots({}, tmp_path) == (tmp_path / ".pi" / "agent" / "sessions",)
    assert SOURCE.roots({"PI_CODING_AGENT_DIR": "/a"}, tmp_path) == (Path("/a/sessions"),)
    assert SOURCE.roots({"PI_CODING_AGENT_SESSION_DIR": "/s"}, tmp_path) == (Path("/s"),)
    path = write(tmp_path / "--work-app--" / NAME, [HEADER])
    write(tmp_path / "--work-app--" / "notes.txt", b"")
    assert [f.path for f in SOURCE.discover(tmp_path, lambda path, why: pytest.fail(why))] == [path]
    assert SOURCE.resume_command(THREAD) == ("pi", "--session", THREAD)
