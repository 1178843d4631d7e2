"""Claude Code sessions: what becomes a message, of which role and kind, and what is known of the chat."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from histories import (
    SESSION,
    Claude,
    jsonl,
    prompts,
    read,
    text,
    thinking,
    tokens,
    told,
    tool_use,
    usage,
    uuid,
    write,
)

from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import ToolStatus
from chattui.sources.claude_code import ClaudeCode

SOURCE = ClaudeCode()


def of(tmp_path: Path, session: Claude, name: str = f"{SESSION}.jsonl") -> tuple[list[NewMessage], ChatInfo]:
    messages, chunk = read(SOURCE, write(tmp_path / name, session.records))
    assert len({message.source_id for message in messages}) == len(messages)
    return messages, chunk.chat


def test_one_message_for_each_block(tmp_path: Path) -> None:
    session = Claude()
    session.user("Is the keel sound?")
    session.reply(thinking("Look first."), text("I will look."), tool_use("t1", command="ls keel"))
    session.result("t1", "oak\npine")
    messages, _chat = of(tmp_path, session)
    assert told(messages) == [
        ("user", "text", "Is the keel sound?"),
        ("assistant", "thinking", "Look first."),
        ("assistant", "text", "I will look."),
        ("assistant", "tool_call", "ls keel"),
        ("tool", "tool_result", "oak\npine"),
    ]
    assert [m.source_id for m in messages] == [uuid(1), uuid(2), f"{uuid(2)}:1", f"{uuid(2)}:2", uuid(3)]
    assert [m.parent_id for m in messages] == [None, uuid(1), uuid(2), f"{uuid(2)}:1", f"{uuid(2)}:2"]
    call, result = messages[3].tool, messages[4].tool
    assert call is not None
    assert (call.call_id, call.name, call.target) == ("t1", "Bash", "ls keel")
    assert result is not None
    assert (result.call_id, result.status) == ("t1", ToolStatus.COMPLETED)


def test_a_reply_over_several_records_counts_its_tokens_once(tmp_path: Path) -> None:
    session = Claude()
    for block in (thinking("a"), text("b"), tool_use("t1", command="c")):
        session.reply(block, usage=usage(10, 5, read=100, written=20))
    messages, _chat = of(tmp_path, session)
    assert {message.reply_id for message in messages} == {"msg_1"}
    assert tokens(messages) == (130, 5, 100)


def test_growing_usage_of_a_reply_that_is_not_contiguous_adds_the_increase(tmp_path: Path) -> None:
    session = Claude()
    session.reply(text("a"), usage=usage(10, 1, read=100))
    session.reply(text("other"), reply="msg_2", usage=usage(7, 7))
    session.reply(tool_use("t1", command="c"), usage=usage(10, 40, read=100))
    session.result("t1", "ok")
    session.reply(text("d"), usage=usage(3, 40, read=150))
    messages, _chat = of(tmp_path, session)
    assert tokens(messages) == (167, 47, 150)
    assert [m.tokens_out for m in messages] == [1, 7, 39, None, 0]


def test_usage_of_a_block_without_text_goes_to_the_next_block_of_the_reply(tmp_path: Path) -> None:
    session = Claude()
    session.reply(thinking(""), usage=usage(10, 5))
    session.reply({"type": "redacted_thinking", "data": "x"}, usage=usage(10, 5))
    session.reply(text("b"), usage=usage(10, 5))
    messages, _chat = of(tmp_path, session)
    assert (told(messages), tokens(messages)) == ([("assistant", "text", "b")], (10, 5, 0))


def test_glued_records_are_both_read(tmp_path: Path) -> None:
    session = Claude()
    session.user("hello")
    session.reply(text("aye"))
    session.records.append({"type": "summary", "summary": "A greeting", "leafUuid": uuid(2)})
    raw = jsonl(session.records).replace(b"}\n{", b"}{")
    messages, chunk = read(SOURCE, write(tmp_path / f"{SESSION}.jsonl", raw))
    assert (len(messages), chunk.chat.title, chunk.line) == (2, "A greeting", 1)


def test_equal_uuids_are_one_record(tmp_path: Path) -> None:
    session = Claude()
    session.user("once")
    session.reply(text("a"), usage=usage(1, 1))
    session.records += [dict(session.records[1]), {**session.records[0], "message": {"content": "changed"}}]
    messages, _chat = of(tmp_path, session)
    assert [m.content for m in messages] == ["once", "a"]
    assert tokens(messages) == (1, 1, 0)


def test_compaction_is_stitched_in_file_order(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.reply(text("going"))
    session.chain(
        "system",
        parentUuid=None,
        logicalParentUuid=uuid(777),
        subtype="compact_boundary",
        content="Conversation compacted",
        compactMetadata={"trigger": "auto", "preTokens": 155_000},
    )
    session.user("What was said so far", isCompactSummary=True)
    session.user("on")
    messages, _chat = of(tmp_path, session)
    assert told(messages)[2:] == [
        ("system", "event", "Conversation compacted (auto, 155,000 tokens before)"),
        ("system", "summary", "What was said so far"),
        ("user", "text", "on"),
    ]
    assert [m.parent_id for m in messages] == [None, uuid(1), uuid(2), uuid(3), uuid(4)]


def test_records_that_say_nothing_pass_their_parent_on(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.reply(text("a"), tool_use("t1", command="b"))
    for _ in range(3):
        session.chain("progress", data={"type": "bash_progress", "output": "half of the file"})
    session.chain("attachment", attachment={"type": "skill_listing", "content": "long"})
    session.chain("system", subtype="turn_duration", durationMs=5)
    session.result("t1", "ok")
    messages, _chat = of(tmp_path, session)
    assert [m.content for m in messages] == ["go", "a", "b", "ok"]
    assert messages[-1].parent_id == f"{uuid(2)}:1"


def test_an_edited_prompt_is_a_branch(tmp_path: Path) -> None:
    session = Claude()
    session.user("one")
    session.reply(text("a"))
    session.user("two")
    session.user("two, better", parentUuid=uuid(2))
    messages, _chat = of(tmp_path, session)
    assert [m.parent_id for m in messages] == [None, uuid(1), uuid(2), uuid(2)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "<command-name>/model</command-name>\n  <command-message>model</command-message>\n"
            "  <command-args>big</command-args>",
            [("user", "event", "/model big")],
        ),
        ("<command-message>x is running</command-message>\n<command-name>/x</command-name>", [("user", "event", "/x")]),
        ("<local-command-stdout>Set to <b>big</b></local-command-stdout>", [("system", "event", "Set to <b>big</b>")]),
        ("<bash-input>ls</bash-input>", [("user", "event", "! ls")]),
        ("<bash-stdout>a</bash-stdout><bash-stderr>b</bash-stderr>", [("system", "event", "a\nb")]),
        ("<local-command-caveat>Caveat: …</local-command-caveat>", []),
        ("Caveat: The messages below were generated by the user while running", []),
        (
            "[Request interrupted by user for tool use]",
            [("system", "event", "Request interrupted by user for tool use")],
        ),
        (
            "<task-notification>\n<task-id>1</task-id>\n<summary>Done</summary>\n<result>All well</result>\n"
            "</task-notification>",
            [("system", "event", "Done\n\nAll well")],
        ),
        ("<system-reminder>Be brief</system-reminder>", [("system", "event", "Be brief")]),
        ("<ide_opened_file>a.py</ide_opened_file>", [("system", "event", "a.py")]),
        (
            "<ide_selection>x = 1</ide_selection>\nRename it",
            [("system", "event", "x = 1"), ("user", "text", "Rename it")],
        ),
        ("<div>is this HTML right?</div>", [("user", "text", "<div>is this HTML right?</div>")]),
        ("[1, 2] is a list", [("user", "text", "[1, 2] is a list")]),
        ("<ide_selection>never closed", [("system", "event", "<ide_selection>never closed")]),
    ],
)
@pytest.mark.parametrize("as_blocks", [False, True])
def test_wrappers_are_not_prompts(tmp_path: Path, said: str, expected: list[Any], as_blocks: bool) -> None:
    session = Claude()
    session.user([text(said)] if as_blocks else said)
    messages, chat = of(tmp_path, session)
    assert told(messages) == expected
    assert chat.title == next((what for _role, kind, what in expected if kind == "text"), "").split("\n")[0]


def test_meta_records_are_not_prompts(tmp_path: Path) -> None:
    session = Claude()
    session.user([text("Base directory for this skill: /skills")], isMeta=True)
    session.user("<local-command-caveat>x</local-command-caveat>", isMeta=True)
    messages, _chat = of(tmp_path, session)
    assert told(messages) == [("system", "event", "Base directory for this skill: /skills")]


def test_texts_of_one_record_are_one_prompt(tmp_path: Path) -> None:
    session = Claude()
    session.user([text("<ide_opened_file>a.py</ide_opened_file>"), text("Look at this"), text("and that")])
    messages, _chat = of(tmp_path, session)
    assert prompts(messages) == ["Look at this\n\nand that"]


def test_prompts_typed_while_the_agent_works(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.reply(tool_use("t1", command="a"))
    session.user([{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}, text("do not forget the mast")])
    session.chain(
        "attachment", attachment={"type": "queued_command", "prompt": "and the sail", "commandMode": "prompt"}
    )
    note = "<task-notification><summary>Done</summary></task-notification>"
    session.chain("attachment", attachment={"type": "queued_command", "prompt": note, "commandMode": "prompt"})
    session.chain(
        "attachment",
        attachment={
            "type": "queued_command",
            "prompt": "agent talk",
            "commandMode": "prompt",
            "origin": {"senderTaskId": "x"},
        },
    )
    messages, _chat = of(tmp_path, session)
    assert prompts(messages) == ["go", "do not forget the mast", "and the sail"]
    assert [m.metadata for m in messages if m.role == "user"] == [None, {"queued": True}, {"queued": True}]
    assert ("system", "event", "agent talk") in told(messages)


def test_a_queued_prompt_that_only_the_queue_has_is_not_lost(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.side("queue-operation", operation="enqueue", content="any tests yet?")
    session.side("queue-operation", operation="remove")
    session.side("queue-operation", operation="enqueue", content="taken")
    session.side("queue-operation", operation="dequeue")
    session.user("taken")
    session.side("queue-operation", operation="enqueue", content="attached")
    session.chain("attachment", attachment={"type": "queued_command", "prompt": "attached"})
    session.side("queue-operation", operation="remove")
    messages, _chat = of(tmp_path, session)
    assert told(messages) == [
        ("user", "text", "go"),
        ("user", "event", "any tests yet?"),
        ("user", "text", "taken"),
        ("user", "text", "attached"),
    ]


def test_pictures_and_documents_are_attachments(tmp_path: Path) -> None:
    data = b64encode(b"pixels" * 1000).decode()
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    paper = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}}
    session = Claude()
    session.user([picture, text("what is this?"), paper])
    session.user([picture])
    session.result("t1", [text("shot"), picture])
    messages, _chat = of(tmp_path, session)
    assert told(messages) == [
        ("user", "attachment", "[image/png, 5 KB]"),
        ("user", "text", "what is this?"),
        ("user", "attachment", "[application/pdf, 5 KB]"),
        ("user", "attachment", "[image/png, 5 KB]"),
        ("tool", "tool_result", "shot\n[image/png, 5 KB]"),
    ]
    assert [len(m.attachments) for m in messages] == [1, 0, 1, 1, 1]
    assert messages[4].attachments[0].data == b"pixels" * 1000


def test_how_tools_end(tmp_path: Path) -> None:
    session = Claude()
    session.result("t1", "Exit code 2\nno keel", is_error=True, toolUseResult="Error: no keel")
    session.result("t2", "part", toolUseResult={"interrupted": True, "stdout": "part"})
    session.result("t3", "The user doesn't want to proceed with this tool use. So there.", is_error=True)
    session.result("t4", "ok", toolUseResult={"totalDurationMs": 1500, "agentId": "a0ad"})
    session.result("t5", "ok", toolUseResult={"durationSeconds": 2.5})
    session.user([{"type": "tool_result", "content": "ok"}], isMeta=True, sourceToolUseID="t6")
    messages, _chat = of(tmp_path, session)
    ends = [message.tool for message in messages]
    assert [end.status.value for end in ends if end] == [
        "failed",
        "cancelled",
        "cancelled",
        "completed",
        "completed",
        "completed",
    ]
    assert [end.duration_ms for end in ends if end] == [None, None, None, 1500, 2500, None]
    assert [end.call_id for end in ends if end] == ["t1", "t2", "t3", "t4", "t5", "t6"]
    assert ends[0] is not None
    assert ends[0].error == "Exit code 2"
    assert [m.error for m in messages] == [True, False, True, False, False, False]
    assert messages[3].metadata == {"agent_id": "a0ad"}


def test_what_the_harness_says(tmp_path: Path) -> None:
    session = Claude()
    session.chain("system", subtype="api_error", error={"status": 529, "error": {"message": "Overloaded"}})
    session.chain("system", subtype="local_command", content="<command-name>/cost</command-name>")
    session.chain("system", subtype="informational", content="Updated")
    for silent in ("turn_duration", "stop_hook_summary", "microcompact_boundary"):
        session.chain("system", subtype=silent, content="noise")
    session.reply(text("API Error: 500"), isApiErrorMessage=True)
    session.chain("attachment", attachment={"type": "hook_blocking_error", "hookName": "lint", "blockingError": "no"})
    messages, _chat = of(tmp_path, session)
    assert told(messages) == [
        ("system", "event", "API error: Overloaded (529)"),
        ("system", "event", "/cost"),
        ("system", "event", "Updated"),
        ("assistant", "event", "API Error: 500"),
        ("system", "event", "Hook lint failed: no"),
    ]
    assert [m.error for m in messages] == [True, False, False, True, True]


def test_strange_shapes_cost_nothing_else(tmp_path: Path) -> None:
    session = Claude()
    for message in (None, "error", 5, [], {"content": None}, {"content": [None, "x", 4, {"type": None}, {}]}):
        session.chain("user", message=message)
        session.chain("assistant", message=message)
    for odd in ({"type": []}, {"type": {}}, {"uuid": 5, "type": "user"}, {"type": "never-heard-of", "uuid": "x"}, {}):
        session.records.append(odd)
    session.chain("system", subtype=[], content={}, level=[])
    session.chain("attachment", attachment={"type": "queued_command", "prompt": {"a": 1}})
    session.chain("assistant", message={"id": [], "model": {}, "content": [text("a")], "usage": {"input_tokens": "x"}})
    session.user("fine", timestamp="never", parentUuid=[], cwd=5, version=[], gitBranch={})
    messages, _chat = of(tmp_path, session)
    assert [m.content for m in messages if m.kind != "event"] == ["a", "fine"]
    assert messages[-1].created_at is None


def test_a_block_of_an_unknown_kind_is_shown_as_it_is(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.reply(text("before"), {"type": "hologram", "beam": [1, 2]}, {"type": "redacted_thinking", "data": "x"})
    messages, _chat = of(tmp_path, session)
    assert [(m.role, m.kind) for m in messages[1:]] == [("assistant", "text"), ("assistant", "event")]
    assert "hologram" in messages[-1].content
    assert "beam" in messages[-1].content
    assert len({m.source_id for m in messages}) == 3


def test_what_is_of_no_known_kind_is_shown_as_it_is_and_what_is_known_to_say_nothing_is_not(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    session.records.append({"type": "telepathy", "thought": "a quiet sea"})
    session.records.append({"type": "file-history-snapshot", "messageId": "x", "snapshot": {}})
    session.chain("system", subtype="moonrise", phase=3)
    session.chain("system", subtype="turn_duration", durationMs=3)
    session.chain("attachment", attachment={"type": "perfume", "note": "cedar"})
    session.chain("attachment", attachment={"type": "skill_listing", "content": "x"})
    session.user([{"type": "smell", "of": "rain"}])
    messages, _chat = of(tmp_path, session)
    assert [m.content.split("\n")[0] for m in messages] == [
        "go",
        "Unknown kind: telepathy",
        "Unknown kind: system moonrise",
        "Unknown kind: attachment perfume",
        "Unknown kind: smell",
    ]
    assert {m.kind for m in messages[1:]} == {"event"}
    assert not any(m.error for m in messages)
    assert "thought: a quiet sea" in messages[1].content
    assert len({m.source_id for m in messages}) == 5


def test_records_without_uuid_are_named_by_their_line(tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    del session.records[0]["uuid"]
    assert of(tmp_path, session)[0][0].source_id == "L1"
