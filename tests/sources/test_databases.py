"""What the databases of Goose, Crush, llm, elia, oterm and Ollama's app say, and where they are found."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from container_makers import CRUSH, ELIA, GOOSE, LLM_NEW, LLM_OLD, NOON, OLLAMA, OTERM, seconds
from histories import age, tokens, told
from test_containers import Read, chats

from chattui.sources.crush import Crush
from chattui.sources.elia import Elia
from chattui.sources.goose import Goose
from chattui.sources.llm import Llm
from chattui.sources.ollama_app import OllamaApp
from chattui.sources.oterm import Oterm
from chattui.sources.protocol import ContainerSource
from chattui.sources.registry import recognise

AT = datetime.fromtimestamp(NOON / 1000, UTC)


def made(path: Path, schema: str, *rows: tuple[str, tuple[Any, ...]]) -> Path:
    """A database with such rows: the statement and its values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(schema)
        for statement, values in rows:
            conn.execute(statement, values)
    return path


def the_chat(source: ContainerSource, path: Path) -> Read:
    (one,) = chats(source.read_chats(path, {})).values()
    return one


GOOSE_SESSION = (
    "INSERT INTO sessions (id, name, working_dir, created_at, accumulated_input_tokens, accumulated_output_tokens, "
    "model_config_json, parent_session_id) VALUES (?, ?, '/work/boat', '2026-03-01 12:00:00', 120, 30, ?, ?)"
)
GOOSE_MESSAGE = (
    "INSERT INTO messages (session_id, role, content_json, created_timestamp, metadata_json) VALUES (?, ?, ?, ?, ?)"
)
GOOSE_PARTS: list[tuple[str, list[dict[str, Any]], bool]] = [
    ("user", [{"type": "text", "text": "Is the keel sound?"}], True),
    (
        "assistant",
        [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "I look."},
            {
                "type": "toolRequest",
                "id": "c1",
                "toolCall": {"status": "success", "value": {"name": "shell", "arguments": {"command": "ls"}}},
            },
        ],
        True,
    ),
    (
        "user",
        [
            {
                "type": "toolResponse",
                "id": "c1",
                "toolResult": {
                    "status": "success",
                    "value": {"content": [{"type": "text", "text": "no"}], "isError": True},
                },
            }
        ],
        True,
    ),
    ("user", [{"type": "text", "text": "told to the model"}], False),
    ("assistant", [{"type": "text", "text": "It is."}], True),
]
GOOSE_TOLD = [
    ("user", "text", "Is the keel sound?"),
    ("assistant", "thinking", "hm"),
    ("assistant", "text", "I look."),
    ("assistant", "tool_call", "ls"),
    ("tool", "tool_result", "no"),
    ("system", "event", "told to the model"),
    ("assistant", "text", "It is."),
]


def test_goose(tmp_path: Path) -> None:
    rows = [
        (GOOSE_MESSAGE, ("20260301_1", role, json.dumps(parts), seconds(n), json.dumps({"userVisible": visible})))
        for n, (role, parts, visible) in enumerate(GOOSE_PARTS)
    ]
    session = (GOOSE_SESSION, ("20260301_1", "Boats", '{"model_name": "oak-1"}', None))
    one = the_chat(Goose(), made(tmp_path / "sessions.db", GOOSE, session, *rows))
    assert told(one.messages) == GOOSE_TOLD
    assert (one.chat.title, one.chat.project, one.chat.model, one.chat.created_at) == (
        "Boats",
        "/work/boat",
        "oak-1",
        AT,
    )
    assert tokens(one.messages) == (120, 30, 0)
    assert one.messages[-1].tokens_in == 120
    assert one.messages[4].error
    assert Goose().resume_command("20260301_1") == ("goose", "session", "--resume", "--session-id", "20260301_1")


