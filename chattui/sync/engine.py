"""One sync: read what is new, newest first, in batches that are parsed here while the one before is being stored."""

from __future__ import annotations

import logging
import platform
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from chattui.domain.errors import LeftOut, NotNow, SourceError
from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.protocol import Source, with_containers
from chattui.store import forks, imports, search_index
from chattui.store.aside import Batching, without_state
from chattui.store.database import Database
from chattui.store.delivery import Delivery, Receipt, size_of
from chattui.store.imports import ImportRow
from chattui.store.storable import storable_path
from chattui.store.writer import HistoryWriter
from chattui.sync.containers import chats_of
from chattui.sync.fingerprint import ANY_DEVICE, is_replaced
from chattui.sync.looking import Looked, delivery_of, look
from chattui.sync.plan import Change, Work, plan
from chattui.sync.preview import Preview, preview
from chattui.sync.progress import FileFault, Phase, Progress, SyncReport
from chattui.sync.ruled import wanted_again
from chattui.sync.since import Recent, is_recent

log = logging.getLogger("chattui.sync")

FIRST_BATCH = 400
BATCH_MESSAGES = 4_000
BATCH_BYTES = 6_000_000
MOST_BYTES = 16_000_000
BATCHES_AHEAD = 3
_TELL_EVERY = 0.2

Tell = Callable[[Progress], None]


def machine_name() -> str:
    """The name under which this machine's files are remembered."""
    return platform.node() or "unknown"


