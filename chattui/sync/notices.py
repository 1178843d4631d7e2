"""Which files have changed, told by the system (inotify, FSEvents …) for folders that are named one by one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.domain.errors import ChattuiError

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

log = logging.getLogger("chattui.sync")

_STEP_MS, _DEBOUNCE_MS = 15, 60
_POLL_MS = 2_000  # on the few systems that tell nothing themselves
_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")


class NoNotices(ChattuiError):
    """The system does not tell what changes; the sentence says why, and what helps."""


class Notices:
    """Waits for changes in some folders, not in those below them: which folders hold history is not the system's business,
    links are not followed, and how many places are watched is known before."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._watcher: RustNotify | None = None
        self._left: set[str] = set()
        self.places: frozenset[str] = frozenset()
        """What is watched: folders, and single files."""

    def follow(self, places: Iterable[str]) -> None:
        """Watch these from now on. Nothing that changes meanwhile is missed. Raises ``NoNotices``; then none is watched."""
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

        wanted = frozenset(places)
        if wanted == self.places and self._watcher is not None:
            return
        for _ in range(3):
            there = sorted(place for place in wanted if _is_text(place) and Path(place).exists())
            try:
                fresh = RustNotify(there, False, False, _POLL_MS, False, True) if there else None
                break
            except FileNotFoundError:  # one of them went meanwhile
                continue
            except (OSError, WatchfilesRustInternalError) as error:
                self.close()
                raise NoNotices(_sentence(error)) from error
        else:
            self.close()
            raise NoNotices("Folders of histories come and go too fast to be watched.")
        self._take_left()
        self._watcher, self.places = fresh, wanted

    def wait(self, seconds: float) -> set[str]:
        """Paths that have changed; empty when nothing did for ``seconds`` or it is to stop. Raises ``NoNotices``."""
        if self._left:
            found, self._left = self._left, set()
            return found
        if self._watcher is None:
            self._stop.wait(seconds)
            return set()
        try:
            told = self._watcher.watch(_DEBOUNCE_MS, _STEP_MS, max(1, round(seconds * 1000)), self._stop)
        except RuntimeError as error:  # a name that is no text, or a queue that ran over
            self.close()
            raise NoNotices(_sentence(error)) from error
        return {path for _change, path in told} if isinstance(told, set) else set()

    def close(self) -> None:
        """Watch nothing any more."""
        watcher, self._watcher, self.places = self._watcher, None, frozenset()
        if watcher is not None:
            watcher.close()

    def _take_left(self) -> None:
        """What the watcher that ends has seen and not told yet."""
        if self._watcher is None:
            return
        try:
            told = self._watcher.watch(1, 1, 1, None)
            if isinstance(told, set):
                self._left |= {path for _change, path in told}
        except RuntimeError:
            log.debug("the last notices were lost", exc_info=True)
        self._watcher.close()


def _is_text(place: str) -> bool:
    """Whether the name can be told to the system; what lies in other folders is found by looking."""
    try:
        place.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sentence(error: Exception) -> str:
    text = str(error)
    low = text.lower()
    if "watch limit" in low or "no space left" in low:
        return (
            f"The system watches no more folders for you (fs.inotify.max_user_watches is {_limit()}; it can be raised)."
        )
    if "too many open files" in low:
        return "The system gives no more watchers (fs.inotify.max_user_instances, or the limit of open files; both can be raised)."
    log.info("no notices: %s", text)
    return "The system does not tell which files change here."


def _limit() -> str:
    try:
        return f"{int(_LIMIT.read_text()):,}"
    except (OSError, ValueError):
        return "reached"
