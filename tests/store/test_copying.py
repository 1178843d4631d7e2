"""Messages as COPY takes them: the same bytes whether a content is long or not."""

from __future__ import annotations

import random

import pytest

from chattui.domain.history import NewMessage
from chattui.domain.kinds import Kind, Role
from chattui.store import copying

PIECES = ("a", "\\", "\\n", "\n", "\t", "\r", "\0", "\ud83d", "é", "😀", "\u2028", "\\.", "\\N")


def test_a_long_content_is_written_as_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    for turn in range(300):
        words = "".join(rng.choices(PIECES, k=rng.randrange(1, 40)))
        metadata = {"a": words} if turn % 2 else None
        message = NewMessage(Role.USER, Kind.TEXT, words, f"id{words[:5]}", metadata=metadata, thread=words[:3])
        short = copying.message_body(message)
        monkeypatch.setattr(copying, "_LONG", 1)
        assert copying.message_body(message) == short
        monkeypatch.undo()
    assert copying._LONG > 1 << 16
