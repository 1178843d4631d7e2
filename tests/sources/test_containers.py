"""Files that hold many chats: only those that have changed are read, each whole, whatever bytes there are, in one piece or many."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from container_makers import CASES, Case
from histories import age
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_source_contract import check_message

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk, NewMessage
from chattui.sources import chunks
from chattui.sources.registry import recognise
from chattui.sources.walk import history_file

each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
quick = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
seeds = st.integers(0, 1 << 32)


@dataclass
class Read:
    """A chat as a reader of chunks puts it together."""

    chat: ChatInfo
    messages: list[NewMessage]
    version: str | None = None


def chats(found: Iterable[Chunk]) -> dict[str, Read]:
    """The chats, held to what a container promises of its chunks."""
    read: dict[str, Read] = {}
    for chunk in found:
        name = chunk.chat.source_id
        assert name, "a chunk of no chat"
        open_ones = [other for other in read if read[other].version is None]
        assert open_ones in ([], [name]), "the chunks of two chats are mixed"
        if not open_ones:
            assert name not in read, "a chat comes twice"
            read[name] = Read(chunk.chat, [])
        read[name].chat = chunk.chat
        read[name].messages += chunk.messages
        read[name].version = chunk.version
    assert all(one.version is not None for one in read.values())
    return read


def known_of(read: Mapping[str, Read]) -> dict[str, str]:
    return {name: one.version or "" for name, one in read.items()}


def all_of(case: Case, path: Path, known: Mapping[str, str] | None = None) -> dict[str, Read]:
    return chats(case.source.read_chats(path, known or {}))


@each
@quick
@given(seed=seeds, size=st.integers(1, 12))
def test_what_is_known_is_not_read_again(case: Case, tmp_path: Path, seed: int, size: int) -> None:
    path = case.fresh(tmp_path)
    case.write(path, random.Random(seed), size)
    assert case.source.is_container(path)
    asked = recognise(path)
    assert asked is not None
    assert asked.name == case.source.name
    before = bytes_below(path.parent)
    once = all_of(case, path)
    assert all_of(case, path) == once
    assert all_of(case, path, known_of(once)) == {}
    for name, one in once.items():
        rest = {key: value for key, value in known_of(once).items() if key != name}
        assert all_of(case, path, rest) == {name: one}
    for one in once.values():
        ids = [message.source_id for message in one.messages]
        assert len(set(ids)) == len(ids)
        for n, message in enumerate(one.messages):
            check_message(message)
            assert message.parent_id is None or message.parent_id in ids[:n]
    assert bytes_below(path.parent) == before


@each
@quick
@given(seed=seeds, size=st.integers(1, 8))
def test_only_the_chats_that_changed_come_again(case: Case, tmp_path: Path, seed: int, size: int) -> None:
    rng = random.Random(seed)
    path = case.fresh(tmp_path)
    case.write(path, rng, size)
    first = all_of(case, path)
    stamp = stamp_of(case, path)
    case.change(path, rng)
    assert stamp_of(case, path) != stamp
    second = all_of(case, path)
    again = all_of(case, path, known_of(first))
    assert again == {
        name: one for name, one in second.items() if name not in first or one.version != first[name].version
    }
    for name, one in second.items():
        if name not in again:
            assert one.messages == first[name].messages
    assert again


@each
@quick
@given(seed=seeds, size=st.integers(1, 8), most=st.integers(1, 5))
def test_however_large_the_chunks_are(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, size: int, most: int
) -> None:
    path = case.fresh(tmp_path)
    case.write(path, random.Random(seed), size)
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", 10_000)
    expected = all_of(case, path)
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", most)
    found = list(case.source.read_chats(path, {}))
    assert chats(found) == expected
    # one record can be several messages, never many
    assert all(len(chunk.messages) <= most + 40 for chunk in found)
    json.dumps([chunk.state for chunk in found])


@each
@quick
@given(seed=seeds, noise=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=30)), max_size=12))
def test_damaged_files(case: Case, tmp_path: Path, seed: int, noise: list[tuple[float, bytes]]) -> None:
    path = case.fresh(tmp_path)
    case.write(path, random.Random(seed), 4)
    raw = bytearray(path.read_bytes())
    for place, junk in noise:
        at = int(len(raw) * place)
        raw[at : at + len(junk)] = junk
    check_survives(case, path, bytes(raw))


@each
@quick
@given(seed=seeds, rate=st.floats(0.01, 0.3))
def test_any_value_in_any_field(case: Case, tmp_path: Path, seed: int, rate: float) -> None:
    path = case.fresh(tmp_path)
    rng = random.Random(seed)
    case.write(path, rng, 4)
    case.spoil(path, rng, rate)
    check_survives(case, path, path.read_bytes())


@each
@quick
@given(raw=st.binary(max_size=400))
def test_any_bytes(case: Case, tmp_path: Path, raw: bytes) -> None:
    check_survives(case, case.fresh(tmp_path), raw)


def check_survives(case: Case, path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    age(path)
    before = bytes_below(path.parent)
    try:
        for chunk in case.source.read_chats(path, {}):
            assert isinstance(chunk.chat.title + chunk.chat.project + chunk.chat.source_id, str)
            assert len(chunk.chat.source_id) <= 300
            for message in chunk.messages:
                check_message(message)
    except SourceError:
        pass
    assert bytes_below(path.parent) == before


@each
def test_what_is_no_history_is_a_sentence(case: Case, tmp_path: Path) -> None:
    path = case.fresh(tmp_path)
    path.write_bytes(b"Dear diary,\ntoday nothing happened.\n" * 100)
    with pytest.raises(SourceError, match="not a history file"):
        list(case.source.read_chats(path, {}))
    path.unlink()
    with pytest.raises(SourceError, match="Cannot read"):
        list(case.source.read_chats(path, {}))
    path.mkdir()
    with pytest.raises(SourceError):
        list(case.source.read_chats(path, {}))


def bytes_below(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its content and time: nothing may be written, and nothing made."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stamp_of(case: Case, path: Path) -> tuple[int, int]:
    file = history_file(case.source, path, path.stat())
    return file.size, file.mtime_ns
