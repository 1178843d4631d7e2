"""Databases with something of everything in them, and what they hold as digests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

for _room in ("store", "cli", "server"):
    sys.path.insert(0, str(Path(__file__).parent.parent / _room))

from program import Program  # noqa: E402 - stands beside the helpers that are found from here on


@pytest.fixture
def chattui(tmp_path: Path, conninfo: str) -> Program:
    """The program."""
    (tmp_path / "h").mkdir()
    return Program(tmp_path / "h", conninfo)
