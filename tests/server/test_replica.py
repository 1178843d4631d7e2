"""A standby that confirms every commit: reading from it, and going on with it when the first server dies."""

from __future__ import annotations

import os
import random
import signal
import threading

import psutil
import pytest
from driven import Driven
from replicas import both, follow, is_synchronous, promote

from chattui.config import load_settings
from chattui.domain.errors import DatabaseError
from chattui.server import conninfo, open_database
from chattui.store import chats, messages, search
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.startup import first_screen, prepare
from chattui.tui import messages as told
from chattui.tui.outbox import Unsent

FAILOVERS = int(os.environ.get("CHATTUI_TEST_FAILOVERS", "1"))


@pytest.fixture
def pair(make_home, eventually):
    """A server with our schema and its standby, in step."""
    primary = make_home("one")
    with connect(open_database(primary.settings).conninfo, autocommit=True) as conn:
        prepare(conn)
    standby = follow(primary, make_home, "two")
    eventually(lambda: is_synchronous(primary))
    return primary, standby


def test_chats_are_read_and_searched_on_a_standby_and_writing_there_is_refused_in_a_sentence(pair, eventually):
    primary, standby = pair
    first, second = Database(conninfo(primary.settings)), Database(conninfo(standby.settings))
    chat = chats.create(first, title="Kept twice")
    messages.append(first, chat.id, "a needle in both", key="1")
    eventually(lambda: chats.get(second, chat.id) is not None and len(messages.page(second, chat.id, 1, 9)) == 1)

    assert [hit.chat_id for hit in search.search(second, "needle").hits] == [chat.id]
    assert [row.title for row in chats.recents(second)] == ["Kept twice"]
    with connect(second.conninfo, autocommit=True) as conn:
        assert not prepare(conn)
        assert [row.id for row in first_screen(conn).recents] == [chat.id]
    for change in (
        lambda: messages.append(second, chat.id, "here", key="2"),
        lambda: chats.rename(second, chat.id, "Other"),
        lambda: chats.create(second),
    ):
        with pytest.raises(DatabaseError, match=r"read-only \(a standby\?\)\. Connect to the primary"):
            change()
    first.close()
    second.close()


def test_the_app_reads_on_a_standby_sees_what_comes_and_says_why_nothing_can_be_saved(pair, tmp_path, monkeypatch):
    monkeypatch.setattr("chattui.store.notifications._STANDBY_SECONDS", 0.05)
    primary, standby = pair
    first = Database(conninfo(primary.settings))
    chat = chats.create(first, title="There")
    app = Driven(load_settings({"CHATTUI_HOME": str(tmp_path)}, database=conninfo(standby.settings)), seed=1)
    app.open()
    app.session.read_chat(chat.id)
    assert app.until(lambda answer: isinstance(answer, told.ChatRead)).chat.title == "There"
    app.session.save_state({"chat": chat.id})
    app.session.places.leave(chat.id, {"seq": 1})
    app.session.searches.remember("needle")
    assert isinstance(app.until(lambda answer: isinstance(answer, told.SearchesRead)), told.SearchesRead)
    assert isinstance(
        app.until(lambda answer: isinstance(answer, told.ChatsChangedElsewhere)), told.ChatsChangedElsewhere
    )

    app.session.changes.save_message(Unsent("key", chat.id, "new", "/"))
    failed = app.until(lambda answer: isinstance(answer, told.SaveFailed))
    assert failed.sentence == "This database server is read-only (a standby?). Connect to the primary."
    promote(standby)
    app.session.changes.save_message(Unsent("key", chat.id, "new", "/"))
    assert app.until(lambda answer: isinstance(answer, told.MessageSaved)).message.content == "new"
    app.session.close()
    first.close()


def test_a_primary_that_dies_under_the_app_loses_nothing_acknowledged_when_its_standby_takes_over(
    make_home, eventually, tmp_path
):
    chance = random.Random()
    primary = make_home("zero")
    with connect(open_database(primary.settings).conninfo, autocommit=True) as conn:
        prepare(conn)
    app = None
    for number in range(FAILOVERS):
        standby = follow(primary, make_home, f"s{number}")
        eventually(lambda home=primary: is_synchronous(home))
        address = both(primary, standby)
        if app is not None:
            app.session.close()
        app = _going_on(app, load_settings({"CHATTUI_HOME": str(tmp_path / "app")}, database=address))
        for _ in range(20):
            app.change()

        first = psutil.Process(primary.pid)
        victims = [first, *first.children()]

        def fail_over(standby=standby, victims=victims):
            for process in victims:
                process.send_signal(signal.SIGKILL)
            promote(standby)

        failing = threading.Timer(chance.uniform(0, 0.05), fail_over)
        failing.start()
        while failing.is_alive():
            app.change()
        for _ in range(20):
            app.change()
        failing.join()
        primary = standby
    app.session.close()

    db = Database(conninfo(primary.settings))
    app.compare(db)
    db.close()
    print(f"{FAILOVERS} failovers, {len(app.messages)} messages acknowledged, changes asked {app.asked} times")


def _going_on(before, settings):
    """The app at an address, with what an earlier one knows."""
    app = Driven(settings, seed=11)
    if before is not None:
        app.messages, app.chats, app.asked = before.messages, before.chats, before.asked
    app.open()
    return app
