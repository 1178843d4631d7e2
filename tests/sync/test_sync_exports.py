"""Exports in the database: of the next one only what is new or has changed is taken, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_makers import PNG, Gpt, packed, put
from histories import uuid
from homes import MACHINE, Home, held, later
from steps import rows, value

from chattui.domain.errors import SourceError
from chattui.sources.registry import all_sources
from chattui.store import chats
from chattui.sync import engine
from chattui.sync.choose import history_in
from chattui.sync.engine import Sync
from chattui.sync.progress import SyncReport

ROWS = "SELECT chat_id, seq, xmin::text FROM chattui.messages ORDER BY 1, 2"


def account(*turns: int) -> list[Gpt]:
    """Conversations with so many turns each."""
    made = []
    for n, count in enumerate(turns, 1):
        one = Gpt(n)
        for turn in range(count):
            one.say("user", f"prompt {n}.{turn}")
            one.say("assistant", f"answer {n}.{turn}")
        made.append(one)
    return made


def export(path: Path, made: list[Gpt]) -> Path:
    return put(path, packed({"conversations.json": [one.record() for one in made]}))


def take(home: Home, *paths: Path) -> SyncReport:
    sync = Sync(home.db, all_sources(), machine=MACHINE)
    found = history_in(paths, all_sources())
    return sync.run_work(sync.compare(found), found=len(found))


def test_the_same_export_again_changes_nothing(home: Home, tmp_path: Path) -> None:
    path = export(tmp_path / "a.zip", account(2, 3))
    assert take(home, path).messages == 10
    before = held(home.db), rows(home.db, ROWS)
    assert take(home, path).read == 0
    later(path)
    assert take(home, path).messages == 0
    assert rows(home.db, ROWS) == before[1]


def test_of_a_newer_export_only_what_is_new_is_taken_and_what_is_missing_stays(home: Home, tmp_path: Path) -> None:
    made = account(2, 2, 2)
    take(home, export(tmp_path / "old.zip", made))
    before = set(rows(home.db, ROWS))
    made[1].say("user", "one more")
    made[2].fields["title"] = "Renamed"
    assert take(home, export(tmp_path / "new.zip", [*made[1:], *account(1, 1, 1, 1)[3:]])).messages == 3
    assert before <= set(rows(home.db, ROWS)), "what was there is not written again"
    assert home.texts(uuid(1)) == ["prompt 1.0", "answer 1.0", "prompt 1.1", "answer 1.1"]
    assert home.texts(uuid(2))[-1] == "one more"
    assert value(home.db, "SELECT title FROM chattui.chats WHERE source_id = %s", uuid(3)) == "Renamed"
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 4
    assert take(home, tmp_path / "new.zip").read == 0


def test_a_reply_made_again_in_a_newer_export_of_the_same_name_is_a_branch(home: Home, tmp_path: Path) -> None:
    made = account(2, 1)
    path = export(tmp_path / "a.zip", made)
    take(home, path)
    asked = made[0].nodes["client-created-root"]["children"][0]
    made[0].say("assistant", "answer again", parent=asked)
    export(path, made)
    later(path)
    assert take(home, path).messages > 0
    messages = home.chat(uuid(1))
    assert [m.content for m in messages] == ["prompt 1.0", "answer 1.0", "prompt 1.1", "answer 1.1", "answer again"]
    assert [m.parent_seq for m in messages] == [None, 1, 2, 3, 1]


def test_uploads_are_kept_as_blobs(home: Home, tmp_path: Path) -> None:
    made = Gpt()
    see = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-abc"}
    made.say("user", {"content_type": "multimodal_text", "parts": ["look", see]})
    put(tmp_path / "a.zip", packed({"conversations.json": [made.record()], "file-abc-boat.png": PNG}))
    take(home, tmp_path / "a.zip")
    assert [bytes(data) for (data,) in rows(home.db, "SELECT data FROM chattui.blobs")] == [PNG]
    assert rows(home.db, "SELECT path, mime FROM chattui.files") == [("2-1-file-abc-boat.png", "image/png")]


def test_a_long_import_that_is_ended_goes_on_with_the_chats_that_are_missing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FIRST_BATCH", 4)
    monkeypatch.setattr(engine, "BATCH_MESSAGES", 4)
    monkeypatch.setattr(engine, "_TELL_EVERY", 0)
    path = export(tmp_path / "a.zip", account(*[3] * 20))
    found = history_in([path], all_sources())
    ended = Sync(home.db, all_sources(), machine=MACHINE, tell=lambda p: ended.stop() if p.messages else None)
    assert ended.run_work(ended.compare(found)).stopped
    stored = value(home.db, "SELECT count(*) FROM chattui.messages")
    assert 0 < stored < 120
    assert value(home.db, "SELECT count(*) FROM chattui.messages") % 6 == 0, "no part of a chat"
    assert take(home, path).messages == 120 - stored
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == 120


def test_a_damaged_export_brings_what_stands_before_the_damage_and_takes_nothing_away(
    home: Home, tmp_path: Path
) -> None:
    import json

    made = account(*[40] * 30)
    path = put(tmp_path / "c.json", [one.record() for one in made])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    report = take(home, path)
    [fault] = report.faults
    assert "is damaged" in fault.reason
    held_ = value(home.db, "SELECT count(*) FROM chattui.chats")
    assert 10 < held_ < 20
    path.write_bytes(json.dumps([one.record() for one in made]).encode())
    later(path)
    assert not take(home, path).faults
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 30
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == 30 * 80
    path.write_bytes(whole[:3000])
    later(path, 20)
    assert take(home, path).faults
    assert value(home.db, "SELECT count(*) FROM chattui.messages") == 30 * 80


def test_since_leaves_out_chats_that_come_without_it(home: Home, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from export_makers import BEGUN

    made = account(1, 1)
    for node in made[1].nodes.values():
        if node["message"]:
            node["message"]["create_time"] += 1_000_000
    path = export(tmp_path / "a.zip", made)
    since = datetime.fromtimestamp(BEGUN + 500_000, UTC)
    sync = Sync(home.db, all_sources(), machine=MACHINE, since=since)
    found = history_in([path], all_sources())
    told = sync.preview(sync.compare(found), len(found))
    assert [(s.source, s.new, s.chats, s.messages) for s in told.sources] == [("chatgpt", 1, 1, 2)]
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 0, "a preview stores nothing"
    assert sync.run_work(sync.compare(found)).messages == 2
    assert chats.find(home.db, uuid(2)) is not None
    assert chats.find(home.db, uuid(1)) is None
    again = Sync(home.db, all_sources(), machine=MACHINE, since=since)
    assert again.run_work(again.compare(found)).messages == 0
    assert take(home, path).messages == 2
    assert take(home, path).read == 0


def test_files_from_before_are_left_out_too(home: Home) -> None:
    from datetime import UTC, datetime, timedelta

    from homes import conversation

    path = home.claude(conversation())
    later(path, 3600)
    sync = Sync(home.db, all_sources(), machine=MACHINE, since=datetime.now(UTC) - timedelta(seconds=1800))
    assert sync.run({}, home.path).messages == 0
    assert home.sync().messages == 15


def test_a_folder_is_looked_through_for_exports(home: Home, tmp_path: Path) -> None:
    export(tmp_path / "in" / "deep" / "a.zip", account(1))
    put(tmp_path / "in" / "conversations.json", [account(1, 1)[1].record()])
    put(tmp_path / "in" / "README.md", b"User: not a chat\nAssistant: no\n")
    put(tmp_path / "in" / "user.json", {"id": "u"})
    put(tmp_path / "in" / "broken.zip", b"PK\x03\x04broken")
    assert take(home, tmp_path / "in").messages == 4
    assert rows(home.db, "SELECT source, count(*) FROM chattui.chats GROUP BY 1") == [("chatgpt", 2)]
    with pytest.raises(SourceError, match="cut off"):
        history_in([tmp_path / "in" / "broken.zip"], all_sources())
