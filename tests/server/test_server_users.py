"""As root, as an ordinary user, without rights, on a full disk: it works, or a sentence says what to do."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chattui.domain.errors import ServerError
from chattui.server import binaries, open_database, root, status, stop

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY = 65534
as_nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def nobody_can_run_us() -> bool:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    done = subprocess.run(
        [*as_nobody, sys.executable, "-c", "import chattui"], cwd="/", capture_output=True, check=False
    )
    return done.returncode == 0


def shared(home, monkeypatch):
    """Binaries for another user go into the test's directory, which that user may pass through."""
    home.path.parent.chmod(0o755)
    monkeypatch.setattr(binaries, "SHARED", home.path.parent / "shared")


@as_root
@pytest.mark.skipif(root.user_namespace() is None, reason="user namespaces are refused here")
def test_as_root_the_server_sees_itself_as_an_ordinary_user_and_the_files_stay_roots(fresh_home):
    fresh_home.path.mkdir(mode=0o700)
    open_database(fresh_home.settings)
    uids = Path(f"/proc/{fresh_home.pid}/uid_map").read_text().split()
    assert uids[0] != "0"
    assert uids[1] == "0"
    assert fresh_home.places.pgdata.stat().st_uid == 0
    assert fresh_home.path.stat().st_mode & 0o777 == 0o700  # no directory was opened for others


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_where_namespaces_are_refused_root_runs_it_as_another_user(fresh_home, monkeypatch):
    """As in a container with Docker's usual seccomp filter, in a home that only root may enter."""
    fresh_home.path.mkdir(mode=0o700)
    shared(fresh_home, monkeypatch)
    allowed = root.user_namespace
    monkeypatch.setattr(root, "user_namespace", lambda: None)
    database = open_database(fresh_home.settings)
    server = psutil.Process(fresh_home.pid)
    assert server.uids().effective not in {0}
    assert fresh_home.places.pgdata.stat().st_uid == server.uids().effective
    assert fresh_home.query(database) == 1
    assert fresh_home.path.stat().st_mode & 0o777 == 0o700
    assert not fresh_home.opened_elsewhere()["started"]
    assert status(fresh_home.settings).running
    assert stop(fresh_home.settings)
    # Once another user's, it stays theirs, whether or not namespaces are allowed later.
    monkeypatch.setattr(root, "user_namespace", allowed)
    assert fresh_home.query(open_database(fresh_home.settings)) == 1
    assert psutil.Process(fresh_home.pid).uids().effective != 0


@as_root
def test_a_cluster_of_roots_is_taken_along_when_namespaces_are_refused_later(home, monkeypatch):
    database = open_database(home.settings)
    home.query(database, "CREATE TABLE kept AS SELECT 1")
    stop(home.settings)
    monkeypatch.setattr(root, "user_namespace", lambda: None)
    shared(home, monkeypatch)
    assert home.query(open_database(home.settings), "SELECT count(*) FROM kept") == 1


@as_root
def test_where_nothing_is_allowed_root_is_told_what_to_do(fresh_home, monkeypatch):
    monkeypatch.setattr(root, "_works", lambda prefix: False)
    with pytest.raises(ServerError, match=r"does not run as root.*ordinary user.*CHATTUI_DATABASE_URL"):
        open_database(fresh_home.settings)


