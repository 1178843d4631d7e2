"""Helpers of the store, the sources and the verbs, for tests that take chats along."""

from __future__ import annotations

import sys
from pathlib import Path

for _room in ("sources", "store", "sync", "cli"):
    sys.path.insert(0, str(Path(__file__).parent.parent / _room))

import pytest  # noqa: E402
from homes import Home  # noqa: E402 - its helpers are found from here on

from chattui.store.database import Database  # noqa: E402


@pytest.fixture
def home(tmp_path: Path, db: Database) -> Home:
    """An empty home, synced into the test's database."""
    return Home(tmp_path / "home", db)


@pytest.fixture
def other(tmp_path: Path, other_db: Database) -> Home:
    """A second home, with a database of its own."""
    return Home(tmp_path / "other", other_db)
