"""A cache bounded by the number and by the weight of its entries; the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """At most ``most`` entries and ``most_weight`` of weight, but always the newest one."""

    def __init__(self, most: int, *, most_weight: int = 0) -> None:
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._most = most
        self._most_weight = most_weight
        self.weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def get(self, key: K) -> V | None:
        """The value, now the most recently used; None where there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Keep a value. ``weight`` counts against ``most_weight``."""
        self.drop(key)
        self._entries[key] = (value, weight)
        self.weight += weight
        while len(self._entries) > 1 and (
            len(self._entries) > self._most or (self._most_weight and self.weight > self._most_weight)
        ):
            _, (_, gone) = self._entries.popitem(last=False)
            self.weight -= gone

    def drop(self, key: K) -> None:
        """Forget one entry, if there is one."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.weight -= entry[1]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.weight = 0
