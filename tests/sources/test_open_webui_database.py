"""The database of an Open WebUI server: the same chats as in its exports, whatever version has written it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from export_makers import Record, put, webui_chat, webui_message
from histories import told, uuid

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk
from chattui.domain.kinds import Kind, ToolStatus
from chattui.sources.open_webui import OpenWebUi
from chattui.sources.registry import recognise

OLDEST = "CREATE TABLE chat (id, user_id, title, chat TEXT, created_at INT, updated_at INT, share_id, archived)"
NEWEST = (
    "CREATE TABLE chat (id PRIMARY KEY, user_id, title, chat JSON, created_at INT, updated_at INT, share_id, archived,"
    " pinned, meta JSON, variables JSON, folder_id, tasks JSON, summary, current_message_id, last_read_at, timer_at)"
)
ROWS = (
    "CREATE TABLE chat_message (id PRIMARY KEY, chat_id, user_id, role, parent_id, content JSON, output JSON, model_id,"
    " files JSON, sources JSON, embeds JSON, meta JSON, done, status_history JSON, error JSON, usage JSON,"
    " context_summary, created_at INT, updated_at INT)"
)


def database(path: Path, *chats: Record, schema: str = NEWEST, rows: tuple[Record, ...] = ()) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.execute(schema)
        for chat in chats:
            put_in(db, "chat", {"updated_at": 1, **chat})
        if rows:
            db.execute(ROWS)
        for row in rows:
            put_in(db, "chat_message", row)
        db.commit()
    return path


def put_in(db: sqlite3.Connection, table: str, record: Record) -> None:
    values = [json.dumps(v) if isinstance(v, (dict, list)) else v for v in record.values()]
    db.execute(f"INSERT INTO {table} ({', '.join(record)}) VALUES ({', '.join('?' * len(record))})", values)


def read(path: Path, known: dict[str, str] | None = None) -> list[Chunk]:
    return list(OpenWebUi().read_chats(path, known or {}))


@pytest.fixture
def boats() -> Record:
    return webui_chat(
        1,
        webui_message(1, "user", "How do boats float?"),
        webui_message(2, "assistant", "They push.", 1, usage={"prompt_tokens": 9, "completion_tokens": 3}),
        webui_message(3, "assistant", "By Archimedes.", 1),
        archived=1,
    )


@pytest.mark.parametrize("schema", [OLDEST, NEWEST])
def test_it_tells_what_an_export_tells(tmp_path: Path, boats: Record, schema: str) -> None:
    path = database(tmp_path / "webui.db", boats, schema=schema)
    found = recognise(path, [OpenWebUi()])
    assert found is not None
    [here] = read(path)
    [exported] = read(put(tmp_path / "c.json", [{**boats, "archived": True}]))
    assert (here.chat, here.messages) == (exported.chat, exported.messages)
    assert here.chat.source_id == uuid(2001)
    assert here.chat.archived


def test_only_chats_that_have_changed_are_read(tmp_path: Path, boats: Record) -> None:
    other = webui_chat(2, webui_message(1, "user", "Why?"))
    path = database(tmp_path / "webui.db", boats, {**other, "updated_at": 5})
    first = read(path)
    known = {chunk.chat.source_id: chunk.version or "" for chunk in first}
    assert list(known) == [uuid(2002), uuid(2001)]  # the newest first
    assert read(path, known) == []
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE chat SET pinned = 1 WHERE id = ?", (uuid(2001),))
        db.commit()
    [changed] = read(path, known)
    assert changed.chat.pinned


def test_messages_that_stand_only_in_their_own_table_are_taken_too(tmp_path: Path, boats: Record) -> None:
    chat_id = uuid(2001)
    row: dict[str, Any] = {"chat_id": chat_id, "user_id": "u", "created_at": 1_772_000_300, "updated_at": 9}
    rows = (
        {**row, "id": f"{chat_id}-w1", "role": "user", "content": '"not again"'},
        {**row, "id": f"{chat_id}-w4", "role": "user", "parent_id": "w3", "content": '"And subs?"'},
        {
            **row,
            "id": f"{chat_id}-w5",
            "role": "assistant",
            "parent_id": "w4",
            "content": '"They sink."',
            "model_id": "m",
        },
    )
    path = database(tmp_path / "webui.db", boats, rows=rows)
    [chunk] = read(path)
    said = [m for m in chunk.messages if m.kind is Kind.TEXT]
    assert {m.content for m in said} == {
        "How do boats float?",
        "They push.",
        "By Archimedes.",
        "And subs?",
        "They sink.",
    }
    last = next(m for m in said if m.content == "They sink.")
    assert (last.model, last.parent_id) == ("m", "w4")


def test_an_answer_in_items_has_its_thoughts_and_calls(tmp_path: Path) -> None:
    output = [
        {"type": "reasoning", "content": [{"type": "output_text", "text": "hm"}], "summary": None},
        {"type": "function_call", "id": "f", "call_id": "c1", "name": "search", "arguments": '{"query": "a > b"}'},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": [{"type": "input_text", "text": "no"}],
            "status": "failed",
        },
        {"type": "open_webui:code_interpreter", "id": "ci", "code": "1 + 1", "output": {"stdout": "2"}},
        {"type": "message", "content": [{"type": "output_text", "text": "Two."}]},
        {"type": "hologram", "beam": 1},
    ]
    chat = webui_chat(1, webui_message(1, "user", "1 + 1?"), webui_message(2, "assistant", "Two.", 1, output=output))
    [chunk] = read(database(tmp_path / "webui.db", chat))
    assert told(chunk.messages) == [
        ("user", "text", "1 + 1?"),
        ("assistant", "thinking", "hm"),
        ("assistant", "tool_call", "query: a > b"),
        ("tool", "tool_result", "no"),
        ("assistant", "tool_call", "1 + 1"),
        ("tool", "tool_result", "stdout: 2"),
        ("assistant", "text", "Two."),
        ("system", "event", "Unknown kind: hologram\ntype: hologram\nbeam: 1"),
    ]
    failed = chunk.messages[3].tool
    assert failed is not None
    assert (failed.call_id, failed.status, failed.error) == ("c1", ToolStatus.FAILED, "no")
    assert [json.loads(one.data) for one in chunk.raw] == [{"type": "hologram", "beam": 1}]


def test_what_is_odd_costs_only_itself(tmp_path: Path, boats: Record) -> None:
    in_a_row = {
        "id": "old",
        "chat": {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
    }
    path = database(
        tmp_path / "webui.db",
        boats,
        {**in_a_row, "user_id": "u", "title": "Old"},
        {"id": "broken", "user_id": "u", "title": "", "chat": "{no"},
        {"id": "own", "user_id": "u", "title": "", "chat": {}, "meta": {"internal": True}},
        {"id": "none", "user_id": "u", "title": "", "chat": {}},
    )
    found = {chunk.chat.source_id: chunk for chunk in read(path)}
    assert set(found) == {uuid(2001), "old", "broken", "none"}
    assert [m.content for m in found["old"].messages] == ["a", "b"]
    assert found["old"].messages[1].parent_id == found["old"].messages[0].source_id
    [problem] = found["broken"].problems
    assert (problem.reason, problem.raw) == ("chat broken is not a JSON object", b"{no")


def test_a_database_of_another_program_is_none(tmp_path: Path) -> None:
    path = tmp_path / "elia.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE chat (id, model, title, started_at, archived)")
        db.commit()
    assert recognise(path, [OpenWebUi()]) is None
    with pytest.raises(SourceError, match="no database of Open WebUI's"):
        read(path)


def test_it_is_found_where_a_server_was_told_to_keep_it(tmp_path: Path, boats: Record) -> None:
    home, source = tmp_path / "home", OpenWebUi()
    database(home / ".open-webui" / "webui.db", boats)
    database(tmp_path / "data" / "webui.db", boats)
    roots = source.roots({"DATA_DIR": str(tmp_path / "data")}, home)
    found = [file.path for root in roots for file in source.discover(root, lambda *_: pytest.fail("reported"))]
    assert found == [tmp_path / "data" / "webui.db", home / ".open-webui" / "webui.db"]
