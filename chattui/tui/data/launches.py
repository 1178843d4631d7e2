"""How chats are gone on with, found out and prepared off the UI's thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.tui import messages as told
from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.store.database import Database


class Launches:
    """Works on the helpers' thread. The answer is a message; what hinders is said as any failure is."""

    def __init__(
        self, helpers: Worker, db: Callable[[], Database], post: Callable[[Message], None], state_dir: Path
    ) -> None:
        self._helpers = helpers
        self._database = db
        self._post = post
        self._state_dir = state_dir

    def prepare(self, chat_id: int, agent: str | None = None, *, only_copy: bool = False) -> None:
        """How a chat is gone on with in its own tool, or in ``agent``, for which the conversation is written to a file."""

        def job() -> None:
            from chattui.resume import resuming
            from chattui.resume.agents import agent as agent_of

            here, db = resuming.here(os.environ, self._state_dir), self._database()
            other = agent_of(agent) if agent is not None else None
            launch = resuming.hand_over(db, chat_id, other, here) if other else resuming.resume(db, chat_id, here)
            self._post(told.LaunchReady(launch, only_copy=only_copy))

        self._helpers.submit(job)
