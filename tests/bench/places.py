"""Where the benchmarks keep what they make, and how they run the program: never with the person's own directories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from chattui.config import Settings, load_settings
from chattui.server import status, stop

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, str(Path(sys.executable).with_name("chattui")))
"""The installed program, with the interpreter that runs the benchmarks."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A verb that has ended. ``wall`` and ``cpu`` are milliseconds, ``cpu`` that of the program and its children."""

    code: int
    out: str
    err: str
    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Home:
    """One person's world: ``histories`` is what the program takes as $HOME, ``data`` holds its database and settings."""

    histories: Path
    data: Path

    @property
    def env(self) -> dict[str, str]:
        """The whole environment for a program in this world; bytecode is cached as on any machine."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.histories),
            "CHATTUI_HOME": str(self.data),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "CHATTUI_PICTURE": "0",  # the living app is measured, not the picture of its last screen
        }

    @property
    def settings(self) -> Settings:
        """The program's settings in this world."""
        return load_settings(self.env)

    def run(self, *arguments: str, timeout: float = 3600) -> Finished:
        """Run a verb to its end."""
        before, began = os.times(), time.perf_counter()
        done = subprocess.run(
            [*PROGRAM, *arguments], env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        )
        wall, after = (time.perf_counter() - began) * 1e3, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return Finished(done.returncode, done.stdout, done.stderr, wall, used * 1e3)

    def start_server(self) -> None:
        """Start the embedded server and bring the schema up to date. It does nothing by itself that was not asked for."""
        config = self.data / "config" / "config.toml"
        if not config.exists():
            config.parent.mkdir(parents=True, exist_ok=True)
            config.write_text('[upkeep]\nevery = "never"\n', encoding="utf-8")
        done = self.run("db", "start")
        if done.code:
            raise RuntimeError(f"the server did not start: {done.err.strip()}")

    def stop_server(self) -> None:
        """Stop the embedded server, if it runs."""
        if self.data.exists():
            stop(self.settings)

    def server_pid(self) -> int:
        """The server's first process; 0 when it does not run."""
        return status(self.settings).pid or 0

    def forget(self) -> None:
        """Stop the server and remove everything the program made."""
        self.stop_server()
        shutil.rmtree(self.data, ignore_errors=True)


def empty_histories(cache: Path) -> Path:
    """A $HOME without any history."""
    home = cache / "nobody"
    home.mkdir(parents=True, exist_ok=True)
    return home


def say(text: str) -> None:
    """Progress, for the person who waits."""
    print(f"· {text}", file=sys.stderr, flush=True)
