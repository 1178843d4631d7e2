"""Chats made for a test: written as Claude Code writes them, and imported as any history is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from chattui.samples import BASE
from chattui.sources.registry import all_sources
from chattui.store import chats
from chattui.store.database import Database
from chattui.sync.engine import Sync


def write_session(home: Path, texts: Iterable[str], *, title: str, number: int = 1, end: datetime = BASE) -> Path:
    """A session of prompts and replies in turn, a second apart, under ``home/.claude``."""
    session = f"5e551011-0000-4000-8000-{number:012x}"
    given = list(texts)
    start = end - timedelta(seconds=len(given))
    records: list[dict[str, object]] = [{"type": "summary", "summary": title, "leafUuid": _uuid(number, len(given))}]
    for n, text in enumerate(given, 1):
        asked = n % 2 == 1
        content = text if asked else [{"type": "text", "text": text}]
        role = "user" if asked else "assistant"
        more = {} if asked else {"id": f"msg_{n}", "model": "claude-opus-5-5", "type": "message"}
        records.append(
            {
                "type": role,
                "uuid": _uuid(number, n),
                "parentUuid": _uuid(number, n - 1) if n > 1 else None,
                "sessionId": session,
                "cwd": "/home/nora/code/made",
                "timestamp": (start + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "version": "2.1.0",
                "isSidechain": False,
                "userType": "external",
                "message": {"role": role, "content": content, **more},
            }
        )
    path = home / ".claude" / "projects" / "-home-nora-code-made" / f"{session}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def _uuid(chat: int, message: int) -> str:
    return f"{chat:08x}-0000-4000-8000-{message:012x}"


def import_all(db: Database, home: Path) -> None:
    """Bring in what is below ``home`` and build the search index."""
    Sync(db, all_sources(), machine="test").run({}, home)


def chat_of(db: Database, title: str) -> int:
    """The id of the chat with a title."""
    return next(row.id for row in chats.recents(db, needle=title) if row.title == title)
