"""The state of the database as its screen needs it: read off the UI's thread, answered by a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.domain.errors import ChattuiError
from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.config import Settings
    from chattui.domain.state import Check, DatabaseState
    from chattui.store.database import Database


class StateRead(Message):
    """The state of the database; or ``sentence`` says why it could not be read."""

    def __init__(self, state: DatabaseState | None, checks: list[Check], sentence: str = "") -> None:
        self.state = state
        self.checks = checks
        self.sentence = sentence
        super().__init__()


class StateReader:
    """Reads the state on the helpers' thread."""

    def __init__(
        self, helpers: Worker, db: Callable[[], Database], post: Callable[[Message], None], settings: Settings
    ) -> None:
        self._helpers = helpers
        self._database = db
        self._post = post
        self._settings = settings

    def read(self) -> None:
        """Read it; the answer is ``StateRead``."""
        self._helpers.submit(self._read)

    def _read(self) -> None:
        from chattui.store.survey import survey

        try:
            state, checks = survey(self._settings, self._database().conninfo)
        except ChattuiError as error:
            self._post(StateRead(None, [], str(error)))
            return
        self._post(StateRead(state, checks))
