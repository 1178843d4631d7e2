"""What comes on standard input as a file that only its owner can read, named after its content, and gone afterwards."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO, Final

from chattui.domain.errors import SourceError
from chattui.sources.archives import is_zip

_BLOCK: Final = 1 << 20
_FORGOTTEN: Final = 86_400
"""Seconds after which a file is one that a program could not remove any more."""

_SETTLED: Final = 60
_JSON: Final = re.compile(rb"\{|\[\s*[\[{\"\]]")


@contextmanager
def spooled(stream: IO[bytes], folder: Path) -> Iterator[Path]:
    """The file while it is needed. Its path is the same for the same content: that is how an import remembers it.

    Raises ``SourceError`` when nothing comes, or it cannot be written.
    """
    path = None
    incoming = folder / f"incoming-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _tidy(folder)
        digest, start = _copy(stream, incoming)
        path = folder / f"{digest}{_suffix(start)}"
        incoming.replace(path)
        when = time.time() - _SETTLED  # it is whole: its last line is not being written any more
        os.utime(path, (when, when))
    except OSError as error:
        incoming.unlink(missing_ok=True)
        raise SourceError(f"Standard input cannot be kept in {folder}: {error.strerror or error}.") from error
    except BaseException:
        incoming.unlink(missing_ok=True)
        raise
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _copy(stream: IO[bytes], to: Path) -> tuple[str, bytes]:
    digest, start = blake2b(digest_size=16), b""
    to.unlink(missing_ok=True)
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := stream.read(_BLOCK):
            start = start or block
            digest.update(block)
            file.write(block)
    if not start:
        raise SourceError("Nothing came on standard input.")
    return digest.hexdigest(), start


def _suffix(start: bytes) -> str:
    """How a file of this content is called elsewhere, which some sources go by."""
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if is_zip(start):
        return ".zip"
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return ".jsonl.zst"
    if start.startswith(b"SQLite format 3\x00"):
        return ".db"
    if bare.startswith((b"# ", b"## ")):
        return ".md"
    if bare.startswith(b"WEBVTT"):
        return ".vtt"
    if not _JSON.match(bare):
        return ".txt"
    first, _newline, rest = bare.partition(b"\n")
    return ".jsonl" if first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{") else ".json"


def _tidy(folder: Path) -> None:
    for left in folder.iterdir():
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _FORGOTTEN:
                left.unlink()
