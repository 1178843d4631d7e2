"""Where Aider keeps its histories, and how one is read and continued.

There is no list of them: one lies at the root of each repository in which Aider ran. Found by itself is only the one in the
home directory, and the one that is set for all; others are read where they are named, also by a directory above.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.aider.history import NAME, read_runs
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.walk import history_file

_FILE: Final = ".aider.chat.history.md"
_BEGINS: Final = b"# aider chat started at "


class Aider:
    """Histories ``.aider.chat.history.md``, to which every run adds a chat."""

    name = NAME
    label = "Aider"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """The files themselves."""
        everywhere = env.get("AIDER_CHAT_HISTORY_FILE")
        return (home / _FILE, *((Path(everywhere),) if everywhere and Path(everywhere).is_absolute() else ()))

    def recognises(self, head: Head) -> bool:
        return head.start.startswith(_BEGINS) or b"\n" + _BEGINS in head.start

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        try:
            if root.is_file():
                yield history_file(self, root, root.stat())
        except OSError as error:
            report(root, error.strerror or str(error))

    def is_container(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def companions(self, path: Path) -> Iterable[Path]:  # noqa: ARG002
        return ()

    def read(
        self,
        path: Path,
        *,
        offset: int = 0,  # noqa: ARG002
        line: int = 0,  # noqa: ARG002
        state: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Chunk]:
        """All runs: a history is a container."""
        return read_runs(path, {})

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        return read_runs(path, known)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Aider knows no titles."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:  # noqa: ARG002
        """Takes up the repository's last chats: Aider knows no ids."""
        return ("aider", "--restore-chat-history")
