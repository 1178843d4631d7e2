"""Homes in short temporary directories, each with its own real server, and nothing left running after a test."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from chattui.config import Settings, load_settings
from chattui.server import OpenDatabase, open_database, stop
from chattui.server.places import Places

# Short, as a socket's path must be, and in memory where the system has a place for that.
_BASE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"

OPEN = """
import json, sys
from chattui.config import load_settings
from chattui.domain.errors import ChattuiError
from chattui.server import open_database
said = []
try:
    done = open_database(load_settings(json.loads(sys.argv[1])), said.append)
    print(json.dumps({"conninfo": done.conninfo, "started": done.started, "initialised": done.initialised, "said": said}))
except ChattuiError as error:
    print(json.dumps({"error": str(error), "type": type(error).__name__, "said": said}))
"""


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Poll until ``condition`` holds; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        time.sleep(0.01)


class Home:
    """One CHATTUI_HOME: settings, places, and programs of other people that use it."""

    def __init__(self, path: Path, **env: str) -> None:
        self.path = path
        self.env = {"CHATTUI_HOME": str(path), "CHATTUI_LINGER": "forever", **env}

    @property
    def settings(self) -> Settings:
        return load_settings(self.env)

    @property
    def places(self) -> Places:
        return Places(self.settings.data_dir)

    @property
    def pid(self) -> int:
        return int(self.places.pid_file.read_text().split()[0])

    def opener(self, *prefix: str, **options: object) -> subprocess.Popen[str]:
        """Another process that opens the database."""
        command = [*prefix, sys.executable, "-c", OPEN, json.dumps(self.env)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/", **options)  # type: ignore[call-overload]

    def opened_elsewhere(self, *prefix: str, **options: object) -> dict[str, object]:
        """What another process got from opening the database."""
        out, _ = self.opener(*prefix, **options).communicate(timeout=60)
        return json.loads(out)

    def query(self, database: OpenDatabase | str, sql: str = "SELECT 1") -> object:
        conninfo = database if isinstance(database, str) else database.conninfo
        with psycopg.connect(conninfo, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None

    def processes(self) -> list[psutil.Process]:
        """Postgres and watcher processes of this home."""
        found = []
        for process in psutil.process_iter():
            try:
                words = " ".join(process.cmdline())
                ours = str(self.path) in words or process.cwd().startswith(str(self.path))
                if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def watchers(self) -> list[psutil.Process]:
        """The programs that wait for the last client; a backend that ends while it is looked at is none."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if "chattui.server.linger" in process.cmdline():
                    found.append(process)
        return found

    def postmasters(self) -> list[int]:
        """The servers' own pids: a child that was just forked still bears its parent's command line, and is none."""
        parents: dict[int, int] = {}
        for process in self.processes():
            try:
                if f"-D {self.places.pgdata}" in " ".join(process.cmdline()):
                    parents[process.pid] = process.ppid()
            except psutil.Error:
                continue
        return [pid for pid, parent in parents.items() if parent not in parents]


@pytest.fixture(scope="session")
def template() -> Iterator[Home]:
    """A home with a stopped server, made once: making one takes most of a second."""
    base = Path(tempfile.mkdtemp(prefix="ct-", dir=_BASE))
    home = Home(base)
    open_database(home.settings)
    stop(home.settings)
    yield home
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def make_home(request: pytest.FixtureRequest) -> Iterator[Callable[..., Home]]:
    """``make_home("name", fresh=True, CHATTUI_LINGER="0")``: a home below a new directory, its database made unless fresh."""
    homes: list[Home] = []
    base = Path(tempfile.mkdtemp(prefix="ct-", dir=_BASE))

    def make(name: str = "h", *, fresh: bool = False, **env: str) -> Home:
        home = Home(base / name, **env)
        homes.append(home)
        if not fresh:
            model = request.getfixturevalue("template").settings.data_dir
            home.settings.data_dir.mkdir(parents=True, mode=0o700)
            shutil.copytree(model / "pg", home.settings.data_dir / "pg", copy_function=os.link)
            shutil.copytree(model / "server", home.settings.data_dir / "server")
        return home

    yield make
    for home in homes:
        for pid in home.postmasters():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)  # a killed server would leave shared memory behind
        with contextlib.suppress(AssertionError):
            until(lambda home=home: not home.postmasters(), 5)
        for process in home.processes():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        until(lambda home=home: not home.processes())
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def home(make_home: Callable[..., Home]) -> Home:
    """A home whose database exists and is stopped."""
    return make_home()


@pytest.fixture
def fresh_home(make_home: Callable[..., Home]) -> Home:
    """A home in which chattui has never been started."""
    return make_home(fresh=True)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """``eventually(condition, seconds)``: in place of a sleep."""
    return until
