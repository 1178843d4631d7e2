"""Writing files into one directory: whole or not at all, never outside of it, never over another unless asked."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from chattui.domain.errors import ExportError
from chattui.domain.visible import visible_line
from chattui.export.names import is_name

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
"""What file systems without hard links say."""


class Folder:
    """Context manager: a directory that is made if it is missing, and held open, so that no link leads out of it.

    Raises ``ExportError`` when it cannot be made or opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def __enter__(self) -> Folder:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise ExportError(
                f"{_shown(self.path)} cannot be used as a directory: {_why(error)}. Name another one."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def has(self, name: str) -> bool:
        """Whether there is anything of this name, also a link that leads nowhere."""
        try:
            os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except OSError:
            return False
        return True

    def write(self, name: str, pieces: Iterable[str | bytes], *, replace: bool = False, mode: int = 0o666) -> int:
        """Write a file of that name; returns its size in bytes. When this returns, the file is on the disk.

        The file appears at once and whole; when something fails, also in ``pieces``, nothing is left. ``name`` is one
        name, without a separator; the umask narrows ``mode``. Raises ``ExportError``, with ``exists`` when there is
        something and not ``replace``.
        """
        if not is_name(name):
            raise ExportError(f"{visible_line(name)!r} is no name for a file.")
        if not replace and self.has(name):
            raise self._exists(name)
        waiting = f".{name[:40]}.{secrets.token_hex(6)}.tmp"
        try:
            size = self._fill(waiting, pieces, mode)
            self._appear(waiting, name, replace=replace)
        except OSError as error:
            raise ExportError(f"{_shown(self.path / name)} cannot be written: {_why(error)}.") from error
        finally:
            with suppress(OSError):
                os.unlink(waiting, dir_fd=self._fd)
        return size

    def _fill(self, waiting: str, pieces: Iterable[str | bytes], mode: int) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(waiting, flags, mode, dir_fd=self._fd), "wb") as file:
            for piece in pieces:
                file.write(piece if isinstance(piece, bytes) else piece.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def _appear(self, waiting: str, name: str, *, replace: bool) -> None:
        if replace:
            self._refuse_directory(name)
            os.replace(waiting, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        else:
            try:
                os.link(waiting, name, src_dir_fd=self._fd, dst_dir_fd=self._fd, follow_symlinks=False)
            except FileExistsError:
                raise self._exists(name) from None
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                if self.has(name):
                    raise self._exists(name) from None
                os.rename(waiting, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        with suppress(OSError):  # not every file system can do that with a directory
            os.fsync(self._fd)

    def _refuse_directory(self, name: str) -> None:
        with suppress(FileNotFoundError):
            if stat.S_ISDIR(os.stat(name, dir_fd=self._fd, follow_symlinks=False).st_mode):
                raise ExportError(f"{_shown(self.path / name)} is a directory. Remove it, or name another directory.")

    def _exists(self, name: str) -> ExportError:
        return ExportError(f"{_shown(self.path / name)} is there already.", exists=True)


def _shown(path: Path) -> str:
    return visible_line(str(path))


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
