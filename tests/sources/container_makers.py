"""Invented containers: how one of each source is written, changed as its tool would, and spoiled."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import export_makers
from test_aider import made as aider_history

from chattui.sources.aider import Aider
from chattui.sources.chatgpt import ChatGpt
from chattui.sources.claude_ai import ClaudeAi
from chattui.sources.crush import Crush
from chattui.sources.cursor import Cursor
from chattui.sources.elia import Elia
from chattui.sources.goose import Goose
from chattui.sources.llm import Llm
from chattui.sources.ollama_app import OllamaApp
from chattui.sources.open_webui import OpenWebUi
from chattui.sources.opencode import OpenCode
from chattui.sources.oterm import Oterm
from chattui.sources.protocol import ContainerSource

Rng = random.Random


@dataclass(frozen=True)
class Case:
    """A source and how its containers come about. ``change`` changes one chat or adds one."""

    source: ContainerSource
    name: str
    write: Callable[[Path, Rng, int], None]
    change: Callable[[Path, Rng], None]
    spoil: Callable[[Path, Rng, float], None]

    @property
    def id(self) -> str:
        return f"{self.source.name}-{self.name}"

    def fresh(self, folder: Path) -> Path:
        """A place for a container in a folder that holds nothing else."""
        inner = folder / "container"
        shutil.rmtree(inner, ignore_errors=True)
        path = inner / self.name
        path.parent.mkdir(parents=True)
        return path


def later(path: Path) -> None:
    """Another time than it had, however fast the test is."""
    when = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(when, when))


def write_aider(path: Path, rng: Rng, size: int) -> None:
    path.write_text(aider_history(rng, 5 * size))


def change_aider(path: Path, rng: Rng) -> None:
    more = rng.choice(["#### one more\n", "\n# aider chat started at 2027-01-01 10:00:00\n\n#### new\n"])
    with path.open("a") as file:
        file.write(more)
    later(path)


def spoil_aider(path: Path, rng: Rng, rate: float) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join(rng.choice(lines) if rng.random() < rate else line for line in lines))


def rows_of(path: Path, question: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn, conn:
        return conn.execute(question, values).fetchall()


HOSTILE: tuple[Any, ...] = (
    *(None, "", 0, -1, 1 << 62, 0.5, b"\xff\x00", "\x1b[2J", "null", "[]", "{}", "[1, null, {}]", '{"a": {"b": []}}'),
    *(
        "x" * 5000,
        "\ud83d".encode("utf-8", "surrogatepass"),
        '"text"',
        '[{"type": 5, "text": {}}]',
        '"\\ud83d"',
        "1e999",
    ),
)


def spoil_database(path: Path, rng: Rng, rate: float) -> None:
    """Other values in some fields, whatever the type of the column."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute("PRAGMA ignore_check_constraints = ON")
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table.startswith("sqlite_"):
                continue
            columns = [row[1] for row in conn.execute(f'PRAGMA table_info("{table}")')]
            ids = [row[0] for row in conn.execute(f'SELECT rowid FROM "{table}"')]
            for column in columns:
                for row in ids:
                    if rng.random() < rate:
                        value = rng.choice(HOSTILE)
                        with suppress(sqlite3.IntegrityError):
                            conn.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, row))


OPENCODE = """
CREATE TABLE project (id text PRIMARY KEY, worktree text NOT NULL);
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL,
  title text NOT NULL, version text NOT NULL, revert text, time_created integer NOT NULL, time_updated integer NOT NULL,
  time_archived integer);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE INDEX part_message_id_id_idx ON part (message_id, id);
"""
NOON = 1_772_366_400_000  # 2026-03-01T12:00:00Z


