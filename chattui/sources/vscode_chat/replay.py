"""VS Code's log of operations as the session that it describes, within a bound of memory whatever the log.

Each entry is ``{kind, k, v, i}``, ``k`` a path of names and numbers: 0 the whole state ``v``; 1 sets the value at ``k``;
2 cuts the list at ``k`` to ``i`` items, if given, and adds those of ``v``; 3 takes out what is at ``k``.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping, MutableSequence
from typing import Any, Final

from chattui.sources.vscode_chat.requests import Requests

REQUESTS: Final = "requests"
MOST_ITEMS: Final = 1 << 20
"""Items of a list; a number beyond is damage, and must not fill the memory."""

MOST_BYTES: Final = 32 << 20
"""Bytes of one request, and of all else that a session has beside its requests."""


class _NotThere(Exception):
    """A path that leads nowhere, or an entry that cannot be meant so."""


def replayed(entries: Iterable[tuple[Mapping[str, Any], int]], report: Callable[[str], None]) -> Any:
    """The state after all entries, each of which comes with its size in bytes. A session's requests are ``Requests``.

    What cannot be applied goes to ``report`` and is passed over.
    """
    log = _Log()
    for entry, size in entries:
        try:
            log.apply(entry, size)
        except _NotThere as error:
            report(f"an operation {error}")
    return log.state


class _Log:
    def __init__(self) -> None:
        self.state: Any = None
        self._beside = 0  # bytes of what is not a request

    def apply(self, entry: Mapping[str, Any], size: int) -> None:
        kind, path = entry.get("kind"), entry.get("k")
        if kind == 0:
            self.state = entry.get("v")
            self._beside = MOST_BYTES + 1  # measured when something is added
        elif not isinstance(path, list) or not path:
            raise _NotThere("without a path")
        elif kind == 1:
            self._make_room(path, size)
            _set(_holder(self.state, path), path[-1], entry.get("v"))
        elif kind == 2:
            self._make_room(path, size)
            _push(_holder(self.state, path), path[-1], entry.get("v"), entry.get("i"))
        elif kind == 3:
            _delete(_holder(self.state, path), path[-1])
        else:
            raise _NotThere("of a kind that is not known")
        if kind == 0 or path == [REQUESTS]:
            self._let_go_of_requests()

    def _make_room(self, path: list[Any], size: int) -> None:
        """Raises ``_NotThere`` when what the operation adds to would become too long."""
        requests = self.state.get(REQUESTS) if isinstance(self.state, dict) else None
        if path[0] == REQUESTS and isinstance(requests, Requests):
            if len(path) < 3:
                return
            fits = requests.room_for(_index(path[1], len(requests) - 1), size, MOST_BYTES)
        else:
            if self._beside + size > MOST_BYTES and isinstance(self.state, dict):
                self._beside = len(marshal.dumps({k: v for k, v in self.state.items() if k != REQUESTS}, 2))
            self._beside += size
            fits = self._beside <= MOST_BYTES
        if not fits:
            raise _NotThere(f"that makes something longer than {MOST_BYTES >> 20} MB")

    def _let_go_of_requests(self) -> None:
        if isinstance(self.state, dict) and isinstance(requests := self.state.get(REQUESTS), list):
            self.state[REQUESTS] = Requests(requests)


def _holder(state: Any, path: list[Any]) -> Any:
    """What holds the last step of the path."""
    for step in path[:-1]:
        state = _at(state, step)
    return state


def _at(holder: Any, step: object) -> Any:
    if isinstance(holder, dict) and isinstance(step, str) and step in holder:
        return holder[step]
    if isinstance(holder, MutableSequence):
        return holder[_index(step, len(holder) - 1)]
    raise _NotThere("on what is not there")


def _index(step: object, most: int) -> int:
    if type(step) is int and 0 <= step <= most:
        return step
    raise _NotThere("on what is not there")


def _set(holder: Any, step: object, value: object) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
    elif isinstance(holder, MutableSequence):
        place = _index(step, min(len(holder), MOST_ITEMS))
        holder[place : place + 1] = [value]
    else:
        raise _NotThere("on what is not there")


def _push(holder: Any, step: object, values: object, start: object) -> None:
    new = isinstance(holder, dict) and isinstance(step, str)
    items = holder.setdefault(step, []) if new else _at(holder, step)
    if not isinstance(items, MutableSequence):
        raise _NotThere("that adds to what is not a list")
    if start is not None:
        del items[_index(start, MOST_ITEMS) :]
    if isinstance(values, list):
        items.extend(values)


def _delete(holder: Any, step: object) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder.pop(step, None)
    elif isinstance(holder, MutableSequence):
        del holder[_index(step, len(holder) - 1)]
    else:
        raise _NotThere("on what is not there")
