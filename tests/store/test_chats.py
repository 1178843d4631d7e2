"""Chats: recents in pages, and what can be done to a chat."""

from __future__ import annotations

import pytest

from chattui.domain.errors import Conflict
from chattui.domain.kinds import ChatStatus
from chattui.store import chats, messages
from chattui.store.database import Database


def begin(db: Database, text: str, **options: object) -> int:
    """A chat of our own with one message."""
    chat = chats.create(db, **options)  # type: ignore[arg-type]
    messages.append(db, chat.id, text, key=text)
    return chat.id


def test_recents_come_newest_first_with_pinned_on_top(db: Database) -> None:
    first, second, third = (begin(db, name) for name in ("one", "two", "three"))
    chats.pin(db, first, True)
    assert [row.id for row in chats.recents(db)] == [first, third, second]


def test_pages_of_recents_neither_lose_nor_repeat(db: Database) -> None:
    made = [begin(db, f"chat {n}") for n in range(7)]
    chats.pin(db, made[2], True)
    seen, last = [], None
    while page := chats.recents(db, limit=3, after=last):
        seen += [row.id for row in page]
        last = page[-1]
    assert seen == [made[2], *[m for m in reversed(made) if m != made[2]]]


def test_the_first_message_names_a_chat_and_a_later_one_does_not(db: Database) -> None:
    chat = begin(db, "# How do I page by keyset?\nmore")
    messages.append(db, chat, "another line", key="second")
    found = chats.get(db, chat)
    assert found is not None
    assert (found.title, found.message_count, found.prompt_count) == ("How do I page by keyset?", 2, 2)


def test_an_archived_chat_leaves_recents_and_comes_back(db: Database) -> None:
    chat = begin(db, "old")
    assert chats.archive(db, chat).status is ChatStatus.ARCHIVED
    assert chats.recents(db) == []
    assert [row.id for row in chats.recents(db, status=ChatStatus.ARCHIVED)] == [chat]
    assert chats.archive(db, chat, False).status is ChatStatus.ACTIVE


def test_a_deleted_chat_goes_back_to_where_it_was(db: Database) -> None:
    chat = begin(db, "gone")
    chats.archive(db, chat)
    assert chats.delete(db, chat).status is ChatStatus.DELETED
    assert chats.restore(db, chat).status is ChatStatus.ARCHIVED


def test_nothing_is_added_to_a_deleted_chat_but_what_was_is_known(db: Database) -> None:
    chat = begin(db, "gone")
    chats.delete(db, chat)
    with pytest.raises(Conflict, match="has been deleted"):
        messages.append(db, chat, "lost", key="new")
    assert messages.append(db, chat, "gone", key="gone").seq == 1, "said again after a lost answer"
    chats.restore(db, chat)
    assert messages.append(db, chat, "not lost", key="new").seq == 2


def test_changing_a_chat_that_is_not_there_is_a_conflict(db: Database) -> None:
    with pytest.raises(Conflict, match="no chat 4711"):
        chats.rename(db, 4711, "x")


@pytest.mark.parametrize("needle", ["keyset", "KEY", "%", "_", "'; DROP", "set pag"])
def test_the_filter_takes_text_literally(db: Database, needle: str) -> None:
    begin(db, "Keyset paging")
    begin(db, "100% _done_ '; DROP")
    found = [row.title for row in chats.recents(db, needle=needle)]
    assert found == [
        t for t in ("100% _done_ '; DROP", "Keyset paging") if all(w.lower() in t.lower() for w in needle.split())
    ]
