"""Where VS Code keeps its chats, and how one is read. There is no command that goes on with one.

There was no real sample to read: the format is known from descriptions (FORMATS §7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile, Problem
from chattui.sources.content import text_of
from chattui.sources.documents import Document, document_chunks, document_in
from chattui.sources.head import Head
from chattui.sources.lines import OpenLines
from chattui.sources.protocol import Report
from chattui.sources.regular import open_regular
from chattui.sources.uris import directory_of
from chattui.sources.vscode_chat.replay import REQUESTS, replayed
from chattui.sources.vscode_chat.requests import Requests
from chattui.sources.vscode_chat.transcript import NAME, VSCodeTranscript
from chattui.sources.walk import walk

_SESSIONS: Final = "chatSessions"
_WORKSPACES: Final = "workspaceStorage"
_VARIANTS: Final = ("Code", "Code - Insiders", "VSCodium")
_LOG: Final = ".jsonl"
_ABOUT_SIZE: Final = 1 << 16


class VSCodeChat:
    """Sessions ``<id>.json``, and since 2026 logs of operations ``<id>.jsonl``; of both the newer one."""

    name = NAME
    label = "VS Code Chat"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """What holds workspaces, and what holds chats without one: for each variant, on whichever system this is."""
        config = env.get("XDG_CONFIG_HOME", "")
        parents = [
            Path(config) if Path(config).is_absolute() else home / ".config",
            home / "Library" / "Application Support",
        ]
        if roaming := env.get("APPDATA"):
            parents.append(Path(roaming))
        users = [parent / variant / "User" for parent in parents for variant in _VARIANTS]
        users.append(home / ".vscode-server" / "data" / "User")
        return tuple(
            place
            for user in users
            for place in (user / _WORKSPACES, user / "globalStorage" / "emptyWindowChatSessions")
        )

    def recognises(self, head: Head) -> bool:
        if any(_is_session(record.get("v")) for record in head.records[:1] if record.get("kind") == 0):
            return True
        return _is_session(head.document)

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        """A log is too: what is added to it may change any message."""
        return True

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        for folder in self._folders(root, report):
            newest: dict[str, HistoryFile] = {}
            for file in walk(self, folder, _is_wanted, report):
                other = newest.get(file.path.stem)
                if other is None or (file.mtime_ns, file.path.suffix) > (other.mtime_ns, other.path.suffix):
                    newest[file.path.stem] = file
            yield from newest.values()

    @staticmethod
    def _folders(root: Path, report: Report) -> list[Path]:
        """Where sessions lie below a root: what else extensions keep there is not looked into."""
        if root.name != _WORKSPACES:
            return [root]
        try:
            return [folder for one in root.iterdir() if (folder := one / _SESSIONS).is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            report(root, error.strerror or str(error))
            return []

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The session, from its beginning; nothing when all of it was read."""
        del state
        session, problems = _replayed(path) if path.suffix == _LOG else (document_in(path, "requests", "requests"), ())
        if session is None or (offset and offset >= session.size):
            return
        transcript = VSCodeTranscript(path.stem, session.about, _project(path))
        yield from document_chunks(session.records, session.size, transcript, line if offset else 0, problems)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles stand inside the sessions."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()


def _is_session(session: object) -> bool:
    return (
        isinstance(session, dict)
        and isinstance(session.get("requests"), list)
        and ("responderUsername" in session or "sessionId" in session)
    )


def _is_wanted(name: str, parents: tuple[str, ...]) -> bool:
    return not parents and name.endswith((".json", _LOG))


def _replayed(path: Path) -> tuple[Document | None, tuple[Problem, ...]]:
    """The session that a log of operations ends with, and what could not be read."""
    with OpenLines(path) as lines:
        state = replayed(
            ((record, lines.raw_size) for _line, _part, _end, records in lines for record in records),
            lambda reason: lines.report(lines.line, reason, lines.raw),
        )
        problems = lines.take_problems()
        if not lines.objects:
            if problems:
                raise SourceError(f"{path} is not a history file: line {problems[0].line} is {problems[0].reason}.")
            return None, ()
        if not isinstance(state, dict):
            raise SourceError(f"{path} is not a history file: it does not begin with a session.")
        requests = state.pop(REQUESTS, None)
        if not isinstance(requests, Requests):
            raise SourceError(f"{path} is not a history file: it has no requests.")
        return Document(state, requests, len(requests), lines.offset), problems


def _project(path: Path) -> str:
    """The folder or workspace that the chats beside were held in; "" when there was none."""
    try:
        with open_regular(path.parent.parent / "workspace.json") as file:
            about = orjson.loads(file.read(_ABOUT_SIZE))
    except (OSError, ValueError):
        return ""
    if not isinstance(about, dict):
        return ""
    return directory_of(text_of(about.get("folder")) or text_of(about.get("workspace")))
