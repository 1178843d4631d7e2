"""The import of histories in a process of its own, so that reading gigabytes never holds up a key."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

from textual.message import Message

from chattui.sync.progress import Phase, Progress
from chattui.tui.messages import SyncEnded, SyncMoved

log = logging.getLogger("chattui.tui")


class BackgroundSync:
    """Runs ``chattui import`` beside the app and hands on its progress. At most one runs at a time."""

    def __init__(
        self, post: Callable[[Message], None], database: str | None, env: Mapping[str, str] | None = None
    ) -> None:
        self._post = post
        self._database = database
        self._env = env
        self._process: subprocess.Popen[str] | None = None
        self._stopping = False

    def start(self) -> bool:
        """Begin an import; False when one is running."""
        if self._process is not None and self._process.poll() is None:
            return False
        command = [sys.executable, "-m", "chattui"]
        environment = dict(self._env or os.environ)
        if self._database:  # in the environment, where no other user can read a password
            environment["CHATTUI_DATABASE_URL"] = self._database
        self._process = subprocess.Popen(
            [*command, "import", "--progress", "--no-embed"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            start_new_session=True,
        )
        threading.Thread(target=self._follow, args=(self._process,), name="chattui-sync", daemon=True).start()
        return True

    def stop(self) -> None:
        """End the import after the batch it is storing; the rest comes next time."""
        self._stopping = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _follow(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        last = Progress(Phase.LOOKING)
        faults: int | None = None
        for line in process.stdout:
            try:
                values = json.loads(line)
                if "phase" in values:
                    last = Progress(**(values | {"phase": Phase(values["phase"])}))
                    self._post(SyncMoved(last))
                else:
                    faults = len(values["faults"]) + values["problems"]
            except (ValueError, TypeError, KeyError):
                log.debug("not understood from the import: %r", line[:200])
        complaint = process.stderr.read().strip()
        code = process.wait()
        if self._stopping:
            return
        sentence = ""
        if faults is None:  # it ended before it could report
            log.warning("import ended with %d: %s", code, complaint[-500:])
            sentence = complaint.splitlines()[-1].removeprefix("chattui: ") if complaint else "It ended early."
        self._post(SyncEnded(last.messages, faults or 0, sentence))
