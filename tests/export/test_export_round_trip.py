"""From one database into another and back: an exported chat is the same chat, and never a second one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from homes import MACHINE, Home, conversation, held, rollout
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import HOSTILE, chat, picture, said, written
from steps import begin, fill, rows, value

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk, HistoryFile, NewAttachment, NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.export.folder import Folder
from chattui.export.formats import format_of
from chattui.export.run import WHOLE, Span, export_chat
from chattui.sources.chattui_json import ChattuiJson, source
from chattui.sources.registry import all_sources, recognise
from chattui.store import chats, details, messages, taking
from chattui.store.database import Database
from chattui.store.delivery import Delivery
from chattui.store.writer import HistoryWriter
from chattui.sync.choose import history_in
from chattui.sync.engine import Sync
from chattui.sync.progress import SyncReport


def take(db: Database, chat_id: int, place: Path, span: Span = WHOLE, *, replace: bool = False) -> Path:
    with Folder(place) as folder:
        return export_chat(db, chat_id, format_of("json"), folder, span=span, replace=replace).path


def take_all(db: Database, place: Path) -> None:
    for chat_id in taking.every_id(db):
        take(db, chat_id, place, replace=True)


def bring(db: Database, *paths: Path, machine: str = MACHINE) -> SyncReport:
    sync = Sync(db, all_sources(), machine=machine)
    found = history_in(paths, all_sources())
    return sync.run_work(sync.compare(found), found=len(found))


def everything(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    more = (
        "SELECT source_id, title_is_own, tags, description, git_branch, settings FROM chattui.chats ORDER BY source_id"
    )
    return {**held(db, paths=False), "own": rows(db, more)}


def test_every_chat_comes_back_the_same_in_another_database(home: Home, other_db: Database, tmp_path: Path) -> None:
    home.claude(conversation())
    home.codex(rollout())
    home.sync()
    mine = begin(home.db, "first", HOSTILE, title="mine", tags=["a", "ü"])
    begin(home.db, title="nothing said yet")
    chats.pin(home.db, mine, True)
    chats.rename(home.db, 1, "renamed here")
    chats.tag(home.db, 1, ["x"])
    chats.describe(home.db, 1, "look at\nthis")
    details.set_issue(home.db, 1, "#12 Pool empty https://example.org/issues/12")
    details.set_quiet(home.db, 1, True)
    details.set_fact(home.db, 1, "git_branch", "fix/pool")
    chats.archive(home.db, 2)
    messages.append(home.db, 1, "added here", key="k")
    take_all(home.db, tmp_path / "out")
    report = bring(other_db, tmp_path / "out")
    assert (report.problems, report.faults) == (0, ())
    assert everything(other_db) == everything(home.db)


def test_importing_where_the_original_is_changes_nothing(home: Home, tmp_path: Path) -> None:
    home.claude(conversation())
    home.sync()
    begin(home.db, "one", "two")
    take_all(home.db, tmp_path / "out")
    chats.rename(home.db, 1, "renamed since")
    before = everything(home.db)
    assert bring(home.db, tmp_path / "out").messages == 0
    assert everything(home.db) == before
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 2


def test_exported_again_and_imported_again_adds_only_what_is_new(
    db: Database, other_db: Database, tmp_path: Path
) -> None:
    chat_id = begin(db, "one", "two")
    bring(other_db, take(db, chat_id, tmp_path))
    [copy] = taking.every_id(other_db)
    messages.append(other_db, copy, "only there", key="there")
    messages.append(db, chat_id, "three", key="three")
    path = take(db, chat_id, tmp_path, replace=True)
    assert bring(other_db, path).messages == 1
    assert bring(other_db, path).messages == 0
    said_there = [m.content for m in messages.page(other_db, copy, 1, 9)]
    assert said_there == ["one", "two", "only there", "three"]
    assert bring(db, path).messages == 0
    assert [m.content for m in messages.page(db, chat_id, 1, 9)] == ["one", "two", "three"]


def test_the_tools_own_file_is_known_again_after_an_export_was_imported(
    home: Home, other: Home, tmp_path: Path
) -> None:
    home.claude(conversation(turns=4))
    home.sync()
    path = take(home.db, 1, tmp_path / "out")
    other.claude(conversation(turns=2))
    other.sync()
    assert bring(other.db, path).messages == 10
    other.claude(conversation(turns=4))
    other.sync()
    assert other.texts() == home.texts()


def test_a_part_of_a_chat_keeps_its_ids(db: Database, other_db: Database, tmp_path: Path) -> None:
    chat_id = begin(db, *"abcdef")
    path = take(db, chat_id, tmp_path, Span(2, 4))
    bring(other_db, path)
    assert [m.content for m in messages.page(other_db, 1, 1, 9)] == ["b", "c", "d"]
    assert bring(db, path).messages == 0
    bring(other_db, take(db, chat_id, tmp_path, replace=True))
    assert sorted(m.content for m in messages.page(other_db, 1, 1, 9)) == list("abcdef")


short = st.text(max_size=30)
ids = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
count = st.none() | st.integers(0, 1 << 20)
tools = st.none() | st.builds(
    NewToolUse, ids, short, short, st.sampled_from(ToolStatus), count, st.none() | st.text(min_size=1, max_size=9)
)
made_messages = st.lists(
    st.builds(
        NewMessage,
        role=st.sampled_from(Role),
        kind=st.sampled_from(Kind),
        content=short,
        source_id=ids,
        created_at=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
        content_type=st.sampled_from(ContentType),
        parent_id=st.none() | ids,
        reply_id=st.none() | short,
        model=st.none() | short,
        thread=st.none() | short,
        tokens_in=count,
        tokens_out=count,
        tokens_cached=count,
        error=st.booleans(),
        tool=tools,
        attachments=st.lists(
            st.builds(NewAttachment, short, short.filter(bool), st.binary(max_size=40)), max_size=2
        ).map(tuple),
        metadata=st.none()
        | st.dictionaries(short, st.integers(-9, 9) | short | st.lists(short, max_size=2), min_size=1),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda m: m.source_id,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(made_messages, short, st.lists(ids, max_size=3), st.booleans())
def test_whatever_a_chat_holds_comes_back(
    db: Database, other_db: Database, tmp_path: Path, made: list[NewMessage], title: str, tags: list[str], own: bool
) -> None:
    for each in (db, other_db):
        rows(
            each, "TRUNCATE chattui.chats, chattui.messages, chattui.tool_calls, chattui.files, chattui.imports CASCADE"
        )
        rows(each, "TRUNCATE chattui.blobs CASCADE")
    info = ChatInfo("codex", "s", title, title_is_own=own, tags=tuple(tags), metadata={"k": title}, description="d")
    file = HistoryFile("codex", tmp_path / "x", 1, 1, 1, 1)
    HistoryWriter(db, MACHINE).write([Delivery(file, Chunk(info, tuple(made), 1, 1, {}), 0)])
    [chat_id] = taking.every_id(db)
    place = tmp_path / "out"
    with Folder(place) as folder:
        pieces = format_of("json").pieces(
            taking.portable(db, chat_id),  # type: ignore[arg-type]
            taking.messages_of(db, chat_id, 1, len(made), with_data=True),
        )
        folder.write("a.json", pieces, replace=True)
    assert bring(other_db, place / "a.json", machine=f"m{datetime.now().timestamp()}").problems == 0
    assert everything(other_db) == everything(db)


def test_a_long_chat_is_read_in_chunks_and_from_any_of_them(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "CHUNK_MESSAGES", 7)
    chat_id = begin(db)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    fill(db, chat_id, [(f"line {n}", start + timedelta(seconds=n)) for n in range(600)])
    path = take(db, chat_id, tmp_path)
    found = list(ChattuiJson().read(path))
    assert max(len(c.messages) for c in found) == 7
    for at in (0, 40, len(found) - 2):
        rest = list(ChattuiJson().read(path, offset=found[at].offset, line=found[at].line))
        assert [m for c in rest for m in c.messages] == [m for c in found[at + 1 :] for m in c.messages]
        assert rest[-1].line == found[-1].line
    assert list(ChattuiJson().read(path, offset=found[-1].offset, line=found[-1].line)) == []
    assert found[-1].offset == path.stat().st_size


def test_a_document_that_was_laid_out_anew_is_read_too(tmp_path: Path) -> None:
    text = written("json", [said(1, "a"), said(2, HOSTILE, attachments=(picture(),))], chat(tags=("t",)))
    path = tmp_path / "a.json"
    for indent in (None, 2):
        path.write_text(json.dumps(json.loads(text), indent=indent))
        assert recognise(path) is not None
        [chunk] = ChattuiJson().read(path)
        assert [m.content for m in chunk.messages] == ["a", HOSTILE]
        assert chunk.messages[1].attachments[0].data == b"\x89PNG"
        assert chunk.chat.tags == ("t",)


def test_what_cannot_be_used_is_reported_and_costs_only_itself(tmp_path: Path) -> None:
    bad = ['{"id":"x"}', "nonsense", '{"id":"y","role":"god","kind":"text","content":"c"}']
    lines = written("json", [said(1, "a"), said(2, "b")]).split("\n")
    path = tmp_path / "a.json"
    path.write_text("\n".join([*lines[:4], *(b + "," for b in bad), *lines[4:]]))
    [chunk] = ChattuiJson().read(path)
    assert [m.content for m in chunk.messages] == ["a", "b"]
    assert [p.line for p in sorted(chunk.problems, key=lambda p: p.line)] == [5, 6, 7]
    path.write_text("\n".join(lines[:4]))
    [chunk] = ChattuiJson().read(path)
    assert [m.content for m in chunk.messages] == ["a"]
    assert "ends before its end" in chunk.problems[0].reason


def test_a_newer_version_and_what_is_no_export_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(written("json", []).replace('"chattui": 1', '"chattui": 2'))
    with pytest.raises(SourceError, match="version 2"):
        list(ChattuiJson().read(path))
    path.write_text('{"chattui": 1}')
    with pytest.raises(SourceError, match="it has no messages"):
        list(ChattuiJson().read(path))
    path.write_text('{"chats": 1}')
    assert recognise(path) is None
    with pytest.raises(SourceError, match="not a history that chattui knows"):
        history_in([path], all_sources())


def test_exports_are_looked_for_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(written("json", [said(1, "a")]))
    assert ChattuiJson().roots({}, tmp_path) == ()
    assert list(ChattuiJson().discover(tmp_path, lambda path, why: None)) == []
    assert [s.name for s, _ in history_in([tmp_path], all_sources())] == ["chattui-json"]


def test_a_subagent_finds_its_chat_in_whatever_order_they_come(
    db: Database, other_db: Database, tmp_path: Path
) -> None:
    parent = begin(db, "go")
    child = begin(db, "work")
    rows(db, "UPDATE chattui.chats SET source = 'codex'")
    rows(db, "UPDATE chattui.chats SET parent_id = %s, parent_call_id = 'c' WHERE id = %s", parent, child)
    bring(other_db, take(db, child, tmp_path))
    assert [r.title for r in chats.recents(other_db)] == []
    bring(other_db, take(db, parent, tmp_path))
    assert everything(other_db) == everything(db)


def test_what_a_file_says_of_an_issue_is_not_believed(other_db: Database, tmp_path: Path) -> None:
    of = {"source": "codex", "source_id": "x", "title": "t", "quiet": "yes", "own_facts": ["git_branch", "owner", 3]}
    made = {"number": 12, "title": "a\nb" + "c" * 999, "url": None, "more": "x"}
    message = {"id": "m1", "seq": 1, "role": "user", "kind": "text", "content": "hi", "time": "2026-10-01T12:00:00Z"}
    (tmp_path / "a.json").write_text(json.dumps({"chattui": 1, "chat": {**of, "issue": made}, "messages": [message]}))
    bring(other_db, tmp_path / "a.json")
    [(settings,)] = rows(other_db, "SELECT settings FROM chattui.chats")
    assert settings == {"issue": {"number": "", "title": "a b" + "c" * 497, "url": ""}, "own": {"git_branch": True}}
