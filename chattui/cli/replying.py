"""A reply in the terminal: asked for, printed as it comes, saved every second, a message at the end whatever happens."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click

from chattui.domain.errors import ChattuiError
from chattui.domain.secrets import masked, masked_beginning
from chattui.domain.visible import visible

if TYPE_CHECKING:
    from chattui.config import Settings
    from chattui.domain.chat import Message
    from chattui.replies.events import Event
    from chattui.store.database import Database
    from chattui.tui.data.live_reply import LiveReply

_SAVE_EVERY = 0.8
_LOOK = 0.1
"""Seconds for which an event is waited for, before it is looked whether something is to be saved."""

_BLANKS = " \n\t"
_BEFORE = 20_000
"""Characters before those that are printed among which a secret may have begun."""


class Printed:
    """Prints a text that grows, word by word: a word is judged, and hidden where it is a secret, when it is whole."""

    def __init__(self, *, masks: bool) -> None:
        self._masks = masks
        self._text = ""  # from some line before what is not printed yet
        self._done = 0

    def add(self, text: str) -> None:
        """There is more."""
        self._text += text
        blank = max(self._text.rfind(each, self._done) for each in _BLANKS)
        if blank >= 0:
            self._print(masked_beginning(self._text) if self._masks else self._text, blank + 1)

    def end(self) -> None:
        """That was all."""
        self._print(masked(self._text) if self._masks else self._text, len(self._text))
        if self._text and not self._text.endswith("\n"):
            click.echo()

    def _print(self, text: str, to: int) -> None:
        click.echo(visible(text[self._done : to]), nl=False)
        self._done = to
        if self._done > 2 * _BEFORE:
            start = self._text.find("\n", self._done - _BEFORE, self._done) + 1
            self._text, self._done = self._text[start:], self._done - start


def reply_to(
    db: Database, settings: Settings, prompt: Message, model: str, hear: Callable[[Event], None]
) -> tuple[LiveReply, list[Message]]:
    """Ask for a reply to a message and hand on what comes of it; returns it with the messages that were made of it.

    Ctrl+C ends it: what came is kept, and ``KeyboardInterrupt`` goes on. Raises ``ChattuiError`` and ``OSError``.
    """
    from chattui.replies.process import Asker
    from chattui.replies.request import Request
    from chattui.store import replies
    from chattui.tui.data.live_reply import LiveReply, Wanted
    from chattui.tui.data.replies import MOST_CHARS

    live = LiveReply(Wanted(prompt.chat_id, prompt.seq), uuid.uuid4().hex, model)
    turns = tuple(replies.conversation(db, prompt.chat_id, prompt.seq, most_chars=MOST_CHARS))
    request = Request(settings.models, turns, model, settings.models.system)
    asker = Asker()
    replies.begin(db, live.reply())
    held = replies.hold(db, live.key)
    try:
        held.take()
        events: SimpleQueue[Event] = SimpleQueue()
        asking = asker.ask(request, events.put)
        try:
            _hear(db, live, events, hear, settings.models.quiet)
        finally:
            asking.stop()
            live.end("stopped")
            made = replies.finish(db, live.reply(), live.how_it_ended())
    finally:
        held.leave()
        asker.close()
    return live, made


def _hear(
    db: Database, live: LiveReply, events: SimpleQueue[Event], hear: Callable[[Event], None], quiet: float
) -> None:
    from chattui.store import replies

    saved = time.monotonic()
    while not live.is_over():
        try:
            event = events.get(timeout=_LOOK)
        except Empty:
            if live.quiet_for() > quiet:
                live.end("failed", f"The model has said nothing for {quiet:.0f} seconds, and was given up.")
        else:
            live.take(event)
            hear(event)
        if time.monotonic() - saved > _SAVE_EVERY and (reply := live.to_save()) is not None:
            replies.keep(db, reply)
            saved = time.monotonic()


def can_reply(settings: Settings, wanted: bool | None, model: str) -> bool:
    """Whether a reply is to be asked for: as it was said, otherwise where a model is configured. Raises ``ChattuiError``
    with the reason where one is wanted that cannot be had."""
    from chattui.replies import HOW, NOT_INSTALLED, is_installed
    from chattui.replies.acp import PREFIX

    wanted = True if model and wanted is None else wanted
    if wanted is False:
        return False
    if model.startswith(PREFIX):
        raise ChattuiError("An agent asks before it acts, which needs the app: chattui --new, then Ctrl+O.")
    if not is_installed():
        if wanted:
            raise ChattuiError(NOT_INSTALLED)
        return False
    if not model and not settings.models.is_configured:
        if wanted:
            raise ChattuiError(HOW)
        return False
    return wanted or not settings.models.default.startswith(PREFIX)
