"""Whatever died, and however: the next open recovers, and never touches a process or data that it should not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import psycopg
import pytest

from chattui.domain.errors import ServerError
from chattui.server import open_database, ping_socket, stop
from chattui.server.locks import FileLock


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_a_killed_server_comes_back_with_everything_committed(home):
    first = home.opened_elsewhere()
    home.query(first["conninfo"], "CREATE TABLE kept AS SELECT 42 AS answer")
    for _ in range(3):
        kill(home.pid)
        again = home.opened_elsewhere()
        assert again["started"]
        assert home.query(again["conninfo"], "SELECT answer FROM kept") == 42
        assert len(home.postmasters()) == 1


def test_a_dead_postmaster_that_nobody_reaped_is_not_taken_for_alive(home, eventually):
    script = "import sys, json; from chattui.config import load_settings; from chattui.server import open_database;"
    script += "open_database(load_settings(json.loads(sys.argv[1]))); print('up', flush=True); sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(home.env)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout.readline() == "up\n"
    pid = home.pid
    kill(pid)
    eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    assert home.opened_elsewhere()["started"]
    assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    parent.communicate("")


def test_a_server_killed_under_its_own_starter_is_started_again(home, eventually):
    open_database(home.settings)
    kill(home.pid)
    eventually(lambda: not ping_socket(home.settings))
    assert home.query(open_database(home.settings)) == 1


def test_a_recycled_pid_is_no_server(home):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        lines = [
            str(stranger.pid),
            str(home.places.pgdata),
            "1",
            "5432",
            str(home.places.root / "s"),
            "",
            "1 2",
            "ready   ",
        ]
        home.places.pid_file.write_text("\n".join(lines) + "\n")
        assert home.query(open_database(home.settings)) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_pid_of_another_directorys_server_is_no_server_and_is_left_alone(make_home):
    one, other = make_home("one"), make_home("other")
    open_database(other.settings)
    open_database(one.settings)
    stop(one.settings)
    shutil.copy(other.places.pid_file, one.places.pid_file)
    assert not stop(one.settings)
    # The file also names the other's socket: its directory is not the one of our data.
    assert str(one.path) in open_database(one.settings).conninfo
    assert one.pid != other.pid
    assert other.query(open_database(other.settings)) == 1


def test_a_stale_socket_and_its_lock_are_no_obstacle(home):
    home.opened_elsewhere()
    kept = home.places.root / "kept"
    shutil.copytree(home.places.root / "s", kept, ignore=lambda *_: [".s.PGSQL.5432"])
    stop(home.settings)
    (home.places.root / "s" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{home.places.pgdata}\n1\n5432\n")
    (home.places.root / "s" / ".s.PGSQL.5432").touch()
    assert home.query(open_database(home.settings)) == 1


def test_busy_backends_of_a_killed_server_are_ended_before_the_next_one_starts(home):
    first = home.opened_elsewhere()
    busy = "DO $$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; END $$"
    connection = psycopg.connect(first["conninfo"], autocommit=True)
    backend = psutil.Process(connection.info.backend_pid)
    connection.pgconn.send_query(busy.encode())
    kill(home.pid)
    begin = time.monotonic()
    again = home.opened_elsewhere()
    assert again["started"]
    assert time.monotonic() - begin < 10
    assert not backend.is_running() or backend.status() == psutil.STATUS_ZOMBIE
    connection.close()
    assert home.query(again["conninfo"]) == 1


def test_a_server_whose_socket_was_cleaned_away_is_restarted(home):
    home.opened_elsewhere()
    pid = home.pid
    shutil.rmtree(home.places.root / "s")
    assert home.query(open_database(home.settings)) == 1
    assert home.pid != pid
    assert len(home.postmasters()) == 1


def test_a_socket_directory_opened_to_others_while_it_runs_is_not_used(home, monkeypatch):
    monkeypatch.setattr("chattui.server.embedded._LEFTOVER_PATIENCE", 0.2)
    home.opened_elsewhere()
    (home.places.root / "s").chmod(0o777)
    with pytest.raises(ServerError, match="is open to other users"):
        open_database(home.settings)


def test_a_server_started_by_hand_is_used_as_it_is(home, eventually):
    from chattui.server.binaries import find_binaries
    from chattui.server.root import identity_for

    program = find_binaries(home.places, None).program("postgres")
    command = [
        *identity_for(home.places).prefix,
        program,
        "-D",
        str(home.places.pgdata),
        "-k",
        str(home.places.root / "s"),
    ]
    by_hand = subprocess.Popen([*command, "-c", "listen_addresses="], stderr=subprocess.DEVNULL)
    eventually(home.places.pid_file.exists)
    database = open_database(home.settings)
    assert not database.started
    assert home.query(database) == 1
    assert home.pid == by_hand.pid
    assert stop(home.settings)
    by_hand.wait(10)


def test_data_held_by_somebody_whom_we_cannot_see_is_not_touched(home, monkeypatch):
    """As from another container on the same volume: the lock is held, and no process of ours fits."""
    monkeypatch.setattr("chattui.server.embedded._STRANGER_PATIENCE", 0.2)
    with FileLock(home.places.alive_lock) as stranger:
        assert stranger.acquire()
        with pytest.raises(ServerError, match="perhaps in another container"):
            open_database(home.settings)
    assert open_database(home.settings).started


def test_a_server_of_another_container_is_used_but_not_stopped(home, monkeypatch):
    open_database(home.settings)
    monkeypatch.setattr("chattui.server.stop.is_postmaster_of", lambda *_: False)  # its pid means nothing here
    with pytest.raises(ServerError, match="stop it in the container"):
        stop(home.settings)
    assert not open_database(home.settings).started


def test_the_lock_lives_as_long_as_the_server(home):
    home.opened_elsewhere()
    with FileLock(home.places.alive_lock) as lock:
        assert not lock.acquire()
        stop(home.settings)
        assert lock.acquire()


def test_a_starter_that_hangs_is_named(home, monkeypatch):
    monkeypatch.setattr("chattui.server.embedded._STARTER_PATIENCE", 0.1)
    with FileLock(home.places.start_lock) as other:
        assert other.acquire()
        other.write_pid()
        with pytest.raises(ServerError, match=f"pid {os.getpid()}"):
            open_database(home.settings)


def test_a_stale_stopping_mark_is_no_obstacle(home):
    open_database(home.settings)
    home.places.stopping.touch()
    assert not open_database(home.settings).started
    assert not home.places.stopping.exists()
