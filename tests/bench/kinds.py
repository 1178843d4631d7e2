"""The same made-up conversations as each tool writes them: what its files or tables look like, with text of a real length.

Shapes as in the tests of the sources (tests/sources); the same for the same seed. ``write`` makes a home for one source.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from tests.bench.prose import Prose

BEGUN = datetime(2026, 5, 1, tzinfo=UTC)
TURNS = 12
"""Turns of a chat. Each is a prompt, a thought, a call, its output and an answer, where the tool has such things."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """What is said in one turn, and when."""

    prompt: str
    thought: str
    command: str
    output: str
    answer: str
    at: datetime

    def stamp(self, seconds: float = 0) -> str:
        """As ISO text."""
        return (self.at + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def unix(self, seconds: float = 0) -> float:
        """Seconds since the epoch."""
        return self.at.timestamp() + seconds


@dataclass(frozen=True, slots=True)
class Talk:
    """One chat."""

    id: str
    title: str
    turns: tuple[Turn, ...]

    @property
    def begun(self) -> datetime:
        """When it began."""
        return self.turns[0].at


def talks(count: int, seed: int = 3) -> Iterator[Talk]:
    """So many chats of ``TURNS`` turns."""
    prose, rng = Prose(seed, sentences=6_000), random.Random(seed)
    for n in range(count):
        at = BEGUN + timedelta(minutes=40 * n)
        turns = tuple(
            Turn(
                prose.text(rng.lognormvariate(4.8, 0.9)),
                prose.text(rng.lognormvariate(5.4, 0.8)),
                f"rg -n {rng.choice(prose.identifiers)} src",
                "\n".join(rng.choices(prose.output, k=max(1, int(rng.lognormvariate(2.0, 1.0))))),
                f"{prose.text(rng.lognormvariate(5.6, 0.8))}\n\n```python\n{rng.choice(prose.code)}\n```",
                at + timedelta(seconds=90 * turn),
            )
            for turn in range(TURNS)
        )
        yield Talk(str(uuid.UUID(int=rng.getrandbits(128), version=4)), prose.title(), turns)


def write(kind: str, home: Path, chats: int) -> list[Path]:
    """Fill a home with chats of one kind; the files that must be named, for it lies where a person has put it."""
    home.mkdir(parents=True, exist_ok=True)
    return KINDS[kind](home, talks(chats)) or []


def _lines(path: Path, records: list[Record]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8")
    os.utime(path, (BEGUN.timestamp(), BEGUN.timestamp()))


def _document(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    os.utime(path, (BEGUN.timestamp(), BEGUN.timestamp()))


def _claude_code(home: Path, found: Iterator[Talk]) -> None:
    for talk in found:
        records: list[Record] = []
        parent = None

        def say(kind: str, at: str, message: Record) -> None:
            nonlocal parent
            this = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{talk.id}{len(records)}"))  # noqa: B023
            about = {"parentUuid": parent, "sessionId": talk.id, "cwd": "/work/boat", "version": "2.1.7"}  # noqa: B023
            records.append({**about, "type": kind, "uuid": this, "timestamp": at, "message": message})  # noqa: B023
            parent = this

        for n, turn in enumerate(talk.turns):
            reply = {
                "model": "claude-oak",
                "id": f"msg_{talk.id}{n}",
                "role": "assistant",
                "usage": {"output_tokens": 5},
            }
            say("user", turn.stamp(), {"role": "user", "content": turn.prompt})
            say("assistant", turn.stamp(1), {**reply, "content": [{"type": "thinking", "thinking": turn.thought}]})
            call = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": turn.command}}
            say("assistant", turn.stamp(2), {**reply, "content": [call]})
            result = {"type": "tool_result", "tool_use_id": f"t{n}", "content": turn.output}
            say("user", turn.stamp(3), {"role": "user", "content": [result]})
            answer = {"type": "text", "text": turn.answer}
            say("assistant", turn.stamp(4), {**reply, "id": f"msg_{talk.id}{n}b", "content": [answer]})
        _lines(home / ".claude" / "projects" / "-work-boat" / f"{talk.id}.jsonl", records)


def _codex(home: Path, found: Iterator[Talk]) -> None:
    for talk in found:
        about = {"id": talk.id, "cwd": "/work/boat", "cli_version": "0.150.0", "source": "cli"}
        records: list[Record] = [{"timestamp": talk.turns[0].stamp(), "type": "session_meta", "payload": about}]
        for n, turn in enumerate(talk.turns):
            call, asked = f"call_{n}", {"type": "input_text", "text": turn.prompt}
            told = {"type": "output_text", "text": turn.answer}
            for seconds, kind, payload in (
                (0, "response_item", {"type": "message", "role": "user", "content": [asked]}),
                (0, "event_msg", {"type": "user_message", "message": turn.prompt}),
                (1, "event_msg", {"type": "agent_reasoning", "text": turn.thought}),
                (
                    1,
                    "response_item",
                    {"type": "reasoning", "summary": [{"type": "summary_text", "text": turn.thought}]},
                ),
                (
                    2,
                    "response_item",
                    {
                        "type": "function_call",
                        "name": "shell",
                        "arguments": json.dumps({"cmd": turn.command}),
                        "call_id": call,
                    },
                ),
                (3, "response_item", {"type": "function_call_output", "call_id": call, "output": turn.output}),
                (4, "event_msg", {"type": "agent_message", "message": turn.answer}),
                (4, "response_item", {"type": "message", "role": "assistant", "content": [told]}),
            ):
                records.append({"timestamp": turn.stamp(seconds), "type": kind, "payload": payload})
        _lines(
            home / ".codex" / "sessions" / "2026" / "05" / "01" / f"rollout-2026-05-01T00-00-00-{talk.id}.jsonl",
            records,
        )


def _gemini(home: Path, found: Iterator[Talk]) -> None:
    for talk in found:
        head = {"sessionId": talk.id, "projectHash": "f" * 64, "startTime": talk.turns[0].stamp()}
        records: list[Record] = [head]
        for n, turn in enumerate(talk.turns):
            call = {
                "id": f"c{n}",
                "name": "run_shell_command",
                "args": {"command": turn.command},
                "status": "success",
                "result": [{"functionResponse": {"id": f"c{n}", "response": {"output": turn.output}}}],
            }
            thought = {"subject": "Look", "description": turn.thought, "timestamp": turn.stamp(1)}
            records.append({"id": f"{n}u", "type": "user", "timestamp": turn.stamp(), "content": turn.prompt})
            records.append(
                {
                    "id": f"{n}g",
                    "type": "gemini",
                    "timestamp": turn.stamp(4),
                    "content": turn.answer,
                    "thoughts": [thought],
                    "toolCalls": [call],
                    "model": "gemini-oak",
                }
            )
        _lines(home / ".gemini" / "tmp" / "boat" / "chats" / f"session-{talk.id}.jsonl", records)


def _copilot(home: Path, found: Iterator[Talk]) -> None:
    for talk in found:
        records: list[Record] = []

        def event(kind: str, at: str, **data: Any) -> None:
            this = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{talk.id}{len(records)}"))  # noqa: B023
            records.append({"type": kind, "data": data, "id": this, "timestamp": at})  # noqa: B023

        event("session.start", talk.turns[0].stamp(), sessionId=talk.id, context={"cwd": "/work/boat"})
        for n, turn in enumerate(talk.turns):
            request = {"toolCallId": f"c{n}", "name": "bash", "arguments": {"command": turn.command}}
            event("user.message", turn.stamp(), content=turn.prompt)
            event("assistant.message", turn.stamp(2), content="", reasoningText=turn.thought, toolRequests=[request])
            result = {"content": turn.output}
            event("tool.execution_complete", turn.stamp(3), toolCallId=f"c{n}", success=True, result=result)
            event("assistant.message", turn.stamp(4), content=turn.answer)
        _lines(home / ".copilot" / "session-state" / talk.id / "events.jsonl", records)


def _pi(home: Path, found: Iterator[Talk]) -> None:
    for talk in found:
        head = {"type": "session", "version": 3, "id": talk.id, "timestamp": talk.turns[0].stamp(), "cwd": "/work/boat"}
        records: list[Record] = [head]

        def message(role: str, at: str, **fields: Any) -> None:
            own, above = (f"{crc32(f'{talk.id} {n}'.encode()):08x}" for n in (len(records), len(records) - 1))  # noqa: B023
            place = {"id": own, "parentId": above if len(records) > 1 else None, "timestamp": at}  # noqa: B023
            records.append({"type": "message", **place, "message": {"role": role, **fields}})  # noqa: B023

        for n, turn in enumerate(talk.turns):
            call = {"type": "toolCall", "id": f"c{n}", "name": "bash", "arguments": {"command": turn.command}}
            thought = {"type": "thinking", "thinking": turn.thought}
            message("user", turn.stamp(), content=[{"type": "text", "text": turn.prompt}])
            message("assistant", turn.stamp(2), model="oak-1", content=[thought, call])
            message("toolResult", turn.stamp(3), toolCallId=f"c{n}", content=[{"type": "text", "text": turn.output}])
            message("assistant", turn.stamp(4), model="oak-1", content=[{"type": "text", "text": turn.answer}])
        _lines(home / ".pi" / "agent" / "sessions" / "--work-boat--" / f"2026-05-01T00-00-00_{talk.id}.jsonl", records)


def _cursor(home: Path, found: Iterator[Talk]) -> None:
    for talk in found:
        records: list[Record] = []
        for n, turn in enumerate(talk.turns):
            for role, *content in (
                ("user", {"type": "text", "text": f"<user_query>\n{turn.prompt}\n</user_query>"}),
                ("assistant", {"type": "thinking", "thinking": turn.thought}),
                ("assistant", {"type": "tool_use", "id": f"t{n}", "name": "Shell", "input": {"command": turn.command}}),
                ("user", {"type": "tool_result", "tool_use_id": f"t{n}", "content": turn.output}),
                ("assistant", {"type": "text", "text": turn.answer}),
            ):
                records.append({"role": role, "message": {"content": content}})
        place = home / ".cursor" / "projects" / "work-boat" / "agent-transcripts" / talk.id / f"{talk.id}.jsonl"
        _lines(place, records)


def _continue(home: Path, found: Iterator[Talk]) -> None:
    for talk in found:
        history: list[Record] = []
        for n, turn in enumerate(talk.turns):
            call = {"id": f"c{n}", "function": {"name": "bash", "arguments": json.dumps({"command": turn.command})}}
            history += [
                {"message": {"role": "user", "content": turn.prompt}, "contextItems": []},
                {"message": {"role": "assistant", "content": "", "toolCalls": [call]}, "contextItems": []},
                {"message": {"role": "tool", "content": turn.output, "toolCallId": f"c{n}"}, "contextItems": []},
                {"message": {"role": "assistant", "content": turn.answer}, "reasoning": {"text": turn.thought}},
            ]
        value = {"sessionId": talk.id, "title": talk.title, "workspaceDirectory": "/work/boat", "history": history}
        _document(home / ".continue" / "sessions" / f"{talk.id}.json", value)


def _aider(home: Path, found: Iterator[Talk]) -> None:
    with (home / ".aider.chat.history.md").open("w", encoding="utf-8") as file:
        for talk in found:
            file.write(f"\n# aider chat started at {talk.begun:%Y-%m-%d %H:%M:%S}\n\n> Aider v0.85.1\n\n")
            for turn in talk.turns:
                file.write(f"#### {turn.prompt}\n\n{turn.answer}\n\n> Tokens: 3.2k sent, 21 received.\n\n")


def _database(path: Path, schema: str, fill: Callable[[sqlite3.Connection], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA synchronous = OFF")
        conn.executescript(schema)
        fill(conn)


OPENCODE = """
CREATE TABLE project (id text PRIMARY KEY, worktree text NOT NULL);
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL,
  title text NOT NULL, version text NOT NULL, revert text, time_created integer NOT NULL, time_updated integer NOT NULL,
  time_archived integer);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE INDEX message_session_idx ON message (session_id, time_created);
