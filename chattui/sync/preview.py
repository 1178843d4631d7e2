"""What an import would bring, without bringing it: counts by source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chattui.domain.errors import LeftOut, SourceError
from chattui.domain.history import Chunk
from chattui.sync.plan import Change, Work
from chattui.sync.progress import FileFault


@dataclass(slots=True)
class SourceCount:
    """What one source would bring: files that are new and those that have changed, chats and messages in them."""

    source: str
    label: str
    new: int = 0
    changed: int = 0
    chats: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """``found``: history files looked at. Messages that came from another file before are counted too."""

    found: int
    unchanged: int
    sources: list[SourceCount]
    faults: list[FileFault] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)


def preview(work: Sequence[Work], found: int, read: Callable[[Work], Iterator[Chunk]]) -> Preview:
    """Read all that an import would read, and count it."""
    counts: dict[str, SourceCount] = {}
    faults: list[FileFault] = []
    for item in work:
        count = counts.setdefault(item.source.name, SourceCount(item.source.name, item.source.label))
        if item.change is Change.NEW:
            count.new += 1
        else:
            count.changed += 1
        if item.change is Change.TOUCHED:
            continue
        chats: set[str] = set()
        try:
            for chunk in read(item):
                count.messages += len(chunk.messages)
                if chunk.messages:
                    chats.add(chunk.chat.source_id)
        except LeftOut:
            continue
        except (SourceError, OSError) as error:
            faults.append(FileFault(str(item.file.path), str(error)))
        count.chats += len(chats)
    return Preview(found, found - len(work), list(counts.values()), faults)