def test_a_session_of_goose_is_the_same_in_the_files_of_before(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [{"working_dir": "/work/boat", "description": "Boats", "message_count": 5}]
    for n, (role, parts, visible) in enumerate(GOOSE_PARTS):
        lines.append({"role": role, "created": seconds(n), "content": parts, "metadata": {"userVisible": visible}})
    path = tmp_path / "20250610_1.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    age(path)
    known = recognise(path)
    assert known is not None
    assert known.name == "goose"
    found = list(Goose().read(path))
    messages = [message for chunk in found for message in chunk.messages]
    assert told(messages) == GOOSE_TOLD
    assert [m.source_id for m in messages] == ["1", "2", "2:2", "2:3", "3", "4", "5"]
    assert (found[-1].chat.source_id, found[-1].chat.title, found[-1].offset) == (
        "20250610_1",
        "Boats",
        path.stat().st_size,
    )


def test_crush(tmp_path: Path) -> None:
    session = "INSERT INTO sessions VALUES (?, ?, ?, 0, 120, 30, 0.1, ?, ?, ?)"
    message = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'wood')"
    at, later = seconds(0), seconds(9)
    parts: list[tuple[str, str, list[dict[str, Any]]]] = [
        ("m1", "user", [{"type": "text", "data": {"text": "Is the keel sound?"}}]),
        (
            "m2",
            "assistant",
            [
                {"type": "reasoning", "data": {"thinking": "hm"}},
                {"type": "tool_call", "data": {"id": "c1", "name": "bash", "input": '{"command": "ls"}'}},
                {"type": "finish", "data": {"reason": "tool_use"}},
            ],
        ),
        ("m3", "tool", [{"type": "tool_result", "data": {"tool_call_id": "c1", "content": "no", "is_error": True}}]),
        (
            "m4",
            "assistant",
            [{"type": "text", "data": {"text": "All of it."}}, {"type": "finish", "data": {"reason": "canceled"}}],
        ),
    ]
    path = made(
        tmp_path / "boat" / ".crush" / "crush.db",
        CRUSH,
        (session, ("s1", None, "Boats", later, at, "m4")),
        (session, ("m2$$c1", "s1", "", later, at, None)),
        *((message, (name, "s1", role, json.dumps(said), "oak-1", at, later, later)) for name, role, said in parts),
    )
    found = chats(Crush().read_chats(path, {}))
    one = found["s1"]
    assert told(one.messages) == [
        ("user", "text", "Is the keel sound?"),
        ("assistant", "thinking", "hm"),
        ("assistant", "tool_call", "ls"),
        ("tool", "tool_result", "no"),
        ("system", "summary", "All of it."),
        ("system", "event", "Cancelled"),
    ]
    assert (one.chat.title, one.chat.project, one.chat.created_at) == ("Boats", str(tmp_path / "boat"), AT)
    child = found["m2$$c1"].chat
    assert (child.parent_source_id, child.parent_call_id) == ("s1", "c1")
    assert tokens(one.messages) == (120, 30, 0)


def test_crush_is_found_by_its_list_of_projects(tmp_path: Path) -> None:
    database = made(tmp_path / "boat" / ".crush" / "crush.db", CRUSH)
    listed = tmp_path / ".local" / "share" / "crush" / "projects.json"
    listed.parent.mkdir(parents=True)
    projects = [{"path": str(tmp_path / "boat"), "data_dir": str(database.parent)}, {"path": "/gone"}, {"path": 5}, "x"]
    listed.write_text(json.dumps({"projects": projects}))
    (root,) = Crush().roots({}, tmp_path)
    assert root == listed
    assert [file.path for file in Crush().discover(root, lambda path, why: pytest.fail(why))] == [database]
    assert not list(Crush().discover(tmp_path / "none.json", lambda path, why: pytest.fail(why)))
    reported: list[Path] = []
    listed.write_text("{")
    assert not list(Crush().discover(root, lambda path, why: reported.append(path)))
    assert reported == [listed]


CACHED = '{"prompt_tokens_details": {"cached_tokens": 20}}'


def test_llm_of_before(tmp_path: Path) -> None:
    response = (
        "INSERT INTO responses (id, model, prompt, system, response, conversation_id, datetime_utc, input_tokens, "
        "output_tokens, token_details) VALUES (?, 'oak-1', ?, ?, ?, 'c1', ?, 100, 30, ?)"
    )
    path = made(
        tmp_path / "logs.db",
        LLM_OLD,
        ("INSERT INTO conversations VALUES ('c1', 'Boats', 'oak-0')", ()),
        (response, ("r1", "Is it sound?", "Be terse", "I look.", "2026-03-01T12:00:00.000000", CACHED)),
        (response, ("r2", "", "Be terse", "It is.", "2026-03-01T12:00:09.000000+00:00", CACHED)),
        ("INSERT INTO fragments VALUES (1, 'h', 'A keel.', '', '')", ()),
        ("INSERT INTO prompt_fragments VALUES ('r1', 1, 0)", ()),
        ("INSERT INTO tool_calls VALUES (1, 'r1', 1, 'ruler', '{\"length\": 5}', 'k1')", ()),
        ("INSERT INTO tool_results VALUES (1, 'r2', 1, 'ruler', 'long', 'k1')", ()),
    )
    one = the_chat(Llm(), path)
    assert told(one.messages) == [
        ("system", "event", "Be terse"),
        ("user", "text", "A keel.\nIs it sound?"),
        ("assistant", "text", "I look."),
        ("assistant", "tool_call", "length: 5"),
        ("tool", "tool_result", "long"),
        ("assistant", "text", "It is."),
    ]
    assert (one.chat.title, one.chat.model, one.chat.created_at) == ("Boats", "oak-1", AT)
    assert tokens(one.messages) == (200, 60, 40)
    assert Llm().resume_command("c1") == ("llm", "chat", "--cid", "c1")


