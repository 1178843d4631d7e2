"""What a sync has to read: discovery held against what was imported, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from chattui.domain.history import HistoryFile
from chattui.sources.protocol import Report, Source
from chattui.store.imports import ImportRow
from chattui.store.storable import storable_path
from chattui.sync.fingerprint import fingerprint


class Change(Enum):
    """How a file differs from what was imported."""

    NEW = "new"
    GROWN = "grown"
    REWRITTEN = "rewritten"
    TOUCHED = "touched"  # other times or another place, the same content


@dataclass(frozen=True, slots=True)
class Work:
    """One file to be looked at. ``known`` is its import, if there is one; ``moved_from`` the path it had then."""

    source: Source
    file: HistoryFile
    change: Change
    known: ImportRow | None
    moved_from: str | None = None

    @property
    def bytes(self) -> int:
        """Bytes still to be read; of a container that is known by how many it has grown, for most of it is passed over."""
        if self.known is None or self.change is not Change.GROWN or self.file.whole:
            return self.file.size
        return max(0, self.file.size - self.known.byte_offset)


def discover(
    sources: Iterable[Source], env: Mapping[str, str], home: Path, report: Report
) -> list[tuple[Source, HistoryFile]]:
    """Every history file in the usual places, newest first."""
    found: dict[
        str, tuple[Source, HistoryFile]
    ] = {}  # by text, which is made anyway: thousands of paths are not hashed
    for source in sources:
        for root in source.roots(env, home):
            for file in source.discover(root, report):
                found.setdefault(str(file.path), (source, file))
    return [pair for _path, pair in sorted(found.items(), key=lambda item: (-item[1][1].mtime_ns, item[0]))]


def plan(
    found: Sequence[tuple[Source, HistoryFile]],
    known: Mapping[str, ImportRow],
    report: Report,
    exists: Callable[[str], bool] = lambda path: Path(path).exists(),
) -> list[Work]:
    """What is to be done, in the given order. Unchanged files cost one comparison and are not opened."""
    by_inode: dict[tuple[int, int], ImportRow] | None = None
    work = []
    for source, file in found:
        row = known.get(storable_path(file.path))
        moved_from = None
        if row is None:
            if by_inode is None:
                by_inode = {(one.inode, one.device): one for one in known.values()}
            row = by_inode.get((file.inode, file.device))
            if row is None or row.source != source.name or exists(row.path):
                work.append(Work(source, file, Change.NEW, None))
                continue
            moved_from = row.path
        elif (
            not file.again
            and (row.size, row.mtime_ns, row.inode) == (file.size, file.mtime_ns, file.inode)
            and (row.byte_offset >= file.size or row.outcome == "failed" or file.whole)
        ):
            continue
        try:
            change = _change(row, file)
        except OSError as error:
            report(file.path, error.strerror or str(error))
            continue
        if moved_from is not None and change is Change.REWRITTEN:
            work.append(Work(source, file, Change.NEW, None))
        else:
            work.append(Work(source, file, change, row, moved_from))
    return work


def _change(row: ImportRow, file: HistoryFile) -> Change:
    if file.container:
        same = (
            not file.again and (row.size, row.mtime_ns) == (file.size, file.mtime_ns) and row.byte_offset >= file.size
        )
        return Change.TOUCHED if same else Change.GROWN
    if row.byte_offset == 0 or file.whole:
        return Change.REWRITTEN if row.byte_offset else Change.GROWN
    if file.size < row.byte_offset:
        return Change.REWRITTEN
    head, tail = (None if one is None else one.hex() for one in fingerprint(file, row.byte_offset))
    if (head, tail) != (row.head_hash, row.tail_hash):
        return Change.REWRITTEN
    return Change.GROWN if file.size > row.byte_offset else Change.TOUCHED
