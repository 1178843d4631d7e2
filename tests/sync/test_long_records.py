"""Histories that are longer than what may be held come in all the same, with what had to be cut kept beside them."""

from __future__ import annotations

import base64
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from container_makers import write_opencode
from histories import SESSION, Claude, age, jsonl, text, write
from homes import MACHINE, Home, add, conversation, held
from makers import continue_session, gemini_messages
from steps import rows

from chattui.config.file import parse_config
from chattui.domain.history import RAW_PIECES
from chattui.domain.portable import PORTABLE_VERSION
from chattui.sources import bounded, documents, sqlite
from chattui.sources.registry import all_sources
from chattui.store import aside, chats, portions, raw_records
from chattui.sync.engine import Sync
from chattui.sync.ruled import LeftOutFiles, ruled

LONG = "word " * 60_000
"""A text of 300 KB."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 300 KB were more than what may be held."""
    monkeypatch.setattr(bounded, "MOST_COST", 400_000)


def with_long_record() -> Claude:
    made = conversation(turns=1)
    made.reply(text(LONG), reply="m9")
    made.user("and then?")
    return made


def whole(home: Home, source_id: str = SESSION) -> list[bytes]:
    """The long records that were kept of a chat, each in one piece."""
    found: dict[int, bytes] = {}
    for line, data in rows(
        home.db,
        "SELECT r.line, r.data FROM chattui.raw_records r JOIN chattui.chats c ON c.id = r.chat_id "
        f"WHERE r.part >= {RAW_PIECES} AND c.source_id = %s ORDER BY r.line, r.part",
        source_id,
    ):
        found[line] = found.get(line, b"") + zlib.decompress(data)
    return list(found.values())


@pytest.mark.usefixtures("small")
def test_a_long_line_is_cut_told_and_kept_whole(home: Home, other: Home) -> None:
    made = with_long_record()
    path = home.claude(made)
    report = home.sync()
    texts = home.texts()
    assert [texts[0], texts[-1]] == ["question 1", "and then?"]
    [cut] = [one for one in texts if one.startswith("word word")]
    assert cut.endswith("bytes]")
    assert 10_000 < len(cut) < 200_000
    assert report.problems == 1
    line = next(n for n, record in enumerate(made.records, 1) if LONG in json.dumps(record))
    [(problems,)] = rows(home.db, "SELECT problems FROM chattui.imports")
    assert problems[0][0] == line
    assert "texts in it were cut" in problems[0][1]
    assert whole(home) == [jsonl([made.records[line - 1]]).rstrip(b"\n")]
    before = held(home.db)
    assert home.sync().messages == 0
    add(path, [*conversation("00000000-0000-4000-8000-00000000ffff").records][:0])
    assert held(home.db) == before
    Home(home.path, other.db).sync()
    assert held(other.db) == before


@pytest.mark.usefixtures("small")
def test_in_steps_as_in_one_reading(home: Home, other: Home) -> None:
    records = with_long_record().records
    path = home.claude(records[:2], old=False)
    for record in records[2:]:
        home.sync()
        add(path, [record], old=False)
    age(path)
    home.sync()
    Home(home.path, other.db).sync()
    assert held(home.db) == held(other.db)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("config", "masks"), [("[sources]\nkeep-raw = false", False), ("", True)])
def test_where_it_is_not_wanted_it_is_not_kept(home: Home, config: str, *, masks: bool) -> None:
    home.claude(with_long_record())
    rules = parse_config(config, Path("config.toml")).rules
    sources = ruled(rules, Path("config.toml"), LeftOutFiles(None), mask=masks)
    report = Sync(home.db, sources, machine=MACHINE).run({}, home.path)
    assert report.problems == 1
    assert whole(home) == []


@pytest.mark.usefixtures("small")
def test_a_rewritten_file_gives_up_what_was_kept_of_it(home: Home) -> None:
    home.claude(with_long_record())
    home.sync()
    assert len(whole(home)) == 1
    home.claude(conversation(turns=2))
    home.sync()
    assert whole(home) == []
    assert home.texts()[-1] == "answer 2"


def gemini(home: Home, size: int, *, torn: int = 0) -> Path:
    messages = gemini_messages(random.Random(4), size)
    picture = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"\x89PNG" * 50).decode()}}
    messages.insert(
        3, {"id": "pic", "timestamp": "2026-03-01T10:00:00Z", "type": "user", "content": [{"text": "see"}, picture]}
    )
    about = {"sessionId": "5e55", "projectHash": "ab", "startTime": "2026-03-01T09:00:00Z"}
    raw = json.dumps({**about, "messages": messages, "summary": "a summary"}).encode()
    return write(home.path / ".gemini" / "tmp" / "p" / "chats" / "session-5e55.json", raw[: len(raw) - torn])


def test_a_long_document_comes_as_a_short_one_does(home: Home, other: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    gemini(home, 60)
    write(home.path / ".continue" / "sessions" / "c.json", json.dumps(continue_session(random.Random(3), 30)).encode())
    Home(home.path, other.db).sync()
    monkeypatch.setattr(documents, "HELD", 0)
    monkeypatch.setattr(aside, "HELD", 1_000)
    home.sync()
    assert held(home.db) == held(other.db)
    assert rows(home.db, "SELECT title FROM chattui.chats WHERE source = 'gemini-cli'") == [("a summary",)]


def test_a_long_document_that_is_damaged_gives_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "HELD", 0)
    gemini(home, 20, torn=30)
    [fault] = home.sync().faults
    assert "is not a history file: not JSON" in fault.reason
    assert rows(home.db, "SELECT count(*) FROM chattui.messages") == [(0,)]


