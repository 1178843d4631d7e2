"""Looking through folders for history files, quickly and without opening any."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from chattui.domain.history import HistoryFile
from chattui.sources.protocol import Report, Source, with_containers

_NOT_HISTORY: Final = frozenset({"tool-results", "file-history", "node_modules", ".git"})
_DEPTH: Final = 12

Wanted = Callable[[str, tuple[str, ...]], bool]
"""Whether a file is wanted, by its name and the names of the folders between the root and it."""


def walk(source: Source, root: Path, wanted: Wanted, report: Report) -> Iterator[HistoryFile]:
    """The wanted regular files below ``root``; a missing root has none. Links to folders are not followed."""
    waiting: list[tuple[str, tuple[str, ...]]] = [(str(root), ())]
    while waiting:
        folder, parents = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except FileNotFoundError:
            continue
        except OSError as error:
            report(Path(folder), error.strerror or str(error))
            continue
        for entry in found:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NOT_HISTORY and len(parents) < _DEPTH:
                        waiting.append((entry.path, (*parents, entry.name)))
                elif wanted(entry.name, parents) and entry.is_file():
                    yield history_file(source, Path(entry.path), entry.stat())
            except FileNotFoundError:
                continue
            except OSError as error:
                report(Path(entry.path), error.strerror or str(error))


def history_file(source: Source, path: Path, about: os.stat_result) -> HistoryFile:
    """The file as it is now, with what belongs to it: the size of all, the time of the newest."""
    size, mtime_ns = about.st_size, about.st_mtime_ns
    container = False
    if (asked := with_containers(source)) is not None:
        container = asked.is_container(path)
        for other in asked.companions(path):
            try:
                beside = other.stat()
            except (OSError, ValueError):
                continue
            size, mtime_ns = size + beside.st_size, max(mtime_ns, beside.st_mtime_ns)
    whole = source.is_whole(path)
    return HistoryFile(source.name, path, size, mtime_ns, about.st_ino, about.st_dev, whole, container)
