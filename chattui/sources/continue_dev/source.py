"""Where Continue keeps its sessions, and how one is read. Its command line resumes only the latest, so none is resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.content import moment_of
from chattui.sources.continue_dev.transcript import NAME, ContinueTranscript
from chattui.sources.documents import document_chunks, document_in
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.regular import open_regular
from chattui.sources.walk import walk

_INDEX: Final = "sessions.json"
_INDEX_SIZE: Final = 1 << 24


class Continue:
    """Sessions ``sessions/<id>.json``, each written anew with every message."""

    name = NAME
    label = "Continue"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        config = env.get("CONTINUE_GLOBAL_DIR")
        return ((Path(config) if config else home / ".continue") / "sessions",)

    def recognises(self, head: Head) -> bool:
        document = head.document
        return (
            isinstance(document, dict)
            and isinstance(document.get("history"), list)
            and "sessionId" in document
            and "workspaceDirectory" in document
        )

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return walk(self, root, lambda name, parents: not parents and name.endswith(".json") and name != _INDEX, report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The session, from its beginning; nothing when all of it was read."""
        del state
        document = document_in(path, "history")
        if document is None or (offset and offset >= document.size):
            return
        try:
            written = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        except OSError as error:
            raise SourceError(f"Cannot read {path}: {error.strerror or error}.") from error
        transcript = ContinueTranscript(path.stem, document.about, _created(path), written, document.count)
        yield from document_chunks(document.records, document.size, transcript, line if offset else 0)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles stand inside the sessions."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()


def _created(path: Path) -> datetime | None:
    """When the session was begun, which only the index beside it tells; None when it does not."""
    try:
        with open_regular(path.with_name(_INDEX)) as file:
            listed = orjson.loads(file.read(_INDEX_SIZE))
    except (OSError, ValueError):
        return None
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and entry.get("sessionId") == path.stem:
            stamp = entry.get("dateCreated")
            return moment_of(int(stamp) if isinstance(stamp, str) and stamp.isdecimal() and len(stamp) < 20 else stamp)
    return None
