"""Programs that stand for agents: they write down how they were called."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_TOOL = """#!/bin/sh
{ printf '%s\\0' "$PWD" "$(pwd -P)"; for word in "$0" "$@"; do printf '%s\\0' "$word"; done; } > "CALLED"
if [ -t 0 ] && [ -t 1 ]; then printf 'tty' > "CALLED.tty"; fi
MORE
"""


@dataclass(frozen=True, slots=True)
class Called:
    """How a tool was called."""

    told: str
    directory: str
    words: tuple[str, ...]
    on_terminal: bool


class Tool:
    """A program of that name, in a directory of the PATH."""

    def __init__(self, place: Path, name: str, more: str = "exit 0") -> None:
        self._called = place / f"{name}.called"
        self.path = place / name
        self.path.write_text(_TOOL.replace("CALLED", str(self._called)).replace("MORE", more), encoding="utf-8")
        self.path.chmod(0o755)

    @property
    def was_called(self) -> bool:
        return self._called.exists()

    @property
    def called(self) -> Called:
        told, directory, program, *words = self._called.read_text(encoding="utf-8").split("\0")[:-1]
        assert program == str(self.path)
        return Called(told, directory, tuple(words), Path(f"{self._called}.tty").exists())


def line(record: object) -> str:
    """A record as a shell may print it between single quotes."""
    text = json.dumps(record)
    assert "'" not in text
    return text
