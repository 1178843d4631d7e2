"""Exports of Claude.ai: blocks as messages, documents with their text, artifacts, branches."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from export_makers import Record, claude_chat, claude_message, packed, put, text
from histories import told, uuid

from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import Role, ToolStatus
from chattui.sources.claude_ai import ClaudeAi
from chattui.sources.registry import recognise


def read(path: Path) -> tuple[ChatInfo, list[NewMessage]]:
    chunks = list(ClaudeAi().read_chats(path, {}))
    return chunks[0].chat, [m for chunk in chunks for m in chunk.messages]


def said(tmp_path: Path, *messages: Record, **fields: object) -> tuple[ChatInfo, list[NewMessage]]:
    return read(put(tmp_path / "c.json", [claude_chat(1, *messages, **fields)]))


def test_a_conversation_with_title_project_and_times(tmp_path: Path) -> None:
    chat, messages = said(
        tmp_path,
        claude_message(1, "human", text("How do boats float?")),
        claude_message(2, "assistant", {"type": "thinking", "thinking": "Water."}, text("They push"), text("water.")),
        project={"uuid": "p", "name": "Harbour"},
        summary="About boats.",
    )
    assert (chat.source, chat.source_id, chat.title, chat.project) == ("claude-ai", uuid(1001), "Boats 1", "Harbour")
    assert chat.created_at == datetime(2026, 3, 1, 9, 59, tzinfo=UTC)
    assert told(messages) == [
        ("system", "summary", "About boats."),
        ("user", "text", "How do boats float?"),
        ("assistant", "thinking", "Water."),
        ("assistant", "text", "They push"),
        ("assistant", "text", "water."),
    ]
    assert messages[1].created_at == datetime(2026, 3, 1, 10, 0, 1, 123456, tzinfo=UTC)
    assert [m.parent_id for m in messages[2:]] == [m.source_id for m in messages[1:-1]]
    assert {m.reply_id for m in messages if m.role is Role.ASSISTANT} == {uuid(2)}


def test_text_counts_only_where_there_are_no_blocks(tmp_path: Path) -> None:
    old = {"uuid": uuid(1), "sender": "human", "text": "from before there were blocks", "created_at": "bad"}
    chat, messages = said(tmp_path, old, name="")
    assert told(messages) == [("user", "text", "from before there were blocks")]
    assert chat.title == "from before there were blocks"


def test_documents_have_their_text_and_files_only_their_names(tmp_path: Path) -> None:
    document = {"file_name": "tides.txt", "file_size": 9, "file_type": "txt", "extracted_content": "high at noon"}
    _chat, messages = said(
        tmp_path,
        claude_message(1, "human", text("See."), attachments=[document], files=[{"file_name": "map.png"}]),
        claude_message(2, "human", attachments=[{"file_name": "tides.txt"}], files=[{"file_uuid": "f1"}]),
    )
    assert told(messages) == [
        ("user", "text", "See."),
        ("user", "attachment", "tides.txt\n\nhigh at noon"),
        ("user", "attachment", "map.png\n[image/png]"),
        ("user", "attachment", "tides.txt\n[text/plain]"),
        ("user", "attachment", "f1\n[file]"),
    ]


def test_artifacts_and_calls_with_and_without_ids(tmp_path: Path) -> None:
    made = {"command": "create", "title": "Boat", "type": "text/markdown", "content": "# Boat\nIt floats."}
    _chat, messages = said(
        tmp_path,
        claude_message(
            1,
            "assistant",
            {"type": "tool_use", "name": "artifacts", "input": made},
            {"type": "tool_result", "name": "artifacts", "content": [text("OK")]},
            {"type": "tool_use", "id": "t1", "name": "web_search", "input": {"query": "boats"}},
            {"type": "tool_result", "tool_use_id": "t1", "name": "web_search", "content": "no net", "is_error": True},
            {"type": "token_budget"},
            {"type": "voice_note", "title": "Note", "text": "ahoy"},
            {"type": "news", "what": "else"},
        ),
    )
    assert told(messages) == [
        ("assistant", "tool_call", "create · Boat · text/markdown\n\n# Boat\nIt floats."),
        ("tool", "tool_result", "OK"),
        ("assistant", "tool_call", "query: boats"),
        ("tool", "tool_result", "no net"),
        ("assistant", "text", "Note\n\nahoy"),
        ("system", "event", "Unknown kind: news\ntype: news\nwhat: else"),
    ]
    calls = [m.tool for m in messages if m.tool]
    assert [(c.name, c.target) for c in calls[::2]] == [("artifacts", "Boat"), ("web_search", "boats")]
    assert [c.status for c in calls[1::2]] == [ToolStatus.COMPLETED, ToolStatus.FAILED]
    assert [calls[0].call_id, calls[2].call_id] == [calls[1].call_id, calls[3].call_id]


def test_branches_where_messages_say_what_they_answer(tmp_path: Path) -> None:
    root = "00000000-0000-4000-8000-000000000000"
    messages = [
        claude_message(1, "human", text("first"), parent=root),
        claude_message(2, "assistant", text("kept"), parent=uuid(1)),
        claude_message(3, "assistant", text("left"), parent=uuid(1)),
        claude_message(4, "human", text("on"), parent=uuid(2)),
    ]
    _chat, found = said(tmp_path, *messages)
    assert [m.content for m in found] == ["first", "left", "kept", "on"]
    assert found[1].parent_id == found[2].parent_id == found[0].source_id
    _chat, found = said(tmp_path, *messages, current_leaf_message_uuid=uuid(3))
    assert [m.content for m in found] == ["first", "kept", "on", "left"]


def test_a_zip_is_recognised_and_messages_of_nobody_are_events(tmp_path: Path) -> None:
    record = {"conversation_id": "c1", "title": "Odd", "chat_messages": [{"text": "\ue203Hello\ue204"}, {"text": ""}]}
    path = put(
        tmp_path / "data-2026.zip", packed({"conversations.json": [record], "projects.json": [], "users.json": []})
    )
    known = recognise(path)
    assert known is not None
    assert known.name == "claude-ai"
    chat, messages = read(path)
    assert (chat.source_id, chat.title) == ("c1", "Odd")
    assert told(messages) == [("system", "event", "Hello")]
