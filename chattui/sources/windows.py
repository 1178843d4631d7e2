"""Bounded memories of record ids, small enough to be part of a chunk's state."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

KEY_DIGITS = 12
_KEY_BYTES = KEY_DIGITS // 2
_FEW = 64


def key_of(record_id: str) -> str:
    """48 bits of an id as 12 hexadecimal digits: of a UUID its random end, of anything else a hash."""
    if len(record_id) == 36 and record_id[23] == "-":
        key = record_id[24:]
        if key.isalnum() and key.isascii() and not key.strip("0123456789abcdef"):
            return key
    return blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


class Seen:
    """The last ``limit`` keys, for finding repeated records.

    What was packed is searched as it is until there is more to do than a few lines: making 16,000 keys of it takes longer
    than all else that a line needs which is added to a long session.
    """

    def __init__(self, limit: int, packed: str = "") -> None:
        self._limit = limit
        self._before = b64decode(packed)
        self._keys: dict[str, None] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._keys or self._was_packed(key)

    def _was_packed(self, key: str) -> bool:
        if not self._before:
            return False
        wanted = bytes.fromhex(key)
        at = self._before.find(wanted)
        while at > 0 and at % _KEY_BYTES:
            at = self._before.find(wanted, at + 1)
        return at >= 0

    def add(self, key: str) -> None:
        """Remember a key, forgetting the oldest when there are too many."""
        if self._before and len(self._keys) >= _FEW:
            digits, later = self._before.hex(), self._keys
            self._keys = dict.fromkeys(digits[i : i + KEY_DIGITS] for i in range(0, len(digits), KEY_DIGITS))
            self._keys |= later
            self._before = b""
        if key in self:
            return
        self._keys[key] = None
        if len(self._before) // _KEY_BYTES + len(self._keys) > self._limit:
            if self._before:
                self._before = self._before[_KEY_BYTES:]
            else:
                del self._keys[next(iter(self._keys))]

    def packed(self) -> str:
        """As 8 characters a key, for the state."""
        return b64encode(self._before + bytes.fromhex("".join(self._keys))).decode()


class Links:
    """The last ``limit`` pairs of a key and the text it stands for."""

    def __init__(self, limit: int, packed: Mapping[str, Any] | None = None) -> None:
        self._limit = limit
        self._links: dict[str, str] = {}
        if packed:
            targets = packed["to"]
            for key, index in zip(packed["keys"].split(), packed["at"], strict=True):
                self._links[key] = targets[index]

    def __bool__(self) -> bool:
        return bool(self._links)

    def get(self, key: str) -> str | None:
        """What the key stands for; None when it is not known (any more)."""
        return self._links.get(key)

    def set(self, key: str, target: str) -> None:
        """Remember a pair, forgetting the oldest when there are too many."""
        links = self._links
        links[key] = target
        if len(links) > self._limit:
            del links[next(iter(links))]

    def packed(self) -> dict[str, Any] | None:
        """With every target written once, for the state; None when there is nothing to remember."""
        if not self._links:
            return None
        targets = {target: i for i, target in enumerate(dict.fromkeys(self._links.values()))}
        return {
            "keys": " ".join(self._links),
            "at": [targets[target] for target in self._links.values()],
            "to": list(targets),
        }
