"""Histories that a person names: files and directories, recognised by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chattui.domain.errors import SourceError
from chattui.domain.history import HistoryFile
from chattui.sources.protocol import Source
from chattui.sources.registry import HISTORY_SUFFIXES, recognise
from chattui.sources.walk import history_file


def history_in(paths: Sequence[Path], sources: Sequence[Source]) -> list[tuple[Source, HistoryFile]]:
    """The history files that ``paths`` name, newest first. Raises ``SourceError`` for a file of no known format."""
    found: dict[Path, tuple[Source, HistoryFile]] = {}
    for path in paths:
        for source, file in _below(path.expanduser().absolute(), sources):
            found.setdefault(file.path, (source, file))
    return sorted(found.values(), key=lambda pair: (-pair[1].mtime_ns, str(pair[1].path)))


def _below(path: Path, sources: Sequence[Source]) -> list[tuple[Source, HistoryFile]]:
    known = ", ".join(one.label for one in sources)
    try:
        if not path.is_dir():
            if (source := recognise(path, sources)) is None:
                raise SourceError(f"{path} is not a history that chattui knows ({known}).")
            return [(source, history_file(source, path, path.stat()))]
        found = []
        for inner in sorted(path.rglob("*")):
            if inner.suffix in HISTORY_SUFFIXES and inner.is_file() and (source := recognise(inner, sources)):
                found.append((source, history_file(source, inner, inner.stat())))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not found:
        raise SourceError(f"{path} holds no history that chattui knows ({known}).")
    return found
