"""The terminal is closed under the app."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
from textual.drivers import linux_driver

from chattui.config import load_settings
from chattui.tui.app import ChattuiApp
from chattui.tui.terminal import OutputThread


class GoneTerminal(io.StringIO):
    """Takes nothing any more, as a terminal whose window was closed."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_nobody_waits_for_a_terminal_that_is_gone() -> None:
    output = OutputThread(GoneTerminal())
    output.start()

    def use() -> None:
        for _ in range(200):
            output.write("a line")
        output.stop()

    user = Thread(target=use, daemon=True)
    user.start()
    user.join(10)
    assert not user.is_alive()
    assert not output.is_alive()


def test_the_app_writes_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux_driver, "WriterThread", linux_driver.WriterThread)
    app = ChattuiApp(load_settings({"CHATTUI_HOME": str(tmp_path)}))
    assert app.get_driver_class() is linux_driver.LinuxDriver
    assert linux_driver.WriterThread is OutputThread


def test_what_is_written_arrives_in_order() -> None:
    terminal = io.StringIO()
    output = OutputThread(terminal)
    output.start()
    for number in range(100):
        output.write(f"{number} ")
    output.stop()
    assert terminal.getvalue().split() == [str(number) for number in range(100)]


@pytest.mark.parametrize("order", [(signal.SIGHUP,), (signal.SIGCONT, signal.SIGHUP), (signal.SIGTERM,)])
def test_the_app_ends_when_its_terminal_is_closed(tmp_path: Path, order: tuple[signal.Signals, ...]) -> None:
    master, slave = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "CHATTUI_HOME": str(tmp_path)}
    app = subprocess.Popen(
        [sys.executable, "-m", "chattui", "--demo"],
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        _wait_for(master, b"Flaky scheduler test")
        os.write(master, b"/pool")  # there is something to paint when it is gone
        os.close(master)
        for number in order:
            app.send_signal(number)
        app.wait(20)
    finally:
        app.kill()
        app.wait()


def _wait_for(master: int, text: bytes) -> None:
    """Read until the app has painted ``text``."""
    seen, end = b"", time.monotonic() + 60
    while text not in seen:
        assert time.monotonic() < end, seen[-2000:]
        if select.select([master], [], [], 1)[0]:
            seen += os.read(master, 65536)
