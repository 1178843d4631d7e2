"""What is not understood is kept as its file has it: once, bounded, beside its chat, and only where that is wanted."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from histories import SESSION, Claude, Record, jsonl, text, write
from homes import MACHINE, Home, add, conversation, held, later
from steps import people, rows, value

from chattui.config.file import parse_config
from chattui.domain.history import RAW_KEPT
from chattui.sources.registry import all_sources
from chattui.store import chats, imports, raw_records
from chattui.store.database import Database
from chattui.store.raw_records import KeptRecord
from chattui.sync.engine import Sync
from chattui.sync.ruled import LeftOutFiles, ruled

BROKEN = b'{"type": "user", "message": {"rol\n'
KEY = "ghp" + "_" + "a1B2" * 9


def kept(home: Home, source_id: str = SESSION) -> list[KeptRecord]:
    found = chats.find(home.db, source_id)
    assert found is not None
    return raw_records.of_chat(home.db, found.id)


def strange(n: int, **fields: object) -> Record:
    return {"type": "hologram", "sessionId": SESSION, "n": n, **fields}


def session() -> list[bytes]:
    """The lines of a session with a record of an unknown kind, a block of one, and a line that is no record."""
    made = Claude(SESSION)
    made.user("question")
    made.side("hologram", beam=[1, 2])
    made.reply(text("answer"), {"type": "smell", "of": "roses"}, reply="m1")
    made.user("another")
    lines = [jsonl([record]) for record in made.records]
    return [*lines[:3], BROKEN, *lines[3:]]


def test_what_is_not_understood_is_kept_as_the_file_has_it(home: Home) -> None:
    path = home.claude(b"".join(session()))
    report = home.sync()
    found = kept(home)
    assert [(one.line, one.part, one.what) for one in found] == [
        (2, 0, "unknown kind: hologram"),
        (3, 0, "unknown kind: smell"),
        (4, 0, found[2].what),
    ]
    assert [one.text for one in found] == [line.decode().removesuffix("\n") for line in session()[1:4]]
    assert found[2].what.startswith("not JSON")
    assert {(one.machine, one.path) for one in found} == {(MACHINE, str(path))}
    assert all(one.size == len(one.text) and one.is_whole for one in found)
    assert report.problems == 1
    assert imports.summaries(home.db)[0].raw == 3


def test_reading_in_steps_keeps_what_one_reading_keeps(home: Home, other: Home) -> None:
    lines = session()
    path = home.claude(lines[0], old=False)
    for line in lines[1:]:
        home.sync()
        add(path, line, old=False)
    home.sync()
    Home(home.path, other.db).sync()
    assert held(home.db) == held(other.db)
    assert len(kept(home)) == 3


def test_a_record_before_the_first_message_waits_for_its_chat(home: Home) -> None:
    path = home.claude(b'{"type": "mode", "sessionId": "' + SESSION.encode() + b'"}\n' + BROKEN)
    home.sync()
    assert chats.find(home.db, SESSION) is None
    add(path, b"".join(session()))
    home.sync()
    assert [one.line for one in kept(home)] == [2, 4, 5]


def test_the_same_record_again_is_no_second_row(home: Home) -> None:
    path = home.claude(b"".join(session()))
    home.sync()
    before = rows(home.db, "SELECT * FROM chattui.raw_records ORDER BY digest")
    add(path, session()[1])  # the tool writes it down once more
    home.sync()
    write(home.path / "copy" / f"{SESSION}.jsonl", b"".join(session()))  # and another file has all of it
    sync = Sync(home.db, all_sources(), machine="other boat")
    sync.run({}, home.path)
    path.rename(path.with_name("moved.jsonl"))
    home.sync()
    assert rows(home.db, "SELECT * FROM chattui.raw_records ORDER BY digest") == before


def test_a_rewritten_file_has_what_it_holds_now(home: Home, other: Home) -> None:
    path = home.claude(b"".join(session()))
    home.sync()
    first = dict(rows(home.db, "SELECT what, met_at FROM chattui.raw_records"))
    lines = session()
    write(path, b"".join([lines[0], jsonl([strange(1)]), *lines[2:3], *lines[4:]]))
    home.sync()
    Home(home.path, other.db).sync()
    assert held(home.db) == held(other.db)
    assert [(one.line, one.what) for one in kept(home)] == [(2, "unknown kind: hologram"), (3, "unknown kind: smell")]
    assert kept(home)[1].met_at == first["unknown kind: smell"]


def test_it_is_bounded_for_a_record_and_for_a_chat(home: Home, other: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_records, "MOST_RECORDS", 5)
    made = conversation(turns=1)
    made.records += [strange(0, long="x" * (RAW_KEPT + 10_000)), *(strange(n) for n in range(1, 9))]
    path = home.claude(made.records[:8])
    for at in range(8, len(made.records)):
        home.sync()
        add(path, made.records[at : at + 1])
    home.sync()
    Home(home.path, other.db).sync()
    assert held(home.db) == held(other.db)
    long, *rest = kept(home)
    assert (len(long.text), long.is_whole) == (RAW_KEPT, False)
    assert long.size > RAW_KEPT + 10_000
    assert [json.loads(one.text)["n"] for one in rest] == [1, 2, 3, 4]


def test_bytes_of_a_chat_are_bounded_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_records, "MOST_BYTES", 300)
    noise = hashlib.shake_256(b"noise").hexdigest(400)
    home.claude([*conversation(turns=1).records, strange(1), strange(2, noise=noise), strange(3)])
    home.sync()
    assert [json.loads(one.text)["n"] for one in kept(home)] == [1, 3]


def test_it_goes_with_its_chat(home: Home) -> None:
    home.claude(b"".join(session()))
    home.sync()
    assert value(home.db, "SELECT count(*) FROM chattui.raw_records") == 3
    rows(home.db, "DELETE FROM chattui.chats")
    assert value(home.db, "SELECT count(*) FROM chattui.raw_records") == 0


@pytest.mark.parametrize(
    ("config", "count"),
    [
        ("[sources]\nkeep-raw = false", 0),
        ("[sources.claude-code]\nkeep-raw = false", 0),
        ("[sources]\nkeep-raw = false\n[sources.claude-code]\nkeep-raw = true", 3),
        ("[sources.codex]\nkeep-raw = false", 3),
    ],
)
def test_it_is_switched_off_for_all_sources_or_for_one(home: Home, tmp_path: Path, config: str, count: int) -> None:
    home.claude(b"".join(session()))
    rules = parse_config(config, tmp_path / "c").rules
    report = Sync(home.db, ruled(rules, tmp_path / "c", LeftOutFiles(None)), machine=MACHINE).run({}, home.path)
    assert len(kept(home)) == count
    assert report.problems == 1
    assert len(home.texts()) == 5


def test_secrets_in_it_are_replaced_before_they_are_stored_also_where_it_is_cut(home: Home, tmp_path: Path) -> None:
    head = len(json.dumps(strange(0, long=""))) - 2
    cut = strange(0, long="x" * (RAW_KEPT - head - 10) + " " + KEY)
    records = jsonl([*conversation(turns=1).records, strange(1, key=KEY), cut])
    home.claude(records + b'{"key": "' + KEY.encode() + b'", \n')
    rules = parse_config("", tmp_path / "c").rules
    Sync(home.db, ruled(rules, tmp_path / "c", LeftOutFiles(None), mask=True), machine=MACHINE).run({}, home.path)
    found = kept(home)
    assert len(found) == 3
    assert not [one for one in found if KEY[:6] in one.text]
    assert found[0].text.endswith('"key": "ghp_' + "•" * 36 + '"}')


def crush(home: Home, *messages: tuple[str, str]) -> Path:
    """A database of Crush's with one session."""
    path = home.path / ".crush" / "crush.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "CREATE TABLE sessions (id TEXT, parent_session_id TEXT, title TEXT, prompt_tokens INT, completion_tokens INT,"
            " summary_message_id TEXT, created_at INT, updated_at INT);"
            "CREATE TABLE messages (id TEXT, session_id TEXT, role TEXT, parts TEXT, model TEXT, is_summary_message INT,"
            " created_at INT, updated_at INT, finished_at INT);"
        )
        db.execute("INSERT INTO sessions VALUES ('s', NULL, 'Hull', 0, 0, NULL, 1772359200, ?)", (len(messages),))
        for n, (name, parts) in enumerate(messages, 1):
            db.execute("INSERT INTO messages VALUES (?, 's', 'user', ?, '', 0, ?, ?, 0)", (name, parts, n, n))
        db.commit()
    return path


