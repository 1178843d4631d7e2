"""What a source does not understand is told as it stands in the file, wherever in a record that is met; what it does is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from histories import SESSION, Claude, Rollout, text, thinking, tool_use, write

from chattui.domain.history import Chunk, RawRecord
from chattui.sources.claude_code import ClaudeCode
from chattui.sources.codex import Codex
from chattui.sources.copilot_cli import CopilotCli
from chattui.sources.gemini_cli import GeminiCli
from chattui.sources.pi import Pi
from chattui.sources.protocol import Source
from chattui.sources.unknown import note

Record = dict[str, Any]


def raw_of(chunks: list[Chunk]) -> list[RawRecord]:
    return [one for chunk in chunks for one in chunk.raw]


def claude() -> list[Record]:
    made = Claude(SESSION)
    made.user("hello")
    made.records.append({"sessionId": SESSION, "n": 1})
    made.side("hologram")
    made.reply(text("hi"), {"type": "smell"}, reply="m1")
    made.user([{"type": "video"}])
    made.chain("assistant", message={"role": "assistant", "content": 7})
    made.chain("system", subtype="aurora")
    made.user("bye")
    return made.records


def codex() -> list[Record]:
    made = Rollout()
    made.prompt("hello")
    made.envelope("hologram", {"n": 1})
    made.item("smell", of="roses")
    made.event("aurora", colour="green")
    made.item("message", role="user", content=[{"type": "input_text", "text": "and"}, {"type": "video", "of": "it"}])
    made.records.append({"timestamp": "2026-03-01T10:00:00.000Z", "what": "is this"})
    made.answer("bye")
    return made.records


def pi() -> list[Record]:
    return [
        {"type": "session", "version": 3, "id": "s", "timestamp": "2026-03-01T10:00:00.000Z", "cwd": "/work"},
        {"type": "message", "id": "a", "parentId": None, "message": {"role": "user", "content": [{"type": "video"}]}},
        {"type": "hologram", "id": "b", "parentId": "a"},
        {"id": "c", "parentId": "b"},
        {"type": "message", "id": "d", "parentId": "c", "message": {"role": "user", "content": "bye"}},
    ]


def copilot() -> list[Record]:
    at = "2026-03-01T10:00:00.000Z"
    return [
        {"type": "session.start", "data": {"sessionId": "s"}, "id": "1", "timestamp": at},
        {"type": "hologram", "data": {"n": 1}, "id": "2", "timestamp": at},
        {"type": "user.message", "data": "bare", "id": "3", "timestamp": at},
        {"type": "user.message", "data": {"content": "bye"}, "id": "4", "timestamp": at},
    ]


def gemini() -> list[Record]:
    return [
        {"sessionId": "s", "projectHash": "h", "startTime": "2026-03-01T10:00:00.000Z"},
        {"id": "1", "type": "hologram", "content": "x"},
        {"what": "is this"},
        {"id": "2", "type": "user", "content": [{"text": "see"}, {"fileData": {"uri": "f"}}]},
        {"id": "3", "type": "user", "content": [{"text": "bye"}]},
    ]


OF_CLAUDE = {
    2: "none",
    3: "hologram",
    4: "smell",
    5: "video",
    6: "assistant without content",
    7: "system aurora",
}


@pytest.mark.parametrize(
    ("source", "records", "lines"),
    [
        (ClaudeCode(), claude(), OF_CLAUDE),
        (Codex(), codex(), {4: "hologram", 5: "smell", 6: "event aurora", 7: "video", 8: "none"}),
        (Pi(), pi(), {2: "video", 3: "hologram", 4: "none"}),
        (CopilotCli(), copilot(), {2: "hologram", 3: "user.message"}),
        (GeminiCli(), gemini(), {2: "hologram", 3: "none", 4: "fileData"}),
    ],
    ids=lambda value: value.name if isinstance(value, Source) else "",
)  # fmt: skip
def test_records_are_told_with_their_lines(
    tmp_path: Path, source: Source, records: list[Record], lines: dict[int, str]
) -> None:
    path = write(tmp_path / "rollout-x.jsonl", records)
    chunks = list(source.read(path))
    found = raw_of(chunks)
    assert {one.line: one.what for one in found} == {line: f"unknown kind: {kind}" for line, kind in lines.items()}
    assert [json.loads(one.data) for one in found] == [records[one.line - 1] for one in found]
    assert "bye" in [m.content for chunk in chunks for m in chunk.messages]


def test_records_that_share_a_line_are_told_apart(tmp_path: Path) -> None:
    made = Claude(SESSION)
    made.user("hello")
    glued = b'{"type": "hologram", "n": 1}{"type": "mode"}{"type": "aurora", "n": 2}\n'
    path = write(tmp_path / "s.jsonl", json.dumps(made.records[0]).encode() + b"\n" + glued)
    assert [(one.line, one.part, json.loads(one.data)) for one in raw_of(list(ClaudeCode().read(path)))] == [
        (2, 0, {"type": "hologram", "n": 1}),
        (2, 2, {"type": "aurora", "n": 2}),
    ]


def test_what_another_reading_has_left_behind_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    made = Claude(SESSION)
    made.user("hello")
    path = write(tmp_path / "s.jsonl", made.records)
    note("of another file")
    assert raw_of(list(ClaudeCode().read(path))) == []


def test_of_what_is_understood_nothing_is_kept(tmp_path: Path) -> None:
    session, rollout = Claude(SESSION), Rollout()
    session.user(
        [text("hello"), {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}]
    )
    session.reply(thinking("hm"), tool_use("c1", command="make"), {"type": "redacted_thinking"}, reply="m1")
    session.result("c1", [text("done"), {"type": "tool_reference", "tool_name": "x"}])
    session.side("mode", mode="plan")
    rollout.prompt("hello")
    rollout.call("c1")
    rollout.answer("bye")
    rollout.count((1, 2, 0), None)
    for source, records in ((ClaudeCode(), session.records), (Codex(), rollout.records)):
        path = write(tmp_path / source.name / "rollout-x.jsonl", records)
        assert raw_of(list(source.read(path))) == []
