"""docker-compose.yml and what is mounted from compose/: read by the real program, run by a real engine where one answers.

The engine is the one that DOCKER_HOST names. CHATTUI_TEST_POSTGRES_IMAGE is a PostgreSQL that speaks TLS, for profile prod; the
images chattui and chattui-pgbouncer must have been built. Nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import psycopg
import pyrage
import pytest

from chattui.backup.run import restore
from chattui.backup.sealing import Keys

ROOT = Path(__file__).parents[2]
PASSWORD = 'it\'s $ecret; "really" #1'
SAMPLES = ROOT / "chattui" / "samples" / "claude-code"


def compose_command() -> list[str] | None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    return None


def engine_has(*images: str) -> bool:
    """Only an engine that DOCKER_HOST names is used, and only with the images already there: nothing is downloaded."""
    if not os.environ.get("DOCKER_HOST") or shutil.which("docker") is None:
        return False
    return all(run("docker", "image", "inspect", image).returncode == 0 for image in images)


def run(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


PROD_IMAGE = os.environ.get("CHATTUI_TEST_POSTGRES_IMAGE", "postgres:18")
COMPOSE = compose_command()
needs_compose = pytest.mark.skipif(COMPOSE is None, reason="no docker compose here")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


class Project:
    """A copy of everything that compose reads, as a project of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"chattui-test-{os.getpid()}"
        shutil.copy(ROOT / "docker-compose.yml", path)
        shutil.copy(ROOT / ".env.example", path)
        for name in ("compose", "schema"):
            shutil.copytree(
                ROOT / name, path / name, ignore=shutil.ignore_patterns("*.key", "*.crt", "*_password", "*.chattui")
            )

    def __call__(self, *arguments: str, stdin: IO[bytes] | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("POSTGRES_", "CHATTUI_", "COMPOSE_"))}
        file = self.path / ".env"
        command = [
            *(COMPOSE or []),
            "-p",
            self.name,
            "--env-file",
            str(file if file.exists() else self.path / ".env.example"),
        ]
        return run(*command, *arguments, env={**clean, **env}, cwd=self.path, stdin=stdin)

    def prepare(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run("sh", str(self.path / "compose" / "prepare.sh"), *arguments, env={**os.environ, **env}, cwd="/")

    def container(self, service: str) -> str:
        labels = {"project": self.name, "service": service}
        wanted = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return run("docker", "ps", "-aq", *wanted).stdout.strip()

    def healthy(self, service: str) -> bool:
        inspect = run("docker", "inspect", "-f", "{{.State.Health.Status}}", self.container(service))
        return inspect.stdout.strip() == "healthy"

    def said(self, service: str) -> str:
        done = run("docker", "logs", self.container(service))
        return done.stdout + done.stderr

    def until(self, condition: object, service: str, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline, self.said(service)
            time.sleep(0.2)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    if engine_has():
        made(
            "--profile", "dev", "--profile", "prod", "--profile", "pool", "down", "-v", "-t", "5", POSTGRES_PASSWORD="x"
        )


@needs_compose
def test_without_a_password_it_says_what_to_do(project: Project) -> None:
    done = project("config")
    assert done.returncode != 0
    assert "copy .env.example to .env and set POSTGRES_PASSWORD in it" in done.stderr


@needs_compose
def test_it_is_valid_and_every_port_is_of_this_machine_only(project: Project) -> None:
    done = project("config", POSTGRES_PASSWORD=PASSWORD, CHATTUI_PORT="5999")
    assert done.returncode == 0, done.stderr
    assert "5999" in done.stdout
    published = re.findall(r"^ +(?:- (\d[\d.:]*:\d+)(?:/tcp)?|host_ip: ([\d.]+))$", done.stdout, re.MULTILINE)
    assert len(published) == 3
    assert all((short or address).startswith("127.0.0.1") for short, address in published)
    assert "0.0.0.0" not in done.stdout


def test_the_server_of_prod_publishes_no_port_and_every_service_of_it_has_limits() -> None:
    services = re.split(
        r"\n  (?=[a-z-]+:(?:  #.*)?\n)", (ROOT / "docker-compose.yml").read_text().split("\nservices:")[1]
    )
    of_prod = [each for each in services if "profiles: [prod]" in each]
    assert [each.partition(":")[0].strip() for each in of_prod] == ["postgres-prod", "watch", "backup"]
    for each in of_prod:
        assert "\n    ports:" not in each
        assert {"mem_limit", "cpus", "pids_limit"} <= set(re.findall(r"^    (\w+):", each, re.MULTILINE))
        assert "PASSWORD: $" not in each


def test_every_variable_is_documented_and_the_real_file_is_not_tracked() -> None:
    example = (ROOT / ".env.example").read_text()
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    used |= set(re.findall(r"\$\{(CHATTUI_\w+)", (ROOT / "compose" / "prepare.sh").read_text()))
    sources = "".join(path.read_text() for path in (ROOT / "chattui" / "config").glob("*.py"))
    used |= set(re.findall(r'env\.get\("(CHATTUI_\w+)"\)', sources))
    assert {"POSTGRES_PASSWORD", "CHATTUI_HOME", "CHATTUI_DATABASE_URL", "CHATTUI_NAMES"} <= used
    assert not [name for name in used if not re.search(rf"^#?{name}=", example, re.MULTILINE)]
    assert ".env" in (ROOT / ".gitignore").read_text().split()


def test_pgadmin_is_told_of_both_servers_as_compose_names_them() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    servers = json.loads((ROOT / "compose" / "pgadmin" / "servers.json").read_text())["Servers"]
    assert [each["Host"] for each in servers.values()] == ["postgres", "postgres-prod"]
    assert all(f"\n  {each['Host']}:\n" in compose for each in servers.values())
    assert servers["2"]["ConnectionParameters"]["sslmode"] == "verify-full"
    assert "./compose/pgadmin/servers.json:/pgadmin4/servers.json:ro" in compose


@needs_openssl
def test_prepare_makes_secrets_and_certificates_once(project: Project) -> None:
    done = project.prepare()
    assert done.returncode == 0, done.stderr
    secrets = project.path / "compose" / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert (secrets / "authority.key").stat().st_mode & 0o777 == 0o600
    passwords = {path.read_text().strip() for path in secrets.rglob("*_password")}
    assert len(passwords) == 4
    assert min(map(len, passwords)) == 48
    env = (project.path / ".env").read_text()
    assert re.search(r"^COMPOSE_PROFILES=prod$", env, re.MULTILINE)
    assert re.search(r"^POSTGRES_PASSWORD=[0-9a-f]{48}$", env, re.MULTILINE)
    before = {path: path.read_bytes() for path in secrets.rglob("*") if path.is_file()}
    assert project.prepare().stdout == ""
    assert {path: path.read_bytes() for path in secrets.rglob("*") if path.is_file()} == before

    done = project.prepare("--renew", CHATTUI_NAMES="db.example.org 10.0.0.5")
    assert done.returncode == 0, done.stderr
    changed = {str(path.relative_to(secrets)) for path, was in before.items() if path.read_bytes() != was}
    assert changed == {"postgres/server.key", "postgres/server.crt", "pool/server.key", "pool/server.crt"}
    verify = ("openssl", "verify", "-CAfile", str(secrets / "public" / "ca.crt"), "-purpose", "sslserver")
    for name, option in (
        ("postgres-prod", "-verify_hostname"),
        ("db.example.org", "-verify_hostname"),
        ("10.0.0.5", "-verify_ip"),
    ):
        checked = run(*verify, option, name, str(secrets / "postgres" / "server.crt"))
        assert checked.returncode == 0, checked.stderr
    assert run(*verify, "-verify_hostname", "elsewhere.org", str(secrets / "postgres" / "server.crt")).returncode != 0
    assert project.prepare("--again").returncode == 1


def test_the_service_backs_up_everybody_keeps_days_and_weeks_and_encrypts_for_a_key(
    conninfo: str, empty_database: str, tmp_path: Path
) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO chattui.chats (owner, title) VALUES ('ann', 'Kept')")
    tools, kept = tmp_path / "bin", tmp_path / "backups"
    tools.mkdir()
    kept.mkdir()
    (tools / "chattui-entrypoint").symlink_to(ROOT / "compose" / "app" / "entrypoint.sh")
    (tools / "chattui").symlink_to(Path(sys.executable).with_name("chattui"))
    (tmp_path / "password").write_text("unused")
    env = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "CHATTUI_HOME": str(tmp_path / "home"),
        "CHATTUI_DATABASE_URL": conninfo,
        "PGPASSWORD_FILE": str(tmp_path / "password"),
        "CHATTUI_BACKUP_DIRECTORY": str(kept),
        "CHATTUI_KEEP_DAILY": "7",
        "CHATTUI_KEEP_WEEKLY": "4",
    }
    script = str(ROOT / "compose" / "backup" / "run.sh")

    done = run("sh", script, "once", env=env)
    assert done.returncode == 0, done.stderr
    (first,) = kept.glob("chattui-all-*.chattui")
    assert restore(empty_database, first, Keys()).owners == ("ann",)
    now = datetime.now(UTC)
    for hours in range(12, 24 * 60, 12):
        made = f"{now - timedelta(hours=hours):%Y%m%dT%H%M%SZ}"
        shutil.copy(first, kept / re.sub(r"\d{8}T\d{6}Z", made, first.name))
    key = pyrage.x25519.Identity.generate()
    done = run("sh", script, "once", env={**env, "CHATTUI_BACKUP_RECIPIENT": str(key.to_public())})
    assert done.returncode == 0, done.stderr
    left = sorted(path.name for path in kept.iterdir())
    assert (kept / left[-1]).read_bytes().startswith(b"age-encryption.org/v1\n")
    days = [datetime.strptime(name.split("-")[3][:8], "%Y%m%d").date() for name in left]
    assert len(set(days)) == len(days)
    assert days[-7:] == [now.date() - timedelta(days=back) for back in range(6, -1, -1)]
    assert len({day.isocalendar()[:2] for day in days}) == 4
    assert all(day.isoweekday() == 7 for day in days[:-7])

    done = run("sh", script, "once", env={**env, "CHATTUI_DATABASE_URL": "postgresql://127.0.0.1:1/nothing"})
    assert done.returncode == 1
    assert "The backup failed; the older ones are kept" in done.stderr
    assert sorted(path.name for path in kept.iterdir()) == left


@needs_compose
@pytest.mark.skipif(
    not engine_has("postgres:18"), reason="no container engine with the image postgres:18 at DOCKER_HOST"
)
def test_dev_comes_up_with_the_schema_and_what_others_added_and_keeps_its_data(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (project.path / "compose" / "custom" / "20-second.sql").write_text("INSERT INTO public.mine VALUES (2)")
    (project.path / "compose" / "custom" / "10-first.sh").write_text(
        'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "CREATE TABLE public.mine AS SELECT count(*) FROM chattui.schema_versions"'
    )
    env = {"POSTGRES_PASSWORD": PASSWORD, "CHATTUI_PORT": str(port), "CHATTUI_SHARED_BUFFERS": "64MB"}
    address = {"host": "127.0.0.1", "port": port, "user": "chattui", "dbname": "chattui"}
    up = project("up", "-d", **env)
    assert up.returncode == 0, up.stderr
    project.until(lambda: project.healthy("postgres"), "postgres")
    with psycopg.connect(**address, password=PASSWORD) as connection:
        applied = connection.execute("SELECT version FROM chattui.schema_versions ORDER BY version").fetchall()
        files = sorted(path.name for path in (ROOT / "schema").glob("*.sql"))
        assert [version for (version,) in applied] == [int(name.split("_")[0]) for name in files]
        assert connection.execute("SELECT * FROM public.mine").fetchall() == [(len(files),), (2,)]
        assert connection.execute("SHOW jit").fetchone() == ("off",)
        assert connection.execute("SHOW shared_buffers").fetchone() == ("64MB",)
        locale = "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = current_database()"
        assert connection.execute(locale).fetchone() == ("b", "C.UTF-8")
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**address, password="wrong")
    project("down", **env)
    assert project("up", "-d", **env).returncode == 0
    project.until(lambda: project.healthy("postgres"), "postgres")
    with psycopg.connect(**address, password=PASSWORD) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@needs_compose
@needs_openssl
@pytest.mark.skipif(
    not engine_has(PROD_IMAGE, "chattui:latest", "chattui-pgbouncer:latest"),
    reason="no container engine with the images of prod",
)
def test_prod_imports_by_itself_makes_backups_refuses_what_is_not_encrypted_and_comes_back(project: Project) -> None:
    histories, backups = project.path / "home", project.path / "compose" / "backups"
    shutil.copytree(SAMPLES, histories / ".claude")
    env = {
        "CHATTUI_POSTGRES_IMAGE": PROD_IMAGE,
        "CHATTUI_HISTORIES": str(histories),
        "CHATTUI_UID": str(os.getuid()),
        "CHATTUI_GID": str(os.getgid()),
        "CHATTUI_SHARED_BUFFERS": "64MB",
    }
    if PROD_IMAGE != "postgres:18":
        env["CHATTUI_INITDB_ARGS"] = "--locale=C.UTF-8 --data-checksums"
    encrypted = "sslmode=verify-full sslrootcert=/run/secrets/ca.crt"
    pooled = {"CHATTUI_DATABASE_URL": f"host=pgbouncer port=6432 user=me dbname=chattui {encrypted}"}

    def app(*verb: str, **more: str) -> subprocess.CompletedProcess[str]:
        options = [word for name, value in more.items() for word in ("-e", f"{name}={value}")]
        return project("run", "--rm", "-T", *options, "app", *verb, **env)

    def admin(*verb: str) -> subprocess.CompletedProcess[str]:
        return project("run", "--rm", "-T", "admin", *verb, **env)

    def query(statement: str, sslmode: str = "verify-full") -> subprocess.CompletedProcess[str]:
        """As the role that makes backups, from another container inside the network."""
        inner = 'PGPASSWORD=$(cat /run/secrets/backup_password) psql -At -c "$0"'
        known = (
            "PGHOST=postgres-prod",
            "PGUSER=chattui_backup",
            "PGDATABASE=chattui",
            "PGSSLROOTCERT=/run/secrets/ca.crt",
        )
        options = [word for each in (*known, f"PGSSLMODE={sslmode}") for word in ("-e", each)]
        secrets = f"{project.path}/compose/secrets/backup:/run/secrets:ro"
        network = f"--network={project.name}_inside"
        return run(
            "docker",
            "run",
            "--rm",
            network,
            "-v",
            secrets,
            *options,
            "--entrypoint=sh",
            PROD_IMAGE,
            "-c",
            inner,
            statement,
        )

    assert project.prepare().returncode == 0
    up = project("up", "-d", **env)
    assert up.returncode == 0, up.stderr
    project.until(lambda: "new in" in project.said("watch"), "watch")
    assert query("SELECT count(*) > 100 FROM chattui.messages WHERE owner = 'me'").stdout.strip() == "t"
    assert query("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").stdout.startswith("TLSv1.")
    assert "no encryption" in query("SELECT 1", sslmode="disable").stderr
    assert "permission denied" in query("DELETE FROM chattui.messages").stderr
    assert run("docker", "port", project.container("postgres-prod")).stdout == ""
    project.until(lambda: list(backups.glob("chattui-all-*.chattui")), "backup")
    looked = json.loads(run("docker", "inspect", project.container("backup")).stdout)[0]["Config"]["Healthcheck"][
        "Test"
    ]
    assert project("exec", "-T", "backup", "sh", "-c", looked[1], **env).returncode == 0

    assert app("search", "index").returncode == 0
    assert app("db", "status", PGPASSWORD_FILE="/run/secrets/none").returncode == 2
    pool = project("--profile", "prod", "--profile", "pool", "up", "-d", "pgbouncer", **env)
    assert pool.returncode == 0, pool.stderr
    project.until(lambda: project.healthy("pgbouncer"), "pgbouncer")
    assert app("search", "index", **pooled).stdout == app("search", "index").stdout

    assert project("exec", "-T", "backup", "/chattui/backup/run.sh", "once", **env).returncode == 0
    project("stop", "watch", "pgbouncer", **env)
    newest = f"/backups/{max(backups.glob('chattui-all-*.chattui')).name}"
    assert app("db", "restore", newest).returncode != 0, (
        "the app's own role has no backups and is not the tables' owner"
    )
    refused = admin("db", "restore", newest)
    assert (refused.returncode, "The database is not empty" in refused.stderr) == (1, True)
    restored = admin("db", "restore", "--replace", "--yes", newest)  # as docs/compose.md says it
    assert restored.returncode == 0, restored.stderr
    assert query("SELECT count(*) > 100 FROM chattui.messages WHERE owner = 'me'").stdout.strip() == "t"
    assert "up to date" in admin("db", "migrate").stdout
    told = project.said("watch").count("new in")
    assert project("start", "watch", **env).returncode == 0
    project.until(lambda: project.said("watch").count("new in") > told, "watch")

    container = project.container("postgres-prod")
    state = "{{.RestartCount}} {{.State.Health.Status}}"
    os.kill(int(run("docker", "inspect", "-f", "{{.State.Pid}}", container).stdout), signal.SIGKILL)
    project.until(
        lambda: run("docker", "inspect", "-f", state, container).stdout.split() == ["1", "healthy"], "postgres-prod"
    )
    session = next(histories.rglob("*.jsonl"))
    shutil.copy(session, session.with_name("0f0f0f0f-0000-4000-8000-000000000001.jsonl"))
    project.until(lambda: project.said("watch").count("new in") > told + 1, "watch")
    assert app("list").returncode == 0