def opencode_message(rng: Rng, session: str, n: int) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """A message and its parts, as OpenCode writes them in both of its stores."""
    at = NOON + 1000 * n
    if n % 2 == 1:
        info = {"role": "user", "time": {"created": at}, "agent": "build", "model": {"modelID": "oak-1"}}
        parts: list[dict[str, Any]] = [{"type": "text", "text": f"question {n}"}]
        if rng.random() < 0.2:
            parts.append({"type": "text", "text": "a file's content", "synthetic": True})
            parts.append({"type": "file", "mime": "text/plain", "filename": "keel.md", "url": "file:///work/keel.md"})
        if rng.random() < 0.2:
            parts.append(
                {"type": "file", "mime": "image/png", "filename": "a.png", "url": "data:image/png;base64,aGk="}
            )
    else:
        tokens = {"input": 10, "output": 5, "reasoning": 1, "cache": {"read": 3, "write": 2}}
        info = {
            "role": "assistant",
            "time": {"created": at},
            "modelID": "oak-1",
            "providerID": "wood",
            "tokens": tokens,
        }
        if rng.random() < 0.1:
            info["error"] = {"name": "MessageAbortedError", "data": {"message": "aborted"}}
        exit_code = rng.choice([0, 1])
        state: dict[str, Any] = {
            "status": rng.choice(["completed", "completed", "error", "running", "pending"]),
            "input": {"command": "make hull"},
            "output": f"output {n}",
            "metadata": {"exit": exit_code},
            "time": {"start": at + 20, "end": at + 50},
        }
        parts = [
            {"type": "step-start", "snapshot": "abc"},
            {"type": "reasoning", "text": f"thought {n}", "time": {"start": at + 10}},
            {"type": "text", "text": f"answer {n}", "time": {"start": at + 15}},
            {"type": "tool", "callID": f"call{n}", "tool": "bash", "state": state},
            {"type": rng.choice(["patch", "retry", "compaction", "wholly new"]), "files": ["a.py"]},
            {"type": "step-finish", "reason": "stop", "tokens": tokens},
        ]
    return info, [(f"prt_{session}_{n:04}_{at}", part) for at, part in enumerate(parts)]


def add_opencode_message(conn: sqlite3.Connection, rng: Rng, session: str, n: int) -> None:
    info, parts = opencode_message(rng, session, n)
    at = NOON + 1000 * n
    message_id = f"msg_{session}_{n:04}"
    conn.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (message_id, session, at, at + 900, json.dumps(info)))
    for name, part in parts:
        conn.execute(
            "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", (name, message_id, session, at, at, json.dumps(part))
        )


def add_opencode_session(
    conn: sqlite3.Connection, rng: Rng, name: str, messages: int, parent: str | None = None
) -> None:
    title = rng.choice([f"Boats {name}", "New session - 2026-03-01T12:00:00.000Z"])
    values = (name, "p1", parent, "/work/boat", title, "1.18.33", None, NOON, NOON + 1000 * messages, None)
    conn.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    for n in range(1, messages + 1):
        add_opencode_message(conn, rng, name, n)


def write_opencode(path: Path, rng: Rng, size: int) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(OPENCODE)
        for n in range(size):
            add_opencode_session(conn, rng, f"ses_{n}", rng.randrange(6), f"ses_{n - 1}" if n % 4 == 3 else None)


def change_opencode(path: Path, rng: Rng) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        if rng.random() < 0.3:
            add_opencode_session(conn, rng, "ses_new", 2)
        elif rng.random() < 0.5:
            add_opencode_message(conn, rng, "ses_0", 90)
        else:
            conn.execute("UPDATE session SET title = 'renamed', time_updated = time_updated + 1 WHERE id = 'ses_0'")
    later(path)


@dataclass(frozen=True)
class Made:
    """A database source in short: its tables, how a chat is put in, and how one is touched."""

    schema: str = field(repr=False)
    add: Callable[[sqlite3.Connection, Rng, int, int], None]  # chat number, how many messages
    more: Callable[[sqlite3.Connection, Rng, int], None]  # another message for the chat of that number

    def write(self, path: Path, rng: Rng, size: int) -> None:
        with closing(sqlite3.connect(path)) as conn, conn:
            conn.executescript(self.schema)
            for n in range(1, size + 1):
                self.add(conn, rng, n, rng.randrange(1, 6))

    def change(self, path: Path, rng: Rng) -> None:
        with closing(sqlite3.connect(path)) as conn, conn:
            if rng.random() < 0.4:
                self.add(conn, rng, 90, 2)
            else:
                self.more(conn, rng, 1)
        later(path)


def seconds(n: int) -> int:
    return NOON // 1000 + n


