"""Secrets are stored as they are, or replaced before that."""

from __future__ import annotations

import pytest
from histories import SESSION, Claude, tool_use
from homes import Home, add
from steps import rows

from chattui.sources.registry import all_sources
from chattui.sync.engine import Sync

KEY = "ghp" + "_" + "a1B2" * 9


@pytest.mark.parametrize("mask", [True, False])
def test_secrets_are_replaced_before_they_are_stored_where_that_is_wanted(home: Home, mask: bool) -> None:
    made = Claude(SESSION)
    made.user(f"use {KEY}")
    made.reply(tool_use("call1", command=f"curl -H {KEY}"), reply="m1")
    made.result("call1", f"it said {KEY}")
    path = home.claude(made.records[:2])
    sync = Sync(home.db, all_sources(), machine="boat", mask=mask)
    sync.run({}, home.path)
    add(path, made.records[2:])
    sync.run({}, home.path)
    stored = repr(
        rows(home.db, "SELECT m.content, m.metadata::text FROM chattui.messages m")
        + rows(home.db, "SELECT target, error, '' FROM chattui.tool_calls")
        + rows(home.db, "SELECT title, '', '' FROM chattui.chats")
    )
    assert (KEY in stored) is not mask
    assert "it said ghp_" in stored
