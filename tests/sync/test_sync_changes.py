"""What a second import reads: only what is new, however a file has changed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from histories import SESSION, THREAD, jsonl, text
from homes import Home, add, conversation, held, later, rollout
from steps import begin, rows, value

from chattui.domain.kinds import ChatStatus
from chattui.sources import chunks
from chattui.store import aside, chats, imports, messages
from chattui.store.delivery import Delivery, Receipt
from chattui.store.writer import HistoryWriter
from chattui.sync import engine

OTHER = "5e551011-0000-4000-8000-00000000beef"


def test_a_first_import_brings_everything_of_both_tools(home: Home) -> None:
    home.claude(conversation())
    home.codex(rollout())
    report = home.sync()
    assert (report.found, report.read, report.unchanged, report.problems, report.faults) == (2, 2, 0, 0, ())
    assert {"question 1", "thought 2", "output 3", "answer 3"} <= set(home.texts())
    assert {"codex question 1", "codex output 3", "codex answer 2"} <= set(home.texts(THREAD))
    assert report.messages == len(home.chat()) + len(home.chat(THREAD))
    found = chats.find(home.db, SESSION)
    assert found is not None
    assert (found.source, found.project, found.git_branch, found.prompt_count) == (
        "claude-code",
        "/work/boat",
        "keel",
        3,
    )
    assert (found.tokens_in, found.tokens_out) == (90, 36)
    assert [m.seq for m in home.chat()] == list(range(1, found.message_count + 1))


def test_when_nothing_is_new_no_file_is_opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        home.claude(conversation(f"{SESSION[:-1]}{number}"), f"{SESSION[:-1]}{number}")
    home.codex(rollout())
    home.sync()
    before = held(home.db)
    opened: list[Path] = []
    really = Path.open

    def spy(self: Path, *args: Any, **options: Any) -> Any:
        if self.suffix == ".jsonl":
            opened.append(self)
        return really(self, *args, **options)

    monkeypatch.setattr(Path, "open", spy)
    report = home.sync()
    assert (report.found, report.unchanged, report.read, report.messages) == (4, 4, 0, 0)
    assert opened == []
    assert held(home.db) == before


def test_a_file_that_has_grown_is_read_from_where_it_ended(home: Home) -> None:
    whole = conversation(turns=4)
    path = home.claude(whole.records[:10])
    home.sync()
    first = home.chat()
    add(path, whole.records[10:])
    report = home.sync()
    assert report.read == 1
    assert home.chat()[: len(first)] == first
    assert home.texts()[-1] == "answer 4"
    assert report.messages == len(home.chat()) - len(first)


def test_importing_in_any_steps_gives_what_one_import_gives(home: Home) -> None:
    whole, second = conversation(turns=6), rollout(6)
    path, other = home.claude(whole.records[:1], old=False), home.codex(rollout(0), old=False)
    for number in range(1, len(whole.records)):
        add(path, whole.records[number : number + 1], old=False)
        if number < len(second.records):
            add(other, second.records[number : number + 1], old=False)
        home.sync(index=False)
    later(path)
    later(other)
    home.sync()
    stepwise = held(home.db)
    rows(home.db, "TRUNCATE chattui.chats, chattui.imports, chattui.day_counts CASCADE")
    home.sync()
    assert held(home.db)["messages"] == stepwise["messages"]
    assert held(home.db)["calls"] == stepwise["calls"]
    assert held(home.db)["chats"] == stepwise["chats"]


@pytest.mark.parametrize("same_size", [True, False])
def test_a_rewritten_file_replaces_what_it_brought(home: Home, same_size: bool) -> None:
    path = home.claude(conversation(turns=2))
    home.sync()
    other = jsonl(conversation(turns=2).records).replace(b"question 1", b"another q?" if same_size else b"anew")
    path.write_bytes(other)
    later(path)
    report = home.sync()
    assert ("another q?" if same_size else "anew") in home.texts()
    assert "question 1" not in home.texts()
    assert [m.seq for m in home.chat()] == list(range(1, len(home.chat()) + 1))
    assert report.read == 1
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 1
    assert home.sync().read == 0


def test_a_long_chat_that_comes_whole_lies_on_the_disk_meanwhile(
    home: Home, other: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_MESSAGES", 10)
    monkeypatch.setattr(aside, "HELD", 100)
    laid: list[int] = []
    shelf = aside.Shelf.__init__

    def put(self: aside.Shelf, file: IO[bytes], at: int, count: int) -> None:
        laid.append(count)
        shelf(self, file, at, count)

    monkeypatch.setattr(aside.Shelf, "__init__", put)
    path = home.claude(conversation(turns=2))
    home.sync()
    whole = conversation(turns=30)
    whole.user(
        [text("look"), {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "UE5H"}}]
    )
    *some, last = [json.loads(line.replace(b"question 1", b"anew")) for line in jsonl(whole.records).splitlines()]
    path.write_bytes(jsonl(some))
    later(path)
    home.sync()
    assert len(laid) > 5
    place = other.claude(conversation(turns=0))
    place.write_bytes(jsonl(some))
    later(place)
    other.sync()
    for one, where in ((home, path), (other, place)):
        add(where, [last])  # what the last part knows is gone on with
        one.sync()
    assert held(home.db, paths=False) == held(other.db, paths=False)
    assert value(home.db, "SELECT count(*) FROM chattui.files") == 1


def test_chats_that_come_whole_come_in_batches(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"5e551011-0000-4000-8000-0000000000{n:02}" for n in range(12)]
    paths = [home.claude(conversation(name, turns=2), name) for name in names]
    home.sync()
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"question 1", b"anew"))
        later(path)
    stored: list[int] = []
    write = HistoryWriter.write

    def count(self: HistoryWriter, deliveries: Sequence[Delivery]) -> Receipt:
        stored.append(len(deliveries))
        return write(self, deliveries)

    monkeypatch.setattr(HistoryWriter, "write", count)
    monkeypatch.setattr(engine, "FIRST_BATCH", 10)
    monkeypatch.setattr(engine, "BATCH_MESSAGES", 20)
    home.sync()
    assert sum(stored) == 12
    assert len(stored) > 3
    assert all("anew" in home.texts(name) for name in names)


def test_a_file_that_got_shorter_is_read_anew(home: Home) -> None:
    whole = conversation(turns=3)
    path = home.claude(whole)
    home.sync()
    path.write_bytes(jsonl(whole.records[:5]))
    later(path)
    home.sync()
    assert home.texts()[-1] == "answer 1"
    found = chats.find(home.db, SESSION)
    assert found is not None
    assert (found.message_count, found.tokens_out) == (len(home.chat()), 12)


def test_what_was_added_here_survives_a_rewrite_at_the_end(home: Home) -> None:
    path = home.claude(conversation(turns=2))
    home.sync()
    found = chats.find(home.db, SESSION)
    assert found is not None
    written = [messages.append(home.db, found.id, f"note {n}", key=f"n{n}") for n in range(2)]
    chats.rename(home.db, found.id, "my own title")
    path.write_bytes(jsonl(conversation(turns=3).records).replace(b"question 1", b"question A"))
    later(path)
    home.sync()
    assert home.texts()[0] == "question A"
    assert home.texts()[-2:] == ["note 0", "note 1"]
    assert [m.created_at for m in home.chat()[-2:]] == [m.created_at for m in written]
    after = chats.get(home.db, found.id)
    assert after is not None
    assert (after.title, after.message_count) == ("my own title", len(home.chat()))
    again = messages.append(home.db, found.id, "note 1", key="n1")
    assert again.seq == after.message_count


def test_what_was_added_here_stays_between_what_was_there_and_what_comes(home: Home) -> None:
    whole = conversation(turns=2)
    path = home.claude(whole.records[:5])
    home.sync()
    found = chats.find(home.db, SESSION)
    assert found is not None
    messages.append(home.db, found.id, "a note", key="n")
    add(path, whole.records[5:])
    home.sync()
    texts = home.texts()
    assert texts.index("answer 1") < texts.index("a note") < texts.index("question 2")
    assert len(texts) == len(set(texts))


def test_a_moved_file_is_known_again(home: Home) -> None:
    path = home.claude(conversation())
    home.sync()
    before = held(home.db, paths=False)
    target = path.parent.parent / "-work-ship" / path.name
    target.parent.mkdir()
    path.rename(target)
    report = home.sync()
    assert report.messages == 0
    assert held(home.db, paths=False) == before
    assert rows(home.db, "SELECT path FROM chattui.imports") == [(str(target),)]
    add(target, conversation(turns=4).records[15:])
    home.sync()
    assert home.texts()[-1] == "answer 4"
    assert len(home.texts()) == len(set(home.texts()))


def test_a_chat_whose_file_has_vanished_stays(home: Home) -> None:
    path = home.claude(conversation())
    home.sync()
    before = held(home.db)
    path.unlink()
    assert home.sync().found == 0
    assert held(home.db) == before
    home.claude(conversation())
    home.sync()
    assert held(home.db, paths=False) == {name: rows for name, rows in before.items() if name != "imports"}


def test_a_second_copy_of_a_session_doubles_nothing(home: Home) -> None:
    whole = conversation()
    home.claude(whole)
    home.sync()
    before = held(home.db, paths=False)
    copy = home.claude(whole, project="-backup")
    assert home.sync().messages == 0
    assert held(home.db, paths=False) == before
    add(copy, conversation(turns=4).records[15:])
    assert home.sync().messages > 0
    assert home.texts()[-1] == "answer 4"
    assert len(home.texts()) == len(set(home.texts()))


def test_two_copies_in_one_import_double_nothing(home: Home) -> None:
    home.claude(conversation())
    home.claude(conversation(turns=4), project="-backup")
    home.sync()
    assert sorted(home.texts()) == sorted({*home.texts()})
    assert "answer 4" in home.texts()


def test_a_copy_that_is_rewritten_takes_nothing_from_the_other(home: Home) -> None:
    home.claude(conversation(turns=4))
    home.sync()
    copy = home.claude(conversation(turns=2), project="-backup")
    home.sync()
    copy.write_bytes(jsonl(conversation(turns=1).records))
    later(copy)
    home.sync()
    assert home.texts()[-1] == "answer 4"
    assert len(home.texts()) == len(set(home.texts()))


def test_a_truncated_last_line_is_read_when_it_is_complete(home: Home) -> None:
    data = jsonl(conversation().records)
    path = home.claude(data[:-20])
    report = home.sync()
    assert report.problems == 0
    assert "answer 3" not in home.texts()
    add(path, data[-20:])
    home.sync()
    assert home.texts()[-1] == "answer 3"
    assert len(home.texts()) == len(set(home.texts()))


def test_a_file_that_is_being_written_loses_nothing(home: Home) -> None:
    data = jsonl(conversation(turns=4).records)
    path = home.claude(b"", old=False)
    for at in range(0, len(data), 611):
        add(path, data[at : at + 611], old=False)
        home.sync(index=False)
    later(path)
    home.sync()
    stepwise = held(home.db)
    rows(home.db, "TRUNCATE chattui.chats, chattui.imports, chattui.day_counts CASCADE")
    home.sync()
    assert held(home.db)["messages"] == stepwise["messages"]
    assert held(home.db)["calls"] == stepwise["calls"]


def test_a_file_that_is_written_while_it_is_imported_is_finished_next_time(home: Home) -> None:
    data = jsonl(conversation(turns=40).records)
    path = home.claude(data[: len(data) // 2], old=False)
    pieces = iter([data[len(data) // 2 : -100], data[-100:]])

    def write_on(_progress: object) -> None:
        if (piece := next(pieces, None)) is not None:
            add(path, piece, old=False)

    from chattui.sources.registry import all_sources
    from chattui.sync.engine import Sync

    Sync(home.db, all_sources(), machine="boat", tell=write_on).run({}, home.path)
    later(path)
    home.sync()
    assert home.texts()[-1] == "answer 40"
    assert len(home.texts()) == len(set(home.texts()))


def test_another_time_alone_reads_nothing_and_is_remembered(home: Home) -> None:
    path = home.claude(conversation())
    home.sync()
    later(path)
    assert home.sync().messages == 0
    assert imports.known(home.db, "boat")[str(path)].mtime_ns == path.stat().st_mtime_ns
    assert home.sync().unchanged == 1


def test_a_deleted_chat_that_grows_stays_deleted(home: Home) -> None:
    path = home.claude(conversation())
    home.sync()
    found = chats.find(home.db, SESSION)
    assert found is not None
    chats.delete(home.db, found.id)
    add(path, conversation(turns=4).records[15:])
    home.sync()
    after = chats.get(home.db, found.id)
    assert after is not None
    assert after.status is ChatStatus.DELETED


def test_an_empty_file_makes_no_chat_and_is_not_read_again(home: Home) -> None:
    path = home.claude(b"")
    assert home.sync().messages == 0
    assert home.sync().read == 0
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 0
    add(path, conversation().records)
    home.sync()
    assert home.texts()[-1] == "answer 3"


def test_own_chats_are_left_alone(home: Home) -> None:
    own = begin(home.db, "my own")
    home.claude(conversation())
    home.sync()
    assert [m.content for m in messages.page(home.db, own, 1, 9)] == ["my own"]


@pytest.mark.skipif(os.name == "nt", reason="names are bytes only on UNIX")
def test_a_path_that_is_not_utf_8_is_imported_once_like_any_other(home: Home) -> None:
    path = home.claude(conversation(), project=os.fsdecode(b"-work-\xe9t\xe9"))
    assert home.sync().messages > 0
    assert home.sync().read == 0
    add(path, conversation(turns=4).records[15:])
    home.sync()
    assert home.texts()[-1] == "answer 4"
    assert len(home.texts()) == len(set(home.texts()))
    assert OTHER not in home.texts()
