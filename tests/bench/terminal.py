"""Runs a real program in a pseudo-terminal and says when each of its frames was complete.

The harness answers the question for synchronised output (DEC mode 2026), so every update of a Textual program comes
between two marks and the end of a frame is known to the read that brought it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.machine import favour, memory_mib, process_ms
from tests.bench.screen import Screen

_END = b"\x1b[?2026l"
_QUESTION = b"\x1b[?2026$p"
_ANSWER = b"\x1b[?2026;2$y"

KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "tab": b"\t",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
    "ctrl+f": b"\x06",
    "ctrl+k": b"\x0b",
    "ctrl+q": b"\x11",
    "ctrl+u": b"\x15",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One update of the screen. ``at`` is when its last byte had been read, in ``perf_counter`` seconds."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was on the screen: milliseconds since ``mark`` (the start, or the last key), and the CPU
    milliseconds that the program had used since its start, a little late."""

    ms: float
    cpu: float


class NotPainted(Exception):
    """What was waited for did not come to the screen; the message holds the screen."""


class Terminal:
    """A program in a pseudo-terminal. Use as a context manager: the program is ended when the block is left."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], *, columns: int = 120, rows: int = 40, framed: bool = True
    ) -> None:
        """``framed`` is False for programs that do not mark their frames: whatever is read at once is one."""
        self._framed = framed
        self.screen = Screen(columns, rows)
        self.frames: list[Frame] = []
        self.alive = True
        self._buffer = bytearray()
        self._scanned = self._seen = 0
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            favour([os.getpid()])
            os.execvpe(argv[0], list(argv), dict(env))
        self.mark = self.started

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    def pump(self, timeout: float) -> bool:
        """Read what is there, waiting at most ``timeout`` seconds for it; False when nothing came."""
        if not self.alive or not select.select([self._fd], [], [], max(0.0, timeout))[0]:
            return False
        try:
            data = os.read(self._fd, 1 << 18)
        except OSError:
            data = b""
        now = time.perf_counter()
        if not data:
            self.alive = False
            return False
        self._buffer += data
        if _QUESTION in data:
            os.write(self._fd, _ANSWER)
        if not self._framed:
            self.frames.append(Frame(now, bytes(self._buffer)))
            self._buffer.clear()
        while (at := self._buffer.find(_END, self._scanned)) >= 0:
            end = at + len(_END)
            self.frames.append(Frame(now, bytes(self._buffer[:end])))
            del self._buffer[:end]
            self._scanned = 0
        self._scanned = max(0, len(self._buffer) - len(_END))
        return True

    def replay(self) -> Frame | None:
        """Put the next frame that was not looked at on ``screen``; None when there is none."""
        if self._seen >= len(self.frames):
            return None
        frame = self.frames[self._seen]
        self._seen += 1
        self.screen.untouch()
        self.screen.feed(frame.data)
        return frame

    def wait(self, shown: Callable[[Screen], bool], what: str, timeout: float = 20.0) -> Moment:
        """The first frame that satisfies ``shown``.

        Frames are looked at only while no further one is waiting to be read. Raises ``NotPainted``.
        """
        end = time.perf_counter() + timeout
        while True:
            while self.pump(0):
                pass
            while (frame := self.replay()) is not None:
                if shown(self.screen):
                    return Moment((frame.at - self.mark) * 1e3, process_ms(self.pid))
            if not self.alive or time.perf_counter() > end:
                state = "" if self.alive else " (the program has ended)"
                raise NotPainted(
                    f"{what} did not appear{state}:\n{self.screen.text()}\n{bytes(self._buffer[-2000:])!r}"
                )
            self.pump(0.05)

    def settle(self, quiet: float = 0.15, timeout: float = 20.0) -> None:
        """Read on until nothing has been written for ``quiet`` seconds and next to no CPU was used meanwhile."""
        end = time.perf_counter() + timeout
        used = process_ms(self.pid)
        while self.alive and time.perf_counter() < end:
            if self.pump(quiet):
                used = process_ms(self.pid)
                continue
            now = process_ms(self.pid)
            if now - used < 3:
                break
            used = now
        while self.replay() is not None:
            pass

    def read_for(self, seconds: float) -> None:
        """Read, without looking at frames, until ``seconds`` after ``mark``."""
        end = self.mark + seconds
        while (left := end - time.perf_counter()) > 0 and self.alive:
            self.pump(left)

    # Writing

    def press(self, key: str) -> None:
        """Send a key by its name, or text; ``mark`` is set to now."""
        data = KEYS.get(key) or key.encode()
        self.mark = time.perf_counter()
        os.write(self._fd, data)

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal larger or smaller; ``mark`` is set to now. What was painted before is forgotten."""
        while self.replay() is not None:
            pass
        self.screen = Screen(columns, rows)
        self.mark = time.perf_counter()
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # The process

    def cpu_ms(self) -> float:
        """CPU time of the program so far, all threads, without its children."""
        return process_ms(self.pid)

    def memory(self) -> tuple[float, float]:
        """(RSS, PSS) in MiB now."""
        return memory_mib(self.pid)

    def close(self) -> None:
        """Quit as a person would, and make sure."""
        if self.alive:
            self.press("ctrl+q")
            end = time.perf_counter() + 3
            while self.alive and time.perf_counter() < end:
                self.pump(0.1)
        for attempt in range(100):
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            if attempt == 20:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.02)
        os.close(self._fd)