GOOSE = """
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);
CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
  user_set_name BOOLEAN DEFAULT FALSE, session_type TEXT NOT NULL DEFAULT 'user', working_dir TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  input_tokens INTEGER, output_tokens INTEGER, accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER,
  model_config_json TEXT, parent_session_id TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT, session_id TEXT NOT NULL, role TEXT NOT NULL,
  content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL, timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  tokens INTEGER, metadata_json TEXT);
"""


def goose_message(rng: Rng, n: int) -> tuple[str, list[dict[str, Any]]]:
    if n % 3 == 1:
        return "user", [{"type": "text", "text": f"question {n}"}]
    if n % 3 == 2:
        call = {"status": "success", "value": {"name": "developer__shell", "arguments": {"command": "make hull"}}}
        thought = [{"type": "thinking", "thinking": "hm", "signature": "s"}] if rng.random() < 0.5 else []
        return "assistant", [
            *thought,
            {"type": "text", "text": f"answer {n}"},
            {"type": "toolRequest", "id": f"c{n}", "toolCall": call},
        ]
    value: Any = {"content": [{"type": "text", "text": f"output {n}"}], "isError": rng.random() < 0.3}
    outcome = rng.choice(
        [
            {"status": "success", "value": value},
            {"status": "success", "value": value["content"]},
            {"status": "error", "error": "no"},
        ]
    )
    return "user", [{"type": "toolResponse", "id": f"c{n - 1}", "toolResult": outcome}]


def more_goose(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    name = f"20260301_{chat}"
    n = conn.execute("SELECT count(*) + 1 FROM messages WHERE session_id = ?", (name,)).fetchone()[0]
    role, parts = goose_message(rng, n)
    conn.execute(
        "INSERT INTO messages (session_id, role, content_json, created_timestamp, metadata_json) VALUES (?, ?, ?, ?, ?)",
        (
            name,
            role,
            json.dumps(parts),
            seconds(n),
            json.dumps({"userVisible": rng.random() < 0.9, "agentVisible": True}),
        ),
    )


def add_goose(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    config = json.dumps({"model_name": "oak-1"})
    conn.execute(
        "INSERT INTO sessions (id, name, working_dir, created_at, updated_at, accumulated_input_tokens, "
        "accumulated_output_tokens, model_config_json) VALUES (?, ?, '/work/boat', '2026-03-01 12:00:00', '', 120, 30, ?)",
        (f"20260301_{chat}", rng.choice([f"Boats {chat}", "New Chat"]), config),
    )
    for _ in range(messages):
        more_goose(conn, rng, chat)


CRUSH = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL, message_count INTEGER DEFAULT 0,
  prompt_tokens INTEGER DEFAULT 0, completion_tokens INTEGER DEFAULT 0, cost REAL DEFAULT 0, updated_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL, summary_message_id TEXT);
CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL default '[]',
  model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER, provider TEXT);
"""


def crush_part(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


def crush_message(rng: Rng, n: int) -> tuple[str, list[dict[str, Any]]]:
    if n % 3 == 1:
        more = [crush_part("binary", mime_type="image/png", data="aGk=")] if rng.random() < 0.3 else []
        return "user", [crush_part("text", text=f"question {n}"), *more]
    if n % 3 == 2:
        return "assistant", [
            crush_part("reasoning", thinking=f"thought {n}"),
            crush_part("text", text=f"answer {n}"),
            crush_part("tool_call", id=f"c{n}", name="bash", input='{"command": "make hull"}', finished=True),
            crush_part("finish", reason=rng.choice(["tool_use", "end_turn", "canceled", "error"]), message="no"),
        ]
    kind = rng.choice(["tool_result", "tool_result", "shell_command", "new kind"])
    return "tool", [
        crush_part(kind, tool_call_id=f"c{n - 1}", content=f"output {n}", command="ls", is_error=n % 2 == 0)
    ]


def more_crush(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    n = conn.execute("SELECT count(*) + 1 FROM messages WHERE session_id = ?", (f"s{chat}",)).fetchone()[0]
    role, parts = crush_message(rng, n)
    model = "oak-1" if role == "assistant" else ""
    values = (
        f"m{chat}-{n}",
        f"s{chat}",
        role,
        json.dumps(parts),
        model,
        seconds(n // 2),
        seconds(n),
        seconds(n),
        "wood",
    )
    conn.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def add_crush(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    parent = "s1" if chat % 4 == 3 else None
    values = (
        f"s{chat}",
        parent,
        rng.choice([f"Boats {chat}", "New Session"]),
        0,
        120,
        30,
        0.1,
        seconds(9),
        seconds(0),
        None,
    )
    conn.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    for _ in range(messages):
        more_crush(conn, rng, chat)


LLM_OLD = """
CREATE TABLE _llm_migrations (name TEXT PRIMARY KEY, applied_at TEXT);
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB);
CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER);
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,
  response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT, input_tokens INTEGER,
  output_tokens INTEGER, token_details TEXT, schema_id TEXT);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, arguments TEXT, tool_call_id TEXT);
