"""Tells events on a stream: text is gathered for a moment, so that a fast reply is not a line for each word."""

from __future__ import annotations

import threading
import time
from typing import BinaryIO

from chattui.replies.events import Event, Text, Thinking, encode

PAUSE = 1 / 20
"""Seconds between two lines of text: what comes meanwhile is told together."""


class Teller:
    """Writes events. Text is gathered for a moment; everything else is told at once, behind the text before it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Condition()
        self._kind: type[Text] | type[Thinking] = Text
        self._pieces: list[str] = []
        self._told_at = 0.0
        threading.Thread(target=self._tell_late, name="teller", daemon=True).start()

    def tell(self, event: Event) -> None:
        """Tell an event, now or in a moment."""
        with self._lock:
            if not isinstance(event, Text | Thinking):
                self._flush()
                self._write(event)
                return
            if type(event) is not self._kind:
                self._flush()
                self._kind = type(event)
            self._pieces.append(event.text)
            if time.monotonic() - self._told_at >= PAUSE:
                self._flush()
            else:
                self._lock.notify()

    def _tell_late(self) -> None:
        while True:
            with self._lock:
                while not self._pieces:
                    self._lock.wait()
            time.sleep(PAUSE)
            with self._lock:
                self._flush()

    def _flush(self) -> None:
        if self._pieces:
            text, self._pieces = "".join(self._pieces), []
            self._write(self._kind(text))
            self._told_at = time.monotonic()

    def _write(self, event: Event) -> None:
        self._out.write(encode(event))
        self._out.flush()
