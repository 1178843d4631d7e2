"""Histories, tools that take a chat up, and a place where files are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chattui.resume.resuming import Here
from chattui.store.database import Database

for _room in ("sources", "store", "sync", "cli"):
    sys.path.insert(0, str(Path(__file__).parent.parent / _room))

from homes import MACHINE, Home  # noqa: E402 - its helpers are found from here on
from program import Program  # noqa: E402


@pytest.fixture
def home(tmp_path: Path, db: Database) -> Home:
    """An empty home, synced into the test's database."""
    return Home(tmp_path / "home", db)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A directory for programs."""
    place = tmp_path / "bin"
    place.mkdir()
    return place


@pytest.fixture
def here(tmp_path: Path, tools: Path) -> Here:
    """The machine on which the home is, with the tools alone on its PATH."""
    return Here(MACHINE, {"PATH": str(tools)}, tmp_path / "state")


@pytest.fixture
def chattui(tmp_path: Path, tools: Path, conninfo: str) -> Program:
    """The program, which finds the tools."""
    (tmp_path / "home").mkdir(exist_ok=True)
    program = Program(tmp_path / "home", conninfo)
    program.env["PATH"] = f"{tools}:{os.environ['PATH']}"
    return program
