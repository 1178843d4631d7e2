"""The last screen's picture: it stands in the terminal at once at the next start, until the app has its own screen to show.

The app writes down what it shows when it ends. The next start in a terminal of the same size, on the same database, writes
that to the terminal before anything else is imported. The living app paints behind it, and takes its place when the chats
are there, when a key is pressed, or when there is something to say: by then both look alike, so that nothing flickers.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver

_NAME = "last-screen"
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[?2026h", "\x1b[?25h\x1b[?1049l"
_AT_ONCE = "\x1b[?2026l"  # terminals that know it paint all of it together
_ENTER_ALONE = "\x1b[?1049h"
_MOST = 2_000_000  # characters; a screen of 500 × 200 cells, each of another colour, has fewer
_TERMINAL = ("TERM", "COLORTERM", "NO_COLOR", "TERM_PROGRAM", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_THEME")
_DATABASE = ("CHATTUI_", "DATABASE_URL", "PG")


def mark(env: Mapping[str, str], asked: str, columns: int, lines: int) -> str:
    """What must be the same for a picture to be shown: size and kind of the terminal, and which database is meant.

    A checksum, not a secret: an address with its password goes in, eight letters come out.
    """
    said = [f"{name}={value}" for name, value in sorted(env.items()) if name in _TERMINAL or name.startswith(_DATABASE)]
    return f"{columns}x{lines} {crc32(repr((asked, said)).encode('utf-8', 'surrogateescape')):08x}"


class Shown:
    """A picture that stands in the terminal. The keyboard does not echo over it."""

    def __init__(self, output: IO[str], keyboard: int) -> None:
        self._output = output
        self._keyboard = keyboard
        self._modes: list[Any] | None = None
        self.alone = True
        """Until the app has taken over the terminal."""
        self.stands = True
        """Until the app shows its own screen."""

    def paint(self, text: str) -> None:
        """Put it on the alternate screen."""
        import termios

        with contextlib.suppress(termios.error):
            self._modes = termios.tcgetattr(self._keyboard)
            silent = [*self._modes]
            silent[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(self._keyboard, termios.TCSANOW, silent)
        self._output.write(f"{_ENTER}{text}{_AT_ONCE}")
        self._output.flush()

    def hand_over(self) -> None:
        """The app sets the terminal up from here on, as it found it."""
        self._give_back_the_keyboard()
        self.alone = False

    def take_down(self) -> None:
        """The start came to nothing: the terminal as it was."""
        if self.alone:
            self._give_back_the_keyboard()
            with contextlib.suppress(OSError, ValueError):
                self._output.write(_LEAVE)
                self._output.flush()
            self.alone = False

    def _give_back_the_keyboard(self) -> None:
        if self._modes is not None:
            import termios

            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._keyboard, termios.TCSANOW, self._modes)
            self._modes = None


def show(env: Mapping[str, str], asked: str) -> Shown | None:
    """Show the picture, where there is one for this terminal and this database."""
    from chattui.config.directories import find_directories

    if os.name != "posix":
        return None
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
        text = read(find_directories(env).state, mark(env, asked, size.columns, size.lines))
        if text is None:
            return None
        shown = Shown(sys.stdout, sys.stdin.fileno())
        shown.paint(text)
    except (OSError, ValueError):
        return None
    return shown


def read(directory: Path, wanted: str) -> str | None:
    """The picture that was kept with this mark; raises ``OSError`` and ``ValueError`` when there is none, or it is damaged."""
    with (directory / _NAME).open(encoding="utf-8", newline="") as file:
        head = file.readline()
        text = file.read(_MOST) if head.rstrip("\n") == wanted else None
    return text if text and text.endswith("\x1b[0m") else None


def keep(app: App[Any], directory: Path, asked: str) -> None:
    """Write down what the app shows, for its owner's eyes only; what could not be written is no loss."""
    from textual._compositor import CompositorUpdate

    update = app.screen_stack[0]._compositor.render_update(full=True)
    text = update.render_segments(app.console) if isinstance(update, CompositorUpdate) else ""
    if not text or len(text) > _MOST:
        return
    path = directory / _NAME
    unfinished = path.with_name(f"{_NAME}.{os.getpid()}")
    with contextlib.suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(f"{mark(os.environ, asked, *app.size)}\n{text}\x1b[0m")
        unfinished.replace(path)


def forget(directory: Path) -> None:
    """No picture at the next start."""
    with contextlib.suppress(OSError):
        (directory / _NAME).unlink()


def behind(driver: type[Driver], shown: Shown) -> type[Driver]:
    """The driver, taking over a terminal in which the picture stands: it is not wiped off before there is something else."""

    class Behind(driver):  # type: ignore[misc, valid-type]
        """Sets up the terminal, but for what the picture has done already."""

        def start_application_mode(self) -> None:
            shown.hand_over()
            super().start_application_mode()

        def write(self, data: str) -> None:
            if data != _ENTER_ALONE or not shown.stands:
                super().write(data)

    return Behind
