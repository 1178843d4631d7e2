"""Keeps the database current for as long as it is let: waits for the database and for its turn, and begins anew when they go.

Of several programs that would watch the same places one does, and another takes over when it ends.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from chattui.domain.errors import ConfigError, DatabaseError, SchemaMismatch, ServerError
from chattui.sources.protocol import Source
from chattui.store.database import Database
from chattui.store.turns import Turn
from chattui.sync.engine import Sync, machine_name
from chattui.sync.looking import read_ahead
from chattui.sync.notices import Notices
from chattui.sync.progress import Progress
from chattui.sync.ruled import LeftOutFiles
from chattui.sync.told import Stands, State, Told
from chattui.sync.watching import Around, Pace, Watching, stamp

log = logging.getLogger("chattui.sync")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sources are watched, as the configuration has it now."""

    sources: Sequence[Source]
    left_out: LeftOutFiles = field(default_factory=lambda: LeftOutFiles(None))


class Watch:
    """``run`` watches until ``end`` is called, from another thread or a signal's handler.

    ``wanted`` reads the configuration; it is asked again when ``config_file`` has changed. ``upkeep`` is called when
    messages came, and then there was time.
    """

    def __init__(
        self,
        open_store: Callable[[], AbstractContextManager[Database]],
        wanted: Callable[[], Wanted],
        env: Mapping[str, str],
        home: Path,
        *,
        tell: Callable[[Told], None],
        upkeep: Callable[[Database], None] = lambda _db: None,
        config_file: Path | None = None,
        machine: str | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._open_store = open_store
        self._read_wanted = wanted
        self._env, self._home = env, home
        self._tell = tell
        self._upkeep = upkeep
        self._config_file = config_file
        self._machine = machine or machine_name()
        self._pace = pace or Pace()
        self._stop = threading.Event()
        self._notices = Notices(self._stop)
        self._sync: Sync | None = None
        self._stands: Stands | None = None
        self._wanted = wanted()

    def end(self) -> None:
        """Stop after the batch that is being stored."""
        self._stop.set()
        if self._sync is not None:
            self._sync.stop()

    def run(self, *, once: bool = False) -> None:
        """Watch; ``once``: bring in what is new and end. A database that is gone is waited for.

        Raises ``ChattuiError`` for what waiting does not mend, and with ``once`` whatever comes.
        """
        pause = 0.5
        try:
            while not self._stop.is_set():
                try:
                    self._attend(once=once)
                    pause = 0.5
                    if once:
                        return
                except (DatabaseError, ServerError) as error:
                    if once or isinstance(error, SchemaMismatch):
                        raise
                    log.info("watching interrupted: %s", error)
                    self._say(State.WAITING, str(error))
                    self._stop.wait(pause)
                    pause = min(pause * 2, 30.0)
        finally:
            self._notices.close()
            self._wanted.left_out.save()

    def _attend(self, *, once: bool) -> None:
        """One connection's life; returns when it is to stop, or when the configuration has changed."""
        config = stamp(self._config_file)
        around = Around(
            self._wanted.sources,
            self._env,
            self._home,
            self._machine,
            self._pace,
            self._stop,
            self._notices,
            self._tell,
            self._say,
            self._begin_sync,
            self._upkeep,
        )
        with ExitStack() as stack, ThreadPoolExecutor(1, thread_name_prefix="chattui-open") as opener:
            opening = opener.submit(lambda: stack.enter_context(self._open_store()))
            looked = around.look()
            if not opening.done():
                read_ahead(looked.looked, lambda: opening.done() or self._stop.is_set())
            db = opening.result()
            turn = Turn(db.conninfo, self._work())
            stack.callback(turn.leave)
            if not turn.take():
                self._say(State.STANDING_BY, "Another chattui watches, and brings in what is new.")
                if once:
                    return
                while not turn.take():
                    if self._stop.wait(self._pace.turn) or self._is_other_configuration(config):
                        return
                    config = stamp(self._config_file)
                looked = around.look()

            def stays() -> bool:
                """Whether the turn is still ours, and the configuration the same."""
                nonlocal config
                changed = self._is_other_configuration(config)
                config = stamp(self._config_file)
                return not changed and turn.take()

            Watching(db, around, stays).run(looked, once=once)
            self._wanted.left_out.save()

    def _is_other_configuration(self, before: int | None) -> bool:
        """Take up the configuration if its file has changed; False when it has not, or is mistaken: the old one stays."""
        if stamp(self._config_file) == before:
            return False
        try:
            self._wanted = self._read_wanted()
        except ConfigError as error:
            log.warning("the configuration stays as it was: %s", error)
            self._say(self._stands.state if self._stands else State.WAITING, str(error))
            return False
        return True

    def _work(self) -> str:
        """What is watched, as a name: two programs that watch the same have the same."""
        places = [(s.name, [str(root) for root in s.roots(self._env, self._home)]) for s in self._wanted.sources]
        digest = hashlib.blake2b(repr((self._machine, places)).encode("utf-8", "replace"), digest_size=12)
        return f"watch {digest.hexdigest()}"

    def _begin_sync(self, db: Database, tell: Callable[[Progress], None] | None) -> Sync:
        """A sync that ends when the watch does."""
        self._sync = Sync(db, self._wanted.sources, machine=self._machine, tell=tell)
        if self._stop.is_set():
            self._sync.stop()
        return self._sync

    def _say(self, state: State, sentence: str = "") -> None:
        if (stands := Stands(state, sentence)) != self._stands:
            self._stands = stands
            self._tell(stands)