CREATE TABLE tool_results (id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, output TEXT, tool_call_id TEXT);
"""
LLM_NEW = (
    LLM_OLD
    + """
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT,
  payload TEXT);
CREATE TABLE part_attachments (part_id INTEGER, attachment_id TEXT, "order" INTEGER);
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
  resolved_model TEXT, options_json TEXT, schema_id TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT,
  duration_ms INTEGER, datetime_utc TEXT, response_json TEXT);
"""
)
LLM_FIRST = """
CREATE TABLE log (provider TEXT, system TEXT, prompt TEXT, chat_id INTEGER, response TEXT, model TEXT, timestamp TEXT);
"""
CACHED = '{"prompt_tokens_details": {"cached_tokens": 20}}'


def more_llm_old(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    name = f"01c{chat:03}"
    n = conn.execute("SELECT count(*) + 1 FROM responses WHERE conversation_id = ?", (name,)).fetchone()[0]
    response = f"01r{chat:03}{n:03}"
    system = rng.choice([None, "You are a pirate"])
    at = f"2026-03-01T12:00:{n:02}.000001{rng.choice(['', '+00:00'])}"
    conn.execute(
        "INSERT INTO responses (id, model, prompt, system, response, conversation_id, datetime_utc, input_tokens, output_tokens, "
        "token_details) VALUES (?, 'oak-1', ?, ?, ?, ?, ?, 100, 30, ?)",
        (response, rng.choice([f"question {n}", f"question {n}", ""]), system, f"answer {n}", name, at, CACHED),
    )
    if rng.random() < 0.3:
        conn.execute("INSERT INTO tool_calls VALUES (NULL, ?, 1, 'ruler', '{\"a\": 1}', ?)", (response, f"k{response}"))
    if rng.random() < 0.3:
        conn.execute(
            "INSERT INTO tool_results VALUES (NULL, ?, 1, 'ruler', 'long', ?)", (response, f"k01r{chat:03}{n - 1:03}")
        )
    if rng.random() < 0.3:
        conn.execute("INSERT INTO fragments VALUES (NULL, ?, 'a fragment', '', '')", (response,))
        conn.execute("INSERT INTO prompt_fragments VALUES (?, (SELECT max(id) FROM fragments), 0)", (response,))
        conn.execute("INSERT OR IGNORE INTO attachments VALUES ('a1', 'image/png', NULL, NULL, x'89504e47')")
        conn.execute("INSERT INTO prompt_attachments VALUES (?, 'a1', 0)", (response,))


def add_llm_old(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    conn.execute("INSERT INTO conversations VALUES (?, ?, 'oak-1')", (f"01c{chat:03}", f"Boats {chat}"))
    for _ in range(messages):
        more_llm_old(conn, rng, chat)


def more_llm_new(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    thread = f"01t{chat:03}"
    tip = conn.execute("SELECT tip_message_hash FROM threads WHERE id = ?", (thread,)).fetchone()[0]
    n = conn.execute("SELECT count(*) + 1 FROM turns WHERE thread_id = ?", (thread,)).fetchone()[0]
    for role in ("user", "assistant"):
        message = f"b2:{chat}{n}{role}"
        conn.execute("INSERT INTO messages VALUES (?, ?, ?, NULL)", (message, tip, role))
        parts: list[tuple[str, str | None, dict[str, Any] | None]] = [("text", f"{role} {n}", None)]
        if role == "assistant" and rng.random() < 0.4:
            parts.append(("tool_call", None, {"name": "ruler", "arguments": {"a": 1}, "tool_call_id": f"k{chat}-{n}"}))
            parts.append(("reasoning", "hm", None))
        if role == "user" and rng.random() < 0.4:
            conn.execute("INSERT INTO fragments VALUES (NULL, ?, 'a fragment', '', '')", (message,))
            last = conn.execute("SELECT max(id) FROM fragments").fetchone()[0]
            parts = [
                ("text", None, {"text_ref": [{"fragment": last}, {"literal": " and more"}]}),
                ("new kind", None, {}),
            ]
        for position, (kind, text, payload) in enumerate(parts):
            values = (message, position, kind, text, json.dumps(payload) if payload else None)
            conn.execute("INSERT INTO parts VALUES (NULL, ?, ?, ?, NULL, ?, ?)", values)
        tip = message
    conn.execute(
        "INSERT INTO turns (id, thread_id, parent_message_hash, tip_message_hash, model, input_tokens, output_tokens, "
        "token_details, datetime_utc) VALUES (?, ?, ?, ?, 'oak-1', 100, 30, ?, ?)",
        (f"01u{chat:03}{n:03}", thread, f"b2:{chat}{n}user", tip, CACHED, f"2026-03-01T12:00:{n:02}.000001+00:00"),
    )
    conn.execute("UPDATE threads SET tip_message_hash = ? WHERE id = ?", (tip, thread))


def add_llm_new(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    conn.execute("INSERT INTO threads VALUES (?, ?, NULL, NULL, '')", (f"01t{chat:03}", f"Boats {chat}"))
    for _ in range(messages):
        more_llm_new(conn, rng, chat)


def add_llm_first(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    for _ in range(messages):
        more_llm_first(conn, rng, chat)


def more_llm_first(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    at = f"2023-06-{chat % 28 + 1:02}T12:00:00.000001"
    values = (None, f"question {chat}", chat, "answer", "oak-0", at)
    conn.execute("INSERT INTO log VALUES ('openai', ?, ?, ?, ?, ?, ?)", values)


ELIA = """
CREATE TABLE chat (id INTEGER PRIMARY KEY, model VARCHAR, title VARCHAR, started_at DATETIME, archived BOOLEAN);
CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, role VARCHAR, content VARCHAR, timestamp DATETIME, meta JSON,
  parent_id INTEGER, model VARCHAR);
