"""Where backups lie: their names, files that are there whole or not at all, and which of them are kept."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from chattui.backup.archive import manifest_at_end
from chattui.backup.sealing import is_sealed
from chattui.domain.backup import Head, Manifest
from chattui.domain.errors import BackupError

SUFFIX = ".chattui"
_NAME = re.compile(r"chattui-(?P<series>[a-z0-9_]{1,40}-[0-9a-f]{6})-(?P<when>\d{8}T\d{6}Z)(?:-\d+)?\.chattui")
_PARTIAL = ".chattui-{}.partial"
_YOUNG = 2.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in a directory. ``series`` is whose, and of which database; ``manifest`` is None when it is encrypted or damaged."""

    path: Path
    series: str
    made_at: datetime
    size: int
    encrypted: bool
    manifest: Manifest | None


@dataclass(frozen=True, slots=True)
class Keep:
    """How many backups of a series stay: the newest of each of so many days, weeks and months that have one, and the last few."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0

    def __bool__(self) -> bool:
        return any((self.last, self.daily, self.weekly, self.monthly))


def series_of(head: Head) -> str:
    """``ann-3fa9c1``; ``all-…`` of everybody, however many they are."""
    who = head.owners[0] if len(head.owners) == 1 and not head.everybody else "all"
    return f"{re.sub(r'[^a-z0-9_]', '_', who.lower())[:40]}-{head.database}"


def name_of(series: str, made_at: datetime) -> str:
    """``chattui-ann-3fa9c1-20261123T061500Z.chattui``."""
    return f"chattui-{series}-{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


@contextmanager
def whole_file(path: Path, *, replace: bool = False, another: Callable[[], Path] | None = None) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is complete and synced, and leaves nothing otherwise. Only its owner may read it.

    ``another`` gives another name where somebody has taken this one meanwhile.
    Raises ``BackupError``: the file is there already, the disk is full, ….
    """
    if path.exists() and not replace:
        raise BackupError(f"{path} is there already. Choose another name, or replace it with --force.")
    partial = path.parent / _PARTIAL.format(f"{os.getpid()}-{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        clear_partial(path.parent)
        fd = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb", 1 << 20) as file:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield file
                file.flush()
                os.fsync(fd)
                while True:
                    try:
                        _name(partial, path, replace=replace)
                        break
                    except FileExistsError:
                        if another is None:
                            raise
                        path = another()
            _sync_directory(path.parent)
        finally:
            with suppress(OSError):
                partial.unlink()
    except OSError as error:
        raise _from_os_error(error, path) from error


def clear_partial(directory: Path) -> None:
    """Remove what a backup that was killed has left: nobody holds its lock any more."""
    for found in directory.glob(_PARTIAL.format("*")):
        try:
            if time.time() - found.stat().st_mtime < _YOUNG:
                continue  # perhaps made a moment ago, and not locked yet
            fd = os.open(found, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found.unlink(missing_ok=True)
        except OSError:
            continue
        finally:
            os.close(fd)


def backups_in(directory: Path) -> list[Kept]:
    """Every backup that lies there, the newest first. What they hold is read from their ends; a name that a person gave is of
    no series, and is never surplus."""
    found = []
    for path in directory.glob(f"*{SUFFIX}") if directory.is_dir() else ():
        matched = _NAME.fullmatch(path.name)
        try:
            with path.open("rb") as file:
                encrypted = is_sealed(file)
                manifest = None if encrypted else manifest_at_end(file)
            about = path.stat()
        except OSError:
            continue
        if matched is not None:
            made_at = datetime.strptime(matched["when"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        else:
            made_at = manifest.head.made_at if manifest else datetime.fromtimestamp(about.st_mtime, UTC)
        series = matched["series"] if matched is not None else ""
        found.append(Kept(path, series, made_at, about.st_size, encrypted, manifest))
    return sorted(found, key=lambda k: (k.made_at, k.path.name), reverse=True)


def surplus(found: Sequence[Kept], keep: Keep, series: str) -> list[Kept]:
    """Those of a series that need not be kept. The newest one always is; days and weeks are those of UTC. A damaged one takes
    no other's place."""
    whole = [k for k in found if k.series == series and (k.encrypted or k.manifest is not None)]
    ours = sorted(whole, key=lambda k: (k.made_at, k.path.name), reverse=True)
    staying = {k.path for k in ours[: max(1, keep.last)]}
    periods = (("%Y-%m-%d", keep.daily), ("%G-%V", keep.weekly), ("%Y-%m", keep.monthly))
    for form, count in periods:
        seen: set[str] = set()
        for one in ours:
            period = one.made_at.strftime(form)
            if period not in seen and len(seen) < count:
                seen.add(period)
                staying.add(one.path)
    return [k for k in ours if k.path not in staying]


def _name(partial: Path, path: Path, *, replace: bool) -> None:
    """Give the file its name: never over another one unless ``replace``."""
    if replace:
        partial.replace(path)
        return
    try:
        os.link(partial, path)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        if path.exists():  # a file system without links: as near as it comes
            raise FileExistsError(errno.EEXIST, "exists", str(path)) from None
        partial.rename(path)


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _from_os_error(error: OSError, path: Path) -> BackupError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            why = f"the disk is full ({path.parent}). Free some space, or choose another place with --to"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            why = f"{path.parent} may not be written to. Choose another place with --to"
        case errno.EEXIST:
            return BackupError(f"{path} is there already. Choose another name, or replace it with --force.")
        case _:
            why = f"{path}: {error.strerror or error}"
    return BackupError(f"The backup was not written: {why}.")
