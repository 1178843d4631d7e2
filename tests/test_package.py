"""The wheel: it carries everything, and works where there is no checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chattui import samples
from chattui.config import load_settings
from chattui.server import stop

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tree, without a network."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return next(out.glob("chattui-*.whl"))


@pytest.fixture
def place() -> Iterator[Path]:
    """A short directory: a socket lives below it."""
    made = Path(tempfile.mkdtemp(prefix="cw-"))
    yield made
    stop(load_settings({"CHATTUI_HOME": str(made / "h")}))
    shutil.rmtree(made, ignore_errors=True)


def test_the_wheel_carries_schema_styles_and_samples(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    migrations = {f"chattui/schema/{p.name}" for p in (ROOT / "schema").glob("*.sql")}
    assert migrations
    assert migrations <= names
    assert {
        "chattui/tui/styles.tcss",
        "chattui/tui/screens/dialogs.tcss",
        "chattui/py.typed",
        "chattui/samples/codex/session_index.jsonl",
    } <= names
    assert not [n for n in names if n.startswith(("tests/", "screenshots/", "requirements/"))]


def test_the_wheel_works_without_the_checkout(wheel: Path, place: Path) -> None:
    installed = place / "site"
    zipfile.ZipFile(wheel).extractall(installed)
    home = place / "home"
    home.mkdir()
    samples.copy_to(home, datetime.now(UTC))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "CHATTUI_", "DATABASE"))}
    env |= {"PYTHONPATH": str(installed), "HOME": str(home), "CHATTUI_HOME": str(place / "h"), "CHATTUI_LINGER": "0"}

    def chattui(*words: str) -> str:
        command = [sys.executable, "-P", "-m", "chattui", *words]
        done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = [sys.executable, "-P", "-c", "import chattui; print(chattui.__file__)"]
    found = subprocess.run(where, cwd=place, env=env, capture_output=True, text=True, check=True).stdout
    assert Path(found.strip()).is_relative_to(installed)
    report = json.loads(chattui("import", "--json"))
    assert (report["faults"], report["problems"]) == ([], 0)
    titles = {chat["title"] for chat in json.loads(chattui("list", "--json"))["chats"]}
    assert "Pool exhausted at midnight" in titles