CREATE INDEX part_message_id_id_idx ON part (message_id, id);
CREATE INDEX part_session_idx ON part (session_id);
"""


def _opencode(home: Path, found: Iterator[Talk]) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        for talk in found:
            end = int(talk.turns[-1].unix() * 1000)
            begun = int(talk.begun.timestamp() * 1000)
            values = (f"ses_{talk.id}", "p", None, "/work/boat", talk.title, "1.18.33", None, begun, end, None)
            conn.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            for n, turn in enumerate(talk.turns):
                state = {"status": "completed", "input": {"command": turn.command}, "output": turn.output}
                thought = {"type": "reasoning", "text": turn.thought}
                call = {"type": "tool", "callID": f"c{n}", "tool": "bash", "state": state}
                answer = {"type": "text", "text": turn.answer}
                for half, role, parts in (
                    ("a", "user", [{"type": "text", "text": turn.prompt}]),
                    ("b", "assistant", [thought, call, answer]),
                ):
                    at, name = int(turn.unix(4 * (half == "b")) * 1000), f"msg_{talk.id}_{n:04}{half}"
                    info = {"role": role, "time": {"created": at}, "modelID": "oak-1"}
                    session = f"ses_{talk.id}"
                    conn.execute(
                        "INSERT INTO message VALUES (?, ?, ?, ?, ?)", (name, session, at, at, json.dumps(info))
                    )
                    for nth, part in enumerate(parts):
                        row = (f"prt_{name}_{nth}", name, session, at, at, json.dumps(part))
                        conn.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", row)

    _database(home / ".local" / "share" / "opencode" / "opencode.db", OPENCODE, fill)


GOOSE = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
  working_dir TEXT NOT NULL, created_at TIMESTAMP, updated_at TIMESTAMP, input_tokens INTEGER, output_tokens INTEGER,
  accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER, model_config_json TEXT, parent_session_id TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT, session_id TEXT NOT NULL, role TEXT NOT NULL,
  content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL, metadata_json TEXT);
CREATE INDEX messages_session ON messages (session_id);
"""


