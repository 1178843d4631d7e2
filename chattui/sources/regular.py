"""Opens regular files alone: a pipe would be waited for, and a device could be read for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO, Final

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def open_regular(path: Path) -> IO[bytes]:
    """The file opened for reading. Raises ``OSError`` for what is no regular file, without waiting for it; what a name
    stands for is looked at when it is open, so that it cannot be another thing a moment later."""
    number = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def read_regular(path: Path, most: int = -1) -> bytes:
    """Its bytes, at most so many. Raises ``OSError`` as ``open_regular`` does."""
    with open_regular(path) as file:
        return file.read(most)
