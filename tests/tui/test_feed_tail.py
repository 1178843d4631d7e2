"""What is shown behind the messages of a chat: its place, and its secrets, which are hidden while it grows."""

from __future__ import annotations

from datetime import UTC, datetime

from chattui.domain.chat import Message
from chattui.domain.kinds import Kind, Role
from chattui.domain.secrets import masked
from chattui.tui.data.feed import ChatFeed, GrowingMask

KEY = "ghp_" + "a1B2" * 9
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def message(seq: int, content: str) -> Message:
    return Message(7, seq, Role.ASSISTANT, Kind.TEXT, content, NOON)


def test_a_text_that_grows_is_masked_as_the_whole_of_it_would_be() -> None:
    paragraph = "Some words that hide nothing at all.\n\n" * 60
    text = paragraph + f"token = {KEY}\n\n" + paragraph * 4 + f"and {KEY}\n\n" + paragraph * 5
    growing = GrowingMask()
    for end in range(0, len(text), 97):
        shown = growing.mask(text[:end])
        assert len(shown) == end
        assert shown == masked(text[:end])
    assert KEY not in growing.mask(text)
    assert len(growing._text) > len(text) // 2, "what is settled is not looked at again"
    assert growing.mask("another") == "another"


def test_the_tail_comes_behind_the_messages_and_moves_when_there_are_more() -> None:
    feed = ChatFeed(7, 1, lambda first, last: None)
    feed.fill([message(1, "one")])
    feed.set_tail([message(1, "waits"), message(1, f"with {KEY}")])
    assert (feed.stored, feed.count) == (1, 3)
    shown = [feed.get(seq) for seq in (1, 2, 3)]
    assert [(m.seq, m.content[:5]) for m in shown if m is not None] == [(1, "one"), (2, "waits"), (3, "with ")]
    assert shown[2] is not None
    assert KEY not in shown[2].content
    feed.grow(2)
    assert feed.get(2) is None, "it is to be asked for"
    moved = feed.get(4)
    assert moved is not None
    assert (moved.seq, moved.content) == (4, shown[2].content)
    feed.set_tail([])
    assert (feed.count, feed.get(3)) == (2, None)
