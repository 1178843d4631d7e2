"""Looking through folders for history files, quickly and without opening any; all of them, or those at one place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chattui.domain.history import HistoryFile
from chattui.sources.protocol import Report, Source, with_containers

_NOT_HISTORY: Final = frozenset({"tool-results", "file-history", "node_modules", ".git"})
_DEPTH: Final = 12

LINK_OUT: Final = "a link that leads out of the folder: it is not followed. Name the file itself to import it"

Wanted = Callable[[str, tuple[str, ...]], bool]
"""Whether a file is wanted, by its name and the names of the folders between the root and it."""


@dataclass(slots=True)
class Walked:
    """The folders that were looked into, and those that are missing where a walk was to begin."""

    folders: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Place:
    """A place to look at alone: a folder with all below it, or a file and those beside it that are named alike."""

    path: str
    is_folder: bool

    def holds_or_leads(self, folder: str) -> bool:
        """Whether to go into a folder."""
        return (
            folder == self.path
            or self.path.startswith(folder.rstrip(os.sep) + os.sep)
            or (self.is_folder and folder.startswith(self.path.rstrip(os.sep) + os.sep))
        )

    def holds(self, path: str) -> bool:
        """Whether a file is looked at."""
        if self.is_folder:
            return path.startswith(self.path.rstrip(os.sep) + os.sep)
        return are_alike(path, self.path)


_walked: ContextVar[Walked | None] = ContextVar("walked", default=None)
_place: ContextVar[_Place | None] = ContextVar("place", default=None)


@contextmanager
def noting() -> Iterator[Walked]:
    """Note which folders the walks inside of the block look into: that is where new history can appear."""
    walked = Walked()
    token = _walked.set(walked)
    try:
        yield walked
    finally:
        _walked.reset(token)


@contextmanager
def only_at(path: Path, *, is_folder: bool) -> Iterator[None]:
    """Walks inside of the block look only at a folder with all below it, or at a file and its like beside it.

    A packed file and a plain one of the same session are alike: a source that takes one of them needs to see both.
    """
    token = _place.set(_Place(str(path), is_folder))
    try:
        yield
    finally:
        _place.reset(token)


def walk(source: Source, root: Path, wanted: Wanted, report: Report) -> Iterator[HistoryFile]:
    """The wanted regular files below ``root``; a missing root has none. Links to folders are not followed."""
    place, walked = _place.get(), _walked.get()
    waiting: list[tuple[str, tuple[str, ...]]] = [(str(root), ())]
    while waiting:
        folder, parents = waiting.pop()
        if place is not None and not place.holds_or_leads(folder):
            continue
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except FileNotFoundError:
            if walked is not None and not parents:
                walked.missing.add(folder)
            continue
        except OSError as error:
            report(Path(folder), error.strerror or str(error))
            continue
        if walked is not None:
            walked.folders.add(folder)
        here = Path(folder)  # what is in it is named by that: half the work of taking thousands of paths apart
        for entry in found:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NOT_HISTORY and len(parents) < _DEPTH:
                        waiting.append((entry.path, (*parents, entry.name)))
                elif wanted(entry.name, parents) and (place is None or place.holds(entry.path)) and entry.is_file():
                    if entry.is_symlink() and leads_out(entry.path, root):
                        report(Path(entry.path), LINK_OUT)
                        continue
                    yield history_file(source, here / entry.name, entry.stat())
            except FileNotFoundError:
                continue
            except OSError as error:
                report(Path(entry.path), error.strerror or str(error))


def leads_out(link: str, root: Path) -> bool:
    """Whether what a link stands for lies elsewhere than below ``root``, wherever that one is itself."""
    return not Path(os.path.realpath(link)).is_relative_to(os.path.realpath(root))


def are_alike(path: str, other: str) -> bool:
    """Whether two files lie in one folder, and are named alike up to the first point."""
    folder, name = os.path.split(path)
    beside, named = os.path.split(other)
    return folder == beside and name.partition(".")[0] == named.partition(".")[0]


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
