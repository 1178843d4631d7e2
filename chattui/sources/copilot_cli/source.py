"""Where Copilot CLI keeps its sessions, and how one is read and continued."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.chunks import read_chunks
from chattui.sources.content import TITLE_LENGTH, first_line
from chattui.sources.copilot_cli.transcript import NAME, CopilotTranscript
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.regular import open_regular
from chattui.sources.walk import walk

_SESSIONS: Final = "session-state"
_EVENTS: Final = "events.jsonl"
_ABOUT: Final = "workspace.yaml"
_ABOUT_SIZE: Final = 1 << 16
_RENAMED: Final = 200
_NAME: Final = re.compile(r"^name:[ \t]*(\S.*?)[ \t\r]*$", re.MULTILINE)


class CopilotCli:
    """Sessions ``session-state/<id>/events.jsonl``, before version 1.0 ``session-state/<id>.jsonl``."""

    name = NAME
    label = "Copilot CLI"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        config = env.get("COPILOT_HOME")
        return ((Path(config) if config else home / ".copilot") / _SESSIONS,)

    def recognises(self, head: Head) -> bool:
        return any(
            record.get("type") in ("session.start", "session.resume") and isinstance(record.get("data"), dict)
            for record in head.records
        )

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        sessions = root / _SESSIONS
        return walk(self, sessions if sessions.is_dir() else root, _is_session, report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        chat_id = path.parent.name if path.name == _EVENTS else path.stem
        return read_chunks(path, CopilotTranscript(chat_id, _name_in(path.with_name(_ABOUT)), state), offset, line)

    def titles(self, root: Path) -> Mapping[str, str]:
        """Names that stand beside the events, and may be given when the session is over: of the last ones used."""
        try:
            with os.scandir(root) as entries:
                folders = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_dir()]
        except OSError:
            return {}
        latest = [Path(folder) for _time, folder in sorted(folders, reverse=True)[:_RENAMED]]
        return {folder.name: name for folder in latest if (name := _name_in(folder / _ABOUT))}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("copilot", f"--resume={source_id}")


def _is_session(name: str, parents: tuple[str, ...]) -> bool:
    return name == _EVENTS if parents else name.endswith(".jsonl")


def _name_in(about: Path) -> str:
    """The session's name in ``workspace.yaml``, a flat list of plain values; "" when it has none."""
    try:
        with open_regular(about) as file:
            text = file.read(_ABOUT_SIZE).decode("utf-8", "replace")
    except OSError:
        return ""
    found = _NAME.search(text)
    if found is None or found[1] in ("null", "~", '""', "''"):
        return ""
    name = found[1]
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    return first_line(name, TITLE_LENGTH)
