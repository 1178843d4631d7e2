"""Invented histories: builders of records for tests, and helpers to write and read them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chattui.domain.history import Chunk, NewMessage
from chattui.sources.protocol import Source

SESSION = "5e551011-0000-4000-8000-00000000abcd"
THREAD = "019a0000-1000-7000-8000-0000000000aa"
PARENT_THREAD = "01990000-1000-7000-8000-0000000000bb"

Record = dict[str, Any]


def uuid(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012x}"


def stamp(n: int) -> str:
    return f"2026-03-01T{10 + n // 3600 % 10:02}:{n // 60 % 60:02}:{n % 60:02}.000Z"


def jsonl(records: Iterable[Record]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode("utf-8", "surrogatepass")


def write(path: Path, records: Iterable[Record] | bytes, *, settled: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(records if isinstance(records, bytes) else jsonl(records))
    age(path, settled=settled)
    return path


def age(path: Path, *, settled: bool = True) -> None:
    when = time.time() - (3600 if settled else 0)
    os.utime(path, (when, when))


def read(source: Source, path: Path) -> tuple[list[NewMessage], Chunk]:
    """All messages of a file, and its last chunk."""
    chunks = list(source.read(path))
    return [message for chunk in chunks for message in chunk.messages], chunks[-1]


def through_json(state: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(state))


def told(messages: Iterable[NewMessage]) -> list[tuple[str, str, str]]:
    return [(str(message.role), str(message.kind), message.content) for message in messages]


def prompts(messages: Iterable[NewMessage]) -> list[str]:
    return [message.content for message in messages if message.role == "user" and message.kind == "text"]


def tokens(messages: Iterable[NewMessage]) -> tuple[int, int, int]:
    seen = list(messages)
    return (
        sum(message.tokens_in or 0 for message in seen),
        sum(message.tokens_out or 0 for message in seen),
        sum(message.tokens_cached or 0 for message in seen),
    )


class Claude:
    """Builds a session: every record follows the one before unless told otherwise."""

    def __init__(self, session: str = SESSION, first: int = 1, **common: Any) -> None:
        self.records: list[Record] = []
        self.session, self.common = session, common
        self.n = first - 1
        self.last: str | None = None

    def chain(self, kind: str, **fields: Any) -> str:
        self.n += 1
        record = {
            "parentUuid": self.last,
            "isSidechain": False,
            "cwd": "/work/boat",
            "sessionId": self.session,
            "version": "2.1.7",
            "gitBranch": "keel",
            "type": kind,
            "uuid": uuid(self.n),
            "timestamp": stamp(self.n),
            **self.common,
            **fields,
        }
        self.records.append(record)
        self.last = record["uuid"]
        return str(record["uuid"])

    def side(self, kind: str, **fields: Any) -> None:
        self.records.append({"type": kind, "sessionId": self.session, **fields})

    def user(self, content: Any, **fields: Any) -> str:
        return self.chain("user", message={"role": "user", "content": content}, **fields)

    def reply(self, *blocks: Any, reply: str = "msg_1", usage: Any = None, **fields: Any) -> str:
        model = fields.pop("model", "claude-sonnet-9")
        message: Record = {"id": reply, "role": "assistant", "model": model, "content": list(blocks)}
        if usage is not None:
            message["usage"] = usage
        return self.chain("assistant", message=message, **fields)

    def result(self, call: str, content: Any, **fields: Any) -> str:
        failed = fields.pop("is_error", False)
        block = {"type": "tool_result", "tool_use_id": call, "content": content, "is_error": failed}
        return self.user([block], **fields)


def text(words: str) -> Record:
    return {"type": "text", "text": words}


def thinking(words: str) -> Record:
    return {"type": "thinking", "thinking": words, "signature": "c2ln"}


def tool_use(call: str, name: str = "Bash", **arguments: Any) -> Record:
    return {"type": "tool_use", "id": call, "name": name, "input": arguments}


def usage(fresh: int, out: int, *, read: int = 0, written: int = 0) -> Record:
    return {
        "input_tokens": fresh,
        "output_tokens": out,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
    }


class Rollout:
    """Builds a Codex rollout. ``paginated`` ones number their records."""

    def __init__(self, *, paginated: bool = False, first_ordinal: int = 0, meta: Record | None = None) -> None:
        self.records: list[Record] = []
        self.paginated, self.ordinal = paginated, first_ordinal
        about = {
            "id": THREAD,
            "cwd": "/work/boat",
            "cli_version": "0.150.0",
            "originator": "codex-tui",
            "source": "cli",
        }
        self.meta({**about, **({"history_mode": "paginated"} if paginated else {}), **(meta or {})})

    def envelope(self, kind: str, payload: Any) -> None:
        record: Record = {"timestamp": stamp(len(self.records)), "type": kind, "payload": payload}
        if self.paginated:
            record["ordinal"] = self.ordinal
            self.ordinal += 1
        self.records.append(record)

    def meta(self, about: Record) -> None:
        self.envelope("session_meta", about)

    def event(self, kind: str, **fields: Any) -> None:
        self.envelope("event_msg", {"type": kind, **fields})

    def item(self, kind: str, **fields: Any) -> None:
        self.envelope("response_item", {"type": kind, **fields})

    def completed(self, kind: str, **fields: Any) -> None:
        self.event("item_completed", thread_id=THREAD, turn_id="t", item={"type": kind, **fields})

    def user_item(self, *words: str, **fields: Any) -> None:
        self.item("message", role="user", content=[{"type": "input_text", "text": part} for part in words], **fields)

    def agent_item(self, words: str) -> None:
        self.item("message", role="assistant", content=[{"type": "output_text", "text": words}])

    def prompt(self, words: str) -> None:
        self.user_item(words)
        if self.paginated:
            self.completed("UserMessage", id="u", content=[{"type": "text", "text": words}])
        else:
            self.event("user_message", message=words, images=[], local_images=[])

    def answer(self, words: str) -> None:
        if self.paginated:
            self.completed("AgentMessage", id="a", content=[{"type": "Text", "text": words}])
        else:
            self.event("agent_message", message=words)
        self.agent_item(words)

    def call(self, call: str, output: str = "done") -> None:
        self.item("function_call", name="exec_command", arguments='{"cmd": "make hull"}', call_id=call)
        self.item("function_call_output", call_id=call, output=output)

    def count(self, total: tuple[int, int, int], last: tuple[int, int, int] | None) -> None:
        info: Record = {"total_token_usage": _codex_usage(total)}
        if last is not None:
            info["last_token_usage"] = _codex_usage(last)
        self.event("token_count", info=info)


def _codex_usage(counts: tuple[int, int, int]) -> Record:
    return {"input_tokens": counts[0], "output_tokens": counts[1], "cached_input_tokens": counts[2]}
