"""Tool input, pictures and times as a person reads them."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from chattui.domain.kinds import ContentType
from chattui.sources.content import attachment, data_url, first_line, moment, readable_input, target_of


@pytest.mark.parametrize(
    ("value", "expected", "content_type"),
    [
        ({"command": "make hull"}, "make hull", ContentType.CODE),
        ({"description": "Build", "command": "make hull"}, "make hull\n\ndescription: Build", ContentType.CODE),
        ({"command": ["bash", "-lc", "make | tee log"]}, "make | tee log", ContentType.CODE),
        ({"cmd": ["ls", "-l"]}, "ls -l", ContentType.CODE),
        ({"path": "a.py", "limit": 3, "all": True}, "path: a.py\nlimit: 3\nall: true", ContentType.TEXT),
        ({"path": "a.py", "text": 'say "x"\n\tend'}, 'path: a.py\ntext:\nsay "x"\n\tend', ContentType.TEXT),
        ({"todos": [{"do": "sail"}]}, '{\n  "todos": [\n    {\n      "do": "sail"\n    }\n  ]\n}', ContentType.JSON),
        ({"a": ["one\ntwo \\n"]}, '{\n  "a": [\n    "one\ntwo \\\\n"\n  ]\n}', ContentType.TEXT),
        ({"a": ["cut \ud83d"]}, '{\n  "a": [\n    "cut \ud83d"\n  ]\n}', ContentType.JSON),
        ({}, "", ContentType.TEXT),
        (None, "", ContentType.TEXT),
        ("*** Begin Patch", "*** Begin Patch", ContentType.TEXT),
    ],
)
def test_tool_input_is_readable(value: object, expected: str, content_type: ContentType) -> None:
    assert readable_input(value) == (expected, content_type)


def test_input_nested_too_deeply_is_not_a_crash() -> None:
    nested: object = 1
    for _ in range(5000):
        nested = [nested]
    assert readable_input({"a": nested})[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"old": "x", "file_path": "/a/b.py"}, "/a/b.py"),
        ({"command": "make\nmake install"}, "make"),
        ({"pattern": "keel", "path": "src"}, "keel"),
        ({"query": "a " * 300}, ("a " * 100)[:199] + "…"),
        ({"x": 1}, ""),
        (7, ""),
    ],
)
def test_the_target_is_the_argument_that_tells_calls_apart(value: object, expected: str) -> None:
    assert target_of(value) == expected


def test_pictures_are_cut_out() -> None:
    data = b"\x89PNG" * 10_000
    words, cut = attachment("image/png", b64encode(data).decode())
    assert (words, cut[0].data, cut[0].mime) == ("[image/png, 39 KB]", data, "image/png")
    assert data_url(f"data:image/png;base64,{b64encode(data).decode()}")[1][0].data == data
    assert attachment("image/png", "not base64!") == ("[image/png]", ())
    assert data_url("https://boat.example/a.png") == ("[image https://boat.example/a.png]", ())


def test_times_are_aware_or_unknown() -> None:
    assert moment("2026-03-01T10:00:00.5Z") == datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)
    assert moment("2026-03-01T10:00:00") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    for strange in ("yesterday", "", None, 5, "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-12:00"):
        assert moment(strange) is None


def test_first_lines_are_short_and_single() -> None:
    assert first_line("\n\n  a   b\nc", 10) == "a b"
    assert first_line("x" * 300, 10) == "x" * 9 + "…"
