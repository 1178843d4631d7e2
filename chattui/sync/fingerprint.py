"""Fingerprints of history files: is this still the file that was read, only longer?"""

from __future__ import annotations

import hashlib

from chattui.domain.history import HistoryFile

SPAN = 4096
ANY_DEVICE = -1
"""Of a file that is named after its content, and so is the same wherever it lies."""


def fingerprint(history: HistoryFile, offset: int) -> tuple[bytes | None, bytes | None]:
    """(hash of the first 4 KiB, hash of the last 4 KiB before ``offset``), each of bytes before ``offset`` only.

    (None, None) for what cannot be judged so: files that are read whole and containers, whose offsets need not be bytes of the file
    (of a compressed one they count what was unpacked), and offset 0.
    """
    if offset <= 0 or history.whole or history.container:
        return None, None
    with history.path.open("rb") as file:
        head = file.read(min(SPAN, offset))
        file.seek(max(0, offset - SPAN))
        tail = file.read(min(SPAN, offset))
    return hashlib.blake2b(head, digest_size=16).digest(), hashlib.blake2b(tail, digest_size=16).digest()


def is_replaced(history: HistoryFile) -> bool:
    """Whether another file stands where this one was found; never of what this program has fetched itself."""
    if history.device == ANY_DEVICE or hasattr(history.path, "known_as"):
        return False
    try:
        about = history.path.stat()
    except OSError:
        return True
    return (about.st_ino, about.st_dev) != (history.inode, history.device)
