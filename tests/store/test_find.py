"""Find in chat and places in a chat, in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from chattui.domain.needle import BadExpression, Needle, SlowExpression
from chattui.store import chats, find, places, snapshots
from chattui.store.database import Database
from chattui.store.tables import messages, tool_calls
from chattui.store.tables import snapshots as snapshot_table

START = datetime(2026, 10, 3, 12, 0, tzinfo=UTC)


def fill(db: Database, texts: list[str], **columns: list[object]) -> int:
    """A chat of these messages, a minute apart; ``columns`` give further values, one a message."""
    chat_id = chats.create(db, project="/code", key="find").id
    rows = [
        {
            "chat_id": chat_id,
            "seq": seq,
            "role": "user" if seq % 2 else "assistant",
            "kind": "text",
            "content_type": "markdown",
            "content": text,
            "created_at": START + timedelta(minutes=seq),
            **{name: values[seq - 1] for name, values in columns.items()},
        }
        for seq, text in enumerate(texts, 1)
    ]
    db.write(lambda conn: conn.execute(insert(messages), rows))
    return chat_id


def seqs(db: Database, chat_id: int, needle: Needle) -> list[int]:
    return find.seqs_in(db, chat_id, needle, 1, 1_000)[0]


def test_text_is_found_as_it_is_typed_with_its_wildcards_and_in_any_case(db: Database) -> None:
    chat = fill(db, ["100% sure", "100 times sure", "a_b", "axb", "Grüße", "GRÜSSE and GRÜßE", "back\\slash"])
    assert seqs(db, chat, Needle("100%")) == [1]
    assert seqs(db, chat, Needle("a_b")) == [3]
    assert seqs(db, chat, Needle("grüße")) == [5, 6]
    assert seqs(db, chat, Needle("grüße", case=True)) == []
    assert seqs(db, chat, Needle("k\\s")) == [7]
    assert find.seqs_in(db, chat, Needle("a"), 3, 4)[0] == [3, 4]
    assert find.seqs_among(db, chat, Needle("sure"), [2, 3])[0] == [2]


def test_another_chat_is_not_looked_at(db: Database) -> None:
    fill(db, ["heron"])
    other = chats.create(db, project="/code", key="other").id
    assert seqs(db, other, Needle("heron")) == []


def test_expressions_know_words_lines_and_case(db: Database) -> None:
    chat = fill(db, ["pool", "carpool", "first\nPool here", "po\nol"])
    assert seqs(db, chat, Needle(r"\bpool\b", regex=True)) == [1, 3]
    assert seqs(db, chat, Needle(r"^Pool", regex=True, case=True)) == [3]
    assert seqs(db, chat, Needle(r"po.ol", regex=True)) == []


def test_what_an_unbounded_expression_matched_is_told_so_that_it_can_be_marked(db: Database) -> None:
    chat = fill(db, ["see 12, 345 and 12", "none"])
    needle = Needle(r"\d+", regex=True)
    found, texts = find.seqs_in(db, chat, needle, 1, 9)
    assert (found, texts) == ([1], {"12", "345"})
    assert needle.pattern_of(texts).findall("345 12 9") == ["345", "12"]


@pytest.mark.parametrize("text", ["(", "a{2,1}", "[z-a]", "*", "x{9999}"])
def test_a_wrong_expression_is_explained(db: Database, text: str) -> None:
    chat = fill(db, ["x"])
    with pytest.raises(BadExpression, match=r"Not a regular expression: .+"):
        seqs(db, chat, Needle(text, regex=True))


def test_an_expression_that_takes_too_long_is_ended_in_the_server(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "EXPRESSION_TIMEOUT_MS", 20)
    chat = fill(db, ["ab" * 30_000 + "!"] * 200)
    with pytest.raises(SlowExpression, match="takes too long"):
        seqs(db, chat, Needle(r"((a|b)*)(\1)+((a|b)*)(\2)+c", regex=True))


def test_prompts_before_and_after(db: Database) -> None:
    kinds: list[object] = ["text", "text", "event", "text", "text", "text"]
    chat = fill(db, list("abcdef"), kind=kinds)
    assert places.near_prompt(db, chat, 1, 1) == 5, "an event is no prompt"
    assert places.near_prompt(db, chat, 5, -1) == 1
    assert places.near_prompt(db, chat, 5, 1) is None
    assert [(p.seq, p.text) for p in places.outline(db, chat)] == [(1, "a"), (5, "e")]


def test_errors_are_messages_that_say_so_and_calls_that_failed(db: Database) -> None:
    errors: list[object] = [False, False, True, False, False, False]
    chat = fill(db, list("abcdef"), error=errors)
    calls = [
        {"call_id": "c1", "status": "failed", "call_seq": 4, "result_seq": 5},
        {"call_id": "c2", "status": "failed", "call_seq": 6, "result_seq": None},
        {"call_id": "c3", "status": "completed", "call_seq": 1, "result_seq": 2},
    ]
    db.write(
        lambda conn: conn.execute(insert(tool_calls), [{"chat_id": chat, "name": "Bash", **call} for call in calls])
    )
    assert [places.near_error(db, chat, seq, 1) for seq in (0, 3, 5, 6)] == [3, 5, 6, None]
    assert [places.near_error(db, chat, seq, -1) for seq in (7, 6, 5, 3)] == [6, 5, 3, None]


@pytest.mark.parametrize(("minutes", "seq"), [(-60, 1), (1, 1), (3.5, 4), (4, 4), (99, 6)])
def test_a_moment_is_the_first_message_at_or_after_it(db: Database, minutes: float, seq: int) -> None:
    chat = fill(db, list("abcdef"))
    assert places.at_time(db, chat, START + timedelta(minutes=minutes), 6) == seq


def test_the_place_in_a_chat_is_one_row_and_only_so_many_chats_have_one(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [chats.create(db, project="/code", key=f"k{n}").id for n in range(4)]
    for seq in (3, 9):
        snapshots.save_place(db, ids[0], {"seq": seq, "line": 0, "at_end": False})
    assert snapshots.place(db, ids[0])["seq"] == 9
    monkeypatch.setattr(snapshots, "CHATS_KEPT", 2)
    for chat_id in ids[1:]:
        snapshots.save_place(db, chat_id, {"seq": chat_id})
    snapshots.save_place(db, 10**9, {"seq": 1})
    assert [bool(snapshots.place(db, chat_id)) for chat_id in ids] == [False, False, True, True]
    rows = db.read(lambda conn: conn.execute(select(func.count()).select_from(snapshot_table)).scalar())
    assert rows == 2
    assert snapshots.latest(db) == {}, "the app's own state is another kind"
