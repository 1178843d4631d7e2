"""Fingerprints of history files: is this still the file that was read, only longer?"""

from __future__ import annotations

import hashlib
from pathlib import Path

SPAN = 4096


def fingerprint(path: Path, offset: int) -> tuple[bytes | None, bytes | None]:
    """(hash of the first 4 KiB, hash of the last 4 KiB before ``offset``), each of bytes before ``offset`` only.

    (None, None) for what cannot be judged so: compressed files, whose offsets count decompressed bytes, and offset 0.
    """
    if offset <= 0 or path.suffix == ".zst":
        return None, None
    with path.open("rb") as file:
        head = file.read(min(SPAN, offset))
        file.seek(max(0, offset - SPAN))
        tail = file.read(min(SPAN, offset))
    return hashlib.blake2b(head, digest_size=16).digest(), hashlib.blake2b(tail, digest_size=16).digest()
