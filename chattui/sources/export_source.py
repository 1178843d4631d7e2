"""The base of sources that are exports: they lie where a person has put them, and are continued in the web."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.exports import Export, Record, Told, chats_of
from chattui.sources.protocol import Report


class ExportSource(ABC):
    """A format's own class says its name and label, recognises it, and tells a chat of a record."""

    name = ""
    label = ""

    @abstractmethod
    def chat_id(self, record: Record) -> str:
        """The chat's id; "" for a record that is no chat of this format."""

    @abstractmethod
    def tell(self, export: Export, record: Record) -> Told:
        """The chat and its messages."""

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:  # noqa: ARG002
        return ()

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        """No: its chats are stored one by one."""
        return False

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:  # noqa: ARG002
        return iter(())

    def is_container(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def companions(self, path: Path) -> tuple[Path, ...]:  # noqa: ARG002
        return ()

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        """The chats that have changed, one after the other."""
        with Export(path) as export:
            yield from chats_of(export, known, self.label, self.chat_id, partial(self.tell, export))

    def read(
        self,
        path: Path,
        *,
        offset: int = 0,  # noqa: ARG002
        line: int = 0,  # noqa: ARG002
        state: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Chunk]:
        """All chats."""
        return self.read_chats(path, {})

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles stand inside the exports."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()
