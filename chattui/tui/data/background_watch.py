"""The watch in a process of its own, which brings in what is new for as long as the app runs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from textual.message import Message

from chattui.sync.progress import Phase, Progress
from chattui.tui.messages import SyncEnded, SyncMoved
from chattui.tui.watch_messages import WatchBrought, WatchStands

log = logging.getLogger("chattui.tui")

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class BackgroundWatch:
    """Runs ``chattui watch`` beside the app, hands on what it tells, and starts it again when it ends by itself.

    It ends with the app, however that ends: its standard input is the app's other end of a pipe.
    """

    def __init__(
        self, post: Callable[[Message], None], database: str | None, env: Mapping[str, str] | None = None
    ) -> None:
        self._post = post
        self._database = database
        self._env = env
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()

    @property
    def pid(self) -> int | None:
        """The process, when there is one."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin."""
        self._process = self._begin()
        threading.Thread(target=self._attend, name="chattui-watch", daemon=True).start()

    def stop(self) -> None:
        """End it after the batch it is storing."""
        self._stopping.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _begin(self) -> subprocess.Popen[str]:
        environment = dict(self._env or os.environ)
        if self._database:  # in the environment, where no other user can read a password
            environment["CHATTUI_DATABASE_URL"] = self._database
        return subprocess.Popen(
            [sys.executable, "-m", "chattui", "watch", "--json", "--no-embed", "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            start_new_session=True,
        )

    def _attend(self) -> None:
        """Follow the process, and those that come after it."""
        pause = _FIRST_PAUSE
        while (process := self._process) is not None:
            began = time.monotonic()
            sentence = self._follow(process)
            if self._stopping.is_set():
                return
            self._post(SyncEnded(0, 0, sentence))
            if time.monotonic() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
            self._process = self._begin()
            if self._stopping.is_set():  # while it was being started
                self._process.terminate()

    def _follow(self, process: subprocess.Popen[str]) -> str:
        """Hand on what it tells until it ends; returns its last words, as a sentence."""
        assert process.stdout is not None
        assert process.stderr is not None
        complaints: list[str] = []
        reader = threading.Thread(target=lambda: complaints.extend(process.stderr or ()), daemon=True)
        reader.start()
        for line in process.stdout:
            try:
                values = json.loads(line)
                self._hand_on(values.pop("event"), values)
            except (ValueError, TypeError, KeyError, AttributeError):
                log.debug("not understood from the watch: %r", line[:200])
        code = process.wait()
        reader.join(1.0)
        if process.stdin is not None:
            process.stdin.close()
        if not self._stopping.is_set():
            log.warning("the watch ended with %d: %s", code, "".join(complaints)[-500:].strip())
        last = complaints[-1].strip() if complaints else ""
        return last.removeprefix("chattui: ") or "it ended early, and is started again."

    def _hand_on(self, event: str, values: dict[str, Any]) -> None:
        from chattui.sync.told import Stands, State

        match event:
            case "progress":
                self._post(SyncMoved(Progress(**(values | {"phase": Phase(values["phase"])}))))
            case "brought":
                faults = len(values["faults"]) + values["problems"]
                told = SyncEnded if values["first"] else WatchBrought
                self._post(told(values["messages"], faults))
            case "state":
                self._post(WatchStands(Stands(State(values["state"]), values["sentence"])))
