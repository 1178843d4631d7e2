"""OpenCode's tree of JSON files, up to version 1.1: a session, its messages and their parts, each in a file of its own.

Ids are those of the paths: OpenCode has moved files without changing what is written in them. Layouts of before the second
of its own migrations (mid-2025) are not read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import Problem
from chattui.sources.bounded import Bounded
from chattui.sources.containers import id_of
from chattui.sources.content import text_of
from chattui.sources.regular import open_regular
from chattui.sources.telling import parsed

_BLOCK: Final = 1 << 18
_ALL: Final = 50
_LAST: Final = 4


def session_id(path: Path, session: dict[str, Any]) -> str:
    """By its path; as it is written, where the messages are under that name."""
    written = id_of(session.get("id"))
    if written and written != path.stem and not _folder(path, "message", path.stem).is_dir():
        return written
    return id_of(path.stem)


def messages(path: Path, name: str) -> Iterator[dict[str, Any] | Problem]:
    """The messages of a session in order, with their parts."""
    folder = _folder(path, "message", name)
    found: list[tuple[float, str]] = []
    infos: dict[str, dict[str, Any] | Problem] = {}
    for n, file in enumerate(_files(folder), 1):
        info = document(folder / file, n)
        infos[file] = info
        time = info.get("time") if isinstance(info, dict) else None
        created = time.get("created") if isinstance(time, dict) else None
        found.append((created if isinstance(created, (int, float)) else 0, file))
    for n, (_created, file) in enumerate(sorted(found), 1):
        info, stem = infos[file], file.removesuffix(".json")
        if isinstance(info, Problem):
            yield replace(info, line=n, reason=f"message {stem}: {info.reason}")
            continue
        parts: list[tuple[str, dict[str, Any]]] = []
        below = _folder(path, "part", stem)
        if (written := id_of(info.get("id"))) and written != stem and not below.is_dir():
            stem, below = written, _folder(path, "part", written)
        for one in _files(below):
            cuts: list[Problem] = []
            part = document(below / one, n, cuts)
            yield from (replace(cut, reason=f"part {one.removesuffix('.json')}: {cut.reason}") for cut in cuts)
            if isinstance(part, Problem):
                yield replace(part, line=n, reason=f"part {one.removesuffix('.json')}: {part.reason}")
            else:
                parts.append((_part_id(stem, one.removesuffix(".json")), part))
        yield {"id": stem, "info": info, "parts": parts}


def belonging(path: Path) -> Iterator[Path]:
    """What of a session changes as it grows: the folder of its messages, and those that were written last.

    A message is written anew when its last part is done.
    """
    folder = _folder(path, "message", path.stem)
    names = _files(folder)
    if names:
        yield folder
    for name in names if len(names) <= _ALL else (*names[:_LAST], *names[-_LAST:]):
        yield folder / name


def document(path: Path, place: int, cuts: list[Problem] | None = None) -> dict[str, Any] | Problem:
    """A file's JSON object, or why there is none. ``cuts``: where is told what was too long to be taken as it is."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return Problem(place, "not a regular file")
        bounded = Bounded()
        with open_regular(path) as file:
            while block := file.read(_BLOCK):
                bounded.add(block)
        held = bounded.take()
        problem = held.problem(place)
        if problem is not None and not held.text:
            return problem
        if problem is not None and cuts is not None:
            cuts.append(problem)
        return parsed(held.text, place, "the file")
    except (OSError, ValueError) as error:
        return Problem(place, f"cannot be read: {getattr(error, 'strerror', None) or error}")


def session_in(path: Path) -> dict[str, Any]:
    """The session's own file. Raises ``SourceError`` when it is none."""
    try:
        path.stat()
    except (OSError, ValueError) as error:
        raise SourceError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error
    found = document(path, 0)
    if isinstance(found, Problem):
        raise SourceError(f"{path} is not a history file: {found.reason}.")
    if not text_of(found.get("projectID")) or not isinstance(found.get("time"), dict):
        raise SourceError(f"{path} is not a history file: not a session of OpenCode.")
    return found


def _part_id(message: str, part: str) -> str:
    """OpenCode's own part ids are unique; names that are only numbers are so within their message."""
    return part if part.startswith("prt_") else f"{message}/{part}"


def _folder(path: Path, kind: str, name: str) -> Path:
    return path.parents[2] / kind / name if len(path.parents) > 3 else path.parent / "\0"


def _files(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".json"))  # noqa: PTH208 - names are enough
    except (OSError, ValueError):
        return []