@pytest.mark.skipif(not nobody_can_run_us(), reason="needs root and a checkout that others can read")
class TestAnOrdinaryUser:
    """Run by root as nobody."""

    @pytest.fixture
    def theirs(self, make_home):
        home = make_home(fresh=True)
        home.path.parent.chmod(0o755)
        home.path.mkdir(mode=0o700)
        os.chown(home.path, NOBODY, NOBODY)
        return home

    def test_gets_a_server_of_their_own(self, theirs):
        assert theirs.opened_elsewhere(*as_nobody)["initialised"]
        assert not theirs.opened_elsewhere(*as_nobody)["started"]
        assert psutil.Process(theirs.pid).uids().effective == NOBODY
        assert theirs.places.pgdata.stat().st_uid == NOBODY

    def test_shares_it_with_root_who_starts_it_as_them(self, theirs):
        theirs.opened_elsewhere(*as_nobody)
        assert stop(theirs.settings)
        assert open_database(theirs.settings).started  # as with sudo
        assert psutil.Process(theirs.pid).uids().effective == NOBODY
        assert not theirs.opened_elsewhere(*as_nobody)["started"]
        assert stop(theirs.settings)
        assert theirs.opened_elsewhere(*as_nobody)["started"]

    def test_may_run_it_where_many_start_at_once(self, theirs):
        openers = [theirs.opener(*as_nobody) for _ in range(6)]
        results = [json.loads(opener.communicate(timeout=60)[0]) for opener in openers]
        assert [result["started"] for result in results].count(True) == 1

    def test_is_told_when_the_directory_is_not_theirs(self, theirs):
        os.chown(theirs.path, 0, 0)
        theirs.path.chmod(0o755)
        result = theirs.opened_elsewhere(*as_nobody)
        assert result["type"] == "ServerError"
        assert "permission denied" in result["error"]
        assert "CHATTUI_HOME" in result["error"]

    def test_is_told_when_a_directory_cannot_be_written(self, theirs):
        theirs.path.chmod(0o500)
        assert "permission denied" in theirs.opened_elsewhere(*as_nobody)["error"]


class Mounted:
    """A small file system in memory."""

    def __init__(self, path: Path, options: str) -> None:
        self.path = path
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("mounting is not allowed here")

    def again(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True)


@pytest.fixture
def mounted(make_home):
    mounts = []

    def mount(options):
        home = make_home(fresh=True)
        home.path.parent.mkdir(exist_ok=True)
        mounts.append(Mounted(home.path, options))
        return home, mounts[-1]

    yield mount
    for one in mounts:
        subprocess.run(["umount", "-l", one.path], check=False)


@as_root
def test_a_full_disk_is_explained_and_leaves_nothing_half_made(mounted):
    home, disk = mounted("size=55m")
    with pytest.raises(ServerError, match=r"disk is full.*Free some space"):
        open_database(home.settings)
    assert not home.places.pgdata.exists()
    assert not home.places.pgdata_new.exists()
    disk.again("size=200m")
    assert home.query(open_database(home.settings)) == 1


@as_root
def test_a_disk_that_filled_up_is_explained_and_everything_is_there_after_space_was_freed(mounted):
    home, disk = mounted("size=200m")
    home.query(open_database(home.settings), "CREATE TABLE kept AS SELECT 42 AS answer")
    stop(home.settings)
    filler = disk.path / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 65536):
            pass
    with pytest.raises(ServerError, match=r"disk is full.*Free some space"):
        open_database(home.settings)
    filler.unlink()
    assert home.query(open_database(home.settings), "SELECT answer FROM kept") == 42


@as_root
def test_a_disk_too_small_for_the_binaries_is_explained(mounted):
    home, _ = mounted("size=10m")
    with pytest.raises(ServerError, match=r"Copying PostgreSQL's binaries.*disk is full"):
        open_database(home.settings)
    assert not list((home.settings.data_dir / "pg").iterdir())


@as_root
def test_a_read_only_disk_is_explained(mounted):
    home, disk = mounted("size=200m")
    open_database(home.settings)
    stop(home.settings)
    disk.again("ro")
    with pytest.raises(ServerError, match=r"read-only.*CHATTUI_HOME"):
        open_database(home.settings)


@as_root
def test_a_disk_where_nothing_may_be_executed_is_explained(mounted):
    home, _ = mounted("size=200m,noexec")
    with pytest.raises(ServerError, match=r"permission denied|does not run|do not run"):
        open_database(home.settings)
