"""Claude Code sessions: what is known of the chat, and how it belongs to others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from histories import (
    SESSION,
    Claude,
    prompts,
    read,
    text,
    through_json,
    tokens,
    tool_use,
    usage,
    uuid,
    write,
)

from chattui.domain.history import ChatInfo, NewMessage
from chattui.sources.claude_code import ClaudeCode

SOURCE = ClaudeCode()


def of(tmp_path: Path, session: Claude, name: str = f"{SESSION}.jsonl") -> tuple[list[NewMessage], ChatInfo]:
    messages, chunk = read(SOURCE, write(tmp_path / name, session.records))
    assert len({message.source_id for message in messages}) == len(messages)
    return messages, chunk.chat


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_summary_counts_only_when_it_names_a_record_of_this_file(tmp_path: Path, where: str) -> None:
    session = Claude()
    session.user("first prompt\nmore")
    own = {"type": "summary", "summary": "About keels", "leafUuid": uuid(1)}
    foreign = [{"type": "summary", "summary": f"Other {n}", "leafUuid": uuid(900 + n)} for n in range(22)]
    session.records = [*foreign, *([own] if where == "before" else []), *session.records]
    session.records += [own] if where == "after" else []
    assert of(tmp_path, session)[1].title == "About keels"
    session.records = [*foreign, *(r for r in session.records if r["type"] == "user")]
    chat = of(tmp_path, session)[1]
    assert (chat.title, chat.metadata["title_from"]) == ("first prompt", "prompt")


def test_title_precedence(tmp_path: Path) -> None:
    session = Claude()
    session.user("the prompt")
    for title, kind, field in (
        ("the prompt", "mode", "mode"),
        ("made", "ai-title", "aiTitle"),
        ("made again", "ai-title", "aiTitle"),
        ("given", "custom-title", "customTitle"),
        ("given", "ai-title", "aiTitle"),
        ("given again", "custom-title", "customTitle"),
    ):
        session.side(kind, **{field: title})
        assert of(tmp_path, session)[1].title == title
    session.side("custom-title", customTitle="")
    assert of(tmp_path, session)[1].metadata["title_from"] == "ai"


def test_only_a_summary_or_a_snapshot_is_a_chat_without_messages(tmp_path: Path) -> None:
    snapshot = {"type": "file-history-snapshot", "messageId": uuid(1), "snapshot": {}}
    path = write(tmp_path / f"{SESSION}.jsonl", [{"type": "summary", "summary": "s", "leafUuid": uuid(1)}, snapshot])
    messages, chunk = read(SOURCE, path)
    assert (messages, chunk.chat.source_id, chunk.chat.title) == ([], SESSION, "")


def test_side_chains_in_the_session_are_threads(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.reply(tool_use("t1", "Task", prompt="count"))
    main = session.last
    session.user("count", isSidechain=True, parentUuid=None)
    session.reply(text("one"), isSidechain=True, reply="msg_2")
    session.user("weigh", isSidechain=True, parentUuid=None)
    session.reply(text("heavy"), isSidechain=True, reply="msg_3")
    session.reply(text("two"), isSidechain=True, reply="msg_4", parentUuid=uuid(4))
    session.result("t1", "2", parentUuid=main)
    messages, chat = of(tmp_path, session)
    assert [m.thread for m in messages] == [None, None, uuid(3), uuid(3), uuid(5), uuid(5), uuid(3), None]
    assert chat.title == "go"


def test_a_subagent_is_a_chat_of_its_own(tmp_path: Path) -> None:
    agent = Claude(isSidechain=True, agentId="a0ad")
    agent.user("count the planks")
    agent.reply(text("12"))
    folder = tmp_path / "projects" / "-work-boat" / SESSION / "subagents" / "workflows" / "w1"
    path = write(folder / "agent-a0ad.jsonl", agent.records)
    about = {"agentType": "Explore", "description": "Count", "toolUseId": "toolu_9"}
    (folder / "agent-a0ad.meta.json").write_text(json.dumps(about))
    messages, chunk = read(SOURCE, path)
    chat = chunk.chat
    assert (chat.source_id, chat.parent_source_id, chat.parent_call_id) == (f"{SESSION}/a0ad", SESSION, "toolu_9")
    assert chat.metadata["agentType"] == "Explore"
    assert [m.thread for m in messages] == [None, None]
    assert prompts(messages) == ["count the planks"]


def test_an_older_subagent_beside_the_sessions_is_linked_by_its_records(tmp_path: Path) -> None:
    agent = Claude(isSidechain=True, agentId="a0ad")
    agent.user("count")
    _messages, chat = of(tmp_path, agent, "agent-a0ad.jsonl")
    assert (chat.source_id, chat.parent_source_id) == (f"{SESSION}/a0ad", SESSION)


@pytest.mark.parametrize("meta", [b"", b"[1]", b"\xff", b'{"toolUseId": 5}'])
def test_a_damaged_meta_file_is_no_harm(tmp_path: Path, meta: bytes) -> None:
    agent = Claude()
    agent.user("count")
    path = write(tmp_path / SESSION / "subagents" / "agent-b.jsonl", agent.records)
    (path.parent / "agent-b.meta.json").write_bytes(meta)
    assert read(SOURCE, path)[1].chat.parent_call_id == ""


def test_a_fork_has_the_root_of_its_parent(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.reply(text("a"))
    fork = Claude("5e551011-0000-4000-8000-00000000ffff")
    fork.records = [{**record, "sessionId": fork.session} for record in session.records]
    fork.n, fork.last = session.n, session.last
    fork.user("elsewhere")
    chat = of(tmp_path, session)[1]
    messages, forked = of(tmp_path, fork, f"{fork.session}.jsonl")
    assert chat.root_id == forked.root_id == uuid(1)
    assert chat.source_id != forked.source_id
    assert [m.source_id for m in messages] == [uuid(1), uuid(2), uuid(3)]


def test_what_is_known_of_the_chat(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.reply(text("a"), gitBranch="HEAD", cwd="/elsewhere")
    session.reply(text("sorry"), reply="m2", model="<synthetic>", gitBranch="", version="2.1.9")
    session.side("pr-link", prRepository="crew/boat", prNumber=3)
    session.side("cost-state", totalCostUSD=0.25)
    session.side("cost-state", totalCostUSD=0.5)
    messages, chat = of(tmp_path, session)
    assert (chat.source, chat.project, chat.git_branch, chat.agent) == (
        "claude-code",
        "/work/boat",
        "keel",
        "claude-code 2.1.9",
    )
    assert (chat.model, chat.repository, chat.metadata["cost_usd"]) == ("claude-sonnet-9", "crew/boat", 0.5)
    assert chat.created_at == messages[0].created_at
    assert [m.model for m in messages] == [None, "claude-sonnet-9", None]


def test_a_renamed_file_is_known_by_its_records(tmp_path: Path) -> None:
    session = Claude("harbour")
    session.user("go")
    assert of(tmp_path, session, "copy.jsonl")[1].source_id == "harbour"
    assert of(tmp_path, session)[1].source_id == SESSION


def test_the_state_of_a_long_session_stays_small(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    for n in range(10_000):
        session.chain("progress", data={"type": "bash_progress"})
        session.reply(text("a"), reply=f"msg_{n}", usage=usage(1, 1))
    messages, chunk = read(SOURCE, write(tmp_path / f"{SESSION}.jsonl", session.records))
    assert len(json.dumps(chunk.state)) < 200_000
    assert json.dumps(through_json(chunk.state)) == json.dumps(chunk.state)
    assert tokens(messages) == (10_000, 10_000, 0)


def test_resuming() -> None:
    assert SOURCE.resume_command(SESSION) == ("claude", "--resume", SESSION)
    assert SOURCE.resume_command(f"{SESSION}/a0ad") == ("claude", "--resume", SESSION)
