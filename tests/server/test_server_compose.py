"""docker-compose.yml: read by the real program everywhere it is installed, and brought up where an engine answers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
PROJECT = f"chattui-test-{os.getpid()}"
PASSWORD = 'it\'s $ecret; "really" #1'


def compose_command() -> list[str] | None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    return None


def engine_answers() -> bool:
    """Only an engine that DOCKER_HOST names is used, and only with the image already there: nothing is downloaded."""
    if not os.environ.get("DOCKER_HOST") or shutil.which("docker") is None:
        return False
    done = subprocess.run(["docker", "image", "inspect", "postgres:18"], capture_output=True, check=False)
    return done.returncode == 0


COMPOSE = compose_command()
needs_compose = pytest.mark.skipif(COMPOSE is None, reason="no docker compose here")


def compose(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("POSTGRES_", "CHATTUI_"))}
    command = [
        *COMPOSE,
        "-p",
        PROJECT,
        "-f",
        str(ROOT / "docker-compose.yml"),
        "--env-file",
        str(ROOT / ".env.example"),
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**clean, **env}, cwd=ROOT)


@needs_compose
def test_without_a_password_it_says_what_to_do():
    done = compose("config")
    assert done.returncode != 0
    assert "copy .env.example to .env and set POSTGRES_PASSWORD in it" in done.stderr


@needs_compose
def test_it_is_valid_and_open_to_this_machine_only():
    done = compose("config", POSTGRES_PASSWORD=PASSWORD, CHATTUI_PORT="5999")
    assert done.returncode == 0, done.stderr
    assert "127.0.0.1" in done.stdout
    assert "5999" in done.stdout
    assert "0.0.0.0" not in done.stdout


def test_every_variable_is_documented_and_the_real_file_is_not_tracked():
    import re

    example = (ROOT / ".env.example").read_text()
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    sources = "".join(path.read_text() for path in (ROOT / "chattui" / "config").glob("*.py"))
    used |= set(re.findall(r'env\.get\("(CHATTUI_\w+)"\)', sources))
    assert {"POSTGRES_PASSWORD", "CHATTUI_HOME", "CHATTUI_DATABASE_URL"} <= used
    assert not [name for name in used if not re.search(rf"^#?{name}=", example, re.MULTILINE)]
    assert ".env" in (ROOT / ".gitignore").read_text().split()


@needs_compose
@pytest.mark.skipif(not engine_answers(), reason="no container engine with the image postgres:18 at DOCKER_HOST")
def test_it_comes_up_with_the_schema_and_keeps_its_data():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {"POSTGRES_PASSWORD": PASSWORD, "CHATTUI_PORT": str(port), "CHATTUI_SHARED_BUFFERS": "64MB"}
    address = {"host": "127.0.0.1", "port": port, "user": "chattui", "dbname": "chattui"}
    try:
        up = compose("up", "-d", **env)
        assert up.returncode == 0, up.stderr
        wait_healthy(env)
        with psycopg.connect(**address, password=PASSWORD) as connection:
            applied = connection.execute("SELECT version FROM chattui.schema_versions ORDER BY version").fetchall()
            files = sorted(path.name for path in (ROOT / "schema").glob("*.sql"))
            assert [version for (version,) in applied] == [int(name.split("_")[0]) for name in files]
            assert connection.execute("SHOW jit").fetchone() == ("off",)
            assert connection.execute("SHOW shared_buffers").fetchone() == ("64MB",)
            locale = "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = current_database()"
            assert connection.execute(locale).fetchone() == ("b", "C.UTF-8")
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**address, password="wrong")
        compose("down", **env)
        assert compose("up", "-d", **env).returncode == 0
        wait_healthy(env)
        with psycopg.connect(**address, password=PASSWORD) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    finally:
        compose("down", "-v", "-t", "5", **env)


def wait_healthy(env: dict[str, str]) -> None:
    container = compose("ps", "-q", "postgres", **env).stdout.strip()
    inspect = ["docker", "inspect", "-f", "{{.State.Health.Status}}", container]
    deadline = time.monotonic() + 90
    while (health := subprocess.run(inspect, capture_output=True, text=True, check=False).stdout.strip()) != "healthy":
        assert time.monotonic() < deadline, f"{health}\n{compose('logs', **env).stdout}"
        time.sleep(0.2)
