"""What is new in a container, as it is handed to the store: chat by chat, and at its end the mark that it was read whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk
from chattui.sources.protocol import with_containers
from chattui.store.copying import message_body
from chattui.store.delivery import Delivery
from chattui.sync.plan import Work
from chattui.sync.since import Recent


def chats_of(item: Work, known: Mapping[str, str], since: datetime | None = None) -> Iterator[Delivery]:
    """The chats that have changed since their ``known`` versions, those alone with a message since then.

    The file's offset is its size only when all of them were stored: a reading that is broken off, or that has left some
    out, goes on with those that are missing. Lines count the parts of one reading.
    """
    file = item.file
    source = with_containers(item.source)
    if source is None:
        raise SourceError(f"{item.source.label} cannot read {file.path}.")
    before, mtime_ns = (item.known.byte_offset, item.known.mtime_ns) if item.known else (0, None)
    parts = 0
    chat: list[Delivery] = []  # until it is whole: what cannot be read further leaves it as it was
    recent = Recent(source.read_chats(file.path, known), since)
    for chunk in recent:
        parts += 1
        offset = max(0, min(chunk.offset, file.size - 1))
        placed = replace(chunk, offset=offset, line=parts, state={})
        chat.append(
            Delivery(
                file,
                placed,
                before,
                replace=parts == 1,
                moved_from=item.moved_from,
                bodies=tuple(map(message_body, chunk.messages)),
                expected_mtime_ns=mtime_ns,
            )
        )
        before = offset
        if chunk.version is not None:
            yield from chat
            chat.clear()
    end = Chunk(ChatInfo(item.source.name, ""), (), file.size - recent.left_out, parts + 1, {})
    yield Delivery(file, end, before, replace=not parts, moved_from=item.moved_from, expected_mtime_ns=mtime_ns)
