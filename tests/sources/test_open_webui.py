"""Exports of Open WebUI: the tree of a chat, and what stands inside of its answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from export_makers import Record, put, webui_chat, webui_message
from histories import told, uuid

from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import Role, ToolStatus
from chattui.sources.open_webui import OpenWebUi
from chattui.sources.registry import recognise

THOUGHT = (
    '<details type="reasoning" done="true" duration="8">\n<summary>Thought for 8 seconds</summary>\n'
    "&gt; Boats &lt;float&gt;.\n> Yes.\n</details>\n"
)
CALLED = (
    '<details type="tool_calls" done="true" id="c1" name="search" arguments="{&quot;query&quot;: &quot;a &gt; b&quot;}" '
    'result="&quot;[\\&quot;found\\&quot;]&quot;">\n<summary>Tool Executed</summary>\n</details>'
)


def read(path: Path) -> tuple[ChatInfo, list[NewMessage]]:
    chunks = list(OpenWebUi().read_chats(path, {}))
    return chunks[0].chat, [m for chunk in chunks for m in chunk.messages]


def said(tmp_path: Path, *messages: Record, **fields: object) -> tuple[ChatInfo, list[NewMessage]]:
    return read(put(tmp_path / "c.json", [webui_chat(1, *messages, **fields)]))


def test_a_chat_with_what_the_server_knows_of_it(tmp_path: Path) -> None:
    chat, messages = said(
        tmp_path,
        webui_message(1, "user", "How do boats float?"),
        webui_message(2, "assistant", "They push.", 1, usage={"prompt_tokens": 9, "completion_tokens": 3}),
        archived=True,
        pinned=True,
        meta={"tags": ["sea", "sea", 5]},
    )
    assert (chat.source_id, chat.title, chat.model, chat.tags) == (uuid(2001), "Boats 1", "qwen3:8b", ("sea",))
    assert (chat.archived, chat.pinned) == (True, True)
    assert chat.created_at == datetime.fromtimestamp(1_772_000_000, UTC)
    assert told(messages) == [("user", "text", "How do boats float?"), ("assistant", "text", "They push.")]
    assert (messages[1].tokens_in, messages[1].tokens_out, messages[1].model) == (9, 3, "qwen3:8b")
    assert messages[1].created_at == datetime.fromtimestamp(1_772_000_120, UTC)


def test_branches(tmp_path: Path) -> None:
    _chat, messages = said(
        tmp_path,
        webui_message(1, "user", "first"),
        webui_message(2, "assistant", "kept", 1),
        webui_message(3, "assistant", "left", 1),
        current="w2",
    )
    assert [m.content for m in messages] == ["first", "left", "kept"]
    assert {m.reply_id for m in messages if m.role is Role.ASSISTANT} == {"w2", "w3"}


def test_thoughts_and_calls_inside_of_answers(tmp_path: Path) -> None:
    _chat, messages = said(
        tmp_path,
        webui_message(1, "user", "first"),
        webui_message(2, "assistant", f"{THOUGHT}Let me look.\n{CALLED}\nFound.", 1, usage={"input_tokens": 5}),
        webui_message(3, "assistant", "<think>hm</think>\nYes.", 1, error={"content": "cut off"}),
        webui_message(4, "assistant", '<details type="reasoning">never closed', 1),
        current="w4",
    )
    assert told(messages)[1:] == [
        ("assistant", "thinking", "Boats <float>.\nYes."),
        ("assistant", "text", "Let me look."),
        ("assistant", "tool_call", "query: a > b"),
        ("tool", "tool_result", '[\n  "found"\n]'),
        ("assistant", "text", "Found."),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "Yes."),
        ("system", "event", "cut off"),
        ("assistant", "text", '<details type="reasoning">never closed'),
    ]
    call, result = messages[3].tool, messages[4].tool
    assert call is not None
    assert result is not None
    assert (call.name, call.target, call.call_id) == ("search", "a > b", result.call_id)
    assert result.status is ToolStatus.COMPLETED
    assert [m.tokens_in for m in messages[1:3]] == [5, None], "tokens are counted once"


def test_files(tmp_path: Path) -> None:
    files = [
        {"type": "image", "url": "data:image/png;base64,aGk="},
        {"type": "file", "name": "a.txt", "file": {"data": {"content": "its words"}}},
        {"type": "file", "name": "b.pdf"},
        "odd",
    ]
    _chat, messages = said(
        tmp_path, webui_message(1, "user", "see", files=files), webui_message(2, "assistant", "ok", 1)
    )
    assert told(messages)[1:4] == [
        ("user", "attachment", "[image/png, 2 bytes]"),
        ("user", "attachment", "a.txt\n\nits words"),
        ("user", "attachment", "b.pdf\n[application/pdf]"),
    ]
    assert messages[1].attachments[0].data == b"hi"
    assert messages[4].parent_id == messages[0].source_id, "a reply answers the words, so that another one is a branch"


@pytest.mark.parametrize("wrapped", [True, False])
def test_one_chat_alone_and_only_its_inside(tmp_path: Path, wrapped: bool) -> None:
    record = webui_chat(1, webui_message(1, "user", "first"), webui_message(2, "assistant", "answer", 1))
    path = put(tmp_path / "one.json", record if wrapped else record["chat"] | {"id": ""})
    known = recognise(path)
    assert known is not None
    assert known.name == "open-webui"
    chat, messages = read(path)
    assert chat.source_id == (uuid(2001) if wrapped else "w1")
    assert len(messages) == 2
