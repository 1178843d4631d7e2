"""What every source promises: the same messages in any number of steps, from any bytes, without touching the file."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import makers
import pytest
from histories import (
    SESSION,
    THREAD,
    Claude,
    Record,
    Rollout,
    age,
    jsonl,
    text,
    thinking,
    through_json,
    tool_use,
    usage,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources import chunks
from chattui.sources.claude_code import ClaudeCode
from chattui.sources.codex import Codex
from chattui.sources.copilot_cli import CopilotCli
from chattui.sources.cursor import Cursor
from chattui.sources.gemini_cli import GeminiCli
from chattui.sources.pi import Pi
from chattui.sources.protocol import Source

Make = Callable[[random.Random, int], list[Record]]


def claude_records(rng: random.Random, size: int) -> list[Record]:
    session = Claude()
    steps: list[Callable[[], Any]] = [
        lambda: session.user("prompt"),
        lambda: session.user([text("<ide_opened_file>a</ide_opened_file>"), text("prompt"), text("more")]),
        lambda: session.user("<command-name>/x</command-name>"),
        lambda: session.reply(
            thinking("hm"), reply=f"m{rng.randrange(4)}", usage=usage(rng.randrange(9), rng.randrange(9))
        ),
        lambda: session.reply(text("answer"), reply=f"m{rng.randrange(4)}", usage=usage(rng.randrange(9), 5)),
        lambda: session.reply(text("a"), tool_use("t", command="b"), reply=f"m{rng.randrange(4)}"),
        lambda: session.result("t", "ok"),
        lambda: session.chain("progress"),
        lambda: session.chain("system", parentUuid=None, subtype="compact_boundary"),
        lambda: session.chain("attachment", attachment={"type": "queued_command", "prompt": "queued"}),
        lambda: session.user("side", isSidechain=True, parentUuid=rng.choice([None, session.last])),
        lambda: session.side("queue-operation", operation="enqueue", content="waiting"),
        lambda: session.side("queue-operation", operation=rng.choice(["remove", "dequeue"])),
        lambda: session.side("custom-title", customTitle=f"title {rng.randrange(9)}"),
        lambda: session.side("summary", summary=f"s{rng.randrange(9)}", leafUuid=session.last or "x"),
        lambda: session.records.append(dict(rng.choice(session.records))) if session.records else None,
        lambda: session.user("edited", parentUuid=rng.choice(session.records).get("uuid") if session.records else None),
    ]
    for _ in range(size):
        rng.choice(steps)()
    return session.records


def codex_records(rng: random.Random, size: int) -> list[Record]:
    rollout = Rollout(paginated=rng.random() < 0.4)
    total = [0, 0, 0]

    def count() -> None:
        if rng.random() < 0.7:
            total[:] = [n + rng.randrange(5) for n in total]
        rollout.count((total[0], total[1], total[2]), None)

    steps: list[Callable[[], Any]] = [
        lambda: rollout.prompt(f"prompt {rng.randrange(3)}"),
        lambda: rollout.user_item("item only"),
        lambda: rollout.event("user_message", message="event only"),
        lambda: rollout.answer(f"answer {rng.randrange(3)}"),
        lambda: rollout.agent_item("item only"),
        lambda: rollout.item("reasoning", summary=[{"text": f"thought {rng.randrange(2)}"}]),
        lambda: rollout.event("agent_reasoning", text=f"thought {rng.randrange(2)}"),
        lambda: rollout.call("c1"),
        lambda: rollout.event("exec_command_end", call_id="c1", exit_code=0),
        count,
        lambda: rollout.event("thread_rolled_back", num_turns=rng.randrange(3)),
        lambda: rollout.event("turn_aborted", reason="interrupted"),
        lambda: rollout.envelope("turn_context", {"model": f"gpt-{rng.randrange(3)}"}),
        lambda: rollout.envelope("compacted", {"message": rng.choice(["", "summary"])}),
        lambda: rollout.meta({"id": "another"}),
    ]
    for _ in range(size):
        rng.choice(steps)()
    return rollout.records


@dataclass(frozen=True)
class Case:
    source: Source
    name: str
    make: Make
    large: Callable[[list[str]], list[Record]]  # what prompts of such words stand in


def claude_large(prompts: list[str]) -> list[Record]:
    session = Claude()
    for words in prompts:
        session.user(words)
    return session.records


def codex_large(prompts: list[str]) -> list[Record]:
    rollout = Rollout()
    for words in prompts:
        rollout.prompt(words)
    return rollout.records


CASES = [
    Case(ClaudeCode(), f"{SESSION}.jsonl", claude_records, claude_large),
    Case(Codex(), f"rollout-2026-03-01T11-00-00-{THREAD}.jsonl", codex_records, codex_large),
    Case(GeminiCli(), "session-2026-03-01T11-00-019a0000.jsonl", makers.gemini_records, makers.gemini_large),
    Case(CopilotCli(), "events.jsonl", makers.copilot_records, makers.copilot_large),
    Case(Pi(), f"2026-03-01T11-00-00_{THREAD}.jsonl", makers.pi_records, makers.pi_large),
    Case(Cursor(), f"{SESSION}.jsonl", makers.cursor_records, makers.cursor_large),
]
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.source.name)
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Follower:
    """Reads a file in steps, with only what can be stored in between."""

    def __init__(self, source: Source, path: Path) -> None:
        self.source, self.path = source, path
        self.offset, self.line = 0, 0
        self.state: Any = None
        self.messages: list[NewMessage] = []
        self.chat: ChatInfo | None = None

    def step(self, most: int | None = None) -> None:
        for n, chunk in enumerate(self.source.read(self.path, offset=self.offset, line=self.line, state=self.state)):
            if n == most:
                return
            self.messages += chunk.messages
            self.offset, self.line, self.state = chunk.offset, chunk.line, through_json(chunk.state)
            self.chat = chunk.chat


def whole(case: Case, path: Path) -> Follower:
    follower = Follower(case.source, path)
    follower.step()
    return follower


@each
@quick
@given(seed=st.integers(0, 1 << 32), size=st.integers(0, 60), cuts=st.lists(st.floats(0, 1), max_size=6))
def test_a_growing_file_is_read_as_the_whole_one(
    case: Case, tmp_path: Path, seed: int, size: int, cuts: list[float]
) -> None:
    raw = jsonl(case.make(random.Random(seed), size))
    path = tmp_path / case.name
    path.write_bytes(b"")
    follower = Follower(case.source, path)
    for cut in sorted(cuts):
        path.write_bytes(raw[: int(len(raw) * cut)])
        follower.step()
    path.write_bytes(raw)
    age(path)
    follower.step()
    expected = whole(case, path)
    assert follower.messages == expected.messages
    assert (follower.chat, follower.offset, follower.line) == (expected.chat, expected.offset, expected.line)


@each
@quick
@given(seed=st.integers(0, 1 << 32), size=st.integers(0, 60), most=st.integers(1, 9), step=st.integers(1, 5))
def test_reading_can_be_broken_off_after_any_chunk(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, size: int, most: int, step: int
) -> None:
    path = tmp_path / case.name
    path.write_bytes(jsonl(case.make(random.Random(seed), size)))
    age(path)
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", 1000)
    expected = whole(case, path)
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", most)
    follower, before = Follower(case.source, path), (-1, -1)
    while before != (follower.offset, len(follower.messages)):
        before = (follower.offset, len(follower.messages))
        follower.step(step)
    assert follower.messages == expected.messages
    assert (follower.chat, follower.offset, follower.line) == (expected.chat, expected.offset, expected.line)


@each
@quick
@given(seed=st.integers(0, 1 << 32), size=st.integers(0, 40))
def test_reading_again_is_the_same_and_reading_on_is_nothing(case: Case, tmp_path: Path, seed: int, size: int) -> None:
    path = tmp_path / case.name
    path.write_bytes(jsonl(case.make(random.Random(seed), size)))
    age(path)
    once, again = whole(case, path), whole(case, path)
    assert once.messages == again.messages
    read_on = list(case.source.read(path, offset=once.offset, line=once.line, state=once.state))
    assert not read_on
    ids = [message.source_id for message in once.messages]
    assert len(set(ids)) == len(ids)


@each
def test_chunks_are_bounded(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.name
    path.write_bytes(jsonl(case.make(random.Random(1), 6000)))
    age(path)
    sizes = [len(chunk.messages) + len(chunk.tool_updates) for chunk in case.source.read(path)]
    assert len(sizes) > 3
    assert all(1000 <= size < 1010 for size in sizes[:-1])


@each
def test_large_contents_make_small_chunks(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.name
    path.write_bytes(jsonl(case.large(["x" * 500_000] * 20)))
    age(path)
    assert [len(chunk.messages) for chunk in case.source.read(path)] == [5, 5, 5, 5]


@each
@quick
@given(seed=st.integers(0, 1 << 32), noise=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=20)), max_size=12))
def test_damaged_files_yield_messages_or_problems_and_are_left_alone(
    case: Case, tmp_path: Path, seed: int, noise: list[tuple[float, bytes]]
) -> None:
    raw = bytearray(jsonl(case.make(random.Random(seed), 20)))
    for place, junk in noise:
        at = int(len(raw) * place)
        raw[at : at + len(junk) // 2] = junk
    check_survives(case, tmp_path, bytes(raw))


@each
@quick
@given(raw=st.binary(max_size=400))
def test_any_bytes(case: Case, tmp_path: Path, raw: bytes) -> None:
    check_survives(case, tmp_path, raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@each
@quick
@given(seed=st.integers(0, 1 << 32), values=st.lists(JSON, min_size=1, max_size=12))
def test_any_value_in_any_field(case: Case, tmp_path: Path, seed: int, values: list[Any]) -> None:
    rng = random.Random(seed)

    def spoil(value: Any) -> Any:
        if rng.random() < 0.06:
            return rng.choice(values)
        if isinstance(value, dict):
            return {name: spoil(inner) for name, inner in value.items()}
        return [spoil(inner) for inner in value] if isinstance(value, list) else value

    records = [spoil(record) for record in case.make(rng, 30)]
    check_survives(case, tmp_path, jsonl(records))


def check_survives(case: Case, tmp_path: Path, raw: bytes) -> None:
    """Reading raises nothing but ``SourceError``, gives only well-formed messages, and does not touch the file."""
    path = tmp_path / case.name
    path.write_bytes(raw)
    age(path)
    path.chmod(0o400)
    before = path.stat()
    try:
        follower = whole(case, path)
    except SourceError:
        follower = Follower(case.source, path)
    path.chmod(0o600)
    assert path.read_bytes() == raw
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [case.name]
    for message in follower.messages:
        check_message(message)
    json.dumps(follower.state)


def check_message(message: NewMessage) -> None:
    assert isinstance(message.role, Role)
    assert isinstance(message.kind, Kind)
    assert isinstance(message.content_type, ContentType)
    assert isinstance(message.content, str)
    assert isinstance(message.source_id, str)
    assert message.source_id
    assert message.created_at is None or message.created_at.tzinfo is not None
    assert all(isinstance(name, str) for name in (message.parent_id or "", message.model or "", message.reply_id or ""))
    for count in (message.tokens_in, message.tokens_out, message.tokens_cached):
        assert count is None or 0 <= count < 1 << 31
    if message.tool is not None:
        assert isinstance(message.tool.status, ToolStatus)
        assert message.tool.call_id
        assert all(
            isinstance(words, str) for words in (message.tool.name, message.tool.target, message.tool.error or "")
        )
    json.dumps(message.metadata)


@each
def test_a_file_without_any_record_is_refused(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.name
    path.write_bytes(b"Dear diary,\ntoday nothing happened.\n")
    with pytest.raises(SourceError, match="not a history file"):
        list(case.source.read(path))
    path.write_bytes(b"")
    assert not list(case.source.read(path))
    with pytest.raises(SourceError, match="Cannot read"):
        list(case.source.read(tmp_path / "missing.jsonl"))
