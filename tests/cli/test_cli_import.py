"""What `chattui import` takes: any file, a zip, standard input; what it only counts; and what it refuses in a sentence."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from export_makers import Gpt, packed, put
from histories import jsonl
from homes import Home, conversation
from program import Program
from steps import rows

from chattui.store.database import Database


def record() -> object:
    made = Gpt()
    made.say("user", "How do boats float?")
    made.say("assistant", "They push water.")
    return made.record()


def titles(chattui: Program) -> list[str]:
    return sorted(chat["title"] for chat in chattui("list", "--json").json["chats"])


def left(chattui: Program) -> list[Path]:
    return [path for path in (chattui.home / "c").rglob("*") if "standard-input" in path.parts and path.is_file()]


INPUTS = {
    "zip": (packed({"conversations.json": [record()]}), "Boats 1"),
    "json": (b'[{"chat_messages": [], "uuid": "x"}]', None),
    "jsonl": (jsonl(conversation().records), "question 1"),
    "last line without its end": (jsonl(conversation().records).rstrip(b"\n"), "question 1"),
    "vtt": (b"WEBVTT - Talk\n\n00:01.000 --> 00:02.000\n<v Ann>ahoy\n", "Talk"),
    "times in front": (b"[10:02] User: How?\n[10:03] Assistant: So.\n", "How?"),
    "text": (b"# Harbour\n\nUser: How?\nAssistant: So.\n", "Harbour"),
}


@pytest.mark.parametrize("kind", INPUTS)
def test_standard_input_is_recognised_by_what_it_holds(chattui: Program, kind: str) -> None:
    content, title = INPUTS[kind]
    done = chattui("import", "-", stdin=content)
    assert (done.code, done.err) == (0, "")
    assert titles(chattui) == ([title] if title else [])
    before = rows(chattui.conninfo, "SELECT chat_id, seq, xmin::text FROM chattui.messages")
    again = chattui("import", "-", stdin=content)
    assert again.code == 0
    assert "0 read, 0 messages" in again.out, "it is remembered by its content"
    assert rows(chattui.conninfo, "SELECT chat_id, seq, xmin::text FROM chattui.messages") == before
    assert not left(chattui)


def test_standard_input_is_kept_where_only_its_owner_can_read(tmp_path: Path) -> None:
    import io

    from chattui.sync.spool import spooled

    before = os.umask(0)
    try:
        with spooled(io.BytesIO(b"secret"), tmp_path / "state" / "in") as path:
            assert path.read_bytes() == b"secret"
            assert path.stat().st_mode & 0o777 == 0o600
            assert path.parent.stat().st_mode & 0o777 == 0o700
        assert not list((tmp_path / "state" / "in").iterdir())
    finally:
        os.umask(before)


REFUSED = {
    b"": "Nothing came on standard input",
    b"hello": "standard input is not a history that chattui knows, nor a dialogue",
    b"\x00\x01\x02": "standard input is not a history",
    b"PK\x03\x04half": "standard input is not a whole zip archive",
    b'[{"mapping": {}, "title": ': "standard input is not a history file, or is damaged",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_none_is_one_sentence_and_nothing_is_left(chattui: Program, content: bytes) -> None:
    done = chattui("import", "-", stdin=content)
    assert done.code == 1
    assert REFUSED[content] in done.err
    assert str(chattui.home) not in done.err + done.out
    assert "standard-input" not in done.err
    assert len(done.err.splitlines()) == 1
    assert not left(chattui)


def test_archives_that_do_harm_are_one_sentence(chattui: Program, tmp_path: Path) -> None:
    out = packed({"conversations.json": [record()], "../../evil.json": b"[]"})
    bomb = packed({"conversations.json": b"[" + b" " * (70 << 20) + b"]"})
    for content, sentence in ((out, "leads out of the archive"), (bomb, "zip bomb"), (b"PK\x05\x06", "cut off")):
        done = chattui("import", str(put(tmp_path / "e.zip", content)))
        assert (done.code, len(done.err.splitlines())) == (1, 1)
        assert sentence in done.err
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("photos/a.jpg", b"")
    assert "holds no chats that chattui knows" in chattui("import", str(tmp_path / "other.zip")).err


def test_a_readme_is_no_chat(chattui: Program, tmp_path: Path) -> None:
    readme = put(tmp_path / "docs" / "README.md", b"# Boats\n\nNote: float.\n\nUsage: push.\n")
    done = chattui("import", str(readme))
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "nobody takes turns in it" in done.err
    assert "holds no history" in chattui("import", str(readme.parent)).err


def test_a_dry_run_counts_by_source_and_stores_nothing(chattui: Program, db: Database, tmp_path: Path) -> None:
    Home(chattui.home, db).claude(conversation())
    done = chattui("import", "--dry-run")
    assert done.code == 0
    assert "Claude Code" in done.out
    assert "1 new files, 0 changed: 1 chats, 15 messages" in done.out
    assert titles(chattui) == []
    path = put(tmp_path / "e.zip", packed({"conversations.json": [record()]}))
    document = chattui("import", "--dry-run", "--json", str(path)).json
    assert document == {
        "found": 1,
        "unchanged": 0,
        "sources": [{"source": "chatgpt", "label": "ChatGPT", "new": 1, "changed": 0, "chats": 1, "messages": 2}],
        "faults": [],
    }
    assert chattui("import", str(path)).code == 0
    assert chattui("import", "--dry-run", "--json", str(path)).json["unchanged"] == 1


def test_since_takes_a_date(chattui: Program, db: Database) -> None:
    path = Home(chattui.home, db).claude(conversation())
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert "0 messages" in chattui("import", "--since", "2026-01").out
    assert "15 messages" in chattui("import", "--since", "2023-11-14").out
    done = chattui("import", "--since", "someday")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "takes a date" in done.err


def test_one_source_alone(chattui: Program, tmp_path: Path) -> None:
    path = put(tmp_path / "e.zip", packed({"conversations.json": [record()]}))
    assert chattui("import", "--source", "claude-ai", str(path)).code == 1
    assert chattui("import", "--source", "chatgpt", str(path)).code == 0
    assert titles(chattui) == ["Boats 1"]
