"""VS Code's log of operations as the state that it describes.

Each entry is ``{kind, k, v, i}``, ``k`` a path of names and numbers: 0 the whole state ``v``; 1 sets the value at ``k``;
2 cuts the list at ``k`` to ``i`` items, if given, and adds those of ``v``; 3 takes out what is at ``k``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

MOST_ITEMS: Final = 1 << 20
"""Items of a list; a number beyond is damage, and must not fill the memory."""


class _NotThere(Exception):
    """A path that leads nowhere, or an entry that cannot be meant so."""


def replayed(entries: Iterable[Mapping[str, Any]], report: Callable[[str], None]) -> Any:
    """The state after all entries; what cannot be applied goes to ``report`` and is passed over."""
    state: Any = None
    for entry in entries:
        kind, path = entry.get("kind"), entry.get("k")
        try:
            if kind == 0:
                state = entry.get("v")
            elif not isinstance(path, list) or not path:
                raise _NotThere("without a path")
            elif kind == 1:
                _set(_holder(state, path), path[-1], entry.get("v"))
            elif kind == 2:
                _push(_holder(state, path), path[-1], entry.get("v"), entry.get("i"))
            elif kind == 3:
                _delete(_holder(state, path), path[-1])
            else:
                raise _NotThere("of a kind that is not known")
        except _NotThere as error:
            report(f"an operation {error}")
    return state


def _holder(state: Any, path: list[Any]) -> Any:
    """What holds the last step of the path."""
    for step in path[:-1]:
        state = _at(state, step)
    return state


def _at(holder: Any, step: object) -> Any:
    if isinstance(holder, dict) and isinstance(step, str) and step in holder:
        return holder[step]
    if isinstance(holder, list):
        return holder[_index(step, len(holder) - 1)]
    raise _NotThere("on what is not there")


def _index(step: object, most: int) -> int:
    if type(step) is int and 0 <= step <= most:
        return step
    raise _NotThere("on what is not there")


def _set(holder: Any, step: object, value: object) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
    elif isinstance(holder, list):
        place = _index(step, min(len(holder), MOST_ITEMS))
        holder[place : place + 1] = [value]
    else:
        raise _NotThere("on what is not there")


def _push(holder: Any, step: object, values: object, start: object) -> None:
    new = isinstance(holder, dict) and isinstance(step, str)
    items = holder.setdefault(step, []) if new else _at(holder, step)
    if not isinstance(items, list):
        raise _NotThere("that adds to what is not a list")
    if start is not None:
        del items[_index(start, MOST_ITEMS) :]
    if isinstance(values, list):
        items.extend(values)


def _delete(holder: Any, step: object) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder.pop(step, None)
    elif isinstance(holder, list):
        del holder[_index(step, len(holder) - 1)]
    else:
        raise _NotThere("on what is not there")
