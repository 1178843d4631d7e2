"""Keys that come faster than they are answered wait for each other, so that none goes to what had the focus before."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App
from textual.message import Message

_PATIENCE = 0.5
"""Seconds after which a key no longer waits for the one before: its widget is gone, or busy for long."""


class KeyAnswered(Message):
    """Comes up behind a key on the same way: whoever was to have the key has had it."""


class KeysInTurn:
    """Textual hands a key to whatever has the focus at once, also when the key before it, which moves the focus, has not been
    looked at yet: what is typed behind ``/`` in one go, or pasted without brackets, would be commands of the list.
    """

    def __init__(self, app: App[Any], deliver: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app, self._deliver = app, deliver
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._under_way = 0  # the number of the key that is being answered; 0: none
        self._number = 0

    async def take(self, event: events.Key | events.Paste) -> None:
        """Deliver it now, or when those before it have been answered."""
        if self._under_way:
            self._waiting.append(event)
            number = self._under_way
            self._app.set_timer(_PATIENCE, lambda: self._give_up(number))
        else:
            await self._send(event)

    async def answered(self) -> None:
        """The key under way has been answered: deliver what waits."""
        self._under_way = 0
        while self._waiting and not self._under_way:
            await self._send(self._waiting.popleft())

    async def _send(self, event: events.Key | events.Paste) -> None:
        to = self._app.focused or self._app.screen
        await self._deliver(event)
        if event.is_forwarded and to.is_running:  # or a binding with priority has answered it already
            self._number += 1
            self._under_way = self._number
            to.post_message(KeyAnswered())

    async def _give_up(self, number: int) -> None:
        if self._under_way == number:
            await self.answered()