@pytest.mark.usefixtures("small")
def test_a_long_message_of_a_document_is_cut(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "HELD", 0)
    said = [{"id": f"m{n}", "type": "user", "content": LONG if n == 2 else f"text {n}"} for n in range(1, 4)]
    document = {"sessionId": "5e55", "projectHash": "ab", "messages": said}
    write(home.path / ".gemini" / "tmp" / "p" / "chats" / "session-5e55.json", json.dumps(document).encode())
    assert home.sync().problems == 1
    first, cut, last = home.texts("5e55")
    assert (first, last) == ("text 1", "text 3")
    assert cut.startswith("word word")
    assert [json.loads(one) for one in whole(home, "5e55")] == [said[1]]


@pytest.mark.usefixtures("small")
def test_an_own_export_with_a_long_message(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chattui.sources.chattui_json.document.MOST_COST", 400_000)
    said = [
        {"seq": n, "id": f"m{n}", "role": "user", "kind": "text", "content": LONG if n == 2 else f"text {n}"}
        for n in (1, 2, 3)
    ]
    lines = [f'{{"chattui": {PORTABLE_VERSION},', '"chat": {"source": "codex", "source_id": "x1"},', '"messages": [']
    lines += [",\n".join(map(json.dumps, said)), "]}"]
    for name, raw in (("lines.json", "\n".join(lines)), ("other.json", json.dumps(json.loads("\n".join(lines))))):
        path = write(tmp_path / name, raw.encode())
        monkeypatch.setattr(documents, "HELD", 0)
        home.sync()
        found = next(one for one in all_sources() if one.name == "chattui-json")
        chunks = list(found.read(path))
        contents = [m.content for chunk in chunks for m in chunk.messages]
        assert [contents[0], contents[2]] == ["text 1", "text 3"]
        assert contents[1].startswith("word word")
        assert [problem.lasting for chunk in chunks for problem in chunk.problems] == [True]


def opencode(home: Home, size: int) -> None:
    storage = home.path / ".local" / "share" / "opencode" / "storage"
    about: dict[str, Any] = {
        "id": "ses_1",
        "projectID": "p",
        "directory": "/w",
        "title": "t",
        "time": {"created": 1_760_000_000_000},
    }
    write(storage / "session" / "p" / "ses_1.json", json.dumps(about).encode())
    for n in range(3):
        info = {"id": f"msg_{n}", "sessionID": "ses_1", "role": "user", "time": {"created": 1_760_000_000_000 + n}}
        part = {
            "id": f"prt_{n}",
            "messageID": f"msg_{n}",
            "type": "text",
            "text": f"text {n}" + LONG[: size if n == 1 else 0],
        }
        write(storage / "message" / "ses_1" / f"msg_{n}.json", json.dumps(info).encode())
        write(storage / "part" / f"msg_{n}" / f"prt_{n}.json", json.dumps(part).encode())


@pytest.mark.usefixtures("small")
def test_a_long_part_of_a_tree(home: Home) -> None:
    opencode(home, len(LONG))
    assert home.sync().problems == 1
    first, cut, last = home.texts("ses_1")
    assert (first, last) == ("text 0", "text 2")
    assert cut.startswith("text 1word")
    assert len(whole(home, "ses_1")) == 1


@pytest.mark.parametrize("act", ["duplicate", "merge", "split"])
def test_what_was_not_understood_goes_along_into_new_chats(
    home: Home, act: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("small")
    first, second = with_long_record(), conversation("00000000-0000-4000-8000-0000000000bb")
    first.side("hologram", beam=[1, 2])
    second.side("smell", of="roses")
    home.claude(first)
    home.claude(second, "00000000-0000-4000-8000-0000000000bb")
    home.sync()
    one, two = (chats.find(home.db, name) for name in (SESSION, "00000000-0000-4000-8000-0000000000bb"))
    assert one is not None
    assert two is not None

    def kept(*ids: int) -> list[tuple[str, str]]:
        return sorted((record.what, record.text) for chat_id in ids for record in raw_records.of_chat(home.db, chat_id))

    before = kept(one.id), kept(two.id)
    assert {what for what, _text in before[0]} >= {"unknown kind: hologram"}
    acts: dict[str, Callable[[], Any]] = {
        "duplicate": lambda: portions.duplicate(home.db, one.id),
        "merge": lambda: portions.merge(home.db, [one.id, two.id]),
        "split": lambda: portions.split(home.db, one.id, 3),
    }
    made = acts[act]()
    assert kept(made.id) == (kept(one.id, two.id) if act == "merge" else before[0])
    assert (kept(one.id), kept(two.id)) == before
    again = portions.duplicate(home.db, made.id)
    assert kept(again.id) == kept(made.id)
    home.claude(conversation(turns=2))  # written anew: the source's own go, not those of the copies
    home.sync()
    assert kept(one.id) == []
    assert len(kept(made.id)) == len(kept(again.id)) > 0


def test_a_container_is_read_row_by_row(home: Home, other: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.path / ".local" / "share" / "opencode" / "opencode.db"
    path.parent.mkdir(parents=True)
    write_opencode(path, random.Random(5), 4)
    Home(home.path, other.db).sync()
    monkeypatch.setattr(sqlite, "LONG_DATABASE", 0)
    monkeypatch.setattr(aside, "HELD", 500)
    home.sync()
    here, there = held(home.db), held(other.db)
    assert {**here, "chats": None} == {
        **there,
        "chats": None,
    }  # of a chat that was only named the time is that of the import
    assert len(here["messages"]) > 10
