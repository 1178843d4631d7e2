"""Titles of new chats, asked of a model after the first reply. What fails is only logged: the first prompt names the chat."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.message import Message

from chattui.domain.errors import ChattuiError
from chattui.tui import messages as told
from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.config.models import ModelSettings
    from chattui.replies.events import Event
    from chattui.replies.process import Asker, Asking
    from chattui.store.database import Database
    from chattui.store.titles import Untitled
    from chattui.tui.data.live_reply import LiveReply

log = logging.getLogger("chattui.tui")

PATIENCE: Final = 60.0
"""Seconds after which a model that has not answered is given up."""


class Titles:
    """Works on the thread of replies. A chat is asked for once while the app runs."""

    def __init__(
        self,
        db: Callable[[], Database],
        asker: Callable[[], Asker],
        worker: Callable[[], Worker],
        post: Callable[[Message], None],
        settings: ModelSettings,
    ) -> None:
        self._database = db
        self._asker = asker
        self._worker = worker
        self._post = post
        self._settings = settings
        self._asked: set[int] = set()

    def after(self, live: LiveReply, *, of_agent: bool) -> None:
        """A reply is stored: where it was the first one, ask for a title. An agent is not asked, but the model there may be."""
        chat_id = live.chat_id
        settings = self._settings
        if not settings.titles or live.how_it_ended().why != "stop" or chat_id in self._asked:
            return
        if of_agent and not (settings.title_model or settings.default or settings.url):
            return
        from chattui.replies.titles import request_for
        from chattui.store import titles

        self._asked.add(chat_id)
        try:
            found = titles.untitled(self._database(), chat_id)
        except ChattuiError:
            log.info("no title was asked for", exc_info=True)
            return
        if found is None:
            return
        request = request_for(settings, "" if of_agent else live.model, found.prompt, found.reply)
        answer = _Answer(partial(self._answered, chat_id, found))
        try:
            answer.begin(self._asker().ask(request, answer.take))
        except OSError:
            log.info("no title was asked for", exc_info=True)

    def _answered(self, chat_id: int, found: Untitled, answer: str) -> None:
        from chattui.replies.titles import title_of

        title = title_of(answer)
        if not title:
            log.info("the model suggested no title that could be used")
            return
        self._worker().submit(partial(self._name, chat_id, title, found.title))

    def _name(self, chat_id: int, title: str, before: str) -> None:
        from chattui.store import titles

        try:
            chat = titles.suggest(self._database(), chat_id, title, before)
        except ChattuiError:
            log.info("a title could not be stored", exc_info=True)
            return
        if chat is not None:
            self._post(told.ChatChanged(chat, "renamed"))


class _Answer:
    """Gathers what the model says, and gives it up where it says too much, or nothing."""

    def __init__(self, on_answer: Callable[[str], None]) -> None:
        self._on_answer = on_answer
        self._said = ""
        self._asking: Asking | None = None
        self._timer = threading.Timer(PATIENCE, self._stop)
        self._timer.daemon = True

    def begin(self, asking: Asking) -> None:
        self._asking = asking
        self._timer.start()

    def _stop(self) -> None:
        if self._asking is not None:
            self._asking.stop()

    def take(self, event: Event) -> None:
        from chattui.replies.events import Ended, Failed, Text
        from chattui.replies.titles import MOST_HEARD

        match event:
            case Text() if len(self._said) > MOST_HEARD:
                self._timer.cancel()
                self._stop()
            case Text():
                self._said += event.text
            case Failed():
                self._timer.cancel()
                log.info("no title: %s", event.trace or "the model could not be asked")
            case Ended():
                self._timer.cancel()
                self._on_answer(self._said)
