"""Histories that a person names: files and directories, recognised by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chattui.domain.errors import SourceError
from chattui.domain.history import HistoryFile
from chattui.sources.chattui_json.source import is_export
from chattui.sources.protocol import Source
from chattui.sources.registry import recognise


def history_in(paths: Sequence[Path], sources: Sequence[Source]) -> list[tuple[Source, HistoryFile]]:
    """The history files that ``paths`` name, newest first. Raises ``SourceError`` for a file of no known format."""
    found: dict[Path, tuple[Source, HistoryFile]] = {}
    for path in paths:
        for source, file in _below(path.expanduser().absolute(), sources):
            found.setdefault(file.path, (source, file))
    return sorted(found.values(), key=lambda pair: (-pair[1].mtime_ns, str(pair[1].path)))


def _below(path: Path, sources: Sequence[Source]) -> list[tuple[Source, HistoryFile]]:
    try:
        if not path.is_dir():
            source = recognise(path)
            if source is None or source.name not in {s.name for s in sources}:
                raise SourceError(
                    f"{path} is not a history that chattui knows (Claude Code, Codex, chattui's own JSON)."
                )
            return [(source, _described(source, path))]
        found = []
        for inner in sorted(path.rglob("*")):
            if inner.suffix not in (".jsonl", ".zst", ".json") or not inner.is_file():
                continue
            if inner.suffix == ".json" and not is_export(inner):
                continue
            source = recognise(inner)
            if source is not None and source.name in {s.name for s in sources}:
                found.append((source, _described(source, inner)))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not found:
        raise SourceError(f"{path} holds no history that chattui knows (Claude Code, Codex, chattui's own JSON).")
    return found


def _described(source: Source, path: Path) -> HistoryFile:
    facts = path.stat()
    return HistoryFile(source.name, path, facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_dev)
