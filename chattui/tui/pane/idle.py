"""Work between frames: in slices so short that no key waits for them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from textual.timer import Timer
from textual.widget import Widget

_WAIT = 0.03
_AGAIN = 0.015
_SLICE = 0.006


class IdleWork:
    """Calls ``work(until)`` a moment after ``wait``, and again until it says that it is done.

    ``until`` is the moment on the performance counter at which the work should return.
    """

    def __init__(self, widget: Widget, work: Callable[[float], bool]) -> None:
        self._widget = widget
        self._work = work
        self._timer: Timer | None = None

    def wait(self) -> None:
        """There is something to do as soon as there is time."""
        if self._timer is None:
            self._timer = self._widget.set_timer(_WAIT, self._slice)

    def _slice(self) -> None:
        self._timer = None
        if not self._work(perf_counter() + _SLICE):
            self._timer = self._widget.set_timer(_AGAIN, self._slice)
