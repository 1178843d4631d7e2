"""Watching while the database is there: everything that is new first, then each change as it is written.

What the system does not tell, or tells late, is found by looking: at files that were just written and at the folders above
every two seconds, at everything now and then. How often that is depends on what it costs.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chattui.domain.chat import Chat
from chattui.domain.errors import ChattuiError
from chattui.domain.history import HistoryFile
from chattui.sources.protocol import Source
from chattui.sources.walk import Walked, noting
from chattui.store import chats, forks, search_index
from chattui.store.database import Database
from chattui.sync.at_paths import at_paths, file_of, is_below
from chattui.sync.engine import Sync
from chattui.sync.looking import Looked, look
from chattui.sync.notices import NoNotices, Notices
from chattui.sync.progress import FileFault, Progress, SyncReport
from chattui.sync.told import Brought, State, Told

log = logging.getLogger("chattui.sync")

MANY_PATHS = 200
"""With more changes at once, everything is looked at instead; so many files are looked at by themselves."""
NAMED = 5
"""Chats that are named, at most, when something was brought in."""
_LATELY = 600.0
_REST = 10.0
"""A file with many chats is left alone so many times as long as reading it took."""
_LATER = (0.0, 5.0, 30.0)
"""A tool's first folders and files come one after another: seconds after which they are looked for."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done, in seconds. A look at everything is made so rarely that it costs the share ``busy`` of a core."""

    check: float = 2.0
    turn: float = 1.0
    everything: float = 300.0
    busy: float = 0.01
    titles: float = 10.0
    upkeep: float = 60.0
    doubt: float = 5.0


@dataclass(frozen=True, slots=True)
class Around:
    """What a watch has whether or not the database is there."""

    sources: Sequence[Source]
    env: Mapping[str, str]
    home: Path
    machine: str
    pace: Pace
    stop: threading.Event
    notices: Notices
    tell: Callable[[Told], None]
    say: Callable[[State, str], None]
    begin_sync: Callable[[Database, Callable[[Progress], None] | None], Sync]
    upkeep: Callable[[Database], None]
    """Called when messages came, and then there was time."""

    def look(self) -> Everything:
        """Look at everything."""
        with noting() as walked:
            return Everything(look(self.sources, self.env, self.home), walked)


@dataclass(frozen=True, slots=True)
class Everything:
    """All history files there are, and the folders that were looked into for them."""

    looked: Looked
    walked: Walked


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file that was written lately, as it was last seen."""

    size: int
    mtime_ns: int
    at: float


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A fault that may be gone in a moment, because its file is just being written."""

    fault: FileFault
    stamp: int | None
    at: float