def test_a_thread_of_llm_is_walked_from_its_tip_and_goes_on_from_a_conversation(tmp_path: Path) -> None:
    message = "INSERT INTO messages VALUES (?, ?, ?, NULL)"
    part = "INSERT INTO parts VALUES (NULL, ?, ?, ?, NULL, ?, ?)"
    turn = (
        "INSERT INTO turns (id, thread_id, parent_message_hash, tip_message_hash, model, input_tokens, output_tokens, "
        "datetime_utc) VALUES (?, 'c1', ?, ?, 'oak-1', 100, 30, '2026-03-01T12:00:00+00:00')"
    )
    columns = "id, model, prompt, response, conversation_id, datetime_utc"
    response = f"INSERT INTO responses ({columns}) VALUES (?, 'oak-0', ?, ?, 'c1', ?)"
    path = made(
        tmp_path / "logs.db",
        LLM_NEW,
        ("INSERT INTO conversations VALUES ('c1', 'Boats', 'oak-0')", ()),
        (response, ("r0", "before", "old answer", "2026-02-01T12:00:00")),
        (response, ("u1", "the same as the turn", "twice", "2026-03-01T12:00:00")),
        ("INSERT INTO threads VALUES ('c1', 'Boats', 'h3', 'c0', '')", ()),
        (message, ("h1", None, "user")),
        (message, ("h2", "h1", "assistant")),
        (message, ("other", "h1", "assistant")),
        (message, ("h3", "h2", "user")),
        (part, ("h1", 0, "text", None, json.dumps({"text_ref": [{"fragment": 1}, {"literal": " Sound?"}]}))),
        (part, ("h2", 0, "reasoning", "hm", None)),
        (part, ("h2", 1, "text", "It is.", None)),
        (part, ("other", 0, "text", "not taken", None)),
        (part, ("h3", 0, "text", "And the mast?", None)),
        ("INSERT INTO fragments VALUES (1, 'h', 'A keel.', '', '')", ()),
        (turn, ("u1", "h1", "h2")),
    )
    one = the_chat(Llm(), path)
    assert told(one.messages) == [
        ("user", "text", "before"),
        ("assistant", "text", "old answer"),
        ("user", "text", "A keel. Sound?"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "It is."),
        ("user", "text", "And the mast?"),
    ]
    assert one.messages[2].created_at == AT
    assert one.chat.forked_from_id == "c0"
    assert tokens(one.messages) == (100, 30, 0)


def test_elia(tmp_path: Path) -> None:
    message = "INSERT INTO message (chat_id, role, content, timestamp, model) VALUES (1, ?, ?, '2026-03-01 12:00:00', 'oak-2')"
    path = made(
        tmp_path / "elia.sqlite",
        ELIA,
        ("INSERT INTO chat VALUES (1, 'oak-1', NULL, '2026-03-01 12:00:00.000000', 1)", ()),
        (message, ("system", "You help")),
        (message, ("user", "Is it sound?")),
        (message, ("assistant", "It is.")),
    )
    one = the_chat(Elia(), path)
    assert told(one.messages) == [
        ("system", "event", "You help"),
        ("user", "text", "Is it sound?"),
        ("assistant", "text", "It is."),
    ]
    assert one.chat.source_id == "1-20260301120000000000"
    assert (one.chat.title, one.chat.archived, one.chat.model) == ("Is it sound?", True, "oak-2")
    assert Elia().resume_command(one.chat.source_id) == ()


