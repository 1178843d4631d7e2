"""Stopping, looking and the shell; servers of somebody else's; Windows."""

from __future__ import annotations

import subprocess
import time

import psycopg
import pytest

from chattui.config import load_settings
from chattui.domain.errors import ServerError, Unreachable
from chattui.server import client_program, conninfo, log_path, open_database, ping_socket, shell_command, status, stop

NOWHERE = "postgresql://me:s3cret@127.0.0.1:1/nothing"


def of_url(home, url):
    return load_settings(home.env, database=url)


def test_stop_ends_the_server_and_its_clients_and_keeps_what_was_committed(home):
    database = open_database(home.settings)
    home.query(database, "CREATE TABLE kept AS SELECT 1")
    client = psycopg.connect(database.conninfo)
    client.execute("INSERT INTO kept VALUES (2)")  # not committed
    assert stop(home.settings) is True
    assert not home.processes()
    assert not ping_socket(home.settings)
    assert stop(home.settings) is False
    assert home.query(open_database(home.settings), "SELECT count(*) FROM kept") == 1


def test_stop_without_any_database_has_nothing_to_do(fresh_home):
    assert stop(fresh_home.settings) is False
    assert not fresh_home.path.exists()


def test_status_tells_how_the_server_is(home):
    stopped = status(home.settings)
    assert (stopped.running, stopped.version, stopped.pid) == (False, "18", None)
    assert stopped.size > 20_000_000
    database = open_database(home.settings)
    with psycopg.connect(database.conninfo):
        running = status(home.settings)
    assert (running.running, running.pid, running.clients) == (True, home.pid, 1)
    assert running.version.startswith("18.")
    assert running.data_dir == home.places.pgdata
    assert running.socket_dir == home.places.root / "s"
    assert running.log == log_path(home.settings) == home.places.log
    assert 0 <= running.uptime < 60


def test_status_before_the_first_start_makes_nothing(fresh_home):
    found = status(fresh_home.settings)
    assert (found.running, found.version, found.size) == (False, None, None)
    assert not ping_socket(fresh_home.settings)
    assert "dbname=chattui" in conninfo(fresh_home.settings)
    assert not fresh_home.path.exists()


def test_the_shell_is_in_our_schema(home, monkeypatch):
    monkeypatch.setenv("PGHOST", "elsewhere.example")
    argv, env = shell_command(home.settings)
    run = subprocess.run([*argv, "-XAtc", "SHOW search_path"], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "chattui,public"


def test_the_shell_shows_no_password(home):
    argv, env = shell_command(of_url(home, NOWHERE))
    assert "s3cret" not in " ".join(argv)
    assert env["PGPASSWORD"] == "s3cret"
    assert "host=127.0.0.1" in argv[1]


def test_client_programs_are_found(home):
    for name in ("pg_dump", "pg_restore", "pg_basebackup", "psql"):
        assert subprocess.run([client_program(home.settings, name), "--version"], check=True, capture_output=True)


def test_a_url_is_passed_on_and_starts_nothing(fresh_home):
    settings = of_url(fresh_home, NOWHERE)
    database = open_database(settings)
    assert (database.conninfo, database.kind, database.started, database.data_dir) == (NOWHERE, "url", False, None)
    assert conninfo(settings) == NOWHERE
    assert ping_socket(settings)
    assert log_path(settings) is None
    assert not fresh_home.path.exists()


def test_a_server_of_somebody_else_is_not_stopped(home):
    with pytest.raises(
        ServerError, match=r"--database \(postgresql://me:\*\*\*@127.0.0.1:1/nothing\).*does not stop it"
    ):
        stop(of_url(home, NOWHERE))


def test_an_unreachable_server_is_explained_without_its_password(home):
    with pytest.raises(Unreachable) as caught:
        status(of_url(home, NOWHERE))
    assert "s3cret" not in str(caught.value)
    assert "refused" in str(caught.value)


def test_status_of_a_url_asks_the_server(home):
    database = open_database(home.settings)
    found = status(of_url(home, database.conninfo))
    assert found.kind == "url"
    assert found.version.startswith("18.")
    assert found.clients == 0
    assert found.size > 1_000_000


def test_looking_is_cheap(home):
    open_database(home.settings)
    begin = time.perf_counter()
    for _ in range(50):
        assert ping_socket(home.settings)
    assert (time.perf_counter() - begin) / 50 < 0.005


def test_windows_is_told_what_to_do(fresh_home, monkeypatch):
    settings = fresh_home.settings
    monkeypatch.setattr("chattui.server.api.os.name", "nt")
    for call in (open_database, stop, status, ping_socket):
        with pytest.raises(ServerError, match=r"not there on Windows yet.*--database"):
            call(settings)
    monkeypatch.undo()
