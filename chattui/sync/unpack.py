"""Unpacks a stream of tar from elsewhere: plain files only, below one private directory, of bounded size."""

from __future__ import annotations

import errno
import os
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Final

from chattui.domain.errors import SourceError
from chattui.domain.visible import visible_line

MOST_BYTES: Final = 64 << 30
MOST_FILES: Final = 1_000_000
_BLOCK: Final = 1 << 20
_NAMES_BYTES: Final = 1 << 20
"""What a header may take for names and the like, which are read into memory."""

_HEADERS: Final = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)
_SECRET: Final = frozenset({"auth.json", "oauth_creds.json", ".credentials.json", "credentials.json", ".env"})
"""Files in which tools keep what they log in with: they hold no history and are not unpacked."""

Tell = Callable[[int], None]
"""Called with the bytes that were unpacked so far."""


class _Member(tarfile.TarInfo):
    """A member whose headers cannot fill the memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _HEADERS and self.size > _NAMES_BYTES:
            raise tarfile.ReadError("a header is too large")
        made: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return made


def unpack(stream: IO[bytes], to: Path, tell: Tell = lambda _: None, *, most_bytes: int = MOST_BYTES) -> int:
    """Unpack the files of a stream, packed by gzip or the like or not, into the directory ``to``; returns how many.

    Links, devices, pipes and empty directories are left out. Raises ``SourceError`` for a path that leads outside, too
    much of anything, and what is no tar.
    """
    size = files = 0
    try:
        with tarfile.open(
            fileobj=stream, mode="r|*", tarinfo=_Member, encoding="utf-8", errors="surrogateescape"
        ) as archive:
            for member in archive:
                archive.members = []  # type: ignore[attr-defined]  # it would keep every one
                target = _target(member.name, to)
                if not member.isreg() or target is None:
                    continue
                content = archive.extractfile(member)
                if content is None:
                    continue
                files += 1
                if files > MOST_FILES:
                    raise SourceError(f"More than {MOST_FILES:,} files came: name a smaller directory.")
                size = _write(content, target, member.mtime, size, most_bytes, tell)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise SourceError(
            f"What came cannot be unpacked, as it is no whole tar: {visible_line(str(error))}."
        ) from error
    except OSError as error:
        if error.errno is None:  # of a packed stream that is broken
            raise SourceError(f"What came cannot be unpacked, as it is broken: {visible_line(str(error))}.") from error
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "there is no more room on the disk" if full else error.strerror
        raise SourceError(f"What came cannot be unpacked into {to}: {why}.") from error
    return files


def _target(name: str, to: Path) -> Path | None:
    """Where a member belongs; None for the directory itself and for secrets."""
    parts = PurePosixPath(name.lstrip("/")).parts
    if ".." in parts or "\0" in name:
        raise SourceError(f"The path {visible_line(name)!r} in what came leads outside, so nothing was imported.")
    return to.joinpath(*parts) if parts and parts[-1] not in _SECRET else None


def _write(content: IO[bytes], target: Path, mtime: float, before: int, most: int, tell: Tell) -> int:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = before
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
        while block := content.read(_BLOCK):
            size += len(block)
            if size > most:
                raise SourceError(f"More than {most / (1 << 30):,.0f} GiB came: name a smaller directory.")
            file.write(block)
            tell(size)
    when = min(max(0, round(mtime * 1e9)), (1 << 62))
    os.utime(target, ns=(when, when))
    return size
