"""A reply while it is being written: what has come of it, safe to be asked about from any thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chattui.domain.replies import Reply, ReplyEnd, Why
from chattui.replies.events import Ended, Event, Failed, Started, Text, Thinking, Usage

if TYPE_CHECKING:
    from chattui.replies.process import Asking

_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reply that is wanted to message ``seq`` of a chat, or that goes on with it where it is one; ``again``: beside
    those that the prompt has."""

    chat_id: int
    seq: int
    again: bool = False


class LiveReply:
    """Takes events on one thread and answers on others. Times are of a clock that never goes back."""

    def __init__(self, wanted: Wanted, key: str, model: str) -> None:
        self.wanted = wanted
        self.key = key
        self.asking: Asking | None = None
        self.sentence = ""
        self._model = model
        self._lock = threading.Lock()
        self._content: list[str] = []
        self._thinking: list[str] = []
        self._chars = 0
        self._usage = Usage()
        self._began = self._heard = time.monotonic()
        self._first: float | None = None
        self._ended: float | None = None
        self._why: Why = "stop"
        self._saved = (0, 0)

    @property
    def chat_id(self) -> int:
        """The chat that it belongs to."""
        return self.wanted.chat_id

    @property
    def model(self) -> str:
        """The model that writes it; empty until it is known which one that is."""
        return self._model

    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self._ended is not None

    def take(self, event: Event) -> bool:
        """An event of the model; those after the last are nothing. Whether this was the last."""
        now = time.monotonic()
        with self._lock:
            if self._ended is not None:
                return False
            self._heard = now
            match event:
                case Started():
                    self._model = event.model
                case Text() | Thinking():
                    self._first = self._first or now
                    self._chars += len(event.text)
                    (self._content if isinstance(event, Text) else self._thinking).append(event.text)
                case Usage():
                    self._usage = event
                case Ended():
                    self._end(event.why, "")
                case Failed():
                    self._end("failed", event.sentence)
            return self._ended is not None

    def end(self, why: Why, sentence: str = "") -> bool:
        """End it from this side; False when it was over."""
        with self._lock:
            if self._ended is not None:
                return False
            self._end(why, sentence)
            return True

    def _end(self, why: Why, sentence: str) -> None:
        self._ended, self._why, self.sentence = time.monotonic(), why, sentence
        if not self._chars and why == "stop":
            self._why, self.sentence = "failed", "The model ended without a word."

    def quiet_for(self) -> float:
        """Seconds since the model was heard of."""
        return 0.0 if self._ended is not None else time.monotonic() - self._heard

    def reply(self) -> Reply:
        """What has come, for the store."""
        with self._lock:
            self._content, self._thinking = ["".join(self._content)], ["".join(self._thinking)]
            of = self.wanted
            return Reply(of.chat_id, self.key, of.seq, of.again, self._model, self._thinking[0], self._content[0])

    def how_it_ended(self) -> ReplyEnd:
        """How it ended, for the store."""
        usage, first = self._usage, self._first
        return ReplyEnd(
            self._why,
            self.sentence,
            usage.tokens_in,
            usage.tokens_out,
            usage.tokens_cached,
            usage.cost,
            None if first is None else round((first - self._began) * 1000),
            self.seconds(),
        )

    def seconds(self) -> float:
        """How long it takes, or took."""
        return (self._ended or time.monotonic()) - self._began

    def to_save(self) -> Reply | None:
        """What has come, where that is more than at the last call."""
        reply = self.reply()
        size = (len(reply.thinking), len(reply.content))
        if size == self._saved:
            return None
        self._saved = size
        return reply

    def status(self) -> str:
        """One line on how it goes: model, seconds, tokens, tokens a second; guessed from characters until it is said."""
        seconds = self.seconds()
        facts = [self._model or "asking", f"{seconds:.0f} s"]
        tokens = self._usage.tokens_out or self._chars // _CHARS_PER_TOKEN
        if self._first is not None and tokens:
            about = "" if self._usage.tokens_out else "≈"
            writing = max(0.001, (self._ended or time.monotonic()) - self._first)
            facts += [f"{about}{tokens:,} tokens", f"{about}{tokens / writing:,.0f}/s"]
        elif not self.is_over():
            facts.append("waiting")
        if self._usage.cost:
            facts.append(f"${self._usage.cost:.4f}")
        return " · ".join(facts)