def test_chats_that_are_numbered_are_told_apart_between_databases(tmp_path: Path) -> None:
    names = set()
    for folder, words in (("one", "Is it sound?"), ("two", "Is it tall?")):
        path = made(
            tmp_path / folder / "store.db",
            OTERM,
            ("INSERT INTO chat VALUES (1, 'chat #1', 'oak-1', 'Be terse', 'ollama', '{}')", ()),
            ("INSERT INTO message VALUES (1, 1, 'user', ?, '[\"iVBORw0KGgo=\"]')", (words,)),
            ("INSERT INTO message VALUES (2, 1, 'oak-1', 'It is.', '[]')", ()),
        )
        one = the_chat(Oterm(), path)
        assert told(one.messages) == [
            ("system", "event", "Be terse"),
            ("user", "text", words),
            ("user", "attachment", "[image/png, 8 bytes]"),
            ("assistant", "text", "It is."),
        ]
        assert (one.chat.title, one.chat.model) == ("chat #1", "oak-1")
        assert the_chat(Oterm(), path) == one
        names.add(one.chat.source_id)
    assert len(names) == 2


def test_ollama(tmp_path: Path) -> None:
    message = (
        "INSERT INTO messages (id, chat_id, role, content, thinking, model_name, created_at, updated_at) "
        "VALUES (?, 'u1', ?, ?, ?, 'oak-1', '2026-03-01 12:00:00', '2026-03-01 12:00:00')"
    )
    path = made(
        tmp_path / "db.sqlite",
        OLLAMA,
        ("INSERT INTO chats VALUES ('u1', '', '2026-03-01 12:00:00', '{}')", ()),
        (message, (1, "user", "Is it sound?", "")),
        (message, (2, "assistant", "", "hm")),
        (message, (3, "tool", "long", "")),
        (message, (4, "assistant", "It is.", "")),
        ("INSERT INTO tool_calls VALUES (1, 2, 'function', 'ruler', '{\"length\": 5}', NULL)", ()),
        ("INSERT INTO attachments VALUES (1, 1, 'keel.png', x'89504e47')", ()),
    )
    one = the_chat(OllamaApp(), path)
    assert told(one.messages) == [
        ("user", "text", "Is it sound?"),
        ("user", "attachment", "[keel.png, 4 bytes]"),
        ("assistant", "thinking", "hm"),
        ("assistant", "tool_call", "length: 5"),
        ("tool", "tool_result", "long"),
        ("assistant", "text", "It is."),
    ]
    call, result = one.messages[3].tool, one.messages[4].tool
    assert call is not None
    assert result is not None
    assert call.call_id == result.call_id
    assert (one.chat.title, one.chat.created_at) == ("Is it sound?", AT)
    assert one.messages[1].attachments[0].data == b"\x89PNG"


PLACES = [
    (Goose(), {}, ".local/share/goose/sessions"),
    (Goose(), {"GOOSE_PATH_ROOT": "/g"}, "/g/data/sessions"),
    (Goose(), {"APPDATA": "/a"}, "/a/Block/goose/data/sessions"),
    (Llm(), {}, ".config/io.datasette.llm/logs.db"),
    (Llm(), {}, "Library/Application Support/io.datasette.llm/logs.db"),
    (Llm(), {"LLM_USER_PATH": "/l"}, "/l/logs.db"),
    (Elia(), {"XDG_DATA_HOME": "/d"}, "/d/elia/elia.sqlite"),
    (Oterm(), {"OTERM_DATA_DIR": "/o"}, "/o/store.db"),
    (Oterm(), {}, "Library/Application Support/oterm/store.db"),
    (OllamaApp(), {"LOCALAPPDATA": "/l"}, "/l/Ollama/db.sqlite"),
    (OllamaApp(), {}, "Library/Application Support/Ollama/db.sqlite"),
]


@pytest.mark.parametrize(("source", "env", "place"), PLACES)
def test_where_they_are(source: ContainerSource, env: dict[str, str], place: str, tmp_path: Path) -> None:
    assert tmp_path / place in source.roots(env, tmp_path)


def test_a_database_is_found_with_its_log(tmp_path: Path) -> None:
    path = made(tmp_path / ".config" / "io.datasette.llm" / "logs.db", LLM_OLD)
    Path(f"{path}-wal").write_bytes(b"x" * 100)
    found = [
        file for root in Llm().roots({}, tmp_path) for file in Llm().discover(root, lambda p, why: pytest.fail(why))
    ]
    assert [file.path for file in found] == [path]
    assert found[0].size == path.stat().st_size + 100
    assert found[0].container