"""


def more_elia(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    n = conn.execute("SELECT count(*) FROM message WHERE chat_id = ?", (chat,)).fetchone()[0]
    role = "system" if n == 0 else rng.choice(["user", "assistant"])
    values = (chat, role, f"{role} {n}", f"2026-03-01 12:00:{n:02}.000000")
    conn.execute("INSERT INTO message (chat_id, role, content, timestamp, model) VALUES (?, ?, ?, ?, 'oak-1')", values)


def add_elia(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    title, archived = rng.choice([None, f"Boats {chat}"]), int(chat % 3 == 0)
    conn.execute("INSERT INTO chat VALUES (?, 'oak-1', ?, '2026-03-01 12:00:00.000000', ?)", (chat, title, archived))
    for _ in range(messages):
        more_elia(conn, rng, chat)


OTERM = """
CREATE TABLE chat (id INTEGER PRIMARY KEY, name TEXT, model TEXT NOT NULL, system TEXT, provider TEXT, parameters TEXT);
CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL, images TEXT);
"""


def more_oterm(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    n = conn.execute("SELECT count(*) FROM message WHERE chat_id = ?", (chat,)).fetchone()[0]
    author = "assistant" if n % 2 else "user"
    images = rng.choice(["[]", '["iVBORw0KGgo="]', None])
    conn.execute("INSERT INTO message VALUES (NULL, ?, ?, ?, ?)", (chat, author, f"{author} {n} of {chat}", images))


def add_oterm(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    conn.execute(
        "INSERT INTO chat VALUES (?, ?, 'oak-1', ?, 'ollama', '{}')",
        (chat, f"chat #{chat}", rng.choice([None, "Be terse"])),
    )
    for _ in range(messages):
        more_oterm(conn, rng, chat)


OLLAMA = """
CREATE TABLE chats (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '', created_at TIMESTAMP, browser_state TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, chat_id TEXT NOT NULL, role TEXT NOT NULL,
  content TEXT NOT NULL DEFAULT '', thinking TEXT NOT NULL DEFAULT '', stream BOOLEAN, model_name TEXT, created_at TIMESTAMP,
  updated_at TIMESTAMP, tool_result TEXT);