def test_of_a_chat_in_a_container_it_is_what_the_last_reading_found(home: Home) -> None:
    said = ("a", json.dumps([{"type": "text", "data": {"text": "hello"}}]))
    odd = ("b", json.dumps([{"type": "hologram", "data": {"beam": 1}}]))
    path = crush(home, said, odd, ("c", "{broken"))
    source = [one for one in all_sources() if one.name == "crush"]
    work = Sync(home.db, source, machine=MACHINE)

    def sync() -> list[tuple[int, str]]:
        from chattui.sync.choose import history_in

        work.run_work(work.compare(history_in([path], source)))
        return [(one.line, one.what) for one in kept(home, "s")]

    assert sync() == [(2, "unknown kind: hologram"), (3, "message c is not a list of parts")]
    assert "{broken" in kept(home, "s")[1].text
    later(path)
    assert sync() == [(2, "unknown kind: hologram"), (3, "message c is not a list of parts")]
    crush(home, said, odd, said, said)
    assert sync() == [(2, "unknown kind: hologram")]
    crush(home, said, said, said, said, said)
    assert sync() == []


def test_an_ordinary_person_of_a_shared_database_keeps_it_too(home: Home, server: str, conninfo: str) -> None:
    home.claude(b"".join(session()))
    with people(server, conninfo, "ann", "bob") as infos:
        ann, bob = (Database(info) for info in infos)
        Home(home.path, ann).sync()
        assert len(kept(Home(home.path, ann))) == 3
        assert rows(bob, "SELECT * FROM chattui.raw_records") == []
        ann.close()
        bob.close()
