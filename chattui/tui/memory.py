"""When garbage is looked for: between keys, never while one is being answered."""

from __future__ import annotations

import gc
from time import monotonic

from textual.app import App
from textual.timer import Timer

_QUIET = 0.4
"""Seconds without input after which nobody waits for anything."""

_LONG_QUIET = 5.0
"""Seconds without input after which everything may be looked through, which takes up to 0.2 s."""

_NEVER = 1_000_000_000

_ENOUGH = 1_000
"""New containers from which looking through them is worth it."""

_MANY = 20
"""Looks through what is young after which the old is worth one."""


class Memory:
    """Textual's strips refer to themselves through their caches, so what was painted becomes cyclic garbage, some thousand
    objects a key. A look through 20,000 of them takes 5 to 25 ms, which a key would have to wait for.
    """

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._timer: Timer | None = None
        self._last_input = 0.0
        self._settled = False

    def settle(self) -> None:
        """Everything that stays is made: never look at it again. What is new is looked at in small lots while keys come
        without a pause, so that no key waits long."""
        gc.freeze()
        gc.enable()
        gc.set_threshold(5_000, 40, _NEVER)  # all of it only when nobody types: see ``_tidy_all``
        self._settled = True

    def input(self) -> None:
        """Somebody pressed a key or moved the mouse: tidy up when they stop."""
        self._last_input = monotonic()
        if self._timer is None and self._settled:
            self._timer = self._app.set_timer(_QUIET, self._tidy)

    def _tidy(self) -> None:
        left = self._last_input + _QUIET - monotonic()
        self._timer = self._app.set_timer(left, self._tidy) if left > 0 else None
        if self._timer is None and gc.get_count()[0] > _ENOUGH:
            gc.collect(1)
            self._app.set_timer(_LONG_QUIET - _QUIET, self._tidy_all)

    def _tidy_all(self) -> None:
        """What has outlived many looks, after a long pause; by itself it would come in the middle of a key."""
        if monotonic() - self._last_input >= _LONG_QUIET and gc.get_count()[2] >= _MANY:
            gc.collect()
