"""Base of the sources whose history is an SQLite database, told by its tables, with a chat in some of its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile, Problem
from chattui.sources.chunks import Transcript
from chattui.sources.containers import chat_chunks, progress
from chattui.sources.head import Head
from chattui.sources.protocol import Report, Source
from chattui.sources.sqlite import Database, TooLong, companions
from chattui.sources.walk import history_file

Records = Iterable[dict[str, Any] | Problem]


@dataclass(frozen=True, slots=True)
class Listed:
    """A chat as the database lists it: what it is known by, and the key by which its messages are asked for."""

    chat_id: str
    version: str
    about: Mapping[str, Any]


class DatabaseSource(ABC):
    """One database in a place of its own. A program that has others says so in ``discover``."""

    name: ClassVar[str]
    label: ClassVar[str]
    tables: ClassVar[Mapping[str, frozenset[str]]]
    """The tables and columns without which it is not this program's."""

    @abstractmethod
    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """The databases themselves, as a rule."""

    @abstractmethod
    def chats(self, db: Database) -> list[Listed]:
        """All chats, in the order in which they are to be read: the newest first."""

    @abstractmethod
    def transcript(self, db: Database, path: Path, listed: Listed) -> tuple[Transcript, Records]:
        """What understands a chat's messages, and those."""

    def resume_command(self, source_id: str) -> tuple[str, ...]:  # noqa: ARG002
        """None, unless the program can be told to go on with a certain chat."""
        return ()

    def recognises(self, head: Head) -> bool:
        return bool(head.tables) and all(
            name in head.tables and columns <= head.tables[name] for name, columns in self.tables.items()
        )

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def is_container(self, path: Path) -> bool:  # noqa: ARG002
        return True

    def companions(self, path: Path) -> Iterable[Path]:
        return companions(path)

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return database_at(self, root, report)

    def read(
        self,
        path: Path,
        *,
        offset: int = 0,  # noqa: ARG002
        line: int = 0,  # noqa: ARG002
        state: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Chunk]:
        """All chats: a database is a container."""
        return self.read_chats(path, {})

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        with Database(path) as db:
            if not all(db.has(name, *columns) for name, columns in self.tables.items()):
                raise SourceError(f"{path} is not a history file: it is no database of {self.label}'s.")
            listed = self.chats(db)
            size = path.stat().st_size
            met: set[str] = set()
            for nth, one in enumerate(listed, 1):
                if not one.chat_id or one.chat_id in met or known.get(one.chat_id) == one.version:
                    continue
                met.add(one.chat_id)
                transcript, records = self.transcript(db, path, one)
                yield from chat_chunks(db.with_cuts(records), transcript, one.version, progress(nth, len(listed), size))

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles are in the database."""
        return {}


def database_at(source: Source, path: Path, report: Report) -> Iterator[HistoryFile]:
    """The database of a source, if it is there."""
    try:
        if path.is_file() and path.stat().st_size:
            yield history_file(source, path, path.stat())
    except (OSError, ValueError) as error:
        report(path, getattr(error, "strerror", None) or str(error))


def counted(db: Database, question: str, length: str = "") -> dict[Any, tuple[Any, ...]]:
    """The answer to a question that groups by its first column, by that. ``length``: the part of it that measures texts,
    which is left out where one is too long to be."""
    try:
        return {row[0]: row[1:] for row in db.rows(question)}
    except TooLong:
        if not length:
            raise
        return {row[0]: row[1:] for row in db.rows(question.replace(length, "0"))}


def as_records(columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Rows by the names of their columns."""
    names = tuple(columns)
    return (dict(zip(names, row, strict=True)) for row in rows)
