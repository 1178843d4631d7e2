"""What is too long to be held: its texts are cut, its form stays, and all of it is kept beside; a document comes item by item."""

from __future__ import annotations

import json
import random
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from chattui.domain import long_record
from chattui.domain.long_record import LongRecord
from chattui.sources.bounded import Bounded, Held, Items, width

LETTERS = ("a", "é", "漢", "😀", '"', "\\", "\n", "\x1b", "/", "\\u", "\\\\u00e9", "u")


def pieces(raw: bytes, rng: random.Random, most: int) -> Iterator[bytes]:
    """The bytes, torn anywhere."""
    at = 0
    while at < len(raw):
        size = rng.randint(1, most)
        yield raw[at : at + size]
        at += size


def value(rng: random.Random, depth: int = 0) -> Any:
    match rng.randrange(7 if depth < 4 else 4):
        case 0:
            return rng.choice((None, True, False, 7, -1.5, 10**12))
        case 1 | 2 | 3:
            return "".join(rng.choices(LETTERS, k=rng.choice((0, 3, 40, 900))))
        case 4 | 5:
            return {f"k{n}{rng.choice(LETTERS)}": value(rng, depth + 1) for n in range(rng.randrange(5))}
        case _:
            return [value(rng, depth + 1) for _ in range(rng.randrange(6))]


def begins_as(cut: Any, whole: Any) -> bool:
    """Whether a value is the other one, or has the same form and texts that end early."""
    if isinstance(whole, str) and isinstance(cut, str):
        start, mark, _told = cut.rpartition("\n\n[cut: this text has ")
        return cut == whole or (bool(mark) and whole.startswith(start))
    if isinstance(whole, dict):
        return list(cut) == list(whole) and all(begins_as(cut[name], whole[name]) for name in whole)
    if isinstance(whole, list):
        return len(cut) == len(whole) and all(begins_as(*pair) for pair in zip(cut, whole, strict=True))
    return bool(cut == whole)


def held(raw: bytes, rng: random.Random, most: int, torn: int = 50) -> Held:
    bounded = Bounded(most)
    for piece in pieces(raw, rng, torn):
        bounded.add(piece)
    assert bounded.size == len(raw)
    return bounded.take()


def joined(long: LongRecord) -> bytes:
    return b"".join(map(zlib.decompress, long.pieces()))


@pytest.mark.parametrize("seed", range(40))
def test_the_form_stays_wherever_the_bytes_are_torn(seed: int) -> None:
    rng = random.Random(seed)
    whole = {"first": "".join(rng.choices(LETTERS, k=40_000)), "rest": [value(rng) for _ in range(6)]}
    raw = json.dumps(whole, ensure_ascii=bool(seed % 2)).encode()
    taken = held(raw, rng, 2 * len(raw), rng.choice((7, 50, 9_000)))
    assert taken.long is not None
    assert joined(taken.long) == raw
    assert taken.long.start == raw[: len(taken.long.start)]
    cut = json.loads(bytes(taken.text))
    assert begins_as(cut, whole)
    assert len(cut["first"]) < len(whole["first"])


def test_what_fits_is_as_it_is() -> None:
    raw = json.dumps({"a": "x" * 10_000}).encode()
    taken = held(raw, random.Random(1), 4 * len(raw))
    assert (bytes(taken.text), taken.long, taken.problem(7)) == (raw, None, None)


def test_what_is_too_long_even_when_cut_is_passed_over_and_kept() -> None:
    raw = json.dumps([{"n": n} for n in range(20_000)]).encode()
    taken = held(raw, random.Random(1), 100_000, torn=5_000)
    assert taken.text == b""
    assert taken.long is not None
    assert joined(taken.long) == raw
    problem = taken.problem(3)
    assert problem is not None
    assert (problem.line, problem.lasting, problem.raw_size) == (3, True, len(raw))
    assert "passed over" in problem.reason


def test_a_record_costs_no_more_memory_than_its_bound() -> None:
    bounded = Bounded(6 << 20)
    tracemalloc.start()
    bounded.add(b'{"a": "')
    for _ in range(500):
        bounded.add(b"x" * 100_000)
    bounded.add(b'"}')
    taken = bounded.take()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    assert json.loads(taken.text)["a"].startswith("x" * 100_000)
    assert taken.long is not None
    assert taken.long.size == 50_000_009


def test_many_small_things_cost_more_than_their_bytes() -> None:
    raw = b"[" + b"{}," * 60_000 + b"{}]"
    assert held(raw, random.Random(1), 1_000_000, torn=9_000).long is not None
    assert held(b'"' + b"x" * 200_000 + b'"', random.Random(1), 1_000_000, torn=9_000).long is None


@pytest.mark.parametrize(
    ("text", "bytes_a_letter"),
    [("abc\\n", 1), ("é\\u00e9\\u001b", 1), ("漢", 2), ("\\u6f22", 2), ("😀", 4), ("\\uD83d\\ude00", 4)],
)
def test_the_width_of_a_text(text: str, bytes_a_letter: int) -> None:
    assert width(text.encode()) == bytes_a_letter


def test_of_a_record_without_end_the_first_part_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_record, "PIECE", 100)
    monkeypatch.setattr(long_record, "MOST_KEPT", 1_000)
    long = LongRecord(10)
    raw = "漢字".encode() * 1_000
    for piece in pieces(raw, random.Random(2), 64):
        long.add(piece)
    long.end()
    assert joined(long) == raw[:1_000]
    assert all(zlib.decompress(piece).decode("utf-8", "ignore") for piece in long.pieces())
    assert (long.size, long.is_whole) == (len(raw), False)


@pytest.mark.parametrize("seed", range(40))
def test_a_document_comes_item_by_item(seed: int) -> None:
    rng = random.Random(seed)
    name = "messages" if seed % 3 else ""
    listed = [value(rng) for _ in range(rng.randrange(9))]
    before = {"messagesx": [1, {"messages": [2]}], "x": {"messages": [3]}, "text": '"messages": ['}
    whole: Any = {**before, name: listed, "z\\": value(rng)} if name else listed
    raw = json.dumps(whole, ensure_ascii=bool(seed % 2), indent=rng.choice((None, 1))).encode()
    items = Items(name)
    found = [json.loads(bytes(one.text)) for one in items.read(pieces(raw, rng, rng.choice((3, 40, 10_000))))]
    assert found == listed
    assert items.found
    assert json.loads(bytes(items.rest.text)) == ({**whole, name: []} if name else [])


@pytest.mark.parametrize(
    "raw", [b'{"messages": [1, 2', b'{"messages": [1, "2', b'{"messages": []}]', b'{"m": []}{"m": []}']
)
def test_a_document_that_is_damaged_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"ends before|bracket|more than one"):
        list(Items("messages").read(iter([raw])))


def test_of_a_document_one_long_item_is_cut_and_the_others_are_not() -> None:
    listed = [{"a": "short"}, {"a": "x" * 50_000}, {"a": "short too"}]
    raw = json.dumps({"messages": listed, "of": "b"}).encode()
    found = list(Items("messages", 40_000).read(iter([raw])))
    assert [one.long is not None for one in found] == [False, True, False]
    assert [begins_as(json.loads(bytes(one.text)), item) for one, item in zip(found, listed, strict=True)] == [True] * 3
