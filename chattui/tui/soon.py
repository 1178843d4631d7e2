"""Many changes that come together, answered by few requests."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget


class Soon:
    """Calls ``work`` at the first change at once, and for all that come within ``seconds`` of it once more after them."""

    def __init__(self, widget: Widget, work: Callable[[], object], seconds: float) -> None:
        """``widget`` is whose timer it is."""
        self._widget = widget
        self._work = work
        self._seconds = seconds
        self._timer: Timer | None = None
        self._again = False

    def __call__(self) -> None:
        """Something has changed."""
        if self._timer is None:
            self._work()
            self._timer = self._widget.set_timer(self._seconds, self._over)
        else:
            self._again = True

    def _over(self) -> None:
        self._timer = None
        if self._again:
            self._again = False
            self()
