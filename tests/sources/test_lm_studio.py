"""LM Studio's chats: versions as branches, steps of a reply, tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from export_makers import Record, put, studio_reply, studio_step, studio_text, studio_user
from histories import told

from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import ToolStatus
from chattui.sources.lm_studio import LmStudio
from chattui.sources.registry import recognise

NAME = "1772000000000.conversation.json"


def read(tmp_path: Path, *messages: Record, **fields: object) -> tuple[ChatInfo, list[NewMessage]]:
    document = {"name": "Boats", "createdAt": 1_772_000_000_000, "messages": list(messages), **fields}
    path = put(tmp_path / NAME, document)
    known = recognise(path)
    assert known is not None
    assert known.name == "lm-studio"
    chunks = list(LmStudio().read(path))
    return chunks[-1].chat, [m for chunk in chunks for m in chunk.messages]


def test_a_chat(tmp_path: Path) -> None:
    thought = studio_step(*studio_text("Water."), style={"type": "thinking"})
    chat, messages = read(
        tmp_path,
        studio_user("How do boats float?"),
        studio_reply(thought, studio_step(*studio_text("They push."))),
        systemPrompt="Be brief.",
        pinned=True,
    )
    assert (chat.source_id, chat.title, chat.model, chat.pinned) == ("1772000000000", "Boats", "qwen3", True)
    assert chat.created_at == datetime.fromtimestamp(1_772_000_000, UTC)
    assert told(messages) == [
        ("system", "event", "Be brief."),
        ("user", "text", "How do boats float?"),
        ("assistant", "thinking", "Water."),
        ("assistant", "text", "They push."),
    ]
    assert [m.tokens_out for m in messages[2:]] == [3, 3]
    assert len({m.reply_id for m in messages[2:]}) == 1


def test_versions_are_branches_and_the_selected_one_comes_last(tmp_path: Path) -> None:
    again = {
        "versions": [
            {"type": "multiStep", "role": "assistant", "steps": [studio_step(*studio_text(words))]}
            for words in ("kept", "left")
        ],
        "currentlySelected": 0,
    }
    _chat, messages = read(tmp_path, studio_user("first", "frist", selected=0), again, studio_user("on"))
    assert [m.content for m in messages] == [
        "The first message was written anew.",
        "frist",
        "first",
        "left",
        "kept",
        "on",
    ]
    by = {m.content: m for m in messages}
    assert by["frist"].parent_id == by["first"].parent_id == messages[0].source_id
    assert by["left"].parent_id == by["kept"].parent_id == by["first"].source_id
    assert by["on"].parent_id == by["kept"].source_id
    assert by["left"].reply_id != by["kept"].reply_id


def test_tools_and_files(tmp_path: Path) -> None:
    call = studio_step({"type": "toolCallRequest", "callId": 0, "name": "js", "parameters": {"code": "1"}})
    result = studio_step({"type": "toolCallResult", "callId": 0, "content": "1"})
    prompt = studio_user("see")
    prompt["versions"][0]["content"].append({"type": "file", "fileIdentifier": "a.png", "fileType": "image"})
    reply = studio_reply(call, {"type": "toolStatus"}, result, {"type": "news", "what": "else"})
    _chat, messages = read(tmp_path, prompt, reply, reply)
    assert told(messages)[:5] == [
        ("user", "text", "see"),
        ("user", "attachment", "a.png\n[image]"),
        ("assistant", "tool_call", "code: 1"),
        ("tool", "tool_result", "1"),
        ("system", "event", "Unknown kind: news\ntype: news\nwhat: else"),
    ]
    uses = [m.tool for m in messages if m.tool]
    assert [uses[0].call_id, uses[2].call_id] == [uses[1].call_id, uses[3].call_id]
    assert uses[0].call_id != uses[2].call_id, "ids count from 0 in each reply"
    assert uses[1].status is ToolStatus.COMPLETED


def test_where_chats_are_found(tmp_path: Path) -> None:
    wanted = put(tmp_path / ".lmstudio" / "conversations" / "folder" / NAME, {"messages": []})
    put(tmp_path / ".lmstudio" / "conversations" / "config.json", {})
    root = LmStudio().roots({}, tmp_path)[0]
    assert [file.path for file in LmStudio().discover(root, lambda path, why: None)] == [wanted]
