"""Where Amp keeps threads, and how one is read and continued. Newer versions keep them on their server:
``amp threads export <id>`` writes one to a file, which is read where it is named. There was no real sample to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.amp.transcript import NAME, AmpTranscript
from chattui.sources.content import text_of
from chattui.sources.documents import document_chunks, document_in
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.walk import walk

_THREAD: Final = "T-"


class Amp:
    """Threads ``threads/T-<id>.json``, each written anew with every message."""

    name = NAME
    label = "Amp"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        data = env.get("XDG_DATA_HOME", "")
        return ((Path(data) if Path(data).is_absolute() else home / ".local" / "share") / "amp" / "threads",)

    def recognises(self, head: Head) -> bool:
        document = head.document
        return (
            isinstance(document, dict)
            and text_of(document.get("id")).startswith(_THREAD)
            and isinstance(document.get("messages"), list)
        )

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return walk(self, root, lambda name, _parents: name.startswith(_THREAD) and name.endswith(".json"), report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The thread, from its beginning; nothing when all of it was read."""
        del state
        document = document_in(path, "messages")
        if document is None or (offset and offset >= document.size):
            return
        transcript = AmpTranscript(path.stem, document.about)
        yield from document_chunks(document.records, document.size, transcript, line if offset else 0)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles stand inside the threads."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("amp", "threads", "continue", source_id)
