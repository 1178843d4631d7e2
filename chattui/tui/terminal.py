"""The terminal may go away while the app runs; the app then ends by itself, with all saved."""

from __future__ import annotations

import sys

from textual.app import App
from textual.driver import Driver
from textual.drivers._writer_thread import WriterThread


class OutputThread(WriterThread):
    """Textual's thread that writes to the terminal ends at the first error, and who writes afterwards waits for ever as
    soon as its queue is full. This one goes on taking what cannot be shown any more."""

    def run(self) -> None:
        """Write until the end, or until the terminal is gone."""
        try:
            super().run()
        except OSError:
            while self._queue.get() is not None:
                pass


def outlive_the_terminal(driver: type[Driver]) -> type[Driver]:
    """Let a driver write by ``OutputThread``; one without such a thread is left as it is."""
    module = sys.modules[driver.__module__]
    if hasattr(module, "WriterThread"):
        module.WriterThread = OutputThread  # type: ignore[attr-defined]
    return driver


def take_mouse(app: App[int], *, taken: bool) -> None:
    """Take the mouse, or leave it to the terminal. Textual asks for it only at the start: a driver that has no switch stays
    as it is until the next one."""
    driver = app._driver
    switch = getattr(driver, "_enable_mouse_support" if taken else "_disable_mouse_support", None)
    if driver is None or switch is None or not hasattr(driver, "_mouse"):
        return
    driver._mouse = True  # both switches do nothing without it
    switch()
    driver._mouse = taken
