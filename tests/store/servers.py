"""Other servers than the run's own: an older PostgreSQL, one that asks for passwords, a pooler in front."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from chattui.config import load_settings
from chattui.server import open_database, stop
from chattui.server.root import user_namespace

PG15 = Path(os.environ.get("CHATTUI_TEST_PG15_BIN", "/usr/lib/postgresql/15/bin"))
PGBOUNCER = os.environ.get("CHATTUI_TEST_PGBOUNCER") or shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"


@contextmanager
def embedded(**env: str) -> Iterator[str]:
    """A server of ours in a home of its own, with other binaries; its conninfo."""
    home = tempfile.mkdtemp(prefix="ct-", dir="/tmp")
    settings = load_settings({"CHATTUI_HOME": home, "CHATTUI_LINGER": "forever", **env})
    try:
        yield open_database(settings).conninfo
    finally:
        stop(settings)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def pooler(conninfo: str, *, size: int = 3) -> Iterator[str]:
    """PgBouncer in transaction mode before a database; its conninfo. It has ``size`` connections to the server."""
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    home = Path(tempfile.mkdtemp(prefix="pb-", dir="/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    backend = f"host={parts['host']} port={parts['port']} dbname={parts['dbname']} user={parts['user']}"
    (home / "users.txt").write_text(f'"{parts["user"]}" ""\n')
    (home / "pgbouncer.ini").write_text(
        f"[databases]\npooled = {backend}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        f"auth_file = {home}/users.txt\npool_mode = transaction\ndefault_pool_size = {size}\nunix_socket_dir =\n"
    )
    home.chmod(0o755)
    # PgBouncer refuses to be root, and only root may enter root's directories: it is root who looks like somebody else
    prefix = () if os.geteuid() else user_namespace() or ()
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([*prefix, PGBOUNCER, str(home / "pgbouncer.ini")], stdout=log, stderr=log)
    address = f"host=127.0.0.1 port={port} dbname=pooled user={parts['user']}"
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                psycopg.connect(address, connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (home / "log").read_text()
                time.sleep(0.02)
        yield address
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(home, ignore_errors=True)
