"""Branches: found in the store only where there are any, shown and hidden only where that is certain."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import func, insert, update

from chattui.domain.branches import Branches, Fork
from chattui.domain.kinds import Kind, Role
from chattui.store import branches, chats
from chattui.store.database import Database
from chattui.store.tables import messages

U, A, T = (Role.USER, Kind.TEXT), (Role.ASSISTANT, Kind.TEXT), (Role.ASSISTANT, Kind.TOOL_CALL)
R, E = (Role.TOOL, Kind.TOOL_RESULT), (Role.SYSTEM, Kind.EVENT)


def write(db: Database, rows: list[tuple[tuple[Role, Kind], int | None, str | None]], thread: str | None = None) -> int:
    """A chat of messages with (what, parent, reply id)."""
    chat = chats.create(db, title="parts")
    values = [
        {
            "chat_id": chat.id,
            "seq": seq,
            "role": role.value,
            "kind": kind.value,
            "content": str(seq),
            "parent_seq": parent,
            "reply_id": reply,
            "thread": thread,
        }
        for seq, ((role, kind), parent, reply) in enumerate(rows, 1)
    ]
    db.write(lambda conn: conn.execute(insert(messages), values))
    return chat.id


def test_an_edited_prompt_parts_the_chat(db: Database) -> None:
    chat = write(db, [(U, None, None), (A, 1, "a"), (U, 2, None), (A, 3, "b"), (U, 2, None), (A, 5, "c"), (U, 6, None)])
    found = branches.of_chat(db, chat)
    assert found is not None
    assert found.forks == {2: Fork(2, (3, 5))}
    assert found.mask(7) == bytes([1, 1, 0, 0, 1, 1, 1])
    assert branches.of_chat(db, chat, after=5) is None, "nothing new parts"
    assert branches.of_chat(db, chat, after=4) is not None


def test_a_reply_made_again_parts_the_chat_but_blocks_and_tools_do_not(db: Database) -> None:
    chat = write(db, [(U, None, None), (A, 1, "a"), (A, 1, "a"), (A, 1, "b"), (U, 4, None)])
    found = branches.of_chat(db, chat)
    assert found is not None
    assert found.forks == {1: Fork(1, (2, 4))}
    tools = write(db, [(U, None, None), (T, 1, "a"), (T, 1, "a"), (R, 2, None), (R, 3, None), (A, 4, "b"), (A, 2, "c")])
    assert branches.of_chat(db, tools) is None


def ours(db: Database, chat: int, *seqs: int) -> None:
    """These messages were written here."""
    name = update(messages).where(messages.c.chat_id == chat, messages.c.seq.in_(seqs))
    db.write(lambda conn: conn.execute(name.values(source_id=func.concat("chattui:", messages.c.seq))))


def test_a_reply_asked_for_again_parts_a_chat_of_a_tool_that_does_not_say_who_answers_whom(db: Database) -> None:
    rows = [(U, None, None), (T, None, None), (A, None, None), (U, None, None), (E, None, None), (A, None, None)]
    chat = write(db, [*rows, (A, 4, "x"), (A, 1, "y"), (U, 8, None)])
    ours(db, chat, 7, 8, 9)
    found = branches.of_chat(db, chat)
    assert found is not None
    assert found.forks == {4: Fork(4, (5, 7)), 1: Fork(1, (2, 8))}
    assert found.mask(9) == bytes([1, 0, 0, 0, 0, 0, 0, 1, 1])
    assert found.show(7)
    assert found.mask(9) == bytes([1, 1, 1, 1, 0, 0, 1, 0, 0])
    assert found.show(6)
    assert found.mask(9) == bytes([1, 1, 1, 1, 1, 1, 0, 0, 0])


def test_a_prompt_changed_here_parts_such_a_chat_and_what_its_tool_adds_goes_on_there(db: Database) -> None:
    chat = write(
        db,
        [
            (U, None, None),
            (A, None, None),
            (U, None, None),
            (A, None, None),
            (U, 2, None),
            (A, 5, "x"),
            (U, None, None),
        ],
    )
    ours(db, chat, 5, 6)
    found = branches.of_chat(db, chat)
    assert found is not None
    assert found.forks == {2: Fork(2, (3, 5))}
    assert found.mask(7) == bytes([1, 1, 1, 1, 0, 0, 1]), "the last message is shown, with what it follows"


def test_replies_with_ids_are_told_by_them_also_beside_ours(db: Database) -> None:
    chat = write(db, [(U, None, None), (A, 1, "a"), (A, 2, "a"), (A, 1, "b"), (A, 1, "x")])
    ours(db, chat, 5)
    found = branches.of_chat(db, chat)
    assert found is not None
    assert found.forks == {1: Fork(1, (2, 4, 5))}


def test_side_threads_and_straight_chats_have_none(db: Database) -> None:
    aside = write(db, [(U, None, None), (U, 1, None), (U, 1, None)], thread="agent")
    assert branches.of_chat(db, aside) is None
    assert branches.of_chat(db, write(db, [(U, None, None), (A, 1, None), (U, 2, None)])) is None


def test_missing_later_and_own_parents_hide_nothing(db: Database) -> None:
    chat = write(db, [(U, 9, None), (U, 2, None), (U, 99, None), (U, None, None), (U, 9, None), (U, 2, None)])
    assert branches.of_chat(db, chat) is None
    assert Branches([0, 5, 3, 99, 2], []).mask(5) == bytes([1] * 5)


def nested() -> Branches:
    """1 parts into 2 and 5; 5 parts into 6, 8 and 9; 10 has no parent."""
    return Branches([0, 1, 2, 3, 1, 5, 6, 5, 5, 0], [Fork(1, (2, 5)), Fork(5, (6, 8, 9))])


def test_the_branch_of_a_message_is_shown_with_all_that_leads_to_it() -> None:
    tree = nested()
    assert tree.mask(10) == bytes([1, 0, 0, 0, 1, 0, 0, 0, 1, 1])
    assert tree.show(7)
    assert tree.mask(10) == bytes([1, 0, 0, 0, 1, 1, 1, 0, 0, 1])
    assert not tree.show(6)
    assert tree.show(4)
    assert tree.mask(12) == bytes([1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1]), "what came later is shown"
    assert tree.show(7)
    assert tree.place_of(7) == (1, 3)
    assert [tree.place(seq) for seq in (2, 5, 8, 7)] == [(1, 2), (2, 2), (2, 3), None]
    assert [tree.depth(seq) for seq in (1, 4, 5, 7, 10)] == [0, 1, 1, 2, 0]


def test_the_way_to_the_sibling_goes_round() -> None:
    tree = nested()
    assert [tree.sibling(7, 1), tree.sibling(9, 1), tree.sibling(6, -1)] == [8, 6, 9]
    assert tree.sibling(3, 1) == 5
    assert tree.sibling(1, 1) == 2, "from before the fork"
    assert tree.sibling(10, 1) is None


def test_what_was_picked_is_kept_unless_there_is_a_new_answer() -> None:
    before, after = nested(), nested()
    before.show(4)
    after.keep(before)
    assert after.mask(10) == before.mask(10)
    edited = Branches([0, 1, 2, 3, 1, 5, 6, 5, 5, 0, 1], [Fork(1, (2, 5, 11)), Fork(5, (6, 8, 9))])
    edited.keep(before)
    assert edited.mask(11) == bytes([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])


@pytest.mark.parametrize("seed", range(20))
def test_every_message_can_be_shown_whatever_the_parents_are(seed: int) -> None:
    r = random.Random(seed)
    parents = [r.randint(-1, 40) for _ in range(30)]
    kids: dict[int, list[int]] = {}
    for seq, parent in enumerate(parents, 1):
        if 0 < parent < seq:
            kids.setdefault(parent, []).append(seq)
    tree = Branches(parents, [Fork(p, tuple(heads)) for p, heads in kids.items() if len(heads) > 1])
    assert tree.mask(30)[29] == 1, "by default what leads to the last message"
    for seq in range(1, 31):
        tree.show(seq)
        assert tree.mask(30)[seq - 1] == 1
