"""What a source is: one history format, found, read from any position, and continued in its own tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.head import Head

Report = Callable[[Path, str], None]
"""Called with a path that could not be looked at, and why."""


@runtime_checkable
class Source(Protocol):
    """One history format. Bytes in, chunks out; a source never writes and never talks to a database."""

    @property
    def name(self) -> str:
        """The name in the database and in ``--source``: ``claude-code``."""

    @property
    def label(self) -> str:
        """The name people read: ``Claude Code``."""

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """Directories in which this tool keeps its history; they need not exist."""

    def recognises(self, head: Head) -> bool:
        """Whether a file is of this format, by what it holds. Asked of any file that a person names."""

    def is_whole(self, path: Path) -> bool:
        """Whether the tool writes this file anew each time, so that it is read anew, and stored in one piece, when it
        has changed. A file that is only ever added to is not: reading goes on where it ended."""

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        """Every history file below ``root``, in any order, without opening it. Unreadable places go to ``report``."""

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The file from a position that an earlier chunk gave, as chunks of bounded size.

        Reading in one go or in any number of steps yields the same messages. A chunk may hold no messages (only the
        position moved). Raises ``SourceError`` when the file cannot be opened or is not of this format at all.
        """

    def titles(self, root: Path) -> Mapping[str, str]:
        """Titles kept outside the history files: chat ``source_id`` to title. Empty when the tool has no such place."""

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        """The command that continues the chat in its own tool, run in the chat's project directory."""


@runtime_checkable
class ContainerSource(Source, Protocol):
    """A source with files that hold many chats: databases, exports, logs of many runs. It may have other files too."""

    def is_container(self, path: Path) -> bool:
        """Whether this file is one of those. ``read`` is not asked for it then, but ``read_chats``."""

    def companions(self, path: Path) -> Iterable[Path]:
        """Files beside this one, container or not, that are a part of it: when one of them changes, it has changed.
        They need not exist. A database's log is one."""

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        """The chats of a container that have changed, each as a whole, chunk after chunk.

        ``known`` has the version that each chat had when it was read, by its ``source_id``. A version is any short text
        that changes when the chat does; a chat without messages has one too. Nothing is yielded for a chat whose
        version is the known one, nor for one that is not there any more: it is kept. Reading may be broken off after any
        chunk; what was read then is known the next time. Memory is bounded by a chunk and the versions.

        Raises ``SourceError`` as ``read`` does, and ``NotNow`` when the tool is just writing the file.
        """


def with_containers(source: Source) -> ContainerSource | None:
    """The source, if it has files that hold many chats. Cheap: it is asked for every file."""
    return cast(ContainerSource, source) if hasattr(source, "read_chats") else None
