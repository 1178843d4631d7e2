"""The embedding of new messages in a process of its own, of low priority, where search by meaning is on."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping

log = logging.getLogger("chattui.tui")


class BackgroundEmbedding:
    """Runs ``chattui semantic update`` beside the app. At most one at a time; what it leaves undone comes next time."""

    def __init__(self, database: str | None, env: Mapping[str, str] | None = None) -> None:
        self._database = database
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> bool:
        """Begin; False when it is at it."""
        if self._process is not None and self._process.poll() is None:
            return False
        environment = dict(self._env or os.environ)
        if self._database:  # in the environment, where no other user can read a password
            environment["CHATTUI_DATABASE_URL"] = self._database
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chattui", "semantic", "update", "--progress"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        log.info("embedding what is new, in process %d", self._process.pid)
        return True

    def stop(self) -> None:
        """End it after the batch it is at."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
