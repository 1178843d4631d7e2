"""What a history that was written anew says of its chat replaces what it said before; what a person said stays."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from container_makers import CRUSH, LLM_NEW, Made, add_crush, add_llm_new, more_crush, more_llm_new, rows_of
from export_makers import Gpt, put
from histories import SESSION, Claude, jsonl, text
from homes import MACHINE, Home, later
from makers import copilot_records, pi_records
from mutations import originals
from steps import rows, value

from chattui.sources.copilot_cli import CopilotCli
from chattui.sources.pi import Pi
from chattui.sources.registry import all_sources
from chattui.store import chats, details, writer
from chattui.sync.choose import history_in
from chattui.sync.engine import Sync

FACTS = "SELECT title, model, git_branch, root_id, metadata ->> 'title_from' FROM chattui.chats WHERE source_id = %s"


def take(home: Home, path: Path) -> None:
    sync = Sync(home.db, all_sources(), machine=MACHINE)
    sync.run_work(sync.compare(history_in([path], all_sources())), index=False)


def test_what_a_rewritten_session_said_of_its_chat_is_forgotten(home: Home) -> None:
    before = Claude(first=500)
    before.user("old prompt")
    before.reply(text("old answer"), reply="a")
    before.side("custom-title", customTitle="old title")
    path = home.claude(before)
    home.sync(index=False)
    assert rows(home.db, FACTS, SESSION)[0][0] == "old title"
    after = Claude()
    after.user("new prompt")
    path.write_bytes(jsonl(after.records))
    later(path)
    home.sync(index=False)
    assert rows(home.db, FACTS, SESSION) == [("new prompt", None, "keel", after.records[0]["uuid"], "prompt")]
    assert home.texts() == ["new prompt"]


def test_a_title_and_facts_that_a_person_gave_stay(home: Home) -> None:
    path = home.claude(jsonl([*_session("first").records]))
    home.sync(index=False)
    found = chats.find(home.db, SESSION)
    assert found is not None
    chats.rename(home.db, found.id, "mine")
    details.set_fact(home.db, found.id, "project", "/mine")
    details.set_fact(home.db, found.id, "git_branch", "own")
    path.write_bytes(jsonl(_session("second").records))
    later(path)
    home.sync(index=False)
    assert rows(home.db, "SELECT title, project, git_branch FROM chattui.chats") == [("mine", "/mine", "own")]
    assert home.texts()[0] == "second"


def _session(words: str) -> Claude:
    made = Claude(first=len(words) * 100)
    made.user(words)
    return made


def test_a_time_that_an_export_tells_otherwise_is_corrected(home: Home, tmp_path: Path) -> None:
    made = Gpt(1)
    made.say("user", "hello")
    made.say("assistant", "hi")
    message = next(node["message"] for node in made.nodes.values() if node["message"])
    right, message["create_time"] = message["create_time"], 4_000_000_000.0
    path = put(tmp_path / "conversations.json", [made.record()])
    take(home, path)
    assert value(home.db, "SELECT max(extract(epoch FROM created_at)) FROM chattui.messages") == 4_000_000_000
    message["create_time"] = right
    put(path, [made.record()])
    later(path)
    take(home, path)
    times = "SELECT extract(epoch FROM created_at)::float, (SELECT extract(epoch FROM last_message_at)::float FROM chattui.chats)"
    assert rows(home.db, f"{times} FROM chattui.messages ORDER BY seq") == [
        (right, right + 60),
        (right + 60, right + 60),
    ]


def test_a_message_that_answers_one_far_back_finds_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_RECENT", 3)
    made = Claude()
    for n in range(9):
        made.user(f"question {n}")
    path = home.claude(made)
    home.sync(index=False)
    before = len(jsonl(made.records))
    made.user("edited", parentUuid=made.records[1]["uuid"])
    made.user("after that")
    with path.open("ab") as file:
        file.write(jsonl(made.records)[before:])
    later(path)
    home.sync(index=False)
    assert [(m.content, m.parent_seq) for m in home.chat()[-2:]] == [("edited", 2), ("after that", 10)]


def test_an_export_of_ours_that_was_half_written_is_read_on_in_the_line_where_it_ended(
    home: Home, tmp_path: Path
) -> None:
    [original] = [one for one in originals(1) if one.source.name == "chattui-json"]
    whole = original.files[original.main]
    path = put(tmp_path / "boats.json", whole[: whole.index(b"words 3")])
    take(home, path)
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == 2
    put(path, whole)
    later(path)
    take(home, path)
    assert rows(home.db, "SELECT content FROM chattui.messages ORDER BY seq") == [(f"words {n}",) for n in range(1, 6)]


@pytest.mark.parametrize(("known", "make"), [(Pi(), pi_records), (CopilotCli(), copilot_records)])
def test_a_record_that_was_written_twice_is_one_message_also_when_reading_goes_on_between(
    known: Pi | CopilotCli, make: object, tmp_path: Path
) -> None:
    assert callable(make)
    records = make(random.Random(4), 12)
    path = put(tmp_path / "events.jsonl", jsonl(records))
    once = [m for chunk in known.read(path) for m in chunk.messages]
    last = list(known.read(path))[-1]
    put(path, jsonl([*records, *records[1:]]))
    assert [m.source_id for chunk in known.read(path) for m in chunk.messages][: len(once)] == [
        m.source_id for m in once
    ]
    ids = {m.source_id for m in once}
    more = [
        m for chunk in known.read(path, offset=last.offset, line=last.line, state=last.state) for m in chunk.messages
    ]
    assert not ids & {m.source_id for m in more}


def test_a_subagent_of_a_subagent_finds_its_parent_in_one_batch(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "crush.db"
    Made(CRUSH, add_crush, more_crush).write(path, random.Random(1), 4)
    rows_of(
        path,
        "UPDATE sessions SET parent_session_id = CASE id WHEN 's1' THEN 's4' WHEN 's3' THEN 's1' WHEN 's2' THEN 's3' END",
    )
    take(home, path)
    parents = "SELECT c.source_id, p.source_id FROM chattui.chats c LEFT JOIN chattui.chats p ON p.id = c.parent_id ORDER BY 1"
    assert rows(home.db, parents) == [("s1", "s4"), ("s2", "s3"), ("s3", "s1"), ("s4", None)]


def test_a_fork_that_a_database_does_not_tell_of_any_more_is_none(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    Made(LLM_NEW, add_llm_new, more_llm_new).write(path, random.Random(1), 2)
    (first,), (second,) = rows_of(path, "SELECT id FROM threads ORDER BY id")
    forks = "SELECT c.source_id, f.source_id FROM chattui.chats c JOIN chattui.chats f ON f.id = c.forked_from"
    for nth, named in enumerate((second, "gone", None)):
        rows_of(path, "UPDATE threads SET forked_from = ? WHERE id = ?", named, first)
        with closing(sqlite3.connect(path)) as conn, conn:
            more_llm_new(conn, random.Random(nth), 1)
        later(path, 10 * nth)
        take(home, path)
        assert rows(home.db, forks) == ([(first, named)] if named else [])


def test_a_source_with_bytes_that_nothing_can_store_is_a_source_all_the_same(home: Home, tmp_path: Path) -> None:
    [original] = [one for one in originals(1) if one.source.name == "chattui-json"]
    whole = original.files[original.main]
    path = put(
        tmp_path / "boats.json",
        whole.replace(b'"source": "', b'"source": "a\\u0000b', 1).replace(b'"source":"', b'"source":"a\\u0000b', 1),
    )
    assert b"\\u0000" in path.read_bytes()
    take(home, path)
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == 5
