"""Codex rollouts: every dialect tells each thing once, tokens add up, and forks hold only what is their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from histories import PARENT_THREAD, THREAD, Rollout, age, jsonl, prompts, read, through_json, tokens, told, write

from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import ToolStatus
from chattui.sources.codex import Codex

SOURCE = Codex()
NAME = f"rollout-2026-03-01T11-00-00-{THREAD}.jsonl"
OLD_TURN = "01990000-2000-7000-8000-000000000001"
OWN_TURN = "019a0000-2000-7000-8000-000000000002"


def of(tmp_path: Path, rollout: Rollout | list[dict[str, Any]]) -> tuple[list[NewMessage], ChatInfo]:
    records = rollout.records if isinstance(rollout, Rollout) else rollout
    messages, chunk = read(SOURCE, write(tmp_path / NAME, records))
    assert len({message.source_id for message in messages}) == len(messages)
    return messages, chunk.chat


@pytest.mark.parametrize("paginated", [False, True])
def test_every_prompt_and_answer_is_told_once(tmp_path: Path, paginated: bool) -> None:
    rollout = Rollout(paginated=paginated)
    rollout.item("message", role="developer", content=[{"type": "input_text", "text": "<permissions>"}])
    rollout.user_item("# AGENTS.md instructions for /work/boat", "<environment_context>x</environment_context>")
    rollout.prompt("Is the keel sound?")
    rollout.answer("I will look.")
    rollout.call("c1", "Chunk ID: 1\nWall time: 0.25 seconds\nProcess exited with code 0\nOutput:\noak\n")
    rollout.answer("It is.")
    rollout.prompt("Is the keel sound?")
    rollout.answer("It is.")
    messages, chat = of(tmp_path, rollout)
    assert told(messages) == [
        ("user", "text", "Is the keel sound?"),
        ("assistant", "text", "I will look."),
        ("assistant", "tool_call", "make hull"),
        ("tool", "tool_result", "oak\n"),
        ("assistant", "text", "It is."),
        ("user", "text", "Is the keel sound?"),
        ("assistant", "text", "It is."),
    ]
    assert [m.parent_id for m in messages] == [None, *(m.source_id for m in messages[:-1])]
    assert (chat.source_id, chat.title, chat.metadata["title_from"]) == (THREAD, "Is the keel sound?", "prompt")


def test_events_after_their_items_are_told_once_too(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.event("user_message", message="go")
    rollout.user_item("go")
    rollout.agent_item("first")
    rollout.event("agent_message", message="first")
    rollout.agent_item("second")
    rollout.event("agent_message", message="second")
    assert [m.content for m in of(tmp_path, rollout)[0]] == ["go", "first", "second"]


def test_items_count_where_there_are_no_events(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.user_item("<environment_context>x</environment_context>")
    rollout.user_item("go")
    rollout.agent_item("going")
    rollout.user_item("on")
    rollout.agent_item("going on")
    rollout.user_item("last")
    messages, _chat = of(tmp_path, rollout)
    assert [m.content for m in messages] == ["go", "going", "on", "going on", "last"]


@pytest.mark.parametrize("event_first", [False, True])
def test_thoughts_are_told_once(tmp_path: Path, event_first: bool) -> None:
    rollout = Rollout()
    rollout.prompt("go")
    for _turn in range(2):
        tell = [
            lambda: [rollout.event("agent_reasoning", text=part) for part in ("**Plan**", "More")],
            lambda: rollout.item(
                "reasoning", summary=[{"type": "summary_text", "text": part} for part in ("**Plan**", "More")]
            ),
        ]
        for one in tell if event_first else reversed(tell):
            one()
    messages, _chat = of(tmp_path, rollout)
    thoughts = "\n\n".join(m.content for m in messages if m.kind == "thinking")
    assert thoughts == "\n\n".join(["**Plan**", "More"] * 2)


def test_paginated_thoughts_are_told_once(tmp_path: Path) -> None:
    rollout = Rollout(paginated=True)
    for _turn in range(2):
        rollout.completed("Reasoning", id="r", summary_text=["**Plan**"], raw_content=[])
        rollout.item("reasoning", summary=[{"type": "summary_text", "text": "**Plan**"}], content=None)
    assert [m.content for m in of(tmp_path, rollout)[0]] == ["**Plan**", "**Plan**"]


def test_rollouts_of_2025_without_envelope(tmp_path: Path) -> None:
    def message(role: str, words: str) -> dict[str, Any]:
        return {"type": "message", "role": role, "content": [{"type": "input_text", "text": words}]}

    records = [
        {"id": THREAD, "timestamp": "2025-06-01T10:00:00Z", "instructions": None, "git": {"branch": "keel"}},
        {"record_type": "state"},
        message("user", "<user_instructions>x</user_instructions>"),
        message("user", "go"),
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {"type": "function_call", "name": "shell", "arguments": '{"command": ["ls"]}', "call_id": "c1"},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": json.dumps({"output": "oak\n", "metadata": {"exit_code": 1, "duration_seconds": 0.5}}),
        },
        message("assistant", "done"),
    ]
    messages, chat = of(tmp_path, records)
    assert told(messages) == [
        ("user", "text", "go"),
        ("assistant", "thinking", "Hm"),
        ("assistant", "tool_call", "ls"),
        ("tool", "tool_result", "oak\n"),
        ("assistant", "text", "done"),
    ]
    end = messages[3].tool
    assert end is not None
    assert (end.status, end.duration_ms, end.error, messages[3].error) == (ToolStatus.FAILED, 500, "oak", True)
    assert (chat.source_id, chat.git_branch) == (THREAD, "keel")


def test_still_simpler_records(tmp_path: Path) -> None:
    records = [
        {"timestamp": "2025-05-01T10:00:00Z", "role": "user", "content": "go", "model": "o9-mini"},
        {
            "timestamp": "2025-05-01T10:00:01Z",
            "type": "function_call",
            "function": {"name": "git"},
            "arguments": {"a": 1},
        },
        {"timestamp": "2025-05-01T10:00:02Z", "role": "assistant", "content": "done"},
        {"timestamp": "2025-05-01T10:00:03Z", "type": "error", "text": "lost"},
    ]
    messages, chat = of(tmp_path, records)
    assert told(messages) == [
        ("user", "text", "go"),
        ("assistant", "tool_call", "a: 1"),
        ("assistant", "text", "done"),
        ("system", "event", "Error: lost"),
    ]
    assert chat.model == "o9-mini"


def test_the_first_session_meta_is_the_identity(tmp_path: Path) -> None:
    rollout = Rollout(meta={"git": {"branch": "keel", "repository_url": "https://boat.example/r"}})
    rollout.prompt("go")
    for n in range(29):
        rollout.meta({"id": f"other-{n}", "cwd": "/other", "history_mode": "paginated", "forked_from_id": "x"})
    rollout.prompt("on")
    messages, chat = of(tmp_path, rollout)
    assert prompts(messages) == ["go", "on"]
    assert (chat.source_id, chat.project, chat.forked_from_id) == (THREAD, "/work/boat", "")
    assert (chat.git_branch, chat.repository, chat.agent) == ("keel", "https://boat.example/r", "codex 0.150.0")
    assert chat.metadata["originator"] == "codex-tui"


def test_repeated_token_counts_add_nothing(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.prompt("go")
    rollout.answer("a")
    rollout.count((100, 30, 20), (100, 30, 20))
    rollout.count((100, 30, 20), (100, 30, 20))
    rollout.event("token_count", info=None)
    rollout.answer("b")
    rollout.count((250, 60, 90), (150, 30, 70))
    rollout.count((250, 60, 90), (0, 0, 0))
    rollout.answer("c")
    rollout.count((300, 61, 91), None)
    messages, _chat = of(tmp_path, rollout)
    assert [(m.tokens_in, m.tokens_out, m.tokens_cached) for m in messages] == [
        (None, None, None),
        (100, 30, 20),
        (150, 30, 70),
        (50, 1, 1),
    ]


def test_a_counter_that_begins_anew_or_goes_on_from_a_parent_adds_the_last_usage(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.answer("a")
    rollout.count((5000, 500, 50), (100, 10, 5))
    rollout.answer("b")
    rollout.count((70, 7, 1), (70, 7, 1))
    assert tokens(of(tmp_path, rollout)[0]) == (170, 17, 6)


def test_tokens_that_come_late_go_to_the_next_message(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.answer("a")
    rollout.call("c1")
    rollout.count((100, 30, 20), (100, 30, 20))
    rollout.answer("b")
    messages, _chat = of(tmp_path, rollout)
    assert [m.tokens_in for m in messages] == [None, None, None, 100]


def test_usage_records_and_token_counts_tell_of_the_same_tokens(tmp_path: Path) -> None:
    rollout = Rollout(paginated=True)
    rollout.answer("a")
    counts = {"input_tokens": 100, "cached_input_tokens": 20, "output_tokens": 30}
    rollout.envelope("token_usage_record", {"usage": counts, "thread_token_usage": counts})
    rollout.count((100, 30, 20), (100, 30, 20))
    rollout.event("task_complete", turn_id="t")
    messages, _chat = of(tmp_path, rollout)
    assert [(m.tokens_in, m.tokens_out, m.tokens_cached) for m in messages] == [(100, 30, 20)]


def test_rolling_back_goes_on_from_before_the_prompts(tmp_path: Path) -> None:
    rollout = Rollout()
    for n in range(3):
        rollout.prompt(f"prompt {n}")
        rollout.answer(f"answer {n}")
    rollout.event("thread_rolled_back", num_turns=2)
    rollout.prompt("better")
    messages, _chat = of(tmp_path, rollout)
    event, better = messages[-2:]
    assert (event.kind, event.metadata) == ("event", {"num_turns": 2})
    assert event.parent_id == messages[1].source_id
    assert (better.content, better.parent_id) == ("better", event.source_id)


def test_a_paginated_fork_holds_only_what_follows(tmp_path: Path) -> None:
    base = {"thread_id": PARENT_THREAD, "end_ordinal_exclusive": 46, "end_byte_offset": 5000}
    rollout = Rollout(paginated=True, first_ordinal=46, meta={"forked_from_id": PARENT_THREAD, "history_base": base})
    rollout.prompt("in the fork")
    messages, chat = of(tmp_path, rollout)
    assert (prompts(messages), chat.title) == (["in the fork"], "in the fork")
    assert (chat.forked_from_id, chat.metadata["forked_ordinal"], chat.metadata["first_ordinal"]) == (
        PARENT_THREAD,
        46,
        46,
    )


def test_a_legacy_fork_leaves_out_the_turns_it_copied(tmp_path: Path) -> None:
    rollout = Rollout(meta={"forked_from_id": PARENT_THREAD})
    rollout.meta({"id": PARENT_THREAD, "cwd": "/parent"})
    rollout.event("task_started", turn_id=OLD_TURN)
    rollout.prompt("the parent's")
    rollout.answer("said to the parent")
    rollout.count((900, 90, 9), (900, 90, 9))
    rollout.event("task_started", turn_id=OWN_TURN)
    rollout.prompt("its own")
    rollout.answer("said to it")
    rollout.count((1000, 100, 10), (100, 10, 1))
    messages, chat = of(tmp_path, rollout)
    assert [m.content for m in messages] == ["its own", "said to it"]
    assert tokens(messages) == (100, 10, 1)
    assert (chat.source_id, chat.forked_from_id, chat.title) == (THREAD, PARENT_THREAD, "its own")


def test_a_legacy_fork_whose_turns_do_not_tell_is_kept_whole(tmp_path: Path) -> None:
    rollout = Rollout(meta={"forked_from_id": PARENT_THREAD})
    rollout.event("task_started", turn_id="1")
    rollout.prompt("perhaps the parent's")
    rollout.prompt("its own")
    assert len(prompts(of(tmp_path, rollout)[0])) == 2


def test_a_subagent_leaves_out_its_parents_history(tmp_path: Path) -> None:
    spawn = {"parent_thread_id": PARENT_THREAD, "agent_role": "explorer", "agent_nickname": "Gull"}
    rollout = Rollout(
        paginated=True, meta={"source": {"subagent": {"thread_spawn": spawn}}, "subagent_history_start_ordinal": 4}
    )
    rollout.prompt("the parent's")
    rollout.answer("said to the parent")
    rollout.prompt("count the planks")
    messages, chat = of(tmp_path, rollout)
    assert prompts(messages) == ["count the planks"]
    assert (chat.parent_source_id, chat.metadata["agent_nickname"]) == (PARENT_THREAD, "Gull")


def test_the_title_is_the_request_without_the_editors_context(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.prompt("# Context from my IDE setup:\n\n## Open tabs:\n- a.py\n\n## My request for Codex:\nRename it\n")
    assert of(tmp_path, rollout)[1].title == "Rename it"


def test_the_model_of_each_turn(tmp_path: Path) -> None:
    rollout = Rollout()
    for model in ("gpt-8", "gpt-9"):
        rollout.envelope("turn_context", {"model": model})
        rollout.prompt("go")
        rollout.answer(f"by {model}")
    messages, chat = of(tmp_path, rollout)
    assert [m.model for m in messages] == [None, "gpt-8", None, "gpt-9"]
    assert chat.model == "gpt-9"


def test_an_answer_waits_for_its_tokens_while_the_file_is_being_written(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.prompt("go")
    rollout.answer("going")
    path = write(tmp_path / NAME, rollout.records, settled=False)
    [chunk] = SOURCE.read(path)
    assert [m.content for m in chunk.messages] == ["go"]
    rollout.count((100, 30, 20), (100, 30, 20))
    write(path, rollout.records, settled=False)
    [rest] = SOURCE.read(path, offset=chunk.offset, line=chunk.line, state=through_json(chunk.state))
    assert [(m.content, m.tokens_in) for m in rest.messages] == [("going", 100)]


def test_an_answer_without_tokens_is_told_when_the_file_is_left_alone(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.answer("going")
    path = write(tmp_path / NAME, rollout.records, settled=False)
    [chunk] = SOURCE.read(path)
    assert not list(SOURCE.read(path, offset=chunk.offset, line=chunk.line, state=chunk.state))
    age(path)
    [rest] = SOURCE.read(path, offset=chunk.offset, line=chunk.line, state=chunk.state)
    assert ([m.content for m in rest.messages], rest.offset) == (["going"], path.stat().st_size)


def test_messages_keep_their_ids_when_a_rollout_is_migrated_in_place(tmp_path: Path) -> None:
    legacy, migrated = Rollout(), Rollout(paginated=True)
    for rollout in (legacy, migrated):
        rollout.prompt("go")
        rollout.answer("going")
        rollout.call("c1")
    before, after = of(tmp_path / "a", legacy)[0], of(tmp_path / "b", migrated)[0]
    assert [(m.source_id, m.content) for m in before] == [(m.source_id, m.content) for m in after]


def test_compressed_rollouts_are_read_alike_from_any_position(tmp_path: Path) -> None:
    rollout = Rollout()
    for n in range(50):
        rollout.prompt(f"prompt {n}")
        rollout.answer(f"answer {n}")
    raw = jsonl(rollout.records)
    plain = write(tmp_path / "a" / NAME, raw)
    half = raw.index(b"\n", len(raw) // 2) + 1
    frames = b"".join(zstandard.ZstdCompressor().compress(part) for part in (raw[:half], raw[half:]))
    packed = write(tmp_path / "b" / f"{NAME}.zst", frames)
    expected, last = read(SOURCE, plain)
    messages, chunk = read(SOURCE, packed)
    assert messages == expected
    assert (chunk.offset, chunk.chat) == (last.offset, last.chat) == (len(raw), last.chat)
    first = write(tmp_path / "c" / NAME, raw[:half])
    [begun] = SOURCE.read(first)
    rest = [m for c in SOURCE.read(packed, offset=begun.offset, line=begun.line, state=begun.state) for m in c.messages]
    assert [*begun.messages, *rest] == expected


def test_a_damaged_compressed_rollout_is_read_up_to_the_damage(tmp_path: Path) -> None:
    rollout = Rollout()
    for n in range(20_000):
        rollout.event("user_message", message=f"{n} {n * 7919 % 10007}")
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(jsonl(rollout.records)))
    packed[len(packed) // 2 : len(packed) // 2 + 1000] = b"\xff" * 1000
    path = write(tmp_path / f"{NAME}.zst", bytes(packed))
    chunks = list(SOURCE.read(path))
    assert sum(len(chunk.messages) for chunk in chunks) > 100
    assert "reading stopped here" in chunks[-1].problems[-1].reason


def test_titles_are_in_the_session_index(tmp_path: Path) -> None:
    index = [
        {"id": THREAD, "thread_name": "First", "updated_at": "2026-03-01T10:00:00Z"},
        {"id": PARENT_THREAD, "thread_name": "Other"},
        {"id": THREAD, "thread_name": "Second"},
        {"id": THREAD, "thread_name": 5},
    ]
    write(tmp_path / "session_index.jsonl", jsonl(index) + b"{broken\n")
    assert SOURCE.titles(tmp_path) == {THREAD: "Second", PARENT_THREAD: "Other"}
    assert SOURCE.titles(tmp_path / "missing") == {}


def test_archived_rollouts_say_so(tmp_path: Path) -> None:
    rollout = Rollout()
    rollout.prompt("go")
    assert read(SOURCE, write(tmp_path / "archived_sessions" / NAME, rollout.records))[1].chat.archived
    assert not read(SOURCE, write(tmp_path / "sessions" / NAME, rollout.records))[1].chat.archived


def test_resuming() -> None:
    assert SOURCE.resume_command(THREAD) == ("codex", "resume", THREAD)
