"""Zip archives from elsewhere, opened without trust: nothing is unpacked to a disk, and no name in one is used as a path."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Final

from chattui.domain.errors import SourceError
from chattui.sources.regular import open_regular

MOST_MEMBERS: Final = 100_000
MOST_DIRECTORY: Final = 64 << 20
"""Bytes of the list of members, which is held."""

MOST_UNPACKED: Final = 64 << 30
"""Bytes of all members together."""

LIKELY_RATIO: Final = 300
SMALL: Final = 64 << 20
"""Beyond that size, a member that is packed more than ``LIKELY_RATIO``-fold is no text that people wrote."""

_ENCRYPTED: Final = 0x1
_END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_END_SIZE: Final = 1 << 17
READ_FAULTS: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a member raises when the archive is damaged, encrypted or packed in an unknown way."""


def is_zip(start: bytes) -> bool:
    """Whether a file that begins so is a zip archive, also an empty one."""
    return start[:4] in (b"PK\x03\x04", _END)


class Archive:
    """Context manager: a zip archive. Raises ``SourceError`` when it cannot be read, or is made to do harm."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.members: dict[str, zipfile.ZipInfo] = {}
        self._zip: zipfile.ZipFile | None = None
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Archive:
        try:
            self._file = open_regular(self.path)
            count, size = _directory(self._file)
            if count > MOST_MEMBERS or size > MOST_DIRECTORY:
                raise SourceError(f"{self.path} holds more than {MOST_MEMBERS:,} files, which no export does.")
            self._zip = zipfile.ZipFile(self._file)
            self._look()
        except SourceError:
            self.__exit__()
            raise
        except READ_FAULTS as error:
            self.__exit__()
            raise SourceError(
                f"{self.path} is not a whole zip archive ({_words(error)}): it may have been cut off on its way."
            ) from error
        except (OSError, ValueError) as error:
            self.__exit__()
            raise SourceError(f"Cannot read {self.path}: {getattr(error, 'strerror', None) or error}.") from error
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._zip is not None:
            self._zip.close()
        if self._file is not None:
            self._file.close()

    def _look(self) -> None:
        assert self._zip is not None
        unpacked = 0
        for member in self._zip.infolist():
            name = member.filename
            if member.is_dir():
                continue
            if _leads_out(name):
                raise SourceError(f"{self.path} holds a file whose name leads out of the archive: it is not read.")
            unpacked += member.file_size
            if unpacked > MOST_UNPACKED:
                raise SourceError(f"{self.path} would unpack to more than {MOST_UNPACKED >> 30} GB: it is not read.")
            self.members[name] = member

    def open(self, name: str) -> IO[bytes]:
        """A member's bytes, unpacked as they are read and never more than it says of itself.

        Raises ``SourceError`` for one that is encrypted or packed like a bomb; reading raises ``READ_FAULTS``.
        """
        assert self._zip is not None
        member = self.members[name]
        if member.flag_bits & _ENCRYPTED:
            raise SourceError(f"{self.path} is encrypted: unpack it with its password, and import what was in it.")
        if member.file_size > SMALL and member.file_size > LIKELY_RATIO * max(1, member.compress_size):
            raise SourceError(
                f"{self.path} is packed {member.file_size // max(1, member.compress_size):,}-fold, as a zip bomb is: "
                "it is not read."
            )
        try:
            return self._zip.open(member)
        except (*READ_FAULTS, OSError) as error:
            raise SourceError(f"{self.path} is damaged ({_words(error)}).") from error


def _leads_out(name: str) -> bool:
    """Whether a member's name would be a place outside of where the archive is unpacked."""
    plain = name.replace("\\", "/")
    return plain.startswith("/") or ":" in plain.split("/", 1)[0] or ".." in PurePosixPath(plain).parts


def _directory(file: IO[bytes]) -> tuple[int, int]:
    """How many members an archive says it has, and the bytes of their list, before that is read; 0 where it says nothing."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE))
    tail = file.read(_END_SIZE)
    file.seek(0)
    if (at := tail.rfind(_END64)) >= 0 and len(tail) >= at + 48:
        count, listed = struct.unpack_from("<QQ", tail, at + 32)
        return int(count), int(listed)
    if (at := tail.rfind(_END)) >= 0 and len(tail) >= at + 16:
        count, listed = struct.unpack_from("<HI", tail, at + 10)
        return int(count), int(listed)
    return 0, 0


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
