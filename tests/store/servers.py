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
from dataclasses import dataclass
from pathlib import Path

import psycopg

from chattui.config import load_settings
from chattui.server import client_program, open_database, stop
from chattui.server.places import Places
from chattui.server.root import user_namespace

PG15 = Path(os.environ.get("CHATTUI_TEST_PG15_BIN", "/usr/lib/postgresql/15/bin"))
OLDER = {15: PG15} | {
    major: Path(os.environ.get(f"CHATTUI_TEST_PG{major}_BIN", f"/usr/lib/postgresql/{major}/bin")) for major in (16, 17)
}
"""Where programs of older versions are, if they are."""

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


@dataclass(frozen=True, slots=True)
class Guarded:
    """A server that is reached over TCP, with passwords, certificates and encryption. ``admin`` is its superuser's address."""

    admin: str
    port: int
    certificates: Path
    has_tls: bool
    programs: Path


@contextmanager
def guarded() -> Iterator[Guarded]:
    """A server on 127.0.0.1 that takes ann by SCRAM, tess by SCRAM over TLS alone, and cert by a certificate alone.

    TLS needs the system's PostgreSQL 15 and openssl: the packaged server has none.
    """
    has_tls = (PG15 / "postgres").exists() and shutil.which("openssl") is not None
    place = Path(tempfile.mkdtemp(prefix="gs-", dir="/tmp"))
    settings = load_settings(
        {"CHATTUI_HOME": str(place), "CHATTUI_LINGER": "forever"} | ({"CHATTUI_PG_BIN": str(PG15)} if has_tls else {})
    )
    places = Places(settings.data_dir)
    open_database(settings)
    stop(settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = places.pgdata
    hosts = "host all ann 127.0.0.1/32 scram-sha-256\nhostssl all tess 127.0.0.1/32 scram-sha-256\n"
    hosts += "hostssl all cert 127.0.0.1/32 cert\n" if has_tls else ""
    (data / "pg_hba.conf").write_text(f"local all all trust\nlocal replication all trust\n{hosts}")
    conf = f"listen_addresses = '127.0.0.1'\nport = {port}\nshared_preload_libraries = 'pg_stat_statements'\n"
    if has_tls:
        make_certificates(data)
        conf += "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nssl_ca_file = 'ca.crt'\n"
    (data / "postgresql.auto.conf").write_text(conf)
    program = settings.pg_bin / "postgres" if settings.pg_bin else Path(client_program(settings, "postgres"))
    prefix = () if os.geteuid() else user_namespace() or ()
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [*prefix, str(program), "-D", str(data), "-k", str(place)], stdout=log, stderr=log, start_new_session=True
        )
    admin = f"host={place} port={port} user=chattui dbname=chattui"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                with psycopg.connect(admin, connect_timeout=2, autocommit=True) as conn:
                    for name in ("ann", "tess", "cert"):
                        conn.execute(f"CREATE ROLE {name} LOGIN PASSWORD 's3cret-{name}'")
                        conn.execute(f"GRANT ALL ON DATABASE chattui TO {name}")
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (place / "log").read_text()
                time.sleep(0.02)
        yield Guarded(admin, port, data, has_tls, program.parent)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def standby_of(server: Guarded) -> Iterator[int]:
    """A server that follows another one and lets everybody read; its port on 127.0.0.1."""
    place = Path(tempfile.mkdtemp(prefix="sb-", dir="/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = server.programs
    copy = [
        str(programs / "pg_basebackup"),
        "-d",
        server.admin,
        "-D",
        str(place / "data"),
        "-R",
        "-c",
        "fast",
        "-X",
        "stream",
    ]
    subprocess.run(copy, check=True, capture_output=True)
    with (place / "data" / "postgresql.auto.conf").open("a") as conf:
        conf.write(f"port = {port}\n")
    prefix = () if os.geteuid() else user_namespace() or ()
    with (place / "log").open("wb") as log:
        command = [*prefix, str(programs / "postgres"), "-D", str(place / "data"), "-k", str(place)]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(f"host={place} port={port} user=chattui dbname=chattui", connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (place / "log").read_text()
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(place, ignore_errors=True)


def make_certificates(directory: Path) -> None:
    """An authority of our own, the server's certificate for localhost, one of a client called cert, and a stranger's authority."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for authority in ("ca", "stranger"):
        openssl(
            "req",
            "-x509",
            *key,
            "-keyout",
            f"{authority}.key",
            "-out",
            f"{authority}.crt",
            "-subj",
            f"/CN={authority}",
            "-days",
            "2",
        )
    for name, subject in (("server", "localhost"), ("client", "cert")):
        openssl("req", "-new", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={subject}")
        (directory / "names").write_text(f"subjectAltName=DNS:{subject}\n")
        signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2")
        openssl("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.crt")
        (directory / f"{name}.key").chmod(0o600)
