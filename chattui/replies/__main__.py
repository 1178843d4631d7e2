"""The process that speaks to models: requests on standard input, one a line; events on standard output.

It is a process, not a thread, so that a model which never answers can be ended at once, and so that neither the library's
import nor its work holds up the app. It ends with whoever started it: when standard input does.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import BinaryIO

from chattui.replies.events import Ended, Failed, Text, Thinking
from chattui.replies.teller import Teller

MOST_CHARS = 1_000_000
"""Characters of a reply; a longer one is cut there."""


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