def _goose(home: Path, found: Iterator[Talk]) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        for talk in found:
            conn.execute(
                "INSERT INTO sessions (id, name, working_dir, created_at, updated_at) VALUES (?, ?, '/work/boat', ?, ?)",
                (talk.id, talk.title, f"{talk.begun:%Y-%m-%d %H:%M:%S}", f"{talk.turns[-1].at:%Y-%m-%d %H:%M:%S}"),
            )
            for n, turn in enumerate(talk.turns):
                arguments = {"name": "developer__shell", "arguments": {"command": turn.command}}
                request = {"type": "toolRequest", "id": f"c{n}", "toolCall": {"status": "success", "value": arguments}}
                output = {"status": "success", "value": [{"type": "text", "text": turn.output}]}
                for seconds, role, parts in (
                    (0, "user", [{"type": "text", "text": turn.prompt}]),
                    (2, "assistant", [{"type": "thinking", "thinking": turn.thought}, request]),
                    (3, "user", [{"type": "toolResponse", "id": f"c{n}", "toolResult": output}]),
                    (4, "assistant", [{"type": "text", "text": turn.answer}]),
                ):
                    conn.execute(
                        "INSERT INTO messages (session_id, role, content_json, created_timestamp) VALUES (?, ?, ?, ?)",
                        (talk.id, role, json.dumps(parts), int(turn.unix(seconds))),
                    )

    _database(home / ".local" / "share" / "goose" / "sessions" / "sessions.db", GOOSE, fill)


