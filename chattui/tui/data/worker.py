"""A thread that does one job after another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from chattui.domain.errors import ReadOnly

log = logging.getLogger("chattui.tui")

Job = Callable[[], None]


def unasked(job: Job) -> Job:
    """``job`` for what is kept without anybody's asking: a server that takes no changes, as a standby, does not keep it."""

    def kept() -> None:
        try:
            job()
        except ReadOnly:
            log.debug("not kept: the server is read-only")

    return kept


class Worker:
    """Runs jobs in the order in which they were given, on a daemon thread of its own.

    A job answers by itself, with a message; what it raises goes to ``on_error`` and does not end the thread.
    """

    def __init__(self, name: str, on_error: Callable[[Exception], None]) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._on_error = on_error
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Do ``job`` after those before it."""
        self._jobs.put(job)

    def stop(self, timeout: float = 2.0) -> None:
        """End after the jobs given so far; wait at most ``timeout`` seconds for that."""
        self._jobs.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # whatever it is, the next job must run
                log.debug("job failed", exc_info=True)
                self._on_error(error)
