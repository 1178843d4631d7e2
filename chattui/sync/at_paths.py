"""The history files that changed paths stand for, found without looking through everything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from chattui.domain.history import HistoryFile
from chattui.sources.protocol import Report, Source
from chattui.sources.walk import are_alike, history_file, only_at

_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite writes instead of the database itself."""

Place = tuple[Source, Path]
"""A source, and a root of its."""


def at_paths(
    places: Sequence[Place], paths: Iterable[str], report: Report, elsewhere: Mapping[str, Source] | None = None
) -> dict[Path, tuple[Source, HistoryFile]]:
    """The history files at these paths; of folders, all below them. ``elsewhere``: files that lie below no root."""
    found: dict[Path, tuple[Source, HistoryFile]] = {}
    for path in {file_of(path) for path in paths}:
        if elsewhere and (owner := elsewhere.get(path)) is not None:
            try:
                found[Path(path)] = owner, history_file(owner, Path(path), Path(path).stat())
            except OSError as error:
                report(Path(path), error.strerror or str(error))
            continue
        is_folder = os.path.isdir(path)  # noqa: PTH112 - asked for every change
        for source, root in places:
            if not is_below(path, str(root)):
                continue
            with only_at(Path(path), is_folder=is_folder):
                for file in source.discover(root, report):
                    if is_below(str(file.path), path) or (not is_folder and are_alike(str(file.path), path)):
                        found.setdefault(file.path, (source, file))
    return found


def file_of(path: str) -> str:
    """The file that a change of this one is a change of: of a database's log the database."""
    return next((path.removesuffix(end) for end in _BESIDE if path.endswith(end)), path)


def is_below(path: str, root: str) -> bool:
    """Whether a path is this one, or lies below it."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
