"""Where LM Studio keeps its chats, and how one is read. Written from a description: there was no real sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.documents import document_chunks, document_in
from chattui.sources.head import Head
from chattui.sources.lm_studio.transcript import NAME, LmStudioTranscript
from chattui.sources.protocol import Report
from chattui.sources.walk import walk

_SUFFIX: Final = ".conversation.json"


class LmStudio:
    """Conversations ``<milliseconds>.conversation.json``, each written anew with every message."""

    name = NAME
    label = "LM Studio"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:  # noqa: ARG002
        """Where it keeps them now, and where it did before 2025."""
        return (home / ".lmstudio" / "conversations", home / ".cache" / "lm-studio" / "conversations")

    def recognises(self, head: Head) -> bool:
        document = head.document
        messages = document.get("messages") if isinstance(document, dict) else None
        if not isinstance(messages, list):
            return False
        if not messages:
            return head.path.name.endswith(_SUFFIX)
        first = messages[0]
        return isinstance(first, dict) and isinstance(first.get("versions"), list) and "currentlySelected" in first

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return walk(self, root, lambda name, _parents: name.endswith(_SUFFIX), report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The conversation, from its beginning; nothing when all of it was read."""
        del state
        document = document_in(path, "messages")
        if document is None or (offset and offset >= document.size):
            return
        transcript = LmStudioTranscript(path.name.removesuffix(".json").removesuffix(".conversation"), document.about)
        yield from document_chunks(document.records, document.size, transcript, line if offset else 0)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles stand inside the conversations."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:  # noqa: ARG002
        """The app opens no conversation by its id."""
        return ()
