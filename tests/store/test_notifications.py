"""Changes made by another program are heard, also after the server ended the connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from steps import begin, kill_backends, rows, until

from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.store.notifications import Listener


class Ear:
    """A listener and all that it told."""

    def __init__(self, conninfo: str) -> None:
        self.changes: list[frozenset[int] | None] = []
        self.states: list[bool] = []
        self.revived = 0
        self.listener = Listener(conninfo, self.changes.append, self.states.append, self._revive)

    def _revive(self) -> None:
        self.revived += 1

    def has_heard(self, chat: int) -> bool:
        return any(c is not None and chat in c for c in list(self.changes))


@pytest.fixture
def ear(db: Database) -> Iterator[Ear]:
    made = Ear(db.conninfo)
    made.listener.start()
    until(lambda: made.states)
    yield made
    made.listener.stop()


def test_a_message_and_each_change_of_a_chat_is_heard(db: Database, ear: Ear) -> None:
    chat = begin(db, "hello")
    until(lambda: ear.has_heard(chat))
    for change in (
        lambda: messages.append(db, chat, "more", key="m"),
        lambda: chats.rename(db, chat, "name"),
        lambda: chats.pin(db, chat, True),
        lambda: chats.tag(db, chat, ["t"]),
        lambda: chats.archive(db, chat),
        lambda: chats.delete(db, chat),
        lambda: chats.restore(db, chat),
    ):
        until(lambda: len(ear.changes) > 0)
        ear.changes.clear()
        change()
        until(lambda: ear.has_heard(chat))


def test_very_many_changes_at_once_are_told_as_anything(db: Database, ear: Ear) -> None:
    rows(db, "INSERT INTO chattui.chats (source, source_id) SELECT 'codex', n::text FROM generate_series(1, 80) n")
    rows(db, "INSERT INTO chattui.messages (chat_id, seq, role, content) SELECT id, 1, 'user', 'x' FROM chattui.chats")
    until(lambda: None in ear.changes)


def test_nothing_is_heard_of_what_was_rolled_back(db: Database, ear: Ear) -> None:
    with db.raw() as conn, conn.transaction(force_rollback=True):
        conn.execute("INSERT INTO chattui.chats (title) VALUES ('no')")
    chat = begin(db, "yes")
    until(lambda: ear.has_heard(chat))
    assert all(c == frozenset({chat}) for c in ear.changes)


def test_a_listener_whose_connection_was_ended_comes_back_and_tells_to_look_again(db: Database, ear: Ear) -> None:
    assert kill_backends(db.conninfo, "LISTEN%") == 1
    until(lambda: ear.states == [True, False, True])
    assert ear.changes == [None]
    assert ear.revived == 1
    chat = begin(db, "after")
    until(lambda: ear.has_heard(chat))
