"""Codex rollouts: tool calls, their ends, pictures, and what the harness says."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from histories import THREAD, Rollout, prompts, read, told, write

from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import ContentType
from chattui.sources.codex import Codex

SOURCE = Codex()
NAME = f"rollout-2026-03-01T11-00-00-{THREAD}.jsonl"


def of(tmp_path: Path, rollout: Rollout | list[dict[str, Any]]) -> tuple[list[NewMessage], ChatInfo]:
    records = rollout.records if isinstance(rollout, Rollout) else rollout
    messages, chunk = read(SOURCE, write(tmp_path / NAME, records))
    assert len({message.source_id for message in messages}) == len(messages)
    return messages, chunk.chat


def test_compaction_keeps_the_summary_and_ignores_the_replacement(tmp_path: Path) -> None:
    rollout = Rollout(paginated=True)
    rollout.prompt("go")
    rollout.answer("going")
    rollout.agent_item("the summary as the model told it")
    history = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]}]
    rollout.envelope("compacted", {"message": "What was done", "replacement_history": history})
    rollout.completed("ContextCompaction", id="x")
    rollout.envelope("compacted", {"message": "", "replacement_history": history})
    messages, _chat = of(tmp_path, rollout)
    assert told(messages)[1:] == [
        ("assistant", "text", "going"),
        ("system", "summary", "What was done"),
        ("system", "event", "Context compacted"),
    ]


def test_what_is_of_no_known_kind_is_shown_as_it_is(tmp_path: Path) -> None:
    rollout = Rollout(paginated=True)
    rollout.prompt("go")
    rollout.envelope("aurora", {"colour": "green"})
    rollout.envelope("world_state", {"x": 1})
    rollout.item("divination", cards=["tower"])
    rollout.item("ghost_snapshot", commit="x")
    rollout.event("comet_seen", tail=7)
    rollout.event("turn_diff", unified_diff="x")
    rollout.completed("Eclipse", id="e", moon="new")
    rollout.completed("WebSearch", id="w")
    messages, _chat = of(tmp_path, rollout)
    assert [(m.kind.value, m.content.split("\n")[0]) for m in messages] == [
        ("text", "go"),
        ("event", "Unknown kind: aurora"),
        ("event", "Unknown kind: divination"),
        ("event", "Unknown kind: event comet_seen"),
        ("event", "Unknown kind: item Eclipse"),
    ]
    assert "tower" in messages[2].content


def test_what_is_unknown_between_an_answer_and_its_repetition_does_not_double_it(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.item("message", role="user", content=[{"type": "input_text", "text": "go"}])
    rollout.event("comet_seen", tail=7)
    rollout.event("user_message", message="go")
    rollout.item("message", role="assistant", content=[{"type": "output_text", "text": "done"}])
    rollout.item("divination", cards=["tower"])
    rollout.event("agent_message", message="done")
    messages, _chat = of(tmp_path, rollout)
    assert sorted(m.content.split("\n")[0] for m in messages) == [
        "Unknown kind: divination",
        "Unknown kind: event comet_seen",
        "done",
        "go",
    ]


def test_ends_of_calls_told_by_events_are_updates(tmp_path: Path) -> None:
    rollout = Rollout(paginated=True)
    rollout.item("function_call", name="exec_command", arguments='{"cmd": "ls"}', call_id="c1")
    duration = {"secs": 1, "nanos": 500_000_000}
    rollout.completed(
        "CommandExecution", id="c1", exit_code=2, status="failed", duration=duration, aggregated_output="no"
    )
    rollout.event("patch_apply_end", call_id="c2", success=True, stdout="ok", stderr="")
    rollout.event("mcp_tool_call_end", call_id="c3", duration=duration, result={"Err": "gone"})
    rollout.completed("FileChange", id="c4", status="declined")
    path = write(tmp_path / NAME, rollout.records)
    updates = [update for chunk in SOURCE.read(path) for update in chunk.tool_updates]
    assert [(u.call_id, u.status.value, u.duration_ms, u.error) for u in updates] == [
        ("c1", "failed", 1500, "no"),
        ("c2", "completed", None, None),
        ("c3", "failed", 1500, "gone"),
        ("c4", "cancelled", None, None),
    ]


@pytest.mark.parametrize(
    ("fields", "name", "content", "content_type"),
    [
        ({"type": "function_call", "name": "sh", "arguments": '{"command":["sh","-c","ls|wc"]}'}, "sh", "ls|wc", ContentType.CODE),
        ({"type": "function_call", "name": "f", "arguments": "{broken"}, "f", "{broken", ContentType.TEXT),
        ({"type": "function_call", "name": "_get", "namespace": "hub", "arguments": "{}"}, "hub_get", "", ContentType.TEXT),
        ({"type": "custom_tool_call", "name": "apply_patch", "input": "*** Begin"}, "apply_patch", "*** Begin", ContentType.CODE),
        ({"type": "local_shell_call", "action": {"command": ["ls", "-l"]}}, "local_shell", "ls -l", ContentType.CODE),
        ({"type": "web_search_call", "action": {"query": "keels"}}, "web_search", "query: keels", ContentType.TEXT),
        ({"type": "tool_search_call", "arguments": {"query": "issues"}}, "tool_search", "query: issues", ContentType.TEXT),
    ],
)  # fmt: skip
def test_calls_are_readable(
    tmp_path: Path, fields: dict[str, Any], name: str, content: str, content_type: ContentType
) -> None:
    rollout = Rollout()
    rollout.envelope("response_item", {"call_id": "c1", **fields})
    messages, _chat = of(tmp_path, rollout)
    assert [(m.tool.name if m.tool else "", m.content, m.content_type) for m in messages] == [
        (name, content, content_type)
    ]


@pytest.mark.parametrize(
    ("output", "content", "failed"),
    [
        ("plain", "plain", False),
        ("Exit code: 3\nWall time: 0 seconds\nOutput:\nbroken\n", "broken\n", True),
        ("Chunk ID: 1\nWall time: 1 seconds\nProcess running with session ID 4\nOutput:\nx", None, False),
        ({"content": "no", "success": False}, "no", True),
        ([{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}], "a\n\nb", False),
        ({"type": "input_text", "text": "a"}, "a", False),
        (None, "", False),
    ],
)
def test_outputs_are_told_without_their_frame(tmp_path: Path, output: Any, content: str | None, failed: bool) -> None:
    rollout = Rollout()
    rollout.item("function_call_output", call_id="c1", output=output)
    messages, _chat = of(tmp_path, rollout)
    assert (messages[0].content, messages[0].error) == (output if content is None else content, failed)


def test_what_the_harness_says(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.prompt("go")
    rollout.event("turn_aborted", reason="interrupted")
    rollout.event("error", message="no more")
    rollout.event("task_complete", error={"message": "gone"})
    rollout.event("task_started")
    rollout.event("entered_review_mode", user_facing_hint="current changes")
    rollout.event("exited_review_mode", review_output={"overall_explanation": "Good", "findings": [{"title": "One"}]})
    rollout.event("thread_settings_applied", thread_settings={})
    rollout.event("thread_name_updated", thread_id=THREAD, thread_name="Named")
    rollout.event("thread_name_updated", thread_id="another", thread_name="Not this")
    messages, chat = of(tmp_path, rollout)
    assert [(m.content, m.error) for m in messages[1:]] == [
        ("Turn aborted: interrupted", False),
        ("Error: no more", True),
        ("Error: gone", True),
        ("Review: current changes", False),
        ("Good\n\nOne", False),
    ]
    assert (chat.title, chat.metadata["title_from"]) == ("Named", "custom")


def test_pictures_of_a_prompt_come_from_the_item_when_the_event_has_only_a_path(tmp_path: Path) -> None:
    url = "data:image/png;base64," + b64encode(b"pixels").decode()
    rollout = Rollout()
    content = [{"type": "input_text", "text": "what is this?"}, {"type": "input_image", "image_url": url}]
    rollout.item("message", role="user", content=content)
    rollout.event("user_message", message="what is this?", images=[], local_images=["/etc/passwd"])
    rollout.event("user_message", message="and this?", images=[url], local_images=[])
    messages, _chat = of(tmp_path, rollout)
    assert told(messages) == [
        ("user", "text", "what is this?"),
        ("user", "attachment", "[image/png, 6 bytes]"),
        ("user", "text", "and this?"),
        ("user", "attachment", "[image/png, 6 bytes]"),
    ]
    assert [a.data for m in messages for a in m.attachments] == [b"pixels", b"pixels"]


def test_strange_shapes_cost_nothing_else(tmp_path: Path) -> None:
    rollout = Rollout()
    odd: list[Any] = [None, 5, "x", [], {}, [None, 5, {"text": 5}, {"image_url": {}}], {"type": []}]
    for value in odd:
        rollout.records.append({"type": value, "payload": value})
        for kind in ("event_msg", "response_item", "turn_context", "compacted", "token_usage_record", "session_meta"):
            rollout.envelope(kind, value)
            rollout.envelope(kind, {"type": value, "item": value, "git": value, "source": value, "info": value})
        for kind in ("message", "reasoning", "function_call", "function_call_output", "web_search_call"):
            rollout.item(kind, role="user", content=value, summary=value, arguments=value, output=value, call_id=value)
            rollout.item(kind, role="assistant", content=value, name=value, action=value, namespace=value)
        rollout.event("user_message", message=value, images=value, local_images=value)
        for kind in ("agent_message", "agent_reasoning", "token_count", "thread_rolled_back", "error", "turn_aborted"):
            rollout.event(kind, message=value, text=value, info=value, num_turns=value, error=value, reason=value)
        rollout.completed("CommandExecution", id="c", duration=value, exit_code=value, status=value, result=value)
    rollout.event("user_message", message="fine")
    assert "fine" in prompts(of(tmp_path, rollout)[0])
