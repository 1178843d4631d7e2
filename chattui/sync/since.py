"""Only what is recent: chats in which something was said since a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from chattui.domain.history import Chunk, HistoryFile


class Recent:
    """The chunks of a container's chats with a message since ``then``, all of them when that is None.

    ``left_out``: whether there were others. A chat is held until it is whole.
    """

    def __init__(self, chunks: Iterable[Chunk], then: datetime | None) -> None:
        self._chunks = chunks
        self._then = then
        self.left_out = False

    def __iter__(self) -> Iterator[Chunk]:
        if self._then is None:
            yield from self._chunks
            return
        chat: list[Chunk] = []
        for chunk in self._chunks:
            chat.append(chunk)
            if chunk.version is None:
                continue
            newest = _newest(chat)
            if newest is None or newest >= self._then:
                yield from chat
            else:
                self.left_out = True
            chat = []


def is_recent(file: HistoryFile, then: datetime | None) -> bool:
    """Whether the file was written since then."""
    return then is None or file.mtime_ns >= then.timestamp() * 1e9


def _newest(chat: list[Chunk]) -> datetime | None:
    times = [message.created_at for chunk in chat for message in chunk.messages if message.created_at]
    return max(times, default=chat[-1].chat.created_at)
