"""What can be done before the database is there: look in the usual places, and read the newest files ahead."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.protocol import Source
from chattui.store.copying import message_body
from chattui.store.delivery import Delivery
from chattui.sync.fingerprint import fingerprint, is_replaced
from chattui.sync.plan import discover
from chattui.sync.progress import FileFault

log = logging.getLogger("chattui.sync")

READ_AHEAD_MESSAGES = 20_000
READ_AHEAD_CHARS = 32_000_000
_LONG = 1 << 20


@dataclass(frozen=True, slots=True)
class Looked:
    """What the usual places hold, newest first, and what could not be looked into. ``ready``: files read ahead."""

    found: Sequence[tuple[Source, HistoryFile]]
    faults: Sequence[FileFault]
    ready: dict[Path, list[Delivery]] = field(default_factory=dict)


def look(sources: Sequence[Source], env: Mapping[str, str], home: Path) -> Looked:
    """Look in the usual places."""
    faults: list[FileFault] = []
    found = discover(sources, env, home, lambda path, reason: faults.append(FileFault(str(path), reason)))
    return Looked(found, faults)


def read_ahead(looked: Looked, stop: Callable[[], bool]) -> None:
    """Read the newest files whole until ``stop`` says so or the caps are reached.

    Of use on a first start, when none of them was imported yet; a sync drops what turns out to be known. A file that
    cannot be read is left to the sync, which reports it.
    """
    messages = chars = 0
    for source, file in looked.found:
        if file.container:
            continue  # may be as long as all others together
        deliveries: list[Delivery] = []
        before = 0
        try:
            for chunk in source.read(file.path):
                deliveries.append(delivery_of(file, chunk, before))
                before = chunk.offset
                messages += len(chunk.messages)
                chars += sum(len(m.content) for m in chunk.messages)
                if messages >= READ_AHEAD_MESSAGES or chars >= READ_AHEAD_CHARS or stop():
                    return
        except (SourceError, OSError):
            log.debug("not read ahead: %s", file.path, exc_info=True)
            continue
        looked.ready[file.path] = deliveries


def delivery_of(
    file: HistoryFile, chunk: Chunk, before: int, *, replace: bool = False, moved_from: str | None = None
) -> Delivery:
    """The chunk as it is handed to the store; ``before`` is the offset at which the file stands there.

    Where another file has taken the place of the one that is read, nothing is remembered by which the new one could be
    taken for it: it is read from its beginning the next time.
    """
    head, tail = (None, None) if is_replaced(file) else fingerprint(file, chunk.offset)
    light, bodies = with_bodies(chunk)
    return Delivery(file, light, before, head, tail, replace=replace, moved_from=moved_from, bodies=bodies)


def with_bodies(chunk: Chunk) -> tuple[Chunk, tuple[bytes | bytearray, ...]]:
    """The chunk and its messages as the store writes them; of those that are very long the chunk has no content any more."""
    bodies = tuple(map(message_body, chunk.messages))
    if all(len(m.content) <= _LONG for m in chunk.messages):
        return chunk, bodies
    messages = (dataclasses.replace(m, content="") if len(m.content) > _LONG else m for m in chunk.messages)
    return dataclasses.replace(chunk, messages=tuple(messages)), bodies
