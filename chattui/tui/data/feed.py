"""The messages of the open chat, loaded in pages and kept while they are near."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from chattui.domain.chat import BlockSize, Message
from chattui.domain.secrets import masked, masked_message

PAGE = 100
PAGES_KEPT = 60

_LOOKED_BACK = 4_000
"""Characters at the end of a growing text in which a secret may still be unfinished."""


class GrowingMask:
    """Hides secrets in a text that grows at its end, without looking at all of it each time."""

    def __init__(self) -> None:
        self._text = ""  # what is settled, as it is
        self._shown = ""  # and as it is shown

    def mask(self, text: str) -> str:
        """The text with its secrets hidden."""
        if not text.startswith(self._text):
            self._text = self._shown = ""
        rest = text[len(self._text) :]
        hidden = masked(rest)
        cut = rest.rfind("\n\n", 0, len(rest) - _LOOKED_BACK) if len(rest) > 2 * _LOOKED_BACK else -1
        if cut > 0:
            self._text, self._shown = text[: len(self._text) + cut], self._shown + hidden[:cut]
            return self._shown + hidden[cut:]
        return self._shown + hidden


class ChatFeed:
    """A ``MessageFeed`` over pages of ``PAGE`` messages. ``request(first, last)`` asks for some; answers come to ``fill``."""

    def __init__(
        self,
        chat_id: int,
        count: int,
        request: Callable[[int, int], None],
        request_these: Callable[[Sequence[int]], None] = lambda seqs: None,  # noqa: ARG005
        *,
        masks: bool = True,
    ) -> None:
        """``masks``: the secrets in messages are hidden, until ``reveal``."""
        self._masks = masks
        self._masked: dict[int, Message] = {}  # what messages are that are shown with something hidden
        self._chat_id = chat_id
        self._count = count
        self._request = request
        self._request_these = request_these
        self._single: set[int] = set()  # asked for one by one
        self._pages: OrderedDict[int, dict[int, Message]] = OrderedDict()
        self._asked: set[int] = set()
        self._sizes: Sequence[BlockSize] | None = None
        self._tail: list[Message] = []
        self._growing = GrowingMask()

    @property
    def chat_id(self) -> int:
        """The chat shown."""
        return self._chat_id

    @property
    def count(self) -> int:
        """Messages to be shown: those of the chat, and behind them what is none yet."""
        return self._count + len(self._tail)

    @property
    def stored(self) -> int:
        """Messages in the chat."""
        return self._count

    def set_tail(self, messages: Sequence[Message]) -> None:
        """What is shown behind the messages of the chat: a reply that is being written, a message that waits to be stored.

        Their seqs are set here, as they stand; where the last one grows, only what is new of it is looked at.
        """
        shown = []
        for number, message in enumerate(messages, 1):
            masks = self._masks and message.content
            content = self._growing.mask(message.content) if masks and number == len(messages) else None
            if content is None:
                content = masked(message.content) if masks else message.content
            shown.append(replace(message, chat_id=self._chat_id, seq=self._count + number, content=content))
        self._tail = shown

    def get(self, seq: int) -> Message | None:
        """The message, or None while it is not loaded."""
        if seq > self._count:
            return self._tail[seq - self._count - 1] if seq <= self.count else None
        page = self._pages.get((seq - 1) // PAGE)
        return None if page is None else page.get(seq)

    def want(self, first: int, last: int) -> None:
        """Ask for what of ``first`` … ``last`` is neither loaded nor asked for."""
        first, last = max(1, first), min(last, self._count)
        for number in range((first - 1) // PAGE, (last - 1) // PAGE + 1):
            start, end = number * PAGE + 1, min((number + 1) * PAGE, self._count)
            held = self._pages.get(number)
            if number in self._asked or (held is not None and len(held) >= end - start + 1):
                continue
            while held and start < end and start in held:
                start += 1  # a page that grows is not read again from its beginning
            self._asked.add(number)
            self._request(start, end)

    def want_these(self, seqs: Sequence[int]) -> None:
        """Ask for what of these messages is neither loaded nor asked for, whatever lies between them."""
        missing = [
            seq
            for seq in seqs
            if seq not in self._single and (seq - 1) // PAGE not in self._asked and self.get(seq) is None
        ]
        if missing:
            self._single.update(missing)
            self._request_these(missing)

    def answered(self, seqs: Iterable[int]) -> None:
        """Single messages that were asked for are here, or can be asked for again."""
        self._single.difference_update(seqs)

    def sizes(self) -> Sequence[BlockSize] | None:
        """Sizes by block, or None while they are not loaded."""
        return self._sizes

    def set_sizes(self, sizes: Sequence[BlockSize]) -> None:
        """The sizes are here."""
        self._sizes = sizes

    def fill(self, messages: Iterable[Message], asked: tuple[int, int] | None = None) -> None:
        """Take messages in. ``asked`` is the range that was requested, now answered."""
        for message in messages:
            number = (message.seq - 1) // PAGE
            shown = masked_message(message) if self._masks else message
            if shown is not message:
                self._masked[message.seq] = message
            self._pages.setdefault(number, {})[message.seq] = shown
            self._pages.move_to_end(number)
        if asked is not None:
            self._asked.difference_update(range((asked[0] - 1) // PAGE, (asked[1] - 1) // PAGE + 1))
        while len(self._pages) > PAGES_KEPT and sum(map(len, self._pages.values())) > PAGES_KEPT * PAGE:
            _, gone = self._pages.popitem(last=False)
            for seq in gone if self._masked else ():
                self._masked.pop(seq, None)

    @property
    def is_masked(self) -> bool:
        """Whether there may be something that ``reveal`` would show."""
        return self._masks

    def reveal(self) -> list[int]:
        """Hide nothing any more; returns the seqs of the messages that look different now."""
        self._masks = False
        revealed, self._masked = self._masked, {}
        for seq, message in revealed.items():
            if (page := self._pages.get((seq - 1) // PAGE)) is not None and seq in page:
                page[seq] = message
        return list(revealed)

    def retry(self) -> None:
        """Forget what was asked for: its answer was lost with the connection."""
        self._asked.clear()
        self._single.clear()

    def grow(self, count: int) -> None:
        """The chat has more messages now. The tail comes behind them."""
        self._count = max(self._count, count)
        self._tail = [replace(message, seq=self._count + n) for n, message in enumerate(self._tail, 1)]
