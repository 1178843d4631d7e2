"""kill -9 of the database server at any moment of a random change: nothing acknowledged is lost, the app recovers by itself.

CHATTUI_TEST_KILLS is how many times; 200 take some minutes.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from contextlib import suppress

import psutil
from driven import Driven

from chattui.server import open_database
from chattui.store.database import Database

KILLS = int(os.environ.get("CHATTUI_TEST_KILLS", "5"))


def kill(home, *, everything: bool) -> bool:
    """End the server without a word: all of its processes, or the first one, whose children then end by themselves."""
    try:
        first = psutil.Process(home.pid)
        if str(home.places.pgdata) not in " ".join(first.cmdline()):  # another's, or already dead
            return False
        victims = [first, *(first.children() if everything else [])]
    except (OSError, ValueError, IndexError, psutil.Error):  # it is being started
        return False
    for process in victims:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    return True


def test_no_acknowledged_change_is_lost_when_the_server_is_killed_again_and_again(home):
    chance, app = random.Random(), Driven(home.settings, seed=7)
    app.open()
    kills = changes = 0
    while kills < KILLS:
        everything = chance.random() < 0.5
        killed = threading.Event()
        timer = threading.Timer(
            chance.uniform(0, 0.012), lambda how=everything, done=killed: kill(home, everything=how) and done.set()
        )
        timer.start()
        app.change()
        changes += 1
        timer.join()
        kills += killed.is_set()
    app.change()
    app.session.close()

    db = Database(open_database(home.settings).conninfo)
    try:
        app.compare(db)
    finally:
        db.close()
    print(f"{kills} kills, {changes + 1} changes, asked {app.asked} times, {len(app.messages)} messages")
