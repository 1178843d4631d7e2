"""Counters that the database keeps: exact after every kind of change, by one statement or by many."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from steps import NOON, begin, fill, rows

from chattui.store import chats, health, messages
from chattui.store.connection import connect
from chattui.store.database import Database

KEPT = """
SELECT c.id, c.message_count, c.prompt_count, c.byte_count, c.tokens_in, c.tokens_out, c.tokens_cached
  FROM chattui.chats c ORDER BY 1
"""
COUNTED = """
SELECT c.id, count(m.seq)::integer, count(*) FILTER (WHERE m.role = 'user' AND m.kind = 'text' AND m.thread IS NULL)::integer,
       coalesce(sum(octet_length(m.content)), 0), coalesce(sum(m.tokens_in), 0), coalesce(sum(m.tokens_out), 0),
       coalesce(sum(m.tokens_cached), 0)
  FROM chattui.chats c LEFT JOIN chattui.messages m ON m.owner = c.owner AND m.chat_id = c.id GROUP BY c.id ORDER BY 1
"""
DAYS_KEPT = "SELECT owner, day, n FROM chattui.day_counts WHERE n <> 0 ORDER BY 1, 2"
DAYS_COUNTED = """
SELECT owner, floor(extract(epoch FROM created_at) / 86400)::integer AS day, count(*)::integer
  FROM chattui.messages GROUP BY 1, 2 ORDER BY 1, 2
"""
INSERT = """
INSERT INTO chattui.messages (chat_id, seq, created_at, role, kind, content, thread, tokens_in, tokens_out, tokens_cached)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def assert_exact(db: Database) -> None:
    assert rows(db, KEPT) == rows(db, COUNTED)
    assert rows(db, DAYS_KEPT) == rows(db, DAYS_COUNTED)


def a_message(chance: random.Random, chat: int, seq: int) -> tuple[object, ...]:
    return (
        chat,
        seq,
        NOON + timedelta(days=chance.randrange(-40, 40), seconds=chance.randrange(86400)),
        chance.choice(["user", "assistant", "tool", "system"]),
        chance.choice(["text", "thinking", "tool_call", "event"]),
        "ä漢🙂a" * chance.randrange(5),
        chance.choice([None, None, "side"]),
        *(chance.choice([None, 0, 17]) for _ in range(3)),
    )


@pytest.mark.parametrize("seed", range(3))
def test_counters_are_what_counting_gives_after_any_changes(db: Database, seed: int) -> None:
    chance = random.Random(seed)
    made = [begin(db) for _ in range(4)]
    top = dict.fromkeys(made, 0)
    with connect(db.conninfo, autocommit=True) as conn:
        for _ in range(25):
            chat = chance.choice(made)
            match chance.choice(["one", "many", "some gone", "all gone", "rolled back"]):
                case "one":
                    top[chat] += 1
                    conn.execute(INSERT, a_message(chance, chat, top[chat]))
                case "many":
                    with conn.transaction():
                        for other in made:
                            top[other] += 1
                            conn.execute(INSERT, a_message(chance, other, top[other]))
                case "some gone":
                    conn.execute("DELETE FROM chattui.messages WHERE seq %% 3 = %s", (chance.randrange(3),))
                case "all gone":
                    conn.execute("DELETE FROM chattui.messages WHERE chat_id = %s", (chat,))
                case "rolled back":
                    with conn.transaction(force_rollback=True):
                        conn.execute(INSERT, a_message(chance, chat, top[chat] + 1))
    assert_exact(db)


def test_a_copy_of_several_chats_and_days_is_counted(db: Database) -> None:
    first, second = begin(db, "one"), begin(db)
    fill(db, first, [(f"line {n}", NOON + timedelta(hours=n)) for n in range(50)], first=2)
    fill(db, second, [("x", NOON)])
    assert_exact(db)
    chat = chats.get(db, first)
    assert chat is not None
    assert (chat.message_count, chat.prompt_count) == (51, 51)


def test_appended_messages_are_counted_with_what_they_are(db: Database) -> None:
    chat = begin(db, "ünï", "two")
    found = chats.get(db, chat)
    assert found is not None
    assert (found.message_count, found.prompt_count) == (2, 2)
    assert_exact(db)


def test_a_chat_that_is_removed_takes_its_messages_out_of_the_days(db: Database) -> None:
    chat = begin(db, "one", "two")
    begin(db, "stays")
    rows(db, "DELETE FROM chattui.chats WHERE id = %s", chat)
    assert_exact(db)


def test_the_last_message_is_the_newest_not_the_one_that_came_last(db: Database) -> None:
    chat = begin(db)
    fill(db, chat, [("new", NOON), ("old", NOON - timedelta(days=9))])
    found = chats.get(db, chat)
    assert found is not None
    assert found.last_message_at == NOON


def test_the_first_message_sets_the_time_even_if_it_is_older_than_the_chat(db: Database) -> None:
    chat = begin(db)
    fill(db, chat, [("old", datetime(2019, 1, 1, tzinfo=UTC))])
    found = chats.get(db, chat)
    assert found is not None
    assert found.last_message_at.year == 2019


def test_counts_tell_what_is_there(db: Database) -> None:
    begin(db, "active")
    chats.archive(db, begin(db, "archived"))
    chats.delete(db, begin(db, "deleted"))
    held = health.counts(db)
    assert (held.chats, held.archived, held.deleted, held.subagents) == (1, 1, 1, 0)
    assert (held.messages, held.bytes) == (3, len("activearchiveddeleted"))


def test_health_tells_versions_and_readiness(db: Database) -> None:
    facts = health.health(db)
    assert facts.index_ready
    assert not facts.read_only
    assert facts.database == psycopg.conninfo.conninfo_to_dict(db.conninfo)["dbname"]
    rows(db, "DROP INDEX chattui.messages_search")
    assert not health.health(db).index_ready


def test_sizes_add_up_to_the_messages(db: Database) -> None:
    chat = begin(db)
    fill(db, chat, [("two\nlines" if n % 2 else "one", NOON) for n in range(1100)])
    rows(db, "UPDATE chattui.messages SET kind = 'thinking' WHERE seq <= 10")
    sizes = messages.sizes(db, chat)
    assert [s.count for s in sizes] == [512, 512, 76]
    assert [s.folded for s in sizes] == [10, 0, 0]
    shown = messages.page(db, chat, 11, 1100)
    assert sum(s.chars for s in sizes) == sum(len(m.content) for m in shown)
    assert sum(s.lines for s in sizes) == sum(m.content.count("\n") for m in shown)