class Sync:
    """Imports histories into a database. ``run`` may be called again and again; ``stop`` ends it from another thread."""

    def __init__(
        self,
        db: Database,
        sources: Sequence[Source],
        *,
        machine: str | None = None,
        tell: Tell | None = None,
        since: datetime | None = None,
    ) -> None:
        """``since``: only files that were written, and of containers chats with a message, since then."""
        self._db = db
        self._since = since
        self._sources = sources
        self._machine = machine or machine_name()
        self._tell = tell or (lambda _progress: None)
        self._stop = threading.Event()
        self._faults: list[FileFault] = []
        self._began = self._told = 0.0
        self._progress = Progress(Phase.LOOKING)
        self._problems = 0
        self._ready: dict[Path, list[Delivery]] = {}  # read before the database was there
        self.chat_ids: set[int] = set()
        """The chats that messages were stored for, or that were looked at again."""

    def stop(self) -> None:
        """End after the batch that is being stored; what was stored stays, the rest comes next time."""
        self._stop.set()

    def find(self, env: Mapping[str, str], home: Path) -> list[Work]:
        """What the usual places hold that is new or changed."""
        return self.compare(look(self._sources, env, home).found)

    def compare(
        self,
        found: Sequence[tuple[Source, HistoryFile]],
        *,
        spooled: Path | None = None,
        few: bool = False,
        known: Mapping[str, ImportRow] | None = None,
    ) -> list[Work]:
        """What of ``found`` is new or changed. ``spooled``: named after its content, and so the same as a known one of
        that name. ``few``: the database is asked for these files alone; not at all, when what it knows is given."""
        if known is None:
            known = imports.known(self._db, self._machine, [file for _, file in found] if few else None)
        recent = [(source, wanted_again(source, file)) for source, file in found if is_recent(file, self._since)]
        if spooled is not None and (row := known.get(storable_path(spooled))):
            recent = [
                (
                    source,
                    replace(file, mtime_ns=row.mtime_ns, inode=row.inode, device=ANY_DEVICE)
                    if file.path == spooled
                    else file,
                )
                for source, file in recent
            ]
        return plan(recent, known, self._report)

    def preview(self, work: Sequence[Work], found: int) -> Preview:
        """What ``work`` out of so many files would bring; nothing is stored."""
        return preview(work, found, self._unread)

    def _unread(self, item: Work) -> Iterator[Chunk]:
        if (source := with_containers(item.source)) is not None and item.file.container:
            return iter(Recent(source.read_chats(item.file.path, self._versions(item)), self._since))
        rewritten = item.change is Change.REWRITTEN or item.known is None
        return self._chunks(item, 0 if rewritten or item.known is None else item.known.byte_offset)

    def _versions(self, item: Work) -> dict[str, str]:
        if item.known is None:
            return {}
        return imports.versions(self._db, self._machine, item.moved_from or storable_path(item.file.path))

    def run(
        self, env: Mapping[str, str], home: Path, *, index: bool = True, looked: Looked | None = None
    ) -> SyncReport:
        """Import what is new or changed in the usual places; ``looked`` is what ``look`` has found there."""
        self._began = time.perf_counter()
        self._progress = Progress(Phase.LOOKING)
        self._tell(self._progress)
        with ThreadPoolExecutor(1, thread_name_prefix="chattui-known") as asking:
            answer = asking.submit(imports.known, self._db, self._machine)
            looked = looked or look(self._sources, env, home)
            known = answer.result()
        self._faults += looked.faults
        self._ready = dict(looked.ready)
        found = looked.found
        report = self.run_work(self.compare(found, known=known), found=len(found), index=index)
        self.apply_titles(self._sources, env, home)
        return report

    def apply_titles(self, sources: Iterable[Source], env: Mapping[str, str], home: Path) -> None:
        """Take the titles that tools keep beside their histories."""
        for source in sources:
            for root in source.roots(env, home):
                forks.apply_titles(self._db, source.name, dict(source.titles(root)))

    def run_work(self, work: Sequence[Work], *, found: int | None = None, index: bool = True) -> SyncReport:
        """Import the given files, then bring the search index up to date."""
        self._began = self._began or time.perf_counter()
        total = sum(w.bytes for w in work)
        self._progress = Progress(Phase.READING, files=len(work), bytes=total)
        stored = 0
        if work:
            with (
                search_index.aside(self._db, total),
                ThreadPoolExecutor(1, thread_name_prefix="chattui-store") as store,
            ):
                stored = self._import(work, store)
            if stored:
                forks.link_forks(self._db)
        if index and not self._stop.is_set():
            self._bring_index_up_to_date(stored)
        self._say(phase=Phase.DONE, force=True)
        looked = len(work) if found is None else found
        report = SyncReport(
            found=looked,
            unchanged=looked - len(work),
            read=self._progress.files_done,
            messages=stored,
            problems=self._problems,
            faults=tuple(self._faults),
            seconds=round(time.perf_counter() - self._began, 3),
            stopped=self._stop.is_set(),
        )
        self._faults, self._problems, self._began = [], 0, 0.0  # the next run tells of itself alone
        return report

    def _import(self, work: Sequence[Work], store: ThreadPoolExecutor) -> int:
        """Hand batches to the storing thread, a few ahead of it; returns how many messages were stored."""
        writer = HistoryWriter(self._db, self._machine)
        pending: deque[tuple[Future[Receipt], int]] = deque()
        stored = 0
        for batch, size in self._batches(work):
            while pending and (len(pending) >= BATCHES_AHEAD or pending[0][0].done()):
                stored += self._settled(pending.popleft()[0])
            pending.append((store.submit(writer.write, batch), size))
            del batch
            while pending and sum(held for _future, held in pending) > MOST_BYTES:
                stored += self._settled(pending.popleft()[0])
        while pending:
            stored += self._settled(pending.popleft()[0])
        return stored

    def _settled(self, pending: Future[Receipt]) -> int:
        receipt = pending.result()
        self.chat_ids |= receipt.chat_ids
        elapsed = max(1e-6, time.perf_counter() - self._began)
        messages = self._progress.messages + receipt.stored
        done, total = self._progress.bytes_done, self._progress.bytes
        remaining = elapsed * (total - done) / done if done else None
        self._say(messages=messages, rate=messages / elapsed, remaining=remaining, force=True)
        return receipt.stored

    def _batches(self, work: Sequence[Work]) -> Iterator[tuple[list[Delivery], int]]:
        """Deliveries of many files together, with their bytes; the first is small, so that something is seen soon."""
        batch: list[Delivery] = []
        messages = size = 0
        limit = FIRST_BATCH
        batching = Batching()
        for item in work:
            if self._stop.is_set():
                break
            whole = item.change is Change.REWRITTEN or item.file.whole  # all in one transaction
            start = len(batch)
            for given in self._deliveries(item):
                delivery = given
                del given
                if item.file.whole and delivery.error is not None:  # nothing of it, rather than a part
                    del batch[start:]
                    delivery = replace(delivery, expected_offset=item.known.byte_offset if item.known else 0)
                is_cut = not item.file.container or delivery.chunk is None or delivery.chunk.version is not None
                if delivery.chunk is not None:
                    messages += len(delivery.chunk.messages)
                if whole and len(batch) > start and delivery.chunk is not None:
                    batch[-1] = without_state(batch[-1])
                light = batching.add(delivery) if whole else delivery
                del delivery
                size += size_of(light)
                batch.append(light)
                del light
                if is_cut and not whole and (messages >= limit or size >= BATCH_BYTES):
                    done, batch = [batch], []
                    yield done.pop(), size
                    messages, size, limit = 0, 0, BATCH_MESSAGES
                    batching.begin()
                    if self._stop.is_set():
                        return
            self._say(files_done=self._progress.files_done + 1)
            if whole and (messages >= limit or size >= BATCH_BYTES):
                done, batch = [batch], []
                yield done.pop(), size
                messages, size, limit = 0, 0, BATCH_MESSAGES
                batching.begin()
        if batch:
            yield batch, size

    def _deliveries(self, item: Work) -> Iterator[Delivery]:
        known, file = item.known, item.file
        at = known.byte_offset if known else 0
        if item.change is Change.TOUCHED:
            yield Delivery(file, None, at, moved_from=item.moved_from)
            return
        before = at
        read_from = 0 if item.change is Change.REWRITTEN or file.container else at
        something = False
        try:
            for delivery in self._read(item, before, read_from):
                chunk = delivery.chunk
                assert chunk is not None
                offset, problems = chunk.offset, len(chunk.problems)
                held = [delivery]
                del chunk, delivery  # what it holds is not held here while the next one is read
                yield held.pop()
                something = True
                self._problems += problems
                if not (file.container and known):  # of a known one it is not said where in it the new chats are
                    self._say(bytes_done=self._progress.bytes_done + max(0, offset - read_from))
                before = read_from = offset
        except LeftOut:
            return
        except NotNow as error:
            log.info("%s is read another time: %s", file.path, error)
            self._report(file.path, str(error))
            return
        except (SourceError, OSError) as error:
            reason = str(error) if isinstance(error, SourceError) else (error.strerror or str(error))
            log.warning("cannot read %s: %s", file.path, reason)
            self._report(file.path, reason)
            yield Delivery(file, None, before, error=reason)
            return
        if not something:
            yield Delivery(file, None, before, moved_from=item.moved_from)

    def _read(self, item: Work, before: int, offset: int) -> Iterator[Delivery]:
        if item.change is Change.NEW and (ready := self._ready.pop(item.file.path, None)):
            yield from ready
            return
        if item.file.container:
            yield from chats_of(item, self._versions(item), self._since)
            return
        replaces = item.change is Change.REWRITTEN
        for chunk in self._chunks(item, offset):
            made = [delivery_of(item.file, chunk, before, replace=replaces, moved_from=item.moved_from)]
            before, replaces = chunk.offset, False
            del chunk
            yield made.pop()

    def _chunks(self, item: Work, offset: int) -> Iterator[Chunk]:
        if offset == 0 or item.known is None:
            return item.source.read(item.file.path)
        if is_replaced(item.file):
            raise NotNow(f"{item.file.path} was replaced while it was looked at. It is read the next time.")
        known_as = item.moved_from or storable_path(item.file.path)
        state = imports.state(self._db, self._machine, known_as)
        return item.source.read(item.file.path, offset=offset, line=item.known.line, state=state)

    def _bring_index_up_to_date(self, stored: int) -> None:
        if stored or not search_index.is_ready(self._db):
            self._say(phase=Phase.INDEXING, remaining=None, force=True)
        search_index.build(
            self._db, lambda p: self._say(indexed=p.share, rate=p.rate, remaining=p.remaining, force=True)
        )
        if stored and search_index.words_are_stale(self._db):
            search_index.refresh_words(self._db)

    def _report(self, path: Path, reason: str) -> None:
        self._faults.append(FileFault(str(path), reason))

    def _say(self, *, force: bool = False, **changes: object) -> None:
        self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]
        now = time.perf_counter()
        if force or now - self._told >= _TELL_EVERY:
            self._told = now
            self._tell(self._progress)
