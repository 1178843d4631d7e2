"""At which level each message is shown, as the database says it."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import insert

from chattui.domain.kinds import Kind, Role
from chattui.domain.levels import Level, code_of, folded_at, level_in, level_of, shown_at
from chattui.store import chats, levels
from chattui.store.database import Database
from chattui.store.messages import these
from chattui.store.tables import messages

EVERY = list(product(Role, Kind, (False, True)))


@pytest.fixture
def chat_id(db: Database) -> int:
    """A chat with a message of every role and kind, with and without an error."""
    chat = chats.create(db, title="every kind")
    rows = [
        {"chat_id": chat.id, "seq": seq, "role": role.value, "kind": kind.value, "content": f"m{seq}", "error": error}
        for seq, (role, kind, error) in enumerate(EVERY, 1)
    ]
    db.write(lambda conn: conn.execute(insert(messages), rows))
    return chat.id


def test_the_database_and_the_domain_agree_on_every_message(db: Database, chat_id: int) -> None:
    wanted = "".join(code_of(role, kind, error=error) for role, kind, error in EVERY).encode()
    assert levels.codes(db, chat_id, 1, len(EVERY)) == wanted
    assert levels.codes(db, chat_id, 5, 9) == wanted[4:9]
    assert levels.codes(db, chat_id, len(EVERY) + 1, 999) == b""


def test_single_messages_are_read_in_order(db: Database, chat_id: int) -> None:
    assert [m.content for m in these(db, chat_id, [9, 2, 5_000])] == ["m2", "m9"]


@pytest.mark.parametrize(
    ("role", "kind", "error", "level"),
    [
        (Role.USER, Kind.TEXT, False, Level.PROMPTS),
        (Role.ASSISTANT, Kind.TEXT, False, Level.CONVERSATION),
        (Role.SYSTEM, Kind.SUMMARY, False, Level.CONVERSATION),
        (Role.USER, Kind.EVENT, False, Level.CONVERSATION),
        (Role.SYSTEM, Kind.EVENT, True, Level.CONVERSATION),
        (Role.TOOL, Kind.TOOL_RESULT, True, Level.TOOLS),
        (Role.SYSTEM, Kind.EVENT, False, Level.EVERYTHING),
        (Role.SYSTEM, Kind.TEXT, False, Level.EVERYTHING),
        (Role.ASSISTANT, Kind.THINKING, False, Level.EVERYTHING),
        (Role.USER, Kind.ATTACHMENT, False, Level.EVERYTHING),
    ],
)
def test_each_level_has_all_of_the_one_before(role: Role, kind: Kind, error: bool, level: Level) -> None:
    assert level_of(role, kind, error=error) is level
    code = code_of(role, kind, error=error).encode()
    assert level_in(code[0]) == level
    assert [code.translate(shown_at(each))[0] for each in Level] == [int(level <= each) for each in Level]
    is_line = kind not in (Kind.TEXT, Kind.ATTACHMENT)
    assert code.translate(folded_at(Level.EVERYTHING))[0] == int(is_line)
