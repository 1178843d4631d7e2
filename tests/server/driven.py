"""The app without its screen: its session, driven by random changes, and a record of what it has acknowledged."""

from __future__ import annotations

import queue
import random
import time
import uuid
from collections.abc import Callable
from typing import Any

from chattui.config import Settings
from chattui.store import chats, check
from chattui.store.database import Database
from chattui.tui import mark_messages as of_marks
from chattui.tui import messages as told
from chattui.tui.data.session import Session
from chattui.tui.outbox import Unsent

PATIENCE = 60.0
"""Seconds within which the app must have recovered by itself."""


class Driven:
    """A session of the app. Each change is asked for again, with the same key, until the app says that it is saved."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.chance = random.Random(seed)
        self.answers: queue.Queue[Any] = queue.Queue()
        self.session = Session(settings, self.answers.put)
        self.asked = 0
        """How often anything was asked for; more than the changes where an answer was lost."""
        self.messages: dict[str, tuple[int, int, str]] = {}
        """By key: chat, seq and text of each message that was acknowledged."""
        self.chats: dict[int, dict[str, Any]] = {}
        """By id: what was last acknowledged of each chat."""

    def open(self) -> None:
        self.session.open()
        self.session.painted()
        self.until(lambda answer: isinstance(answer, told.StoreReady))

    def until(self, fits: Callable[[Any], bool]) -> Any:
        """The next answer that fits. A failure is an answer as well, and given back."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.answers.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no answer within {PATIENCE} s") from None
            if fits(answer) or isinstance(answer, told.SaveFailed | told.DataFailed):
                return answer

    def change(self) -> None:
        """One random change, until it is acknowledged."""
        kinds = [self.write] * 4 + ([self.rename, self.pin, self.tag] if self.chats else [])
        self.chance.choice(kinds)()

    def write(self) -> None:
        """A message, in a chat that is there or in a new one."""
        key, text = uuid.uuid4().hex, f"message {len(self.messages)} of {self.chance.random()}"
        known = self.chance.choice([None, *self.chats]) if len(self.chats) < 8 else self.chance.choice([*self.chats])
        saved = self._insist(
            lambda: self.session.changes.save_message(Unsent(key, known, text, "/code/chattui")),
            lambda answer: isinstance(answer, told.MessageSaved) and answer.key == key,
        )
        assert key not in self.messages
        self.messages[key] = (saved.chat.id, saved.message.seq, text)
        self.chats.setdefault(saved.chat.id, {})

    def rename(self) -> None:
        chat, title = self._chat(), f"title {self.chance.random()}"
        self._changed(chat, "title", title, lambda: self.session.changes.rename(chat, title))

    def pin(self) -> None:
        chat, pinned = self._chat(), self.chance.random() < 0.5
        self._changed(chat, "pinned", pinned, lambda: self.session.changes.pin(chat, pinned))

    def tag(self) -> None:
        chat, tags = self._chat(), [f"t{self.chance.randrange(9)}"]
        self._changed(chat, "tags", tuple(tags), lambda: self.session.changes.tag(chat, tags, lambda: None))

    def _chat(self) -> int:
        return self.chance.choice([*self.chats])

    def _changed(self, chat: int, name: str, value: object, ask: Callable[[], None]) -> None:
        def fits(answer: Any) -> bool:
            return isinstance(answer, told.ChatChanged) and answer.chat.id == chat and _of(answer.chat, name) == value

        self._insist(ask, fits)
        self.chats[chat][name] = value

    def _insist(self, ask: Callable[[], None], fits: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            self.asked += 1
            ask()
            answer = self.until(lambda each: fits(each) or isinstance(each, of_marks.MarkFailed | told.SaveFailed))
            if fits(answer):
                return answer
            assert time.monotonic() < deadline, getattr(answer, "sentence", answer)
            time.sleep(0.02)

    def compare(self, db: Database) -> None:
        """Fail unless the database has every acknowledged change, every message once, and index and counters agree."""
        faults = [each for each in check.check(db, everything=True) if each.wrong and each.check != check.VOCABULARY]
        assert faults == []  # but that nobody has sampled the vocabulary, which an import does
        rows = db.read(
            lambda conn: conn.exec_driver_sql(
                "SELECT source_id, chat_id, seq, content FROM chattui.messages WHERE source_id LIKE 'chattui:%%'"
            ).all()
        )
        keys = [source_id.removeprefix("chattui:") for source_id, *_ in rows]
        assert len(set(keys)) == len(keys), "a message is there twice"
        held = {key: tuple(row[1:]) for key, row in zip(keys, rows, strict=True)}
        lost = [key for key, what in self.messages.items() if held.get(key) != what]
        assert not lost, f"{len(lost)} of {len(self.messages)} acknowledged messages are lost"
        for chat_id, values in self.chats.items():
            chat = chats.get(db, chat_id)
            assert chat is not None
            assert {name: _of(chat, name) for name in values} == values
            assert chat.message_count == sum(1 for each in held.values() if each[0] == chat_id)


def _of(chat: Any, name: str) -> object:
    value = getattr(chat, name)
    return tuple(value) if isinstance(value, list) else value