CREATE TABLE tool_calls (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, type TEXT NOT NULL,
  function_name TEXT NOT NULL, function_arguments TEXT NOT NULL, function_result TEXT);
CREATE TABLE attachments (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, filename TEXT, data BLOB);
"""


def more_ollama(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    n = conn.execute("SELECT count(*) FROM messages WHERE chat_id = ?", (f"u{chat}",)).fetchone()[0]
    role = ("user", "assistant", "tool")[n % 3]
    at = f"2026-03-01 12:00:{n:02}.123456+00:00"
    values = (f"u{chat}", role, f"{role} {n}", "hm" if role == "assistant" else "", "oak-1", at, at)
    columns = "chat_id, role, content, thinking, model_name, created_at, updated_at"
    insert = f"INSERT INTO messages ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)"
    last = conn.execute(insert, values).lastrowid
    if role == "assistant":
        call = (last, "function", "ruler", '{"a": 1}', rng.choice([None, '"long"']))
        conn.execute("INSERT INTO tool_calls VALUES (NULL, ?, ?, ?, ?, ?)", call)
    elif role == "user" and rng.random() < 0.4:
        conn.execute("INSERT INTO attachments VALUES (NULL, ?, 'keel.png', x'89504e47')", (last,))


def add_ollama(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    at = "2026-03-01 12:00:00"
    conn.execute("INSERT INTO chats VALUES (?, ?, ?, '{}')", (f"u{chat}", rng.choice(["", f"Boats {chat}"]), at))
    for _ in range(messages):
        more_ollama(conn, rng, chat)


EDITOR = """
CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);
CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);
"""


def bubble(rng: Rng, n: int) -> dict[str, Any]:
    if n % 2 == 1:
        return {"type": 1, "text": f"<user_query>question {n}</user_query>", "createdAt": NOON + n}
    tool = {
        "toolCallId": f"c{n}",
        "name": "run_terminal_cmd",
        "rawArgs": '{"command": "make hull"}',
        "status": rng.choice(["completed", "error", "loading", "cancelled"]),
        "result": '{"output": "done"}',
    }
    return {
        "type": 2,
        "text": rng.choice([f"answer {n}", ""]),
        "thinking": {"text": "hm"},
        "codeBlocks": [{"content": "print(1)"}],
        "tokenCount": {"inputTokens": 10, "outputTokens": 5},
        "createdAt": "2026-03-01T12:00:00.000Z",
        "workspaceUris": ["file:///work/boat"],
        **({"toolFormerData": tool} if rng.random() < 0.5 else {}),
    }


def put_key(conn: sqlite3.Connection, key: str, value: Any) -> None:
    conn.execute("INSERT INTO cursorDiskKV VALUES (?, ?)", (key, json.dumps(value)))


def more_editor(conn: sqlite3.Connection, rng: Rng, chat: int) -> None:
    key = f"composerData:comp{chat}"
    composer = json.loads(conn.execute("SELECT value FROM cursorDiskKV WHERE key = ?", (key,)).fetchone()[0])
    headers = composer["fullConversationHeadersOnly"]
    n = len(headers) + 1
    headers.append({"bubbleId": f"b{n}", "type": 1})
    put_key(conn, f"bubbleId:comp{chat}:b{n}", bubble(rng, n))
    put_key(conn, f"bubbleId:comp{chat}:orphan{n}", bubble(rng, n))
    put_key(conn, key, {**composer, "lastUpdatedAt": NOON + n})


def add_editor(conn: sqlite3.Connection, rng: Rng, chat: int, messages: int) -> None:
    name = f"comp{chat}"
    about = {"composerId": name, "name": rng.choice(["", f"Boats {chat}"]), "createdAt": NOON, "lastUpdatedAt": NOON}
    inline = [{"bubbleId": f"old{n}", **bubble(rng, n)} for n in range(3)] if rng.random() < 0.2 else []
    put_key(conn, f"composerData:{name}", {**about, "fullConversationHeadersOnly": [], "conversation": inline})
    for _ in range(messages if not inline else 0):
        more_editor(conn, rng, chat)


def leaf(conn: sqlite3.Connection, value: Any) -> bytes:
    data = json.dumps(value).encode() if not isinstance(value, bytes) else value
    digest = hashlib.sha256(data).digest()
    conn.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (digest.hex(), data))
    return digest


def write_store(path: Path, rng: Rng, size: int) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(
            "CREATE TABLE blobs (id TEXT PRIMARY KEY, data BLOB); CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);"
        )
        grow_store(conn, rng, 3 * size)


def grow_store(conn: sqlite3.Connection, rng: Rng, size: int) -> None:
    """A new root over so many messages, with a tree below it."""
    first = leaf(conn, {"role": "system", "content": "You are"})
    below = b"".join(b"\x0a\x20" + leaf(conn, store_message(rng, n)) for n in range(size // 2))
    tree = leaf(conn, below) if below else first
    rest = b"".join(b"\x0a\x20" + leaf(conn, store_message(rng, n)) for n in range(size // 2, size))
    root = leaf(conn, b"\x0a\x20" + first + b"\x12\x20" + tree + b"\x18\x05" + rest)
    about = {
        "agentId": "agent-1",
        "latestRootBlobId": root.hex(),
        "name": "Boats",
        "createdAt": NOON,
        "lastUsedModel": "oak-1",
    }
    conn.execute("INSERT OR REPLACE INTO meta VALUES ('0', ?)", (json.dumps(about).encode().hex(),))


def store_message(rng: Rng, n: int) -> dict[str, Any]:
    call = {"type": "tool-call", "toolCallId": f"c{n}", "toolName": "Shell", "args": {"command": "make"}}
    return [
        {"role": "user", "content": f"<user_query>question {n}</user_query>"},
        {
            "role": "assistant",
            "content": [{"type": "reasoning", "text": "hm"}, {"type": "text", "text": f"answer {n}"}, call],
        },
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": f"c{n - 1}", "result": f"output {n}"}]},
    ][n % 3]


def change_store(path: Path, rng: Rng) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        grow_store(conn, rng, 40)
    later(path)


def case(source: ContainerSource, name: str, made: Made) -> Case:
    return Case(source, name, made.write, made.change, spoil_database)


CASES = [
    case(Goose(), "sessions.db", Made(GOOSE, add_goose, more_goose)),
    case(Crush(), "crush.db", Made(CRUSH, add_crush, more_crush)),
    case(Llm(), "old/logs.db", Made(LLM_OLD, add_llm_old, more_llm_old)),
    case(Llm(), "new/logs.db", Made(LLM_NEW, add_llm_new, more_llm_new)),
    case(Llm(), "first/logs.db", Made(LLM_FIRST, add_llm_first, more_llm_first)),
    case(Elia(), "elia.sqlite", Made(ELIA, add_elia, more_elia)),
    case(Oterm(), "store.db", Made(OTERM, add_oterm, more_oterm)),
    case(OllamaApp(), "db.sqlite", Made(OLLAMA, add_ollama, more_ollama)),
    case(Cursor(), "state.vscdb", Made(EDITOR, add_editor, more_editor)),
    Case(Cursor(), "store.db", write_store, change_store, spoil_database),
    Case(OpenCode(), "opencode.db", write_opencode, change_opencode, spoil_database),
    Case(Aider(), ".aider.chat.history.md", write_aider, change_aider, spoil_aider),
    Case(ChatGpt(), "conversations.json", *export_makers.container(export_makers.gpt_random)),
    Case(ChatGpt(), "export.zip", *export_makers.container(export_makers.gpt_random)),
    Case(ClaudeAi(), "conversations.json", *export_makers.container(export_makers.claude_random)),
    Case(OpenWebUi(), "chats.json", *export_makers.container(export_makers.webui_random)),
]
