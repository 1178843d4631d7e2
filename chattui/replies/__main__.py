"""The process that speaks to models: requests on standard input, one a line; events on standard output.

It is a process, not a thread, so that a model which never answers can be ended at once, and so that neither the library's
import nor its work holds up the app. It ends with whoever started it: when standard input does.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import BinaryIO

from chattui.replies.events import Ended, Event, Failed, Text, Thinking, encode

PAUSE = 1 / 20
"""Seconds between two lines of text: what comes meanwhile is told together."""

MOST_CHARS = 1_000_000
"""Characters of a reply; a longer one is cut there."""


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


def main() -> None:
    """Serve requests until standard input ends."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a plugin prints is no event
    teller = Teller(out)
    requests: list[bytes] = []
    arrived = threading.Condition()
    threading.Thread(target=_read, args=(sys.stdin.buffer, requests, arrived), name="reader", daemon=True).start()
    from chattui.replies.library import Library

    library = Library()
    while True:
        with arrived:
            while not requests:
                arrived.wait()
            line = requests.pop(0)
        _serve(library, line, teller)


def _read(source: BinaryIO, requests: list[bytes], arrived: threading.Condition) -> None:
    for line in source:
        with arrived:
            requests.append(line)
            arrived.notify()
    os._exit(0)  # whoever started this is gone: nobody waits for the reply


def _serve(library: object, line: bytes, teller: Teller) -> None:
    from chattui.replies.failures import failed
    from chattui.replies.library import Library, shown_key
    from chattui.replies.request import decode

    assert isinstance(library, Library)
    request = decode(line)
    try:
        if not request.turns:
            teller.tell(library.names(request.settings))
            teller.tell(Ended())
            return
        room = MOST_CHARS
        for event in library.reply(request):
            if isinstance(event, Text | Thinking):
                if len(event.text) > room:
                    teller.tell(type(event)(event.text[:room]))
                    teller.tell(Ended("cut"))
                    os._exit(0)  # the rest is not read
                room -= len(event.text)
            teller.tell(event)
    except Exception as error:
        teller.tell(failed(error, request.settings.url, shown_key(request.settings)))
    except SystemExit as error:
        teller.tell(Failed("The model's plugin ended the program that it runs in.", str(error)))


if __name__ == "__main__":
    main()
