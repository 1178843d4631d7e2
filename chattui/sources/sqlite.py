"""SQLite databases of other programs, which may be using them: read without writing a byte, and without being in the way.

Nothing is held open longer than one question takes: a lock for reading keeps a writer waiting, and an open transaction keeps
its log from being emptied. So what comes of two questions may be of two moments: a chat's version is asked for before
its messages, and the next sync finds the difference.

How a database is opened depends on what lies beside it:

* a log (``-wal``) with its index (``-shm``): read-only, and the index is never written either (``readonly_shm``);
* no log, and the header says that there can be one: it was closed properly, and is read as it is (``immutable``), for
  opening it otherwise would write an index. Should a log appear, or the file change, reading ends with ``NotNow``;
* no log and no mode for one: read-only, by SQLite's ordinary locks;
* a log without its index, or a journal that a crash has left: a copy of them is read, so that SQLite can put it right there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from chattui.domain.errors import NotNow, SourceError
from chattui.domain.history import Problem
from chattui.sources.bounded import Bounded
from chattui.sources.regular import open_regular

if TYPE_CHECKING:
    import sqlite3

LONGEST_VALUE: Final = 16 << 20
"""Bytes of one value that is taken as it is: it is there up to eight times until it is stored. A longer one is cut."""

LARGEST_FILE: Final = 32 << 20
"""Bytes of a file that is kept in a database."""

LONG_DATABASE: Final = 64 << 20
"""Bytes of a database whose messages are asked for one by one."""

_PIECE: Final = 1 << 18

LONGEST_COPY: Final = 4 << 30
BUSY_SECONDS: Final = 2.0
"""How long a writer is waited for."""

LONGEST_QUESTION: Final = 60.0
"""Seconds that one question may take: a damaged database can hold a circle."""

_STEPS: Final = 100_000
_WAL_VERSION: Final = 2
_BLOCK: Final = 500


class TooLong(SourceError):
    """A value is longer than ``LONGEST_VALUE``."""


class Database:
    """Context manager: somebody's database, opened for reading. Raises ``SourceError`` for anything that goes wrong.

    ``longest_copy``: bytes of a database that is read from a copy, where it must be; a longer one is refused.
    """

    def __init__(self, path: Path, longest_copy: int = LONGEST_COPY) -> None:
        self._path = path
        self._longest_copy = longest_copy
        self._conn: sqlite3.Connection | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._seen: tuple[int, int, int] | None = None  # of a file that is read without locks
        self._deadline = 0.0
        self._cuts: list[Problem] = []

    def __enter__(self) -> Database:
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_exc: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._close()

    @cached_property
    def tables(self) -> Mapping[str, frozenset[str]]:
        """The tables with their columns. Views and virtual tables, in which anything could be computed, are left out."""
        rows = self.rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        found = {}
        for name, statement in rows:
            if isinstance(name, str) and isinstance(statement, str) and not _is_virtual(statement):
                columns = self.rows("SELECT name FROM pragma_table_info(?)", (name,))
                found[name] = frozenset(column for (column,) in columns if isinstance(column, str))
        return found

    def has(self, table: str, *columns: str) -> bool:
        """Whether there is a table with these columns."""
        return table in self.tables and self.tables[table].issuperset(columns)

    def rows(self, question: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of an answer that is known to be short."""
        with self._asking() as conn:
            return conn.execute(question, values).fetchall()

    def read(
        self, table: str, columns: Sequence[str], rest: str = "", values: Sequence[object] = ()
    ) -> list[tuple[Any, ...]]:
        """Columns of a table of ours or a version of it that lacks some: these are NULL. ``rest``: WHERE and ORDER BY."""
        if table not in self.tables:
            return []
        try:
            return self.rows(f'SELECT {self._wanted(table, columns)} FROM "{table}" {rest}', values)  # noqa: S608 - names are ours
        except TooLong:
            return list(self._one_by_one(table, columns, rest, values))

    def each(
        self, table: str, columns: Sequence[str], rest: str = "", values: Sequence[object] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """The same for rows that may be long together: of a large database never more than one of them is held."""
        if table not in self.tables:
            return
        if _size(self._path) + _size(Path(f"{self._path}-wal")) <= LONG_DATABASE:
            yield from self.read(table, columns, rest, values)
        else:
            yield from self._one_by_one(table, columns, rest, values)

    def take_cuts(self) -> list[Problem]:
        """The values that were too long to be taken as they are, since the last call. Their places are not known here."""
        taken, self._cuts = self._cuts, []
        return taken

    def with_cuts(self, records: Iterable[dict[str, Any] | Problem]) -> Iterator[dict[str, Any] | Problem]:
        """The records of a chat, before each what was cut in it."""
        number = 0
        for number, record in enumerate(records, 1):
            yield from (replace(cut, line=number) for cut in self.take_cuts())
            yield record
        yield from (replace(cut, line=number + 1) for cut in self.take_cuts())

    def _wanted(self, table: str, columns: Sequence[str]) -> str:
        there = self.tables[table]
        return ", ".join(f'"{name}"' if name in there or name == "rowid" else "NULL" for name in columns)

    def _one_by_one(
        self, table: str, columns: Sequence[str], rest: str, values: Sequence[object]
    ) -> Iterator[tuple[Any, ...]]:
        question = f'SELECT {self._wanted(table, columns)} FROM "{table}" WHERE rowid = ?'  # noqa: S608 - names are ours
        for (number,) in self.rows(f'SELECT rowid FROM "{table}" {rest}', values):  # noqa: S608 - names are ours
            try:
                found = self.rows(question, (number,))
            except TooLong:
                found = [tuple(self._value(table, name, number) for name in columns)]
            yield from found

    def _value(self, table: str, column: str, number: int) -> object:
        """One value; of a long text the beginning, of long JSON all but the ends of its texts, of a very long file nothing."""
        try:
            return self.rows(f'SELECT {self._wanted(table, (column,))} FROM "{table}" WHERE rowid = ?', (number,))[0][0]  # noqa: S608
        except (TooLong, IndexError) as error:
            if isinstance(error, IndexError):
                return None
        kind = self.rows(f'SELECT typeof("{column}") FROM "{table}" WHERE rowid = ?', (number,))[0][0]  # noqa: S608
        bounded, start = Bounded(3 * LONGEST_VALUE), b""
        with self._asking() as conn, conn.blobopen(table, column, number, readonly=True) as blob:
            if kind == "blob" and len(blob) <= LARGEST_FILE:
                return blob.read()
            while piece := blob.read(_PIECE):
                start = start or piece[:1]
                bounded.add(piece)
        held = bounded.take()
        if problem := held.problem(0):
            self._cuts.append(replace(problem, reason=f"{column} of row {number} in {table}: {problem.reason}"))
        if start in (b"{", b"[") and held.text:
            return bytes(held.text).decode("utf-8", "replace")
        if kind == "blob":
            return b""
        if held.long is None:
            return bytes(held.text).decode("utf-8", "replace")
        start_of_text = held.long.start[:LONGEST_VALUE].decode("utf-8", "ignore")
        return f"{start_of_text}\n\n[cut: this text has {held.long.size:,} bytes]"

    def walk(self, question: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a long answer. Whoever asks so holds the database for as long as it takes."""
        with self._asking() as conn:
            cursor = conn.execute(question, values)
            while block := cursor.fetchmany(_BLOCK):
                self._deadline = time.monotonic() + LONGEST_QUESTION
                yield from block

    @contextlib.contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        import sqlite3

        assert self._conn is not None
        self._deadline = time.monotonic() + LONGEST_QUESTION
        try:
            yield self._conn
        except (sqlite3.Error, ValueError, OverflowError) as error:
            raise self._failure(error) from error
        if self._seen is not None and self._stamp() != self._seen:
            raise NotNow(f"{self._path} is being written to at this moment. It is read the next time.")

    def _open(self) -> None:
        import sqlite3

        path = self._path
        try:
            about = path.stat()
            if not stat.S_ISREG(about.st_mode):
                raise SourceError(f"{path} is not a regular file.")
            with open_regular(path) as file:
                head = file.read(100)
            if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
                raise SourceError(f"{path} is not a history file: it is no SQLite database.")
            wal, shm, journal = (Path(f"{path}{end}") for end in ("-wal", "-shm", "-journal"))
            has_wal = _size(wal) > 0
            options = "mode=ro"
            if head[18] == _WAL_VERSION or head[19] == _WAL_VERSION:
                if has_wal and not shm.exists():
                    path, options = self._copied((wal,)), "mode=rw"
                elif has_wal or shm.exists():
                    options = "mode=ro&readonly_shm=1"
                else:
                    options, self._seen = "mode=ro&immutable=1", self._stamp()
            elif _size(journal) > 0 and _is_left_over(journal):
                path, options = self._copied((journal,)), "mode=rw"
            try:
                self._connect(path, options)
            except NotNow:
                raise
            except SourceError as error:
                cause = error.__cause__
                # the index of the log cannot be used as it is, or lies in a folder in which nothing may be made
                if not (isinstance(cause, sqlite3.OperationalError) and options != "mode=rw" and self._seen is None):
                    raise
                if self._conn is not None:
                    self._conn.close()
                self._connect(self._copied((wal, journal)), "mode=rw")
        except OSError as error:
            raise SourceError(f"Cannot read {self._path}: {error.strerror or error}.") from error

    def _connect(self, path: Path, options: str) -> None:
        import sqlite3

        try:
            self._conn = conn = sqlite3.connect(
                f"{path.absolute().as_uri()}?{options}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            conn.text_factory = lambda raw: raw.decode("utf-8", "replace")
            conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            self._deadline = time.monotonic() + LONGEST_QUESTION
            conn.set_progress_handler(lambda: time.monotonic() > self._deadline, _STEPS)
            for pragma in ("query_only = ON", "trusted_schema = OFF", "mmap_size = 0"):
                conn.execute(f"PRAGMA {pragma}")
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except (sqlite3.Error, ValueError) as error:
            raise self._failure(error) from error

    def _copied(self, beside: Sequence[Path]) -> Path:
        """A copy with what belongs to it, in a folder that only this user can read and that goes at the end."""
        size = _size(self._path) + sum(map(_size, beside))
        if self._copy is None:
            self._copy = tempfile.TemporaryDirectory(prefix="chattui-")
        folder = Path(self._copy.name)
        if size > min(self._longest_copy, shutil.disk_usage(folder).free // 2):
            raise SourceError(
                f"{self._path} can only be read from a copy, for which there is no room. "
                "Start and end its program once, so that it puts its database in order."
            )
        to = folder / "copy.db"
        before = [_time(one) for one in (self._path, *beside)]
        for one in (self._path, *beside):
            end = str(one)[len(str(self._path)) :]
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(one, f"{to}{end}")
        if before != [_time(one) for one in (self._path, *beside)]:
            raise NotNow(f"{self._path} is being written to at this moment. It is read the next time.")
        return to

    def _stamp(self) -> tuple[int, int, int]:
        try:
            about = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return about.st_size, about.st_mtime_ns, _size(Path(f"{self._path}-wal"))

    def _failure(self, error: Exception) -> SourceError:
        code = getattr(error, "sqlite_errorname", "") or ""
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return NotNow(f"{self._path} is locked by the program that it belongs to. It is read the next time.")
        if code.startswith("SQLITE_INTERRUPT"):
            return SourceError(f"{self._path} takes too long to read: it may be damaged.")
        if code.startswith("SQLITE_TOOBIG"):
            return TooLong(f"{self._path} holds a value of more than {LONGEST_VALUE >> 20} MB.")
        words = " ".join(str(error).split())[:200]
        return SourceError(f"{self._path} cannot be read as a database: {words}.")

    def _close(self) -> None:
        if self._conn is not None:
            self._conn.close()
        if self._copy is not None:
            self._copy.cleanup()
        self._conn = self._copy = None


def _is_virtual(statement: str) -> bool:
    return statement.lstrip()[:30].upper().split()[:2] == ["CREATE", "VIRTUAL"]


def _size(path: Path) -> int:
    try:
        about = path.stat()
    except OSError:
        return 0
    return about.st_size if stat.S_ISREG(about.st_mode) else 0


def _time(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return 0, 0
    return about.st_size, about.st_mtime_ns


def _is_left_over(journal: Path) -> bool:
    """Whether a journal looks like one that must be played back: its first bytes are not zeroed."""
    try:
        with open_regular(journal) as file:
            head = file.read(8)
    except OSError:
        return False
    return any(head) and os.path.getsize(journal) >= 512  # noqa: PTH202


def companions(path: Path) -> tuple[Path, ...]:
    """What belongs to a database: its log."""
    return (Path(f"{path}-wal"),)
