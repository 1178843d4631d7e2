"""A person's home with histories in it, how it is synced, and what the database then holds."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from histories import SESSION, Claude, Record, Rollout, age, jsonl, text, thinking, tool_use, usage, write
from steps import rows

from chattui.domain.chat import Message
from chattui.sources.registry import all_sources
from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.sync.engine import Sync
from chattui.sync.progress import Progress, SyncReport

MACHINE = "boat"

CHATS = """
SELECT c.source, c.source_id, c.title, c.status::text, c.pinned, c.project, c.git_branch, c.agent, c.model, p.source_id,
       c.parent_call_id, f.source_id, c.forked_seq, c.root_id, c.metadata::text, c.message_count, c.prompt_count,
       c.byte_count, c.tokens_in, c.tokens_out, c.tokens_cached, c.created_at, c.last_message_at
  FROM chattui.chats c LEFT JOIN chattui.chats p ON p.id = c.parent_id LEFT JOIN chattui.chats f ON f.id = c.forked_from
 ORDER BY 1, 2
"""
MESSAGES = """
SELECT c.source_id, m.seq, m.created_at, m.role::text, m.kind::text, m.content_type::text, m.content, m.source_id,
       m.parent_seq, m.reply_id, m.call_id, m.thread, m.model, m.tokens_in, m.tokens_out, m.tokens_cached, m.error,
       m.metadata::text
  FROM chattui.messages m JOIN chattui.chats c ON c.id = m.chat_id ORDER BY 1, 2
"""
CALLS = """
SELECT c.source_id, t.call_id, t.name, t.target, t.status::text, t.call_seq, t.result_seq, t.duration_ms, t.error
  FROM chattui.tool_calls t JOIN chattui.chats c ON c.id = t.chat_id ORDER BY 1, 2
"""
FILES = """
SELECT c.source_id, f.path, f.seq, f.mime, f.size, b.data FROM chattui.files f JOIN chattui.chats c ON c.id = f.chat_id
  JOIN chattui.blobs b USING (sha256) ORDER BY 1, 2
"""
IMPORTS = """
SELECT i.path, i.source, c.source_id, i.size, i.byte_offset, i.line, i.outcome::text, i.error, i.problems::text,
       i.problem_count FROM chattui.imports i LEFT JOIN chattui.chats c ON c.id = i.chat_id ORDER BY 1
"""
RAW = """
SELECT c.source_id, r.line, r.part, r.what, r.size, r.data FROM chattui.raw_records r
  LEFT JOIN chattui.chats c ON c.id = r.chat_id ORDER BY 1, 2, 3, 4
"""

EMPTIED = """
SET synchronous_commit = off;
DELETE FROM chattui.imports; DELETE FROM chattui.chats; DELETE FROM chattui.blobs
"""
"""Makes a database one without chats again; of few rows that is faster than new files."""


def held(db: Database | str, *, paths: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database but ids and the times of imports."""
    wanted = {"chats": CHATS, "messages": MESSAGES, "calls": CALLS, "files": FILES, "raw": RAW}
    if paths:
        wanted["imports"] = IMPORTS
    return {name: rows(db, statement) for name, statement in wanted.items()}


class Home:
    """One home directory and the database that it is synced into."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path = path
        self.db = db
        self.told: list[Progress] = []

    def claude(
        self,
        built: Claude | Iterable[Record] | bytes,
        name: str = SESSION,
        *,
        project: str = "-work-boat",
        old: bool = True,
    ) -> Path:
        """Write a session; ``old`` ones are not being written any more."""
        records = built.records if isinstance(built, Claude) else built
        return write(self.path / ".claude" / "projects" / project / f"{name}.jsonl", records, settled=old)

    def codex(self, built: Rollout, name: str = "a", *, old: bool = True) -> Path:
        """Write a rollout."""
        path = self.path / ".codex" / "sessions" / "2026" / "03" / "01" / f"rollout-{name}.jsonl"
        return write(path, built.records, settled=old)

    def sync(self, *, index: bool = True) -> SyncReport:
        """What `chattui import` does."""
        self.told = []
        sync = Sync(self.db, all_sources(), machine=MACHINE, tell=self.told.append)
        return sync.run({}, self.path, index=index)

    def chat(self, source_id: str = SESSION) -> list[Message]:
        """All messages of a chat."""
        found = chats.find(self.db, source_id)
        assert found is not None, f"no chat {source_id}"
        return messages.page(self.db, found.id, 1, found.message_count)

    def texts(self, source_id: str = SESSION) -> list[str]:
        """The contents of a chat."""
        return [m.content for m in self.chat(source_id)]


def conversation(session: str = SESSION, turns: int = 3) -> Claude:
    """A session with prompts, thinking, tool calls and replies that cost tokens; its records have ids of their own."""
    made = Claude(session, first=1 + 10_000 * (int(session[-4:], 16) - int(SESSION[-4:], 16)) % 10**9)
    for turn in range(1, turns + 1):
        made.user(f"question {turn}")
        made.reply(thinking(f"thought {turn}"), reply=f"m{turn}", usage=usage(10, 5))
        made.reply(tool_use(f"call{turn}", command=f"make {turn}"), reply=f"m{turn}", usage=usage(10, 5))
        made.result(f"call{turn}", f"output {turn}")
        made.reply(text(f"answer {turn}"), reply=f"n{turn}", usage=usage(20, 7))
    return made


def rollout(turns: int = 3, **options: Any) -> Rollout:
    """A rollout with prompts, calls and answers."""
    made = Rollout(**options)
    for turn in range(1, turns + 1):
        made.prompt(f"codex question {turn}")
        made.call(f"c{turn}", f"codex output {turn}")
        made.answer(f"codex answer {turn}")
        made.count((10 * turn, 5 * turn, 0), (10, 5, 0))
    return made


def add(path: Path, data: Iterable[Record] | bytes, *, old: bool = True) -> None:
    """Let the tool write more at the end of a file."""
    with path.open("ab") as file:
        file.write(data if isinstance(data, bytes) else jsonl(data))
    age(path, settled=old)


def later(path: Path, seconds: int = 7) -> None:
    """Give a file another time without touching its content."""
    when = time.time() - 1800 - seconds
    os.utime(path, (when, when))
