"""Snapshots of chats for the app: taken, read, compared, gone back to. Answers are messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.domain.errors import ChattuiError
from chattui.tui import snapshot_messages as of_snapshots
from chattui.tui.data.worker import Worker, unasked

if TYPE_CHECKING:
    from chattui.domain.snapshots import ChatState, Desk
    from chattui.store.database import Database

log = logging.getLogger("chattui.tui")


class States:
    """What a person asks for is done on the thread of pages, in turn with other changes; what is taken by itself on the
    helpers'."""

    def __init__(
        self, pages: Worker, helpers: Worker, db: Callable[[], Database], post: Callable[[Message], None]
    ) -> None:
        self._pages = pages
        self._helpers = helpers
        self._database = db
        self._post = post

    def take(self, chat_id: int, desk: Desk, every: float) -> None:
        """Take a snapshot by itself, if the chat has changed since the last one. What fails is only logged."""

        def job() -> None:
            from chattui.store import states

            try:
                missing = states.save_if_changed(self._database(), chat_id, desk, every)
            except ChattuiError:
                log.info("no snapshot was taken", exc_info=True)
                return
            if missing:
                self._post(of_snapshots.TooEarly(chat_id, missing))

        self._helpers.submit(unasked(job))

    def read(self, chat_id: int) -> None:
        """The snapshots of a chat."""

        def job() -> None:
            from chattui.store import states

            self._post(of_snapshots.SnapshotsRead(chat_id, states.of_chat(self._database(), chat_id)))

        self._pages.submit(job)

    def show(self, chat_id: int, snapshot_id: int, against: int | None, desk: Desk) -> None:
        """What a snapshot keeps, or what has changed in it since the one that it is held against; 0 is now."""

        def job() -> None:
            from chattui.domain.snapshots import compared, described

            state = self._state(chat_id, snapshot_id, desk)
            if against is None:
                sections = described(state)
            else:
                other = self._state(chat_id, against, desk)
                early, late = (other, state) if snapshot_id == 0 or 0 < against < snapshot_id else (state, other)
                sections = compared(early, late)
            self._post(of_snapshots.SnapshotShown(chat_id, snapshot_id, against, sections))

        self._pages.submit(job)

    def _state(self, chat_id: int, snapshot_id: int, desk: Desk) -> ChatState:
        from chattui.store import states

        db = self._database()
        return states.find(db, chat_id, str(snapshot_id)).state if snapshot_id else states.present(db, chat_id, desk)

    def save(self, chat_id: int, name: str, desk: Desk) -> None:
        """Keep the state of a chat by a name."""

        def job() -> None:
            from chattui.store import states

            self._post(of_snapshots.SnapshotSaved(states.save(self._database(), chat_id, name, desk)))
            self.read(chat_id)

        self._pages.submit(job)

    def remove(self, chat_id: int, snapshot_id: int) -> None:
        """Forget a snapshot."""

        def job() -> None:
            from chattui.store import states

            states.remove(self._database(), chat_id, snapshot_id)
            self.read(chat_id)

        self._pages.submit(job)

    def go_back(self, chat_id: int, snapshot_id: int, desk: Desk) -> None:
        """Set a chat as it was; ``desk`` is how it is now."""

        def job() -> None:
            from chattui.store import states

            db = self._database()
            snapshot = states.find(db, chat_id, str(snapshot_id))
            back = states.go_back(db, snapshot, desk)
            self._post(of_snapshots.WentBack(back.chat, snapshot, back.before, back.added))
            self.read(chat_id)

        self._pages.submit(job)
