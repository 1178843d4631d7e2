"""The program as a person runs it: another process, its output, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Done:
    """What a run of the program left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Program:
    """``chattui`` in a home of its own, on the test's database unless told otherwise."""

    def __init__(self, home: Path, conninfo: str) -> None:
        self.home = home
        self.conninfo = conninfo
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("PG", "CHATTUI", "CLAUDE", "CODEX", "OPENAI", "LLM_"))
        }
        self.env = {**kept, "HOME": str(home), "CHATTUI_HOME": str(home / "c"), "TZ": "UTC", "CHATTUI_LINGER": "0"}

    def command(self, *arguments: str | bytes, database: str | None = None) -> list[str | bytes]:
        return [sys.executable, "-m", "chattui", "--database", database or self.conninfo, *arguments]

    def __call__(
        self, *arguments: str | bytes, database: str | None = None, stdin: bytes = b"", cwd: Path | None = None
    ) -> Done:
        done = subprocess.run(
            self.command(*arguments, database=database),
            input=stdin,
            capture_output=True,
            env=self.env,
            cwd=cwd or self.home,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def bare(self, *arguments: str, **env: str) -> Done:
        """Without ``--database``."""
        done = subprocess.run(
            [sys.executable, "-m", "chattui", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**self.env, **env},
            cwd=self.home,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def log(self) -> str:
        """Everything that the program logged."""
        return "".join(p.read_text() for p in (self.home / "c").rglob("chattui.log*"))
