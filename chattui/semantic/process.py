"""The other side of ``child``: starts it when something is first asked, and ends it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from chattui.domain.errors import ChattuiError

_EVERY = 0.02
_PATIENCE = 30.0


class EmbeddingProcess:
    """One process, started by the first question. For one thread, apart from ``close``."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0
        self._read = b""
        self._closed = False

    def ask(self, text: str, given_up: Callable[[], bool]) -> str | None:
        """The vector of a text, as text; None when it has none, or when the answer is not wanted any more.

        Raises ``ChattuiError`` when the process ends or says nothing for long.
        """
        process = self._started()
        self._number += 1
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + _PATIENCE
        try:
            process.stdin.write(json.dumps([self._number, text]).encode() + b"\n")
            process.stdin.flush()
            while not given_up():
                if not select.select([process.stdout], [], [], _EVERY)[0]:
                    if time.monotonic() > deadline:
                        break
                    continue
                more = os.read(process.stdout.fileno(), 65_536)
                if not more:
                    break
                *lines, self._read = (self._read + more).split(b"\n")
                for line in lines:  # an earlier one is of a question that was given up
                    number, vector = json.loads(line)
                    if number == self._number:
                        return str(vector) if vector is not None else None
            else:
                return None
        except (OSError, ValueError) as error:
            self._end()
            raise ChattuiError(_SENTENCE) from error
        self._end()
        raise ChattuiError(_SENTENCE)

    def close(self) -> None:
        """End the process."""
        self._closed = True
        self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise ChattuiError(_SENTENCE)
        if self._process is None:
            self._read = b""
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chattui.semantic.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


_SENTENCE = "What was typed could not be embedded: the process that does it has ended. The log may say why."
