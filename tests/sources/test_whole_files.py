"""Formats whose files are written anew each time: the same messages however large, from any bytes, one sentence else."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import export_makers
import makers
import pytest
from container_makers import NOON, opencode_message
from histories import SESSION, age, jsonl, stamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_source_contract import JSON, check_message

from chattui.domain.errors import SourceError
from chattui.domain.history import NewMessage
from chattui.sources import chunks
from chattui.sources.amp import Amp
from chattui.sources.continue_dev import Continue
from chattui.sources.gemini_cli import GeminiCli
from chattui.sources.lm_studio import LmStudio
from chattui.sources.opencode import OpenCode
from chattui.sources.protocol import Source
from chattui.sources.registry import recognise
from chattui.sources.transcripts import Transcripts
from chattui.sources.vscode_chat import VSCodeChat

Make = Callable[[random.Random, int], Any]


@dataclass(frozen=True)
class Case:
    source: Source
    name: str
    make: Make
    encode: Callable[[Any], bytes]


def one_document(document: Any) -> bytes:
    return json.dumps(document).encode("utf-8", "surrogatepass")


def gemini(rng: random.Random, size: int) -> Any:
    messages = makers.gemini_messages(rng, size)
    return {"sessionId": SESSION, "projectHash": "f" * 64, "startTime": stamp(0), "messages": messages}


def opencode_export(rng: random.Random, size: int) -> Any:
    made = [(n, *opencode_message(rng, "ses_1", n)) for n in range(1, size + 1)]
    messages = [
        {"info": {"id": f"msg_{n}", **info}, "parts": [{"id": name, **part} for name, part in parts]}
        for n, info, parts in made
    ]
    return {"info": {"id": "ses_1", "title": "Boats", "time": {"created": NOON}}, "messages": messages}


CASES = [
    Case(GeminiCli(), "session-a.json", gemini, one_document),
    Case(Continue(), f"{SESSION}.json", makers.continue_session, one_document),
    Case(Amp(), "T-1.json", makers.amp_thread, one_document),
    Case(OpenCode(), "session.json", opencode_export, one_document),
    Case(VSCodeChat(), f"{SESSION}.json", makers.vscode_session, one_document),
    Case(VSCodeChat(), f"{SESSION}.jsonl", makers.vscode_log, jsonl),
    Case(LmStudio(), "1772000000000.conversation.json", export_makers.studio_random, one_document),
    Case(Transcripts(), "talk.vtt", export_makers.vtt, bytes),
    Case(Transcripts(), "talk.md", export_makers.dialogue, bytes),
]
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.source.name + Path(case.name).suffix)
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def write(case: Case, folder: Path, raw: bytes) -> Path:
    path = folder / case.name
    path.write_bytes(raw)
    age(path)
    return path


def messages_of(case: Case, path: Path) -> list[NewMessage]:
    return [message for chunk in case.source.read(path) for message in chunk.messages]


@each
@quick
@given(seed=st.integers(0, 1 << 32), size=st.integers(0, 40), most=st.integers(1, 9))
def test_however_large_the_chunks_are(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, size: int, most: int
) -> None:
    path = write(case, tmp_path, case.encode(case.make(random.Random(seed), size)))
    assert case.source.is_whole(path)
    known = recognise(path)
    assert known is not None
    assert known.name == case.source.name
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", 10_000)
    expected = messages_of(case, path)
    ids = [message.source_id for message in expected]
    assert len(set(ids)) == len(ids)
    for n, message in enumerate(expected):
        assert message.parent_id is None or message.parent_id in ids[:n]
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", most)
    found = list(case.source.read(path))
    assert [message for chunk in found for message in chunk.messages] == expected
    offsets = [chunk.offset for chunk in found]
    assert offsets == sorted(offsets)
    assert offsets[-1] == path.stat().st_size
    assert not list(case.source.read(path, offset=offsets[-1], line=found[-1].line, state=found[-1].state))
    for chunk in found[:-1]:
        rest = case.source.read(path, offset=chunk.offset, line=chunk.line, state=chunk.state)
        left = [message for later in rest for message in later.messages]
        assert left == expected[len(expected) - len(left) :]


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

    made = case.make(rng, 20)
    if isinstance(made, bytes):
        check_survives(case, tmp_path, b" ".join(str(value).encode() for value in values) + made)
        return
    spoiled = [one for one in map(spoil, made) if isinstance(one, dict)] if isinstance(made, list) else spoil(made)
    check_survives(case, tmp_path, case.encode(spoiled))


@each
@quick
@given(seed=st.integers(0, 1 << 32), noise=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=20)), max_size=4))
def test_damaged_files(case: Case, tmp_path: Path, seed: int, noise: list[tuple[float, bytes]]) -> None:
    raw = bytearray(case.encode(case.make(random.Random(seed), 10)))
    for place, junk in noise:
        at = int(len(raw) * place)
        raw[at : at + len(junk) // 2] = junk
    check_survives(case, tmp_path, bytes(raw))


def check_survives(case: Case, tmp_path: Path, raw: bytes) -> None:
    path = write(case, tmp_path, raw)
    before = path.stat()
    try:
        for chunk in case.source.read(path):
            json.dumps(chunk.state)
            assert isinstance(chunk.chat.title + chunk.chat.project + chunk.chat.source_id, str)
            for message in chunk.messages:
                check_message(message)
    except SourceError:
        pass
    assert path.read_bytes() == raw
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [entry.name for entry in tmp_path.iterdir()] == [case.name]


@each
def test_what_is_no_history_is_a_sentence(case: Case, tmp_path: Path) -> None:
    half = [] if case.name.endswith(".jsonl") else [b'{"half": ']  # a line of a log may still be written
    for raw in (b"Dear diary,\ntoday nothing happened.\n", b"[1, 2]\n", *half):
        with pytest.raises(SourceError, match="not a history file"):
            list(case.source.read(write(case, tmp_path, raw)))
    assert not list(case.source.read(write(case, tmp_path, b"")))
    with pytest.raises(SourceError, match="Cannot read"):
        list(case.source.read(tmp_path / f"missing{Path(case.name).suffix}"))
