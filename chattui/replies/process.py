"""The process that speaks to models, from outside: started when a reply is wanted, kept for the next one, ended at once."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable

from chattui.replies.events import Ended, Event, Failed, decode
from chattui.replies.request import Request, encode

log = logging.getLogger("chattui.replies")

GONE = "The program that speaks to the model ended. The log may tell why."


class Asking:
    """A request that is being answered. ``on_event`` is called on a thread of its own, in order; the last event is one
    ``Ended`` or ``Failed``, and nothing comes after ``stop``."""

    def __init__(self, owner: Asker, process: subprocess.Popen[bytes], on_event: Callable[[Event], None]) -> None:
        self._owner = owner
        self._process = process
        self._on_event = on_event
        self._lock = threading.Lock()
        self._over = False

    def stop(self) -> None:
        """End it now, however stuck it is. Returns at once; no event follows."""
        with self._lock:
            if self._over:
                return
            self._over = True
        self._process.kill()

    def ask(self, request: Request) -> None:
        """Write the request and hand its events on, until it is answered. Blocks."""
        last: Ended | Failed = Failed(GONE)
        reusable = False
        try:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(encode(request))
            self._process.stdin.flush()
            for line in self._process.stdout:
                event = decode(line)
                if isinstance(event, Ended | Failed):
                    last, reusable = event, event != Ended("cut")
                    break
                self._hand_on(event)
        except (OSError, ValueError):  # it was killed, or something else writes to its output
            log.info("the process of the model cannot be spoken to", exc_info=True)
        if isinstance(last, Failed):
            log.info("no reply: %s", last.trace or "the process ended")
        self._owner.answered(self._process, reusable=reusable)
        self._hand_on(last, over=True)

    def _hand_on(self, event: Event, *, over: bool = False) -> None:
        with self._lock:
            if self._over:
                return
            self._over = over
        self._on_event(event)


class Asker:
    """Asks models, each request in a process of its own; one that has answered waits for the next request."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-P", "-m", "chattui.replies")) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._idle: subprocess.Popen[bytes] | None = None
        self._busy: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def warm(self) -> None:
        """Have a process ready: importing the library takes most of a second, which can pass while something is saved."""
        with self._lock:
            if self._idle is None and not self._closed:
                self._idle = self._start()

    def ask(self, request: Request, on_event: Callable[[Event], None]) -> Asking:
        """Ask for a reply. Returns at once. Raises ``OSError`` where no process can be started."""
        with self._lock:
            process, self._idle = self._idle, None
            if process is None or process.poll() is not None:
                process = self._start()
            self._busy.add(process)
        asking = Asking(self, process, on_event)
        threading.Thread(target=asking.ask, args=(request,), name="chattui-reply", daemon=True).start()
        return asking

    def answered(self, process: subprocess.Popen[bytes], *, reusable: bool) -> None:
        """A request was answered: its process waits for the next one, or ends."""
        with self._lock:
            self._busy.discard(process)
            if reusable and self._idle is None and not self._closed and process.poll() is None:
                self._idle = process
                return
        _end(process)

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, None
            for process in self._busy:
                process.kill()  # whoever reads from it cleans up
        if idle is not None:
            _end(idle)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl+C in the terminal is not meant for it
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                log.debug("a pipe was broken already")
