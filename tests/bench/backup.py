"""Backup and restore held against pg_dump and pg_restore on the same data, and how soon what was restored can be searched."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from chattui.backup.run import Wanted, backup, check_file, restore
from chattui.backup.sealing import Keys, Seal
from chattui.server import client_program, conninfo, open_database, stop
from chattui.store.connection import connect
from chattui.store.startup import prepare
from tests.bench import bulk
from tests.bench.machine import wait_quiet
from tests.bench.options import Options
from tests.bench.places import Home, empty_histories, say
from tests.bench.report import Row, timing

TITLE = "Backup and restore"
NOTES = (
    "Backup and restore: the baseline is pg_dump -Fc (as it comes: gzip) of the same database and pg_restore of that into an "
    "empty one, on a server of its own, one after the other. A restore of ours reads every row back and compares it. With "
    "--quick the database has 100,000 messages.",
)
_QUICK = 100_000
_LIMIT = 1.2


def measure(options: Options) -> list[Row]:
    """The rows; two runs of each, and one with a million messages and more."""
    messages = _QUICK if options.quick else options.big
    runs = 2 if options.quick else 1
    source = bulk.database(options.cache, messages)
    files = options.cache / "backup-files"
    target = Home(empty_histories(options.cache), options.cache / "backup-target")
    for directory in (files, target.data):
        shutil.rmtree(directory, ignore_errors=True)
    files.mkdir()
    try:
        with connect(open_database(target.settings).conninfo, autocommit=True) as conn:
            prepare(conn)  # which makes the role that pg_restore grants rights to
        return _measure(source, target, files, runs)
    finally:
        stop(target.settings)
        source.stop_server()
        shutil.rmtree(files)
        shutil.rmtree(target.data)


def _measure(source: Home, target: Home, files: Path, runs: int) -> list[Row]:
    here, there = conninfo(source.settings), conninfo(target.settings)
    ours, sealed, plain = files / "ours.chattui", files / "sealed.chattui", files / "plain.dump"
    took: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        say(name)
        wait_quiet()
        began = time.perf_counter()
        work()
        took.setdefault(name, []).append(time.perf_counter() - began)

    for number in range(runs):
        timed("pg_dump", lambda: _run(source, "pg_dump", "-Fc", "-f", str(plain), "-d", here))
        timed("backup", lambda: backup(here, Wanted(ours, is_directory=False, replace=True)))
        timed("backup, encrypted", lambda: backup(here, Wanted(sealed, False, seal=Seal(passphrase="x"), replace=True)))
        timed("reading it through", lambda: check_file(ours, Keys()))
        for name, work in (
            ("pg_restore", lambda to: _run(target, "pg_restore", "-d", to, str(plain))),
            ("restore", lambda to: restore(to, ours, Keys())),
            ("restore, index later", lambda to: restore(to, ours, Keys(), index=False)),
        ):
            to = _fresh(there, f"bench_{number}")
            timed(name, lambda work=work, to=to: work(to))  # type: ignore[misc]
    size = f"{ours.stat().st_size / 1e6:,.0f} MB, of pg_dump {plain.stat().st_size / 1e6:,.0f} MB"
    return [
        timing("backup", took["backup"], unit="s", baseline=took["pg_dump"], limit_ratio=_LIMIT),
        timing("backup, encrypted with a passphrase", took["backup, encrypted"], unit="s", baseline=took["pg_dump"]),
        Row("its size", "–", size),
        timing("reading it through (verify --quick)", took["reading it through"], unit="s"),
        timing(
            "restore: compared, and searchable",
            took["restore"],
            unit="s",
            baseline=took["pg_restore"],
            limit_ratio=_LIMIT,
        ),
        timing("restore --no-index: compared, and readable", took["restore, index later"], unit="s"),
        timing("pg_dump", took["pg_dump"], unit="s"),
        timing("pg_restore", took["pg_restore"], unit="s"),
    ]


def _fresh(server: str, name: str) -> str:
    """An empty database."""
    with connect(server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {name}")
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return psycopg.conninfo.make_conninfo(server, dbname=name)


def _run(home: Home, program: str, *arguments: str) -> None:
    done = subprocess.run(
        [client_program(home.settings, program), *arguments], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr.strip().splitlines()[-1:]}")
