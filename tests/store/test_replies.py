"""Replies of models in the store: saved while they come, made messages once, and the conversation that is asked about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from steps import begin, rows, value

from chattui.domain.chat import Message
from chattui.domain.errors import Conflict
from chattui.domain.kinds import Kind, Role
from chattui.domain.replies import File, Reply, ReplyEnd, ReplySettings, Turn, cut_short
from chattui.store import branches, chats, check, messages, replies, taking
from chattui.store.database import Database

WHOLE = ReplyEnd("stop", "", 12, 7, 4, 0.00125, 80, 1.5)


def said(db: Database, chat_id: int) -> list[tuple[str, int | None]]:
    return [(m.content, m.parent_seq) for m in everything(db, chat_id)]


def everything(db: Database, chat_id: int) -> list[Message]:
    chat = chats.get(db, chat_id)
    assert chat is not None
    return messages.page(db, chat_id, 1, chat.message_count)


def started(db: Database, chat_id: int, parent: int = 1, key: str = "r", content: str = "", **more: bool) -> Reply:
    reply = Reply(chat_id, key, parent, model="m", content=content, **more)
    replies.begin(db, reply)
    return reply


def test_a_reply_stands_beside_the_messages_until_it_ends(db: Database) -> None:
    chat_id = begin(db, "How?")
    reply = replace(started(db, chat_id), content="So", thinking="Hm")
    replies.keep(db, reply)
    assert rows(db, "SELECT content, thinking FROM chattui.replies") == [("So", "Hm")]
    assert said(db, chat_id) == [("How?", None)]
    found = replies.finish(db, replace(reply, content="So it is\x00\ud800"), WHOLE)
    assert [(m.kind, m.content, m.parent_seq) for m in found] == [
        (Kind.THINKING, "Hm", 1),
        (Kind.TEXT, "So it is\u2400\ufffd", 2),
    ]
    assert (found[1].role, found[1].model, found[1].tokens_in, found[1].tokens_cached) == (Role.ASSISTANT, "m", 12, 4)
    assert value(db, "SELECT latency_ms FROM chattui.messages WHERE seq = 3") == 80
    assert rows(db, "SELECT * FROM chattui.replies") == []
    chat = chats.get(db, chat_id)
    assert chat is not None
    assert (chat.message_count, chat.tokens_out, chat.model, chat.cost) == (3, 7, "m", 0.00125)
    assert not [found for found in check.check(db) if found.wrong]


def test_ending_twice_is_ending_once(db: Database) -> None:
    chat_id = begin(db, "How?")
    reply = started(db, chat_id, content="So")
    first = replies.finish(db, reply, WHOLE)
    assert replies.finish(db, reply, WHOLE) == first
    assert said(db, chat_id) == [("How?", None), ("So", 1)]
    chat = chats.get(db, chat_id)
    assert chat is not None
    assert chat.cost == 0.00125


def test_what_failed_is_stored_behind_what_came(db: Database) -> None:
    chat_id = begin(db, "How?", "Again?")
    failed = ReplyEnd("failed", "The server broke off.")
    first, fault = replies.finish(db, started(db, chat_id, 2, content="Half"), failed)
    assert (first.error, fault.error, fault.kind, fault.content) == (True, True, Kind.EVENT, "The server broke off.")
    assert cut_short(first) == "broken off"
    (only,) = replies.finish(db, started(db, chat_id, 2, "r2"), failed)
    assert only.content == "The server broke off."
    assert replies.finish(db, started(db, chat_id, 2, "r3"), ReplyEnd("stopped")) == [], "nothing came: nothing is made"


def test_of_a_writer_that_is_gone_what_came_is_kept_and_of_one_that_is_there_nothing_is_touched(db: Database) -> None:
    chat_id = begin(db, "How?")
    reply = started(db, chat_id, content="So it")
    replies.keep(db, reply)
    held = replies.hold(db, reply.key)
    assert held.take()
    assert replies.settle(db, chat_id) == []
    held.leave()
    (found,) = replies.settle(db, chat_id)
    assert (found.content, cut_short(found)) == ("So it", "interrupted")
    assert replies.settle(db, chat_id) == []
    # the writer was only cut off from the database, and comes back with all of it
    ended = replies.finish(db, replace(reply, content="So it is."), WHOLE)
    assert said(db, chat_id) == [("How?", None), ("So it", 1), (" is.", 2)]
    assert replies.finish(db, replace(reply, content="So it is."), WHOLE) == ended


def test_another_reply_is_a_branch_and_what_others_wrote_meanwhile_comes_before_a_reply(db: Database) -> None:
    chat_id = begin(db, "How?")
    first = started(db, chat_id, content="One way")
    messages.append(db, chat_id, "And how else?", key="other")  # another terminal, while the reply comes
    replies.finish(db, first, WHOLE)
    assert said(db, chat_id) == [("How?", None), ("And how else?", 1), ("One way", 2)]
    assert branches.of_chat(db, chat_id) is None
    prompt = messages.append(db, chat_id, "Which?", key="which").seq
    replies.finish(db, started(db, chat_id, prompt, "a", "This"), WHOLE)
    replies.finish(db, started(db, chat_id, prompt, "b", "That", again=True), WHOLE)
    found = branches.of_chat(db, chat_id)
    assert found is not None
    assert found.forks[prompt].heads == (5, 6)
    assert replies.conversation(db, chat_id, 6, most_chars=1000)[-1] == Turn("assistant", "That")


def test_a_prompt_that_is_sent_again_changed_is_a_branch_also_the_first(db: Database) -> None:
    chat_id = begin(db, "How?")
    replies.finish(db, started(db, chat_id, content="So"), WHOLE)
    assert messages.append(db, chat_id, "Why?", key="edited", parent=0).parent_seq == 0
    found = branches.of_chat(db, chat_id)
    assert found is not None
    assert found.mask(3) == b"\x00\x00\x01"
    found.show(2)
    assert found.mask(3) == b"\x01\x01\x00"
    assert replies.conversation(db, chat_id, 3, most_chars=1000) == [Turn("user", "Why?")]


def test_the_conversation_goes_up_the_branch_as_far_as_there_is_room(db: Database) -> None:
    chat_id = begin(db, "one " * 100)
    replies.finish(db, replace(started(db, chat_id, content="two"), thinking="hm"), WHOLE)
    files = (File("a.txt", "text/plain", b"abc"), File("b\n.png", "image/png", b"\x89PNG"))
    prompt = messages.append(db, chat_id, "three", key="3", files=files)
    assert [m.kind for m in everything(db, chat_id)][3:] == [Kind.ATTACHMENT, Kind.ATTACHMENT, Kind.TEXT]
    assert everything(db, chat_id)[3].content == "a.txt\n[text/plain, 3 bytes]"
    assert messages.append(db, chat_id, "three", key="3", files=files).seq == prompt.seq, "sent again, it is there once"
    assert [t.role for t in replies.conversation(db, chat_id, prompt.seq, most_chars=1000)] == [
        "user",
        "assistant",
        "user",
    ]
    turns = replies.conversation(db, chat_id, prompt.seq, most_chars=300)
    assert [(t.role, t.text, [f.data for f in t.files]) for t in turns] == [("user", "three", [b"abc", b"\x89PNG"])]
    attached = [a for m in taking.messages_of(db, chat_id, 1, prompt.seq, with_data=True) for a in m.attachments]
    assert [a.data for a in attached] == [b"abc", b"\x89PNG"]


def test_a_chat_keeps_its_model_system_prompt_and_options(db: Database) -> None:
    chat_id = begin(db, "How?")
    assert replies.settings(db, chat_id) == ReplySettings()
    wanted = ReplySettings("m", "Be brief.", {"temperature": 0.5})
    replies.set_settings(db, chat_id, wanted)
    assert replies.settings(db, chat_id) == wanted


def test_a_reply_to_a_chat_that_is_gone_is_a_sentence(db: Database) -> None:
    with pytest.raises(Conflict, match="no chat 99 any more"):
        replies.finish(db, Reply(99, "r", 1, content="x"), WHOLE)