class Watching:
    """``stays`` is asked every few seconds whether to go on."""

    def __init__(self, db: Database, around: Around, stays: Callable[[], bool]) -> None:
        self._db = db
        self._around = around
        self._stays = stays
        self._notices = around.notices
        self._places = [(s, root) for s in around.sources for root in s.roots(around.env, around.home)]
        self._walked = Walked()
        self._elsewhere: dict[str, Source] = {}
        """Files that lie below no root of their source."""
        self._stamps: dict[str, int | None] = {}
        """Folders that are not watched, but in which those that are may appear."""
        self._lately: dict[Path, _Seen] = {}
        self._doubtful: dict[Path, _Doubt] = {}
        self._rests: dict[str, float] = {}
        """Until when a file that takes long is left alone."""
        self._later: set[str] = set()
        """Paths that changed while they were."""
        self._titles: dict[str, Mapping[str, str]] = {}
        self._written: set[str] = set()
        """Sources that have written since their titles were looked at."""
        self._stored = 0
        self._cost = 0.0
        """Seconds that a look at everything takes when nothing is new."""
        self._due = 0.0
        self._rested = 0.0
        """When everything may be looked at again."""
        self._wanted: list[float] = []
        """When everything is to be looked at, because of what has appeared."""
        self._is_polling = False

    def run(self, everything: Everything, *, once: bool) -> None:
        """Bring in what is new, and go on with what changes until it is to end."""
        around, pace = self._around, self._around.pace
        around.say(State.LOOKING, "")
        if not once:
            self._follow(everything)
        self._import_all(everything.looked, first=True)
        if once or around.stop.is_set():
            return
        self._look_at_everything()  # what changed before the system was asked to tell
        now = time.monotonic()
        due = {"check": now, "titles": now + pace.titles, "upkeep": now + pace.upkeep}
        while not around.stop.is_set():
            self._wait(max(0.0, min(pace.check, due["check"] - time.monotonic())))
            now = time.monotonic()
            if now >= due["check"]:
                due["check"] = now + pace.check
                if not self._stays():
                    return
                self._check(now)
            if now >= self._rested and (now >= self._due or (self._wanted and now >= self._wanted[0])):
                self._wanted = [at for at in self._wanted if at > now]
                self._look_at_everything()
            if now >= due["titles"]:
                due["titles"] = now + pace.titles
                self._apply_titles()
            if now >= due["upkeep"]:
                due["upkeep"] = now + pace.upkeep
                self._upkeep()

    # Everything

    def _look_at_everything(self) -> None:
        """Look, follow what is there now, and bring in what is new."""
        began = time.monotonic()
        everything = self._around.look()
        self._follow(everything)
        if not self._import_all(everything.looked, first=False).read:
            self._cost = time.monotonic() - began
        now = time.monotonic()
        self._rested = now + self._cost / self._around.pace.busy
        self._due = now + (self._every if self._is_polling else self._around.pace.everything)

    @property
    def _every(self) -> float:
        """Seconds from one look to the next where the system tells nothing."""
        return max(self._around.pace.check, self._cost / self._around.pace.busy)

    def _import_all(self, looked: Looked, *, first: bool) -> SyncReport:
        sync = self._around.begin_sync(self._db, self._around.tell if first else None)
        report = sync.run(self._around.env, self._around.home, looked=looked)
        self._tell(report, sync.chat_ids, first=first)
        return report

    def _follow(self, everything: Everything) -> None:
        """Have the system tell of changes, in every folder that holds history or may come to."""
        self._walked = everything.walked
        home = str(self._around.home)
        places = set(self._walked.folders)
        self._elsewhere = {}
        for source, file in everything.looked.found:
            folder = os.path.dirname(file.path)  # noqa: PTH120 - for thousands of files
            if folder in self._walked.folders:
                continue
            # found by its name: of a home directory nothing else is watched
            places.add(str(file.path) if folder == home else folder)
            if not any(source is one and is_below(str(file.path), str(root)) for one, root in self._places):
                self._elsewhere[str(file.path)] = source
        roots = {str(root) for _, root in self._places}
        above = {
            parent
            for folder in self._walked.folders
            for root in roots
            if folder.startswith(root + os.sep)
            for parent in _between(root, folder)
        }
        self._stamps = {path: stamp(Path(path)) for path in (roots | above) - places}
        try:
            self._notices.follow(places)
        except NoNotices as error:
            self._poll(error)
        else:
            self._is_polling = False
            self._around.say(State.FOLLOWING, "")

    def _poll(self, reason: NoNotices) -> None:
        self._is_polling = True
        self._around.say(State.POLLING, f"{reason} New messages are looked for every {self._every:.0f} s instead.")

    # What changes

    def _wait(self, seconds: float) -> None:
        """Wait for changes, and bring them in."""
        try:
            paths = self._notices.wait(seconds)
        except NoNotices:
            log.warning("notices failed, and are asked for anew", exc_info=True)
            self._wanted = [time.monotonic(), *self._wanted]
            self._around.stop.wait(self._around.pace.check)
            return
        began = time.monotonic()
        resting = {path for path in paths if self._rests.get(file_of(path), 0.0) > began}
        self._later |= resting
        paths -= resting
        if not paths:
            return
        if len(paths) > MANY_PATHS:
            self._wanted = [began, *self._wanted]
        else:
            self._bring(paths)
        self._around.stop.wait(
            min(0.15, 2 * (time.monotonic() - began))
        )  # what is written all the time takes a third of it

    def _bring(self, paths: Iterable[str]) -> None:
        """Import what has changed at these paths."""
        faults: list[FileFault] = []
        with noting() as walked:
            found = at_paths(
                self._places, paths, lambda path, why: faults.append(FileFault(str(path), why)), self._elsewhere
            )
        if new := walked.folders - self._walked.folders:
            self._walked.folders |= new
            try:
                self._notices.follow(self._notices.places | new)
            except NoNotices as error:
                self._poll(error)
            found |= at_paths(self._places, new, lambda *_: None)  # what came before the system was asked
        if found:
            self._import(list(found.values()), faults)

    def _import(self, found: Sequence[tuple[Source, HistoryFile]], faults: Sequence[FileFault]) -> None:
        sync = self._around.begin_sync(self._db, None)
        work = sync.compare(found, few=True)
        began = time.monotonic()
        doubts: dict[Path, _Doubt] = {}
        for source, file in found:
            self._written.add(source.name)
            if not file.container:  # these have companions, of which their own times tell nothing
                self._lately[file.path] = _Seen(file.size, file.mtime_ns, began)
        if not work and not faults:
            return
        for item in work:  # of a file that was told of twice and is as it was, the doubt stays
            if before := self._doubtful.pop(item.file.path, None):
                doubts[item.file.path] = before
        is_bulk = sum(item.bytes for item in work if not item.file.container) >= search_index.BULK_BYTES
        report = sync.run_work(work, found=len(found), index=is_bulk)
        now = time.monotonic()
        containers = [str(file.path) for _, file in found if file.container]
        self._rests |= dict.fromkeys(containers, now + (now - began) * _REST)
        certain = list(faults)
        rewritten = {str(file.path): file for _, file in found if file.whole or file.container}
        for fault in report.faults:
            half = rewritten.get(fault.path)
            if half is None:
                certain.append(fault)
                continue
            before = doubts.get(half.path)
            since = before.at if before is not None and before.fault == fault else now
            self._doubtful[half.path] = _Doubt(fault, stamp(half.path), since)
            if half.container:
                self._later.add(fault.path)
        self._tell(replace(report, faults=tuple(certain)), sync.chat_ids, first=False)

    def _check(self, now: float) -> None:
        """Files that were just written, and folders in which new ones may have appeared."""
        changed: list[str] = []
        for path, seen in list(self._lately.items()):
            try:
                about = path.stat()
            except OSError:
                about = None
            if about is None or now - seen.at > _LATELY or len(self._lately) > MANY_PATHS:
                del self._lately[path]
            elif (about.st_size, about.st_mtime_ns) != (seen.size, seen.mtime_ns):
                changed.append(str(path))
        for path, doubt in list(self._doubtful.items()):
            if now - doubt.at >= self._around.pace.doubt:
                del self._doubtful[path]
                if stamp(path) == doubt.stamp:
                    self._tell(SyncReport(found=1, faults=(doubt.fault,)), (), first=False)
        rested = {path for path in self._later if self._rests.get(file_of(path), 0.0) <= now}
        self._later -= rested
        changed += rested
        if changed:
            self._bring(changed)
        if moved := [path for path, then in self._stamps.items() if stamp(Path(path)) != then]:
            self._stamps |= {path: stamp(Path(path)) for path in moved}
            self._wanted = sorted({*self._wanted, *(now + later for later in _LATER)})[: 2 * len(_LATER)]

    def _apply_titles(self) -> None:
        """Titles that tools keep elsewhere, of those that have written lately."""
        for source, root in self._places:
            if source.name in self._written:
                titles = dict(source.titles(root))
                if titles and titles != self._titles.get(str(root)):
                    forks.apply_titles(self._db, source.name, titles)
                    self._titles[str(root)] = titles
        self._written = set()

    def _upkeep(self) -> None:
        """What an import does at its end, when there is time."""
        if self._stored:
            self._stored = 0
            if search_index.words_are_stale(self._db):
                search_index.refresh_words(self._db)
            self._around.upkeep(self._db)

    def _tell(self, report: SyncReport, chat_ids: Iterable[int], *, first: bool) -> None:
        self._stored += report.messages
        if not (first or report.messages or report.problems or report.faults):
            return
        named: list[Chat] = []
        for chat_id in sorted(chat_ids, reverse=True)[:NAMED] if report.messages else ():
            try:
                chat = chats.get(self._db, chat_id)
            except ChattuiError:  # it is stored: that it cannot be named is no fault
                break
            named += [chat] if chat is not None else []
        self._around.tell(Brought(report, tuple(named), first))


def _between(root: str, folder: str) -> list[str]:
    """The folders above ``folder`` that lie below ``root``."""
    above = []
    while len(folder := os.path.dirname(folder)) > len(root):  # noqa: PTH120
        above.append(folder)
    return above


def stamp(path: Path | None) -> int | None:
    """When a file or folder was changed last; None where there is none."""
    try:
        return path.stat().st_mtime_ns if path is not None else None
    except OSError:
        return None
