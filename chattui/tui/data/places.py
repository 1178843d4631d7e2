"""Asks where something is in a chat, and keeps where chats were left. Answers are messages, as all of the data layer's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from textual.message import Message

from chattui.domain.errors import ChattuiError
from chattui.tui import messages as told
from chattui.tui.data.worker import Worker, unasked

if TYPE_CHECKING:
    from chattui.store.database import Database


_LEFT_MOST = 500
_KINDS_NEAR, _KINDS_PART = 4_000, 100_000


class PlaceReader:
    """Places of a chat, asked for on the thread of pages; outlines and positions, which can wait, on the helpers'."""

    def __init__(
        self, pages: Worker, helpers: Worker, db: Callable[[], Database], post: Callable[[Message], None]
    ) -> None:
        self._pages = pages
        self._helpers = helpers
        self._db = db
        self._post = post
        self._left: dict[int, dict[str, Any]] = {}
        self._sorting: object = None  # whose kinds are being read

    def near(self, chat_id: int, what: str, seq: int, step: int, count: int) -> None:
        """The next "prompt" or "error" after message ``seq``, before it for a negative ``step``; errors go round."""

        def job() -> None:
            from chattui.store import places

            look = places.near_error if what == "error" else places.near_prompt
            found = look(self._db(), chat_id, seq, step)
            wrapped = False
            if found is None and what == "error":
                found = look(self._db(), chat_id, 0 if step > 0 else count + 1, step)
                wrapped = found is not None
            self._post(told.PlaceFound(chat_id, what, found, wrapped))

        self._pages.submit(job)

    def at_time(self, chat_id: int, moment: datetime, count: int) -> None:
        """The first message at or after a moment."""

        def job() -> None:
            from chattui.store import places

            self._post(told.PlaceFound(chat_id, "time", places.at_time(self._db(), chat_id, moment, count), False))

        self._pages.submit(job)

    def outline(self, chat_id: int) -> None:
        """The prompts of a chat."""

        def job() -> None:
            from chattui.store import places

            self._post(told.OutlineRead(chat_id, places.outline(self._db(), chat_id)))

        self._helpers.submit(job)

    # What is shown of a chat

    def these(self, chat_id: int, seqs: Sequence[int]) -> None:
        """Single messages that a feed wants. A failure is answered with none, so that they can be asked for again."""

        def job() -> None:
            from chattui.store import messages

            try:
                found = messages.these(self._db(), chat_id, seqs)
            except ChattuiError:
                self._post(told.TheseRead(chat_id, seqs, []))
                raise
            self._post(told.TheseRead(chat_id, seqs, found))

        self._pages.submit(job)

    def kinds(self, chat_id: int, near: int, count: int) -> None:
        """At which level each message is shown: first those around message ``near``, then all, in parts that let others by."""
        token = self._sorting = object()
        low, high = max(1, near - _KINDS_NEAR), min(count, near + _KINDS_NEAR)
        self.kinds_between(chat_id, low, high)
        if (low, high) == (1, count):
            return
        read = bytearray()

        def job() -> None:
            from chattui.store import levels

            if token is not self._sorting:
                return
            part = levels.codes(self._db(), chat_id, len(read) + 1, min(count, len(read) + _KINDS_PART))
            read.extend(part)
            if part and len(read) < count:
                self._helpers.submit(job)
            else:
                self._post(told.KindsRead(chat_id, 1, bytes(read)))

        self._helpers.submit(job)

    def kinds_between(self, chat_id: int, first: int, last: int) -> None:
        """At which level the messages ``first`` … ``last`` are shown."""

        def job() -> None:
            from chattui.store import levels

            self._post(told.KindsRead(chat_id, first, levels.codes(self._db(), chat_id, first, last)))

        self._pages.submit(job)

    def branches(self, chat_id: int, after: int = 0) -> None:
        """Where a chat parts, if it does behind its first ``after`` messages."""

        def job() -> None:
            from chattui.store import branches

            if (found := branches.of_chat(self._db(), chat_id, after)) is not None:
                self._post(told.BranchesRead(chat_id, found))

        self._helpers.submit(job)

    # Where chats were left

    def leave(self, chat_id: int, place: dict[str, Any]) -> None:
        """Keep where a chat was left: at once for this session, and for the next ones when there is time."""
        if self._left.get(chat_id) == place:
            return
        self._left.pop(chat_id, None)
        self._left[chat_id] = place
        while len(self._left) > _LEFT_MOST:
            del self._left[next(iter(self._left))]

        def job() -> None:
            from chattui.store import snapshots

            snapshots.save_place(self._db(), chat_id, place)

        self._helpers.submit(unasked(job))

    def leave_state(self, state: dict[str, object]) -> None:
        """Keep where the chat of an app's state was left."""
        chat_id = state.get("chat")
        if isinstance(chat_id, int):
            self.leave(chat_id, {name: state.get(name) for name in ("seq", "line", "at_end")})

    def left_at(self, chat_id: int, count: int) -> tuple[int | None, int | None]:
        """(message, line) at which a chat of ``count`` messages was left; None for its end. For the thread of pages."""
        from chattui.store import snapshots

        place = self._left.get(chat_id) or snapshots.place(self._db(), chat_id)
        seq, line = place.get("seq"), place.get("line")
        if place.get("at_end", True) or not isinstance(seq, int) or not isinstance(line, int) or not 1 <= seq <= count:
            return None, None
        return seq, max(0, line)
