"""The watcher: an idle server goes, a used one stays, and an opener is never let down."""

from __future__ import annotations

import os
import threading
import time

import psutil
import psycopg

from chattui.server import linger, open_database, ping_socket, stop
from chattui.server.locks import is_held
from chattui.server.running import mark_used
from chattui.store.connection import connect
from chattui.store.startup import prepare


def impatient(monkeypatch):
    monkeypatch.setattr(linger, "_SHORTEST", 0.02)
    monkeypatch.setattr(linger, "_GRACE", 0.0)


def watch_in_thread(home):
    thread = threading.Thread(target=linger.watch, args=(home.places, None), daemon=True)
    thread.start()
    return thread


def test_an_idle_server_is_stopped_by_its_watcher(make_home, eventually):
    home = make_home(CHATTUI_LINGER="0")
    home.opened_elsewhere()
    assert is_held(home.places.watcher_lock)
    eventually(lambda: not home.postmasters())
    eventually(lambda: not is_held(home.places.watcher_lock))
    assert not home.processes()
    assert not home.places.stopping.exists()


def test_a_server_with_a_client_stays_and_goes_after_the_last(home, eventually, monkeypatch):
    database = open_database(home.settings)
    impatient(monkeypatch)
    mark_used(home.places, 0)
    looks = []
    ask = linger.ask
    monkeypatch.setattr(linger, "ask", lambda *args: looks.append(1) or ask(*args))
    with psycopg.connect(database.conninfo), psycopg.connect(database.conninfo):
        thread = watch_in_thread(home)
        eventually(lambda: len(looks) >= 5)
        assert ping_socket(home.settings)
    eventually(lambda: not ping_socket(home.settings))
    thread.join(10)
    assert not thread.is_alive()


def test_for_ever_has_no_watcher(home):
    open_database(home.settings)
    assert not is_held(home.places.watcher_lock)
    assert not home.watchers()


def test_the_latest_wish_counts(home, monkeypatch):
    open_database(home.settings)
    impatient(monkeypatch)
    mark_used(home.places, None)
    linger.watch(home.places, None)  # returns at once, as the server is to stay for ever
    assert ping_socket(home.settings)


def test_a_killed_watcher_is_replaced_at_the_next_open(make_home, eventually):
    home = make_home(CHATTUI_LINGER="1h")
    open_database(home.settings)
    (watcher,) = home.watchers()
    assert os.getsid(watcher.pid) == watcher.pid
    watcher.kill()
    eventually(lambda: not is_held(home.places.watcher_lock))
    open_database(home.settings)
    assert is_held(home.places.watcher_lock)


def test_there_is_one_watcher_however_many_openers(make_home):
    home = make_home(CHATTUI_LINGER="1h")
    for opener in [home.opener() for _ in range(5)]:
        opener.communicate()
    watchers = home.watchers()
    assert len(watchers) == 1
    assert watchers[0].memory_info().rss < 40 * 1024 * 1024


def test_the_watcher_goes_when_the_server_was_stopped_by_hand(home, monkeypatch):
    open_database(home.settings)
    impatient(monkeypatch)
    mark_used(home.places, 0)
    stop(home.settings)
    linger.watch(home.places, None)


def test_who_opens_while_the_server_is_being_stopped_gets_a_server(home, eventually, monkeypatch):
    """The opener writes ``used`` before it looks for ``stopping``, the watcher the other way round: nobody loses."""
    impatient(monkeypatch)
    for _ in range(10):
        open_database(home.settings)
        mark_used(home.places, 0)
        thread = watch_in_thread(home)
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline and thread.is_alive():
            database = open_database(home.settings)
            mark_used(home.places, 0)
            if not home.places.stopping.exists():
                continue
        database = open_database(home.settings)
        for last in (False, False, False, True):  # so many connections in a moment can fill the socket's queue
            try:
                with psycopg.connect(database.conninfo) as connection:
                    assert connection.execute("SELECT 1").fetchone() == (1,)
                break
            except psycopg.OperationalError as error:
                if last or "temporarily unavailable" not in str(error):
                    raise
                time.sleep(0.1)
        thread.join(10)


def test_use_within_the_grace_keeps_the_server(home, monkeypatch):
    open_database(home.settings)
    mark_used(home.places, 0)
    assert not linger._stop_idle(home.places, None)
    assert ping_socket(home.settings)
    assert psutil.pid_exists(home.pid)


def test_the_watcher_asks_for_upkeep_which_is_done_and_recorded(home, eventually, monkeypatch):
    database = open_database(home.settings)
    with connect(database.conninfo, autocommit=True) as conn:
        prepare(conn)
    impatient(monkeypatch)
    monkeypatch.setattr(linger, "_UPKEEP_AFTER", 0.0)
    monkeypatch.setenv("CHATTUI_HOME", str(home.path))
    started = []
    start = linger.start_upkeep
    monkeypatch.setattr(linger, "start_upkeep", lambda places: started.append(start(places)))
    mark_used(home.places, 3600)
    monkeypatch.setattr(linger, "read_used", lambda _places: (0.0, 0.1 if not started else None))
    linger.watch(home.places, None)
    assert len(started) == 1
    assert started[0].wait(60) == 0
    assert home.query(database, "SELECT count(*) FROM chattui.upkeep_runs WHERE kind = 'upkeep'") == 1
    told = (home.path / "log" / "chattui.log").read_text()
    assert "scheduled upkeep: " in told
    assert "0 unused attachments removed" in told
