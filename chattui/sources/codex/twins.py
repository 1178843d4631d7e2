"""Thoughts that a rollout tells twice, once in an event and once in an item, in either order."""

from __future__ import annotations

from typing import Final

from chattui.sources.windows import key_of

EVENT: Final = "e"
ITEM: Final = "i"
_REMEMBERED: Final = 16


def untold(parts: list[str], where: str, told: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """The parts that the other kind of record (``where`` is ``EVENT`` or ``ITEM``) has not told, and what is told now.

    A thought that was told by both is forgotten: the same words can be thought again.
    """
    other = ITEM if where == EVENT else EVENT
    now, fresh = list(told), []
    for part in parts:
        key = key_of(part)
        if other + key in now:
            now.remove(other + key)
            continue
        now.append(where + key)
        fresh.append(part)
    return fresh, tuple(now[-_REMEMBERED:])
