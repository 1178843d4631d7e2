"""Marks stay on their messages when a history is rewritten."""

from __future__ import annotations

from histories import Claude
from homes import SESSION, Home, conversation

from chattui.store import chats, marks, messages


def test_a_mark_is_on_the_same_message_after_the_file_was_rewritten(home: Home) -> None:
    made = conversation()
    home.claude(made)
    home.sync()
    chat = chats.find(home.db, SESSION)
    assert chat is not None
    messages.append(home.db, chat.id, "added here", key="own")
    before = home.chat()
    answer = next(m for m in before if m.content == "answer 2")
    first = before[0]
    marks.bookmark(home.db, chat.id, answer.seq)
    marks.note(home.db, chat.id, answer.seq, "this was it")
    marks.note(home.db, chat.id, len(before), "on my own")
    marks.note(home.db, chat.id, first.seq, "on what goes")
    chats.tag(home.db, chat.id, ["kept"])
    chats.describe(home.db, chat.id, "kept too")

    inserted = Claude(SESSION, first=70_000)
    for n in range(4):
        inserted.user(f"what came before {n}")
    home.claude([*inserted.records, *made.records[1:]])
    home.sync()

    now = home.chat()
    moved = next(m for m in now if m.content == "answer 2")
    assert moved.seq != answer.seq
    found = {m.note: m for m in marks.of_chat(home.db, chat.id)}
    assert found["this was it"].seq == moved.seq
    assert found["this was it"].bookmarked
    assert now[(found["on my own"].seq or 0) - 1].content == "added here"
    assert found["on what goes"].seq is None
    assert found["on what goes"].excerpt == first.content
    assert [b.seq for b in marks.bookmarks(home.db)] == [moved.seq]
    kept = chats.find(home.db, SESSION)
    assert kept is not None
    assert (kept.tags, kept.description) == (("kept",), "kept too")