LLM = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,
  response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT, input_tokens INTEGER,
  output_tokens INTEGER, token_details TEXT);
CREATE INDEX responses_conversation ON responses (conversation_id);
"""


def _llm(home: Path, found: Iterator[Talk]) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        for talk in found:
            conn.execute("INSERT INTO conversations VALUES (?, ?, 'oak-1')", (talk.id, talk.title))
            for n, turn in enumerate(talk.turns):
                conn.execute(
                    "INSERT INTO responses (id, model, prompt, response, conversation_id, datetime_utc) "
                    "VALUES (?, 'oak-1', ?, ?, ?, ?)",
                    (f"{talk.id}{n:03}", turn.prompt, turn.answer, talk.id, turn.at.isoformat()),
                )

    _database(home / ".config" / "io.datasette.llm" / "logs.db", LLM, fill)


ELIA = """
CREATE TABLE chat (id INTEGER PRIMARY KEY, model VARCHAR, title VARCHAR, started_at DATETIME, archived BOOLEAN);
CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, role VARCHAR, content VARCHAR, timestamp DATETIME, meta JSON,
  parent_id INTEGER, model VARCHAR);
CREATE INDEX message_chat ON message (chat_id);
"""


def _elia(home: Path, found: Iterator[Talk]) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        for number, talk in enumerate(found, 1):
            begun = f"{talk.begun:%Y-%m-%d %H:%M:%S}.000000"
            conn.execute("INSERT INTO chat VALUES (?, 'oak-1', ?, ?, 0)", (number, talk.title, begun))
            for turn in talk.turns:
                for role, words in (("user", turn.prompt), ("assistant", turn.answer)):
                    conn.execute(
                        "INSERT INTO message (chat_id, role, content, timestamp, model) VALUES (?, ?, ?, ?, 'oak-1')",
                        (number, role, words, f"{turn.at:%Y-%m-%d %H:%M:%S}.000000"),
                    )

    _database(home / ".local" / "share" / "elia" / "elia.sqlite", ELIA, fill)


def chatgpt_record(talk: Talk, chat_id: str) -> Record:
    """A chat as an export of ChatGPT has it."""
    nodes: dict[str, Record] = {"root": {"id": "root", "parent": None, "children": [], "message": None}}
    last = "root"
    for turn in talk.turns:
        for role, words in (("user", turn.prompt), ("assistant", turn.answer)):
            name = f"n{len(nodes)}"
            message = {
                "id": name,
                "author": {"role": role, "metadata": {}},
                "create_time": turn.unix(),
                "content": {"content_type": "text", "parts": [words]},
                "status": "finished_successfully",
                "weight": 1.0,
                "recipient": "all",
                "metadata": {},
            }
            nodes[last]["children"].append(name)
            nodes[name] = {"id": name, "parent": last, "children": [], "message": message}
            last = name
    about = {"conversation_id": chat_id, "title": talk.title, "create_time": talk.turns[0].unix()}
    return {**about, "mapping": nodes, "current_node": last}


def _chatgpt(home: Path, found: Iterator[Talk]) -> list[Path]:
    path = home / "chatgpt.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("conversations.json", "w") as file:
        for number, talk in enumerate(found):
            file.write(("," if number else "[").encode() + json.dumps(chatgpt_record(talk, talk.id)).encode())
        file.write(b"]")
    return [path]


def _claude_ai(home: Path, found: Iterator[Talk]) -> list[Path]:
    path = home / "conversations.json"
    with path.open("w", encoding="utf-8") as file:
        for number, talk in enumerate(found):
            said = [
                {
                    "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{talk.id}{n}{sender}")),
                    "sender": sender,
                    "text": words,
                    "content": [{"type": "text", "text": words}],
                    "created_at": turn.stamp(),
                    "attachments": [],
                    "files": [],
                }
                for n, turn in enumerate(talk.turns)
                for sender, words in (("human", turn.prompt), ("assistant", turn.answer))
            ]
            about = {"uuid": talk.id, "name": talk.title, "created_at": talk.turns[0].stamp()}
            file.write(("," if number else "[") + json.dumps({**about, "account": {}, "chat_messages": said}))
        file.write("]")
    return [path]


KINDS: dict[str, Callable[[Path, Iterator[Talk]], list[Path] | None]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "gemini-cli": _gemini,
    "copilot-cli": _copilot,
    "pi": _pi,
    "cursor": _cursor,
    "continue": _continue,
    "aider": _aider,
    "opencode": _opencode,
    "goose": _goose,
    "llm": _llm,
    "elia": _elia,
    "chatgpt": _chatgpt,
    "claude-ai": _claude_ai,
}
"""How chats of each source come about: lines, documents, texts, databases, exports."""

SHORT: Final = frozenset({"llm", "elia", "chatgpt", "claude-ai"})
"""Sources without tools and thinking, whose chats have two messages a turn instead of five."""
