"""``chattui snapshots`` as a person runs it."""

from __future__ import annotations

import os

import pytest
from program import Program
from steps import begin, value

from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.tui.drafts import Drafts

SECRET = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL3oR6"


@pytest.fixture
def chat(db: Database) -> int:
    made = begin(db, "why is the pool empty", title="The \x1b[31mpool")
    chats.describe(db, made, f"the key is {SECRET}\nand a second line")
    return made


def drafts(chattui: Program) -> Drafts:
    from chattui.config import load_settings

    settings = load_settings({**os.environ, **chattui.env}, database=chattui.conninfo)
    return Drafts(settings.state_dir, settings.database_name)


def test_a_snapshot_is_saved_listed_shown_compared_restored_and_removed(
    chattui: Program, db: Database, chat: int
) -> None:
    drafts(chattui).put(chat, "half a thought")
    saved = chattui("snapshots", "save", str(chat), "before the refactoring", "--json").json
    assert (saved["name"], saved["messages"], saved["draft"]) == ("before the refactoring", 1, True)
    chats.rename(db, chat, "Another")
    chats.describe(db, chat, "")
    drafts(chattui).put(chat, "")
    listed = chattui("snapshots", "list", str(chat))
    assert f"{saved['id']}  " in listed.out
    assert "before the refactoring  1 messages, a draft" in listed.out

    shown = chattui("snapshots", "show", str(chat), "before the refactoring")
    assert "\x1b" not in shown.out
    assert "half a thought" in shown.out
    assert SECRET not in shown.out
    assert SECRET in chattui("snapshots", "show", str(chat), str(saved["id"]), "--reveal").out
    assert SECRET not in chattui("snapshots", "show", str(chat), str(saved["id"]), "--json").out

    diff = chattui("snapshots", "diff", str(chat), str(saved["id"]), "--json").json
    assert diff["after"] == "now"
    assert [c["about"] for c in diff["changes"]] == ["title", "note", "draft"]
    assert "- half a thought" in chattui("snapshots", "diff", str(chat), str(saved["id"])).out
    assert chattui("snapshots", "diff", str(chat), "now").out == "Nothing differs.\n"

    restored = chattui("snapshots", "restore", str(chat), "before the refactoring", "--json").json
    assert restored["restored"] == saved["id"]
    found = chats.get(db, chat)
    assert found is not None
    assert found.title == "The \x1b[31mpool"
    assert SECRET in (found.description or "")
    assert drafts(chattui).get(chat) == "half a thought"
    assert [m.content for m in messages.page(db, chat, 1, 9)] == ["why is the pool empty"]
    back = chattui("snapshots", "restore", str(chat), str(restored["before"]))
    assert "The chat is as it was in snapshot" in back.out
    found = chats.get(db, chat)
    assert found is not None
    assert found.title == "Another"

    removed = chattui("snapshots", "rm", str(chat), str(saved["id"]))
    assert removed.out == f"Snapshot {saved['id']} is removed.\n"
    assert value(db, "SELECT count(*) FROM chattui.snapshots WHERE id = %s", saved["id"]) == 0


def test_what_is_not_there_is_said(chattui: Program, db: Database, chat: int) -> None:
    gone = chattui("snapshots", "list", "4711")
    assert (gone.code, gone.err) == (4, "chattui: there is no chat '4711'. `chattui list` shows what there is.\n")
    none = chattui("snapshots", "restore", str(chat), "nope\x1b[2J")
    assert none.code == 1
    assert "has no snapshot" in none.err
    assert "\x1b" not in none.err
    assert "is no number" in chattui("snapshots", "save", str(chat), "12").err
    assert chattui("snapshots", "list", str(chat)).out.startswith("No snapshots of this chat yet")
