"""An agent's standard output, line by line: bounded, and forgiving of what is none of the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

MOST_OF_LINE: Final = 16_000_000
"""Bytes of a line; a longer one is dropped."""

_CHUNK: Final = 1 << 16
_SHOWN: Final = 2_000


class AgentTransport:
    """A ``Transport`` of the library. Updates go to ``on_update`` in the order in which they come, before anything that comes
    after them is read; what is no message of the protocol to ``on_odd``, as text."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_update: Callable[[Any], None],
        on_odd: Callable[[str], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_update = on_update
        self._on_odd = on_odd
        self._lines: list[bytes] = []
        self._rest = bytearray()
        self._dropping = False

    async def send(self, message: dict[str, Any]) -> None:
        """Write a message."""
        self._writer.write(json.dumps(message).encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """The next message that is no update; None at the end."""
        while True:
            while self._lines:
                message = self._understood(self._lines.pop())
                if message is not None:
                    return message
            chunk = await self._reader.read(_CHUNK)
            if not chunk:
                return None
            self._split(chunk)
            await asyncio.sleep(0)  # an agent that floods must not keep others waiting

    async def close(self) -> None:
        """Nothing more is written."""
        self._writer.close()

    def _split(self, chunk: bytes) -> None:
        *whole, rest = chunk.split(b"\n")
        if whole:
            first = b"" if self._dropping else bytes(self._rest) + whole[0]
            self._rest, self._dropping = bytearray(), False
            self._lines = [first, *whole[1:]][::-1]
        if self._dropping:
            return
        self._rest += rest
        if len(self._rest) > MOST_OF_LINE:
            self._on_odd(f"A line of more than {MOST_OF_LINE // 1_000_000} MB, which was left out.")
            self._rest, self._dropping = bytearray(), True

    def _understood(self, line: bytes) -> dict[str, Any] | None:
        if not line.strip():
            return None
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not _is_message(message):
            self._on_odd(line[:_SHOWN].decode("utf-8", "replace"))
            return None
        if message.get("method") == "session/update":
            self._on_update(message.get("params"))
            return None
        return dict(message)


def _is_message(message: object) -> bool:
    return (
        isinstance(message, dict)
        and isinstance(message.get("id"), int | str | None)
        and isinstance(message.get("method"), str | None)
        and isinstance(message.get("error"), dict | None)
        and ("method" in message or "id" in message)
    )
