"""Records come out of any bytes: what is broken costs its line, and a position is enough to go on."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from histories import age, write

from chattui.domain.errors import SourceError
from chattui.sources import bounded, lines
from chattui.sources.lines import OpenLines


def taken(path: Path, offset: int = 0, line: int = 0) -> tuple[list[tuple[int, int, dict[str, Any]]], lines.Lines]:
    """(line, number in the line, record) of everything from a position on, and where that ended."""
    with OpenLines(path, offset, line) as opened:
        found = [(number, part + i, r) for number, part, _end, rs in opened for i, r in enumerate(rs)]
    return found, opened


def values(path: Path) -> list[Any]:
    return [record.get("a") for _line, _part, record in taken(path)[0]]


def test_only_line_feeds_end_lines(tmp_path: Path) -> None:
    inner = "one\u2028two\u2029three\x85four\x0bfive\x0csix"
    raw = json.dumps({"a": inner}, ensure_ascii=False).encode().replace(b"\\u000b", b"\x0b").replace(b"\\f", b"\x0c")
    assert values(write(tmp_path / "f.jsonl", raw + b"\n" + raw + b"\r\n")) == [inner, inner]


def test_byte_order_mark_blank_lines_and_nul_padding(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", b'\xef\xbb\xbf{"a": 1}\n\n   \r\n\x00\x00{"a": 2}\x00\n')
    assert taken(path)[0] == [(1, 0, {"a": 1}), (4, 0, {"a": 2})]


def test_glued_records_are_parts_of_their_line(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", b'{"a": 1}{"a": 2} {"a": 3}\n{"a": 4}\n')
    assert taken(path)[0] == [(1, 0, {"a": 1}), (1, 1, {"a": 2}), (1, 2, {"a": 3}), (2, 0, {"a": 4})]


def test_a_bad_line_is_one_problem_with_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", b'{"a": 1}\n{"a": \n42\n{"a": 2}{"a\n{"a": 3}\n')
    found, opened = taken(path)
    assert [record["a"] for *_place, record in found] == [1, 2, 3]
    assert [problem.line for problem in opened.take_problems()] == [2, 3, 4]
    assert opened.take_problems() == ()


def test_strange_strings_survive(tmp_path: Path) -> None:
    raw = b'{"a": "cut \\ud83d", "b": 1}\n{"a": "nul \\u0000"}\n{"a": "bad \xff"}\n{"a": "raw \x01"}\n'
    assert values(write(tmp_path / "f.jsonl", raw)) == ["cut \ud83d", "nul \x00", "bad \ufffd", "raw \x01"]


def test_numbers_that_are_not_json_become_nothing(tmp_path: Path) -> None:
    assert values(write(tmp_path / "f.jsonl", b'{"a": NaN}\n{"a": -Infinity}\n{"a": 7}\n')) == [None, None, 7]


def test_deep_nesting_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b'\n{"a": 1}\n')
    found, opened = taken(path)
    assert [number for number, *_rest in found] == [2]
    assert [problem.line for problem in opened.take_problems()] == [1]


def test_a_last_line_without_line_feed_waits_until_the_file_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", b'{"a": 1}\n{"a": 2}', settled=False)
    found, opened = taken(path)
    assert ([record["a"] for *_place, record in found], opened.offset, opened.line) == ([1], 9, 1)
    age(path)
    found, opened = taken(path, opened.offset, opened.line)
    assert (found, opened.offset, opened.line) == ([(2, 0, {"a": 2})], 17, 2)


def test_a_truncated_last_line_is_kept_back(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", b'{"a": 1}\n{"a": "tru')
    _found, opened = taken(path)
    assert (opened.offset, opened.line, opened.take_problems()) == (9, 1, ())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (b'\n{"a": 3}\n', [(3, 0, {"a": 3})]),
        (b'{"a": 3}\n{"a": 4}\n', [(2, 1, {"a": 3}), (3, 0, {"a": 4})]),
    ],
)
def test_going_on_after_a_line_without_line_feed_counts_lines_alike(
    tmp_path: Path, more: bytes, expected: list[Any]
) -> None:
    path = write(tmp_path / "f.jsonl", b'{"a": 1}\n{"a": 2}')
    _found, opened = taken(path)
    with path.open("ab") as file:
        file.write(more)
    age(path)
    assert taken(path, opened.offset, opened.line)[0] == expected
    assert taken(path)[0][2:] == expected


def test_lines_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 16)
    contents = ["x" * n for n in (0, 1, 15, 16, 17, 100, 3)]
    path = write(tmp_path / "f.jsonl", [{"a": content} for content in contents])
    assert values(path) == contents


def test_a_line_over_the_bound_is_cut_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MOST_COST", 4 << 20)
    long = b'{"a": "' + b"x" * (32 << 20) + b'", "b": 7}\n'
    raw = b'{"a": 1}\n' + long + b'{"a": 2}\n'
    path = write(tmp_path / "f.jsonl", raw)
    tracemalloc.start()
    found, opened = taken(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(line, record.get("b")) for line, _part, record in found] == [(1, None), (2, 7), (3, None)]
    assert found[1][2]["a"].startswith("x" * 200_000)
    assert opened.offset == len(raw)
    [problem] = opened.take_problems()
    assert (problem.line, problem.lasting) == (2, True)
    assert problem.long is not None
    assert b"".join(map(zlib.decompress, problem.long.pieces())) == long.removesuffix(b"\n")
    assert peak < 16 << 20


def test_a_last_line_over_the_bound_waits_until_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MOST_COST", 100_000)
    raw = b'{"a": 1}\n{"a": "' + b"x" * 200_000
    path = write(tmp_path / "f.jsonl", raw)
    found, opened = taken(path)
    assert ([record["a"] for *_place, record in found], opened.offset, opened.take_problems()) == ([1], 9, ())
    with path.open("ab") as file:
        file.write(b'"}')
    age(path)
    [(line, _part, record)], opened = taken(path, opened.offset, opened.line)
    assert (line, opened.offset, len(opened.take_problems())) == (2, len(raw) + 2, 1)
    assert record["a"].startswith("xxx")


def test_a_line_of_nul_bytes_is_a_problem(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", b"\x00" * 5_000_000 + b'\n{"a": 1}\n')
    found, opened = taken(path)
    assert [number for number, *_rest in found] == [2]
    assert [problem.reason for problem in opened.take_problems()] == ["nothing but NUL bytes"]


def test_what_cannot_be_opened_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jsonl", tmp_path, Path("/dev/null"), Path("a\0b")):
        with pytest.raises(SourceError), OpenLines(path):
            pass
