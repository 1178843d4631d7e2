"""Handing the terminal to another program, and taking it back when that has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from textual.app import App, SuspendNotSupported

from chattui.domain.errors import ChattuiError

if TYPE_CHECKING:
    from chattui.resume.launch import Launch

_BY_KEY = (0, -signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT)
"""How a program ends that a person has closed."""


def run_in_terminal(app: App[Any], launch: Launch) -> None:
    """Run a program in the app's place; the app stands still meanwhile.

    Raises ``ChattuiError`` when the terminal cannot be handed over, or the program not be started.
    """
    failed: OSError | None = None
    try:
        with app.suspend():  # nothing in here may raise, or the app would not come back
            try:
                _run(launch)
            except OSError as error:
                failed = error
    except SuspendNotSupported:
        raise ChattuiError("This terminal cannot be handed over. In the dialog of R, c copies the command.") from None
    if failed is not None:
        raise ChattuiError(f"{launch.label} cannot be started: {failed.strerror}.")


def _run(launch: Launch) -> None:
    with terminal_kept(), signals_left_to_it():
        process = subprocess.Popen(
            launch.command,
            executable=launch.program(os.environ),
            cwd=launch.directory,
            env=launch.environment(os.environ),
        )
        code = process.returncode = wait_for(process.pid)
    if code not in _BY_KEY:  # what it said would be gone at once
        print(f"\r\n{launch.label} ended with code {code}. Press Enter to go back to chattui.", flush=True)
        with suppress(OSError):
            os.read(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0, 1024)


def wait_for(pid: int) -> int:
    """Wait until it has ended; returns its code. When it stops itself (Ctrl+Z) the app stops too, where a shell can bring
    both back; elsewhere it goes on at once."""
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        os.kill(os.getpid(), signal.SIGTSTP)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def signals_left_to_it() -> Iterator[None]:
    """Ctrl+C and Ctrl+\\ are for the program alone. Handlers of Python's, unlike ignored signals, are not inherited."""
    meant: dict[signal.Signals, Callable[..., None] | signal.Handlers] = {
        signal.SIGINT: _nothing,
        signal.SIGQUIT: _nothing,
        signal.SIGTSTP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in meant.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(*_: object) -> None:
    pass


@contextmanager
def terminal_kept() -> Iterator[None]:
    """Afterwards the terminal is set as it was; what was typed ahead, for the other program, is dropped."""
    try:
        kept = termios.tcgetattr(0)
    except termios.error:
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSAFLUSH, kept)
