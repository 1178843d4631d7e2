"""Chats made of others, and details that a person sets: nothing is lost, nothing is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from steps import begin, rows, value

from chattui.domain.details import Issue, issue_of, parse_issue
from chattui.domain.errors import ChattuiError, Conflict
from chattui.domain.kinds import OWN_SOURCE, ChatStatus
from chattui.samples import BASE, copy_to
from chattui.sources.registry import all_sources
from chattui.store import chats, details, messages, portions, search
from chattui.store.check import check
from chattui.store.database import Database
from chattui.sync.engine import Sync


@pytest.fixture
def imported(db: Database, tmp_path: Path) -> Database:
    """The samples, imported."""
    copy_to(tmp_path, BASE)
    Sync(db, all_sources(), machine="test").run({}, tmp_path)
    return db


def texts(db: Database, chat_id: int) -> list[str]:
    chat = chats.get(db, chat_id)
    assert chat is not None
    found = messages.page(db, chat_id, 1, chat.message_count)
    assert [m.seq for m in found] == list(range(1, chat.message_count + 1))
    return [m.content for m in found]


def test_a_duplicate_has_everything_and_is_ours(imported: Database) -> None:
    of = next(row for row in chats.recents(imported) if row.title == "Pool exhausted at midnight")
    before = chats.get(imported, of.id)
    made = portions.duplicate(imported, of.id)
    assert before is not None
    assert (made.source, made.title) == (OWN_SOURCE, "Copy of Pool exhausted at midnight")
    assert (made.project, made.git_branch, made.tags) == (before.project, before.git_branch, before.tags)
    counters = ("message_count", "prompt_count", "tokens_in", "tokens_out", "last_message_at")
    assert [getattr(made, name) for name in counters] == [getattr(before, name) for name in counters]
    assert texts(imported, made.id) == texts(imported, of.id)
    old, new = (messages.page(imported, chat, 1, before.message_count) for chat in (of.id, made.id))
    for a, b in zip(old, new, strict=True):
        assert (a.parent_seq, a.role, a.kind, a.model, a.thread) == (b.parent_seq, b.role, b.kind, b.model, b.thread)
        assert (a.tool is None) is (b.tool is None)
        assert a.tool is None or b.tool is None or (a.tool.name, a.tool.status) == (b.tool.name, b.tool.status)
    again = chats.get(imported, of.id)
    assert again is not None
    assert (again.message_count, again.status) == (before.message_count, ChatStatus.ACTIVE)
    assert {hit.chat_id for hit in search.search(imported, "midnight").hits} >= {of.id, made.id}
    assert not [found.check for found in check(imported, everything=True) if found.wrong]


def test_merged_chats_are_one_in_the_order_of_time_and_the_others_are_archived(db: Database) -> None:
    first, second = begin(db, "a1"), begin(db, "b1")
    messages.append(db, first, "a2", key="a2")
    messages.append(db, second, "b2", key="b2")
    made = portions.merge(db, [second, first, second])
    assert made.title == "b1 and 1 more"
    assert texts(db, made.id) == ["a1", "b1", "a2", "b2"]
    assert [m.parent_seq for m in messages.page(db, made.id, 1, 4)] == [None, None, 1, 2]
    assert [row.id for row in chats.recents(db)] == [made.id]
    assert {row.id for row in chats.recents(db, status=ChatStatus.ARCHIVED)} == {first, second}
    with pytest.raises(Conflict, match="at least two"):
        portions.merge(db, [first, first])


def test_chats_with_the_same_records_are_merged_too(imported: Database) -> None:
    of = chats.recents(imported, limit=1)[0]
    twin = portions.duplicate(imported, of.id)
    made = portions.merge(imported, [of.id, twin.id])
    assert made.message_count == 2 * twin.message_count
    calls = "SELECT count(*) FROM chattui.tool_calls WHERE chat_id = ANY (%s)"
    assert value(imported, calls, [made.id]) == value(imported, calls, [of.id, twin.id]) > 0


def test_a_chat_of_ours_gives_away_what_follows_and_one_of_a_tool_keeps_it(imported: Database) -> None:
    ours = begin(imported, "one", "two", "three")
    made = portions.split(imported, ours, 2)
    assert (texts(imported, ours), texts(imported, made.id)) == (["one"], ["two", "three"])
    assert (made.forked_from, made.forked_seq, made.title) == (ours, 1, "one, from message 2")
    messages.append(imported, ours, "four", key="four")
    assert texts(imported, ours) == ["one", "four"]
    theirs = next(row for row in chats.recents(imported) if row.title == "Pool exhausted at midnight")
    before = texts(imported, theirs.id)
    made = portions.split(imported, theirs.id, 10)
    assert (texts(imported, theirs.id), texts(imported, made.id)) == (before, before[9:])
    for seq in (1, 0, len(before) + 1):
        with pytest.raises(Conflict, match="has others before it"):
            portions.split(imported, theirs.id, seq)
    chats.delete(imported, ours)
    for work in (lambda: portions.duplicate(imported, ours), lambda: portions.split(imported, ours, 2)):
        with pytest.raises(Conflict, match="There is no chat"):
            work()
    assert not [found.check for found in check(imported, everything=True) if found.wrong]


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("#12 Pool is empty https://h/o/r/issues/12", Issue("12", "Pool is empty", "https://h/o/r/issues/12")),
        ("https://h/o/r/pull/7", Issue("7", "", "https://h/o/r/pull/7")),
        ("ABC-12: Late", Issue("ABC-12", "Late", "")),
        ("https://jira/browse/ABC-9 Title", Issue("ABC-9", "Title", "https://jira/browse/ABC-9")),
        ("Only words", Issue("", "Only words", "")),
        ("  ", None),
    ],
)
def test_an_issue_is_understood_as_it_is_typed(text: str, issue: Issue | None) -> None:
    assert parse_issue(text) == issue
    assert issue is None or parse_issue(issue.line) == issue


def test_details_are_set_found_by_the_filter_and_kept_by_an_import(imported: Database, tmp_path: Path) -> None:
    of = next(row for row in chats.recents(imported) if row.title == "Pool exhausted at midnight")
    details.set_fact(imported, of.id, "git_branch", " my/branch ")
    details.set_fact(imported, of.id, "project", "")
    details.set_issue(imported, of.id, "#4711 Midnight https://h/o/r/issues/4711")
    chat = details.set_quiet(imported, of.id, True)
    assert (chat.git_branch, chat.project, chat.is_quiet) == ("my/branch", None, True)
    assert issue_of(chat.settings) == Issue("4711", "Midnight", "https://h/o/r/issues/4711")
    for needle in ("my/branch", "4711", "#4711", "Midnight", "o/r/issues"):
        assert of.id in [row.id for row in chats.recents(imported, needle=needle)], needle
    assert chats.recents(imported, needle="number") == [], "the names of the parts are not searched"
    for path in (tmp_path / ".claude").rglob("*.jsonl"):  # a second look brings all of it again
        path.write_text(path.read_text().replace("fix/midnight-pool", "other") + "\n")
    rows(imported, "UPDATE chattui.imports SET byte_offset = 0, size = 0, mtime_ns = 0, inode = 0")
    Sync(imported, all_sources(), machine="test").run({}, tmp_path)
    again = chats.get(imported, of.id)
    assert again is not None
    assert (again.git_branch, again.project, again.is_quiet) == ("my/branch", None, True)
    assert details.set_issue(imported, of.id, "").settings == {
        "own": {"git_branch": True, "project": True},
        "quiet": True,
    }
    with pytest.raises(ChattuiError, match="at most 500 characters"):
        details.set_fact(imported, of.id, "project", "x" * 501)


def test_a_note_on_a_chat_has_room_for_five_thousand_characters(db: Database) -> None:
    chat = begin(db, "one")
    assert len(chats.describe(db, chat, "x" * 5000).description or "") == 5000
    with pytest.raises(ChattuiError, match="at most 5,000 characters"):
        chats.describe(db, chat, "x" * 5001)
