"""All sources at one look: those of this installation, and those that others have brought to the same database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from chattui.config.file import read_config_file
from chattui.domain.sources import SourceState
from chattui.store import imports
from chattui.store.database import Database
from chattui.store.imports import SourceSummary
from chattui.sync.ruled import LeftOutFiles, ruled


def overview(db: Database, config_file: Path, env: Mapping[str, str], home: Path) -> list[SourceState]:
    """Sources that brought something or are here first, the others after them, each in its usual order.

    The config file is read again: another program may have changed it. Raises ConfigError for a mistake in it.
    """
    rules = read_config_file(config_file, required=False).rules
    came: dict[str, list[SourceSummary]] = {}
    for one in imports.summaries(db):
        came.setdefault(one.source, []).append(one)
    names = [source.name for source in ruled(rules, config_file, LeftOutFiles(None))]
    from chattui.sources.registry import all_sources

    every = [source.name for source in all_sources()]
    found = []
    for source in ruled(rules, config_file, LeftOutFiles(None), named=every):
        roots = source.roots(env, home)
        places = tuple(short(root, home) for root in roots if _exists(root))
        state = _state(source.name, source.label, source.name in names, places, came.pop(source.name, []))
        found.append(replace(state, is_named=not roots))
    found += [_state(name, name, True, (), summaries) for name, summaries in came.items()]
    return sorted(found, key=lambda s: not (s.files or s.places))


def short(path: Path, home: Path) -> str:
    """The path as people write it."""
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _state(name: str, label: str, enabled: bool, places: tuple[str, ...], came: list[SourceSummary]) -> SourceState:
    return SourceState(
        name,
        label,
        enabled,
        places,
        files=sum(one.files for one in came),
        chats=sum(one.chats for one in came),
        messages=sum(int(one.messages) for one in came),
        faults=sum(one.faults for one in came),
        raw=sum(one.raw for one in came),
        machines=len(came),
        last_import=max((one.last_import for one in came), default=None),
    )
