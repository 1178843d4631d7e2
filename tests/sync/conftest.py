"""A home with histories of Claude Code and Codex, and syncs of it into the test's database."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chattui.store.database import Database

for _room in ("sources", "store"):
    sys.path.insert(0, str(Path(__file__).parent.parent / _room))

from homes import Home  # noqa: E402 - its helpers are found from here on


@pytest.fixture
def home(tmp_path: Path, db: Database) -> Home:
    """An empty home, synced into the test's database."""
    return Home(tmp_path / "home", db)


@pytest.fixture
def other(tmp_path: Path, other_db: Database) -> Home:
    """A second home, with a database of its own."""
    return Home(tmp_path / "other", other_db)
