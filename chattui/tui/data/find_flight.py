"""Find in chat as one types: one question at a time, the part around the reader first, late answers dropped.

A chat is asked in parts that take about ``_PART_MS`` each, growing away from the reader: the first answer comes within a
frame whatever the chat's length, and the count grows while the rest is looked at. A literal needle that has grown is first
tried on what matched before. ``chattui.store.find`` has the measurements.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.domain.errors import Cancelled, ChattuiError
from chattui.domain.needle import BadExpression, Needle, SlowExpression
from chattui.tui.data.worker import Worker
from chattui.tui.messages import FindAnswered

if TYPE_CHECKING:
    from chattui.store.database import Database

_SLOT = "find"
_PART_MS = 20.0
_FIRST_PART, _FIRST_OF_EXPRESSION = 500, 300
_LEAST, _MOST = 100, 10_000
_TELL_EVERY = 0.08
"""Seconds between two answers to one question."""

_NARROWED_MOST = 3_000
"""Matches above which trying them again would be later than a first answer from around the reader."""

_TEXTS_MOST = 500


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for in a chat of ``count`` messages, beginning at message ``near``."""

    chat_id: int
    needle: Needle
    count: int
    near: int


@dataclass(slots=True)
class _Looked:
    """What is known so far: all matches between ``low`` and ``high``, ascending."""

    question: Question
    low: int
    high: int
    seqs: array[int] = field(default_factory=lambda: array("i"))
    texts: set[str] = field(default_factory=set)

    @property
    def whole(self) -> bool:
        """Whether all of the chat was looked at."""
        return self.low <= 1 and self.high >= self.question.count


class FindFlight:
    """Single-flight: every question gets a number, and an answer with an older number is of no use any more."""

    def __init__(
        self, worker: Worker, helper: Worker, db: Callable[[], Database], post: Callable[[Message], None]
    ) -> None:
        self._worker = worker
        self._helper = helper
        self._db = db
        self._post = post
        self._lock = threading.Lock()
        self._wanted: tuple[int, Question] | None = None
        self._busy = False
        self._is_slow = False  # what runs is worth cancelling: parts of a literal search are short
        self._known: _Looked | None = None
        self.generation = 0

    def ask(self, question: Question) -> int:
        """Look for something; what is being looked for is dropped. Returns the question's number."""
        with self._lock:
            self.generation += 1
            self._wanted = (self.generation, question)
            if not self._busy:
                self._busy = True
                self._worker.submit(self._run)
            elif self._is_slow:
                self._helper.submit(self._cancel)
            return self.generation

    def forget(self) -> None:
        """Nothing is looked for any more."""
        with self._lock:
            self.generation += 1
            self._wanted = None
            if self._is_slow:
                self._helper.submit(self._cancel)

    def close(self) -> None:
        """End the thread."""
        self.forget()
        self._worker.stop()

    def _cancel(self) -> None:
        self._db().cancel(_SLOT)

    def _take(self) -> tuple[int, Question] | None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
            self._busy = wanted is not None
            self._is_slow = wanted is not None and wanted[1].needle.regex
            return wanted

    def _run(self) -> None:
        while (wanted := self._take()) is not None:
            number, question = wanted
            try:
                self._answer(number, question)
            except (BadExpression, SlowExpression) as error:
                known = self._known if isinstance(error, SlowExpression) else None
                self._tell(number, known or _Looked(question, 1, 0), str(error), final=True)
            except ChattuiError as error:
                self._tell(number, _Looked(question, 1, 0), str(error), final=True)
            except Exception:
                with self._lock:
                    self._busy = self._wanted is not None
                    if self._busy:
                        self._worker.submit(self._run)
                raise

    def _answer(self, number: int, question: Question) -> None:
        from chattui.store import find

        began = time.monotonic()
        looked = self._narrowed(number, question)
        if looked is None:
            near = max(1, min(question.near, question.count))
            looked = _Looked(question, near, near - 1)
        self._known = None  # what is half looked at must not be taken for known
        told = False
        size = _FIRST_OF_EXPRESSION if question.needle.regex else _FIRST_PART
        while not looked.whole and number == self.generation:
            first, last = self._part(looked, size)
            asked = time.perf_counter()
            look = partial(find.seqs_in, self._db(), question.chat_id, question.needle, first, last, slot=_SLOT)
            found = self._patiently(number, look)
            if found is None:
                return
            took = max(0.5, (time.perf_counter() - asked) * 1e3)
            size = int(max(_LEAST, min(_MOST, size * min(4.0, _PART_MS / took))))
            _extend(looked, first, last, found)
            self._known = looked
            if not looked.whole and (not told or time.monotonic() - began >= _TELL_EVERY):
                began, told = time.monotonic(), True
                self._tell(number, looked)
        self._known = looked
        if number == self.generation:
            self._tell(number, looked, final=True)

    @staticmethod
    def _part(looked: _Looked, size: int) -> tuple[int, int]:
        """The next part: below what is known, then above it, whichever end is nearer to where it began."""
        question = looked.question
        below, above = looked.high - question.near, question.near - looked.low
        if looked.high < question.count and (below <= above or looked.low <= 1):
            return looked.high + 1, min(question.count, looked.high + size)
        return max(1, looked.low - size), looked.low - 1

    def _narrowed(self, number: int, question: Question) -> _Looked | None:
        """What is known of a grown needle: the earlier matches tried again; None when nothing is."""
        from chattui.store import find

        known = self._known
        if (
            known is None
            or known.question.chat_id != question.chat_id
            or known.high > question.count
            or not question.needle.narrows(known.question.needle)
            or len(known.seqs) > _NARROWED_MOST
        ):
            return None
        looked = _Looked(question, known.low, known.high)
        for batch in _batches(known.seqs, 2_000):
            if number != self.generation:
                return None
            look = partial(find.seqs_among, self._db(), question.chat_id, question.needle, batch, slot=_SLOT)
            found = self._patiently(number, look)
            if found is None:
                return None
            looked.seqs.extend(found[0])
        return looked

    def _patiently(
        self, number: int, ask: Callable[[], tuple[list[int], set[str]]]
    ) -> tuple[list[int], set[str]] | None:
        """The answer; asked again when it was cancelled for the question before it. None when it is not wanted any more."""
        while number == self.generation:
            try:
                return ask()
            except Cancelled:
                continue
        return None

    def _tell(self, number: int, looked: _Looked, problem: str = "", *, final: bool = False) -> None:
        needle = looked.question.needle
        pattern = needle.pattern or needle.pattern_of(looked.texts)
        self._post(FindAnswered(number, needle, array("i", looked.seqs), pattern, problem, final=final))


def _extend(looked: _Looked, first: int, last: int, found: tuple[list[int], set[str]]) -> None:
    seqs, texts = found
    if first > looked.high:
        looked.seqs.extend(seqs)
        looked.high = last
    else:
        looked.seqs = array("i", seqs) + looked.seqs
        looked.low = first
    if len(looked.texts) < _TEXTS_MOST:
        looked.texts |= texts


def _batches(seqs: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(seqs), size):
        yield seqs[start : start + size]
