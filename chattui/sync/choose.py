"""Histories that a person names: files and directories, recognised by what they hold."""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chattui.domain.errors import NotNow, SourceError
from chattui.domain.history import HistoryFile
from chattui.sources.archives import Archive, is_zip
from chattui.sources.exports import documents
from chattui.sources.head import SQLITE, Head
from chattui.sources.protocol import Source
from chattui.sources.registry import HISTORY_SUFFIXES, recognise
from chattui.sources.sqlite import Database
from chattui.sources.transcripts.source import TEXTS
from chattui.sources.walk import LINK_OUT, history_file, leads_out

log = logging.getLogger("chattui.sync")

LOCKED_SECONDS: Final = 5.0
"""How long a named database that its program is writing to is waited for, beside what one opening of it waits."""


def history_in(paths: Sequence[Path], sources: Sequence[Source]) -> list[tuple[Source, HistoryFile]]:
    """The history files that ``paths`` name, newest first. Raises ``SourceError`` for a file of no known format."""
    found: dict[Path, tuple[Source, HistoryFile]] = {}
    for path in paths:
        for source, file in _below(path.expanduser().absolute(), sources):
            found.setdefault(file.path, (source, file))
    return sorted(found.values(), key=lambda pair: (-pair[1].mtime_ns, str(pair[1].path)))


def _below(path: Path, sources: Sequence[Source]) -> list[tuple[Source, HistoryFile]]:
    known = ", ".join(one.label for one in sources)
    try:
        if not path.is_dir():
            if (source := recognise(path, sources) or _when_unlocked(path, sources)) is None:
                raise SourceError(_why_not(path, known))
            return [(source, history_file(source, path, path.stat()))]
        found = []
        for inner in sorted(path.rglob("*")):
            is_wanted = inner.suffix.lower() in HISTORY_SUFFIXES and inner.is_file()
            if is_wanted and inner.is_symlink() and leads_out(str(inner), path):
                log.info("%s is %s", inner, LINK_OUT)
            elif is_wanted and (source := recognise(inner, sources, named=False)):
                found.append((source, history_file(source, inner, inner.stat())))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not found:
        raise SourceError(f"{path} holds no history that chattui knows ({known}).")
    return found


def _when_unlocked(path: Path, sources: Sequence[Source]) -> Source | None:
    """The source of a database that another program holds for a moment; None for what is no database, or none that is known.

    Raises ``SourceError`` when it stays locked.
    """
    if not Head(path).start.startswith(SQLITE):
        return None
    end = time.monotonic() + LOCKED_SECONDS
    while True:
        try:
            with Database(path) as db:  # which waits for a writer itself
                if not db.tables:
                    return None
            return recognise(path, sources)
        except NotNow:
            if time.monotonic() > end:
                raise SourceError(
                    f"{path} is locked by another program, which is writing to it. Try again when that is done, or close it."
                ) from None


def _why_not(path: Path, known: str) -> str:
    """Why a file that a person has named is no history, in one sentence."""
    if not stat.S_ISREG(path.stat().st_mode):
        return f"{path} is not a regular file."
    start = b""
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(4)
    if is_zip(start):
        with Archive(path) as archive:
            for name in documents(archive)[:1]:
                archive.open(name).close()
        return f"{path} holds no chats that chattui knows: a zip is read when it is an export of web chats."
    if path.suffix.lower() in TEXTS and start:
        return (
            f"{path} is not a history that chattui knows, nor a dialogue: nobody takes turns in it, as in “User: …” or "
            "“## Assistant”."
        )
    return f"{path} is not a history that chattui knows ({known})."
