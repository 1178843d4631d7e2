"""Secrets are stored as they are, or replaced before that."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from histories import SESSION, THREAD, Claude, tool_use
from homes import MACHINE, Home, add, rollout
from steps import rows

from chattui.config.rules import Rules
from chattui.sync.engine import Sync
from chattui.sync.ruled import LeftOutFiles, ruled

KEY = "ghp" + "_" + "a1B2" * 9
EVERYTHING = (
    "SELECT m.content, m.metadata::text, '' FROM chattui.messages m",
    "SELECT target, error, '' FROM chattui.tool_calls",
    "SELECT title, description, metadata::text || tags::text FROM chattui.chats",
    "SELECT f.path, convert_from(b.data, 'utf-8'), '' FROM chattui.files f JOIN chattui.blobs b USING (owner, sha256)",
)


@pytest.mark.parametrize("mask", [True, False])
def test_secrets_are_replaced_before_they_are_stored_where_that_is_wanted(
    home: Home, tmp_path: Path, mask: bool
) -> None:
    document = b64encode(f"the note says {KEY}".encode()).decode()
    made = Claude(SESSION)
    made.user(f"use {KEY}")
    made.reply(tool_use("call1", command=f"curl -H {KEY}"), reply="m1")
    made.result("call1", f"it said {KEY}")
    made.user([{"type": "document", "source": {"type": "base64", "media_type": "text/plain", "data": document}}])
    path = home.claude(made.records[:2])
    home.codex(rollout())
    index = home.path / ".codex" / "session_index.jsonl"
    index.write_text(f'{{"id": "{THREAD}", "thread_name": "about {KEY}"}}\n')
    sync = Sync(home.db, ruled(Rules(), tmp_path / "config", LeftOutFiles(None), mask=mask), machine=MACHINE)
    sync.run({}, home.path)
    add(path, made.records[2:])
    sync.run({}, home.path)
    stored = repr([rows(home.db, statement) for statement in EVERYTHING])
    assert (KEY in stored) is not mask
    for words in ("use", "it said", "the note says", "about"):
        assert f"{words} ghp_" in stored
