"""What is new in a container, as it is handed to the store: chat by chat, and at its end the mark that it was read whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk
from chattui.sources.protocol import with_containers
from chattui.store.aside import Batching
from chattui.store.delivery import Delivery
from chattui.sync.looking import with_bodies
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
    batching = Batching()
    for chunk in recent:
        parts += 1
        offset, is_whole = max(0, min(chunk.offset, file.size - 1)), chunk.version is not None
        placed, bodies = with_bodies(replace(chunk, offset=offset, line=parts, state={}))
        del chunk
        delivery = Delivery(
            file,
            placed,
            before,
            replace=parts == 1,
            moved_from=item.moved_from,
            bodies=bodies,
            expected_mtime_ns=mtime_ns,
        )
        chat.append(batching.add(delivery))
        del delivery, placed, bodies
        before = offset
        if is_whole:
            chat.reverse()
            while chat:
                yield chat.pop()
            batching.begin()
    end = Chunk(ChatInfo(item.source.name, ""), (), file.size - recent.left_out, parts + 1, {})
    yield Delivery(file, end, before, replace=not parts, moved_from=item.moved_from, expected_mtime_ns=mtime_ns)
