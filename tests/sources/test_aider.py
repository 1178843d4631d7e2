"""Aider's histories: each run is a chat, whatever was read when, and trimming a file adds nothing."""

from __future__ import annotations

import csv
import os
import random
from datetime import datetime
from pathlib import Path

import pytest
from histories import through_json, told, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_source_contract import check_message

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, NewMessage
from chattui.sources.aider import Aider
from chattui.sources.registry import recognise

SAMPLES = Path(os.environ.get("CHATTUI_SAMPLES") or Path(__file__).resolve().parents[3] / "shared" / "samples")
SOURCE = Aider()
NAME = ".aider.chat.history.md"
HISTORY = """-*- mode: markdown -*-

# aider chat started at 2026-03-01 10:00:00

> Aider v0.85.1
> Main model: oak-1 with diff edit format

#### Is the keel sound?
#### And the mast?

It is.

```
# not a header
```

> Tokens: 3.2k sent, 21 received. Cost: $0.0082 message, $0.0082 session.
> Applied edit to keel.md

#### Is the keel sound?

It is.

# aider chat started at 2026-03-01 10:00:00

> Aider v0.85.1

# aider chat started at 2026-03-01 10:00:00

#### /add mast.md

> Added mast.md

#### How tall?

Tall.
"""
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def chats(found: list[Chunk]) -> dict[str, list[NewMessage]]:
    messages: dict[str, list[NewMessage]] = {}
    for chunk in found:
        assert chunk.chat.source_id or not chunk.messages
        if chunk.messages:
            messages.setdefault(chunk.chat.source_id, []).extend(chunk.messages)
    return messages


def test_each_run_is_a_chat(tmp_path: Path) -> None:
    path = write(tmp_path / NAME, HISTORY.encode())
    found = list(SOURCE.read(path))
    first, last = chats(found).values()
    assert told(first) == [
        ("system", "event", "Aider v0.85.1\nMain model: oak-1 with diff edit format"),
        ("user", "text", "Is the keel sound?\nAnd the mast?"),
        ("assistant", "text", "It is.\n\n```\n# not a header\n```"),
        (
            "system",
            "event",
            "Tokens: 3.2k sent, 21 received. Cost: $0.0082 message, $0.0082 session.\nApplied edit to keel.md",
        ),
        ("user", "text", "Is the keel sound?"),
        ("assistant", "text", "It is."),
    ]
    assert [m.content for m in last] == ["/add mast.md", "Added mast.md", "How tall?", "Tall."]
    assert (first[3].tokens_in, first[3].tokens_out) == (3200, 21)
    assert (first[2].model, last[3].model) == ("oak-1", None)
    begun = datetime(2026, 3, 1, 10).astimezone()
    assert (first[0].created_at, first[1].created_at) == (begun, None)
    titles = {chunk.chat.source_id: chunk.chat.title for chunk in found if chunk.messages}
    assert list(titles.values()) == ["Is the keel sound?", "How tall?"]
    assert {chunk.chat.project for chunk in found} == {str(tmp_path)}
    assert found[0].chat.agent == "aider 0.85.1"
    known = {chunk.chat.source_id: chunk.version or "" for chunk in found}
    assert len(known) == 3
    assert not list(SOURCE.read_chats(path, known))
    assert recognise(path) is not None
    assert recognise(path).name == "aider"  # type: ignore[union-attr]


def made(rng: random.Random, size: int) -> str:
    lines = ["", "# aider chat started at 2026-03-01 10:00:00", ""]
    second = 0
    for _ in range(size):
        second += rng.randrange(2)  # two runs can begin in the same second, but not in an earlier one
        lines += rng.choice(
            [
                [f"# aider chat started at 2026-03-01 10:00:{second:02}", ""],
                [f"#### prompt {rng.randrange(3)}  "],
                ["####", ""],
                ["answer", "", "more"],
                ["> Tokens: 1,200 sent, 3k received.  ", ">  "],
                ["> Model: oak"],
                [""],
            ]
        )
    return "\n".join(lines) + "\n"


@quick
@given(raw=st.binary(max_size=300), begun=st.booleans())
def test_any_bytes(tmp_path: Path, raw: bytes, begun: bool) -> None:
    start = b"# aider chat started at 2026-03-01 10:00:00\n" if begun else b""
    path = write(tmp_path / NAME, start + raw)
    try:
        found = list(SOURCE.read(path))
    except SourceError:
        found = []
    for chunk in found:
        through_json(chunk.state)
        for message in chunk.messages:
            check_message(message)
    assert path.read_bytes() == start + raw


def test_what_is_no_history_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not a history file"):
        list(SOURCE.read(write(tmp_path / NAME, b"Dear diary\n")))
    assert not list(SOURCE.read(write(tmp_path / NAME, b"")))
    with pytest.raises(SourceError, match="Cannot read"):
        list(SOURCE.read(tmp_path / "missing.md"))


def test_where_histories_are(tmp_path: Path) -> None:
    path = write(tmp_path / NAME, HISTORY.encode())
    assert SOURCE.roots({}, tmp_path) == (path,)
    assert SOURCE.roots({"AIDER_CHAT_HISTORY_FILE": "/h.md"}, tmp_path) == (path, Path("/h.md"))
    assert [f.path for f in SOURCE.discover(path, lambda path, why: pytest.fail(why))] == [path]
    assert not list(SOURCE.discover(tmp_path / "none.md", lambda path, why: pytest.fail(why)))


def rows() -> list[dict[str, str]]:
    table = SAMPLES / "TRUTH.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in found if row["format"] == "aider"]


@pytest.mark.skipif(not rows(), reason="the samples are not here")
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["path"])
def test_counts(row: dict[str, str]) -> None:
    found = chats(list(SOURCE.read(SAMPLES / row["path"])))
    messages = [message for one in found.values() for message in one]
    asked = sum(m.role == "user" for m in messages)
    answered = sum(m.role == "assistant" for m in messages)
    assert (asked, answered) == (int(row["user"]), int(row["assistant"]))
    assert 0 < len(found) <= int(row["sessions"])
