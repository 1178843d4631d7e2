"""In-memory feeds for the pane's tests: whole, or loading only when told to."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from chattui.domain.chat import SIZE_BLOCK, BlockSize, Message, ToolUse
from chattui.domain.kinds import FOLDED_KINDS, ContentType, Kind, Role, ToolStatus

MANY = 100_000
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def now() -> datetime:
    """The tests' clock, which stands still."""
    return NOW


def message(seq: int, content: str = "text", **fields: object) -> Message:
    """A message with defaults for what a test does not care about."""
    values: dict[str, object] = {
        "chat_id": 7,
        "seq": seq,
        "role": Role.ASSISTANT,
        "kind": Kind.TEXT,
        "content": content,
        "created_at": NOW - timedelta(minutes=5),
    }
    return Message(**(values | fields))  # type: ignore[arg-type]


_PROSE = """
the index keeps its blocks in memory while a worker folds each page into rows and the planner takes the cheaper path
when statistics are fresh otherwise it reads the whole table which is slow for a chat of this size
"""
_WORDS = _PROSE.split()


@lru_cache(8192)
def generated(seq: int) -> Message:
    """Message ``seq`` of an endless chat: a pure function of its number; headed ``#seq`` so that tests can find it."""
    r = random.Random(seq * 2654435761 % 2**32)

    def prose(least: int, most: int) -> str:
        return " ".join(r.choices(_WORDS, k=r.randint(least, most))).capitalize() + "."

    at = NOW - timedelta(seconds=30) * (2_000 - seq % 2_000)
    match seq % 6:
        case 1:
            return message(seq, f"#{seq} {prose(6, 40)}", role=Role.USER, created_at=at)
        case 2:
            return message(seq, f"#{seq} {prose(20, 80)}", kind=Kind.THINKING, created_at=at)
        case 3:
            tool = ToolUse(f"c{seq}", "Bash", ToolStatus.COMPLETED, f"rg -n term{seq} src", r.randint(10, 9_000))
            return message(
                seq, '{"command": "rg"}', kind=Kind.TOOL_CALL, content_type=ContentType.JSON, tool=tool, created_at=at
            )
        case 4:
            lines = "\n".join(f"src/module_{n}.py:{r.randint(1, 900)}: {prose(3, 9)}" for n in range(r.randint(1, 30)))
            return message(
                seq, lines, role=Role.TOOL, kind=Kind.TOOL_RESULT, content_type=ContentType.TEXT, created_at=at
            )
        case 5:
            code = "\n".join(f"def step_{n}(value: int) -> int:  # {prose(2, 5)}" for n in range(r.randint(3, 30)))
            return message(
                seq, f"#{seq} {prose(20, 90)}\n\n```python\n{code}\n```\n\n{prose(5, 30)}", model="opus", created_at=at
            )
    items = "\n".join(f"- **{n}** {prose(4, 30)}" for n in range(r.randint(2, 9)))
    return message(seq, f"#{seq} {prose(10, 60)}\n\n{items}\n\n## Next\n\n{prose(10, 60)}", created_at=at)


class Feed:
    """A feed whose messages are all there."""

    def __init__(self, source: Callable[[int], Message] | Sequence[Message], count: int = 0) -> None:
        self.chat_id = 7
        if callable(source):
            self.source, self.count = source, count
        else:
            self.source, self.count = lambda seq: source[seq - 1], len(source)
        self.wanted: list[tuple[int, int]] = []

    def get(self, seq: int) -> Message | None:
        """The message, when there is one."""
        return self.source(seq) if 1 <= seq <= self.count else None

    def want(self, first: int, last: int) -> None:
        """Keep what was asked for."""
        self.wanted.append((first, last))

    def sizes(self) -> list[BlockSize] | None:
        """Not known."""
        return None


class LateFeed(Feed):
    """A feed that has a message only after ``deliver``."""

    def __init__(self, source: Callable[[int], Message] | Sequence[Message], count: int = 0) -> None:
        super().__init__(source, count)
        self.loaded: set[int] = set()
        self.known_sizes: list[BlockSize] | None = None

    def get(self, seq: int) -> Message | None:
        """The message, when it was delivered."""
        return super().get(seq) if seq in self.loaded else None

    def deliver(self) -> list[tuple[int, int]]:
        """Load all that was wanted; the ranges, for ``messages_loaded``."""
        ranges, self.wanted = list(dict.fromkeys(self.wanted)), []
        ranges = [(first, last) for first, last in ranges if not self.loaded.issuperset(range(first, last + 1))]
        for first, last in ranges:
            self.loaded.update(range(first, last + 1))
        return ranges

    def sizes(self) -> list[BlockSize] | None:
        """What ``learn_sizes`` has found."""
        return self.known_sizes

    def learn_sizes(self) -> None:
        """Count the characters and lines of each block as the store does."""
        self.known_sizes = []
        for first in range(1, self.count + 1, SIZE_BLOCK):
            block = [self.source(seq) for seq in range(first, min(self.count, first + SIZE_BLOCK - 1) + 1)]
            texts = [each.content for each in block if each.kind not in FOLDED_KINDS]
            self.known_sizes.append(
                BlockSize(
                    len(block), len(block) - len(texts), sum(map(len, texts)), sum(text.count("\n") for text in texts)
                )
            )


def tools() -> Feed:
    use = ToolUse("c", "Bash", ToolStatus.COMPLETED, "rg -n foo src", 400)
    return Feed(
        [
            message(1, "find foo", role=Role.USER),
            message(2, "Let me think.\n\nSecond thought.", kind=Kind.THINKING),
            message(3, '{"command": "rg"}', kind=Kind.TOOL_CALL, content_type=ContentType.JSON, tool=use),
            message(
                4, "first line\n**second** line", kind=Kind.TOOL_RESULT, role=Role.TOOL, content_type=ContentType.TEXT
            ),
            message(5, "More thoughts.", kind=Kind.THINKING),
            message(6, "Found it."),
        ]
    )
