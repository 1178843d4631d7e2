"""The whole search language against reading every message: random queries, paging to the end, random text."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from scanning import NOW, Said, expected, make, question
from steps import NOON, begin, fill, rows

from chattui.domain.language import parse
from chattui.domain.search import FoundIn, Hit
from chattui.store import chats, marks, search, search_index
from chattui.store.database import Database
from chattui.store.search_query import as_json

QUERIES = int(os.environ.get("CHATTUI_TEST_QUERIES", "200"))
FUZZ, SEED = int(os.environ.get("CHATTUI_TEST_FUZZ", "500")), int(os.environ.get("CHATTUI_TEST_SEED", "5"))
PIECES = [
    *string.printable,
    *"'\"\\%_:*&|!()<->äß漢字한글🙂\u202e\u0301\x00\ud800",
    *(
        "foo",
        "getUser",
        "os.path",
        " ",
        "  ",
        '"a b"',
        " OR ",
        " -",
        "/a/",
        "/(/",
        "sub:",
        "role:user",
        "has:",
        "last:7d",
    ),
    *(
        "on:2026-02",
        "tag:",
        "is:pinned",
        "-project:x",
        "before:today",
        "chat:1",
        "(a OR b)",
        "file:x.py",
        "/[[:alpha:]]+\\d/",
    ),
]


@pytest.fixture(scope="module")
def history(server: str) -> Iterator[tuple[Database, list[Said]]]:
    """A database with 2,000 messages of all kinds, for the tests of this file that only read."""
    name = f"t_language_{os.getpid()}"
    rows(server, f"CREATE DATABASE {name} TEMPLATE chattui_template")
    db = Database(psycopg.conninfo.make_conninfo(server, dbname=name))
    said = make(db, 2_000)
    search_index.refresh_words(db)
    yield db, said
    db.close()
    rows(server, f"DROP DATABASE {name} WITH (FORCE)")


def places(hits: list[Hit] | tuple[Hit, ...]) -> list[tuple[int, int]]:
    return [(h.chat_id, h.seq) for h in hits if h.is_message]


def everything(db: Database, typed: str, **options: int) -> list[Hit]:
    found, cursor = [], None
    for _ in range(2_000):
        page = search.search(db, parse(typed, NOW), after=cursor, **options)
        found += page.hits
        cursor = page.more
        if cursor is None:
            return found
    raise AssertionError("a search without an end")


@pytest.mark.parametrize("part", range(4))
def test_any_query_finds_what_reading_everything_finds(history: tuple[Database, list[Said]], part: int) -> None:
    db, said = history
    chance = random.Random(1_000 + part)
    for number in range(QUERIES // 4):
        typed = question(chance)
        query = parse(typed, NOW)
        wanted = expected(said, query) if query.root else []
        found = everything(db, typed, limit=chance.choice([7, 20, 50]) if number % 8 == 0 else 4_000)
        assert places(found) == wanted, typed


def test_random_text_is_never_an_error(db: Database) -> None:
    make(db, 40)
    chance = random.Random(SEED)
    for _ in range(FUZZ):
        search.search(db, "".join(chance.choices(PIECES, k=chance.randrange(1, 24))), budget_ms=20)


def test_a_note_is_found_only_where_the_query_allows_it(db: Database) -> None:
    chat, other = begin(db, "hay", "straw", project="/srv/web"), begin(db, "hay", project="/srv/app")
    for place in (chat, other):
        marks.note(db, place, 1, "a needle was here")
    chats.tag(db, chat, ["needle"])

    def noted(typed: str) -> list[tuple[int, int]]:
        return [(h.chat_id, h.seq) for h in search.search(db, typed).hits if h.found_in is FoundIn.NOTE]

    assert sorted(noted("needle ")) == [(chat, 0), (chat, 1), (other, 1)]
    assert sorted(noted("needle project:web ")) == [(chat, 0), (chat, 1)]
    assert noted("needle -project:web ") == [(other, 1)]
    assert noted('"needle was" tag:needle ') == [(chat, 1)]
    assert sorted(noted("(zzz OR needle) -here ")) == [(chat, 0)]
    assert noted("needle before:2020 ") == noted("needle role:user ") == noted("needle kind:text ") == []
    assert len(noted("needle -role:tool ")) == len(noted("needle has:note ")) == 3
    assert noted("project:web ") == [], "without words nothing is looked for in notes"


def test_fields_of_small_chats_bound_the_search(db: Database) -> None:
    big, small = begin(db, project="/srv/big"), begin(db, project="/srv/Ünter")
    fill(db, big, [(f"needle {n}", NOON) for n in range(3_000)])
    fill(db, small, [("a needle", NOON - timedelta(days=900)), ("hay", NOON - timedelta(days=901))])
    page = search.search(db, "needle project:unter ")
    assert places(page.hits) == [(small, 1)]
    assert (page.about, page.exact) == (1, True)
    assert places(search.search(db, "project:ÜNTER ").hits) == [(small, 1), (small, 2)]
    assert len(everything(db, "-project:unter ", limit=500)) == 3_000


@pytest.mark.parametrize(
    "typed", ["role:user ", "-kab ", "sub:dra ", "kadra OR mi ", "/ka[bd]/ ", "project:web the ", "on:2026-02 "]
)
def test_a_walk_that_runs_out_of_time_goes_on_and_loses_nothing(
    history: tuple[Database, list[Said]], typed: str
) -> None:
    db, said = history
    assert set(places(everything(db, typed, limit=200, budget_ms=1))) == set(expected(said, parse(typed, NOW)))


def test_mistakes_are_told_with_the_page(db: Database) -> None:
    chat = begin(db, "a needle")
    page = search.search(db, "needle role:usre ")
    assert (places(page.hits), page.problems) == ([(chat, 1)], ("role: does not know usre. Did you mean user?",))
    page = search.search(db, "needle /[[:nope:]]/ ")
    assert page.hits == ()
    assert page.problems == ("Not a regular expression: invalid character class.",)


def test_a_chat_tells_which_messages_hold_the_positive_words(db: Database) -> None:
    chat = begin(db, "Zürich", "basel", "zurich and basel", "geneva")
    for typed, wanted in (
        ("zurich", [1, 3]),
        ("zurich -basel role:user", [1, 3]),
        ("basel OR geneva ", [2, 3, 4]),
        ('(zurich "and basel") OR sub:enev', [3, 4]),
        ("/^b|g/", [2, 4]),
        ("role:user", []),
    ):
        assert search.matching_seqs(db, chat, typed) == wanted, typed


def test_the_index_answers_or_and_not(db: Database) -> None:
    """What the database looks up is one lexeme query; only what lexemes do not say is tested message by message."""
    plan = (
        "SELECT q::text, pats, rest FROM chattui.plan(CURRENT_USER::text, %s::jsonb->'node', false, false, 1e6, true)"
    )
    assert rows(db, plan, as_json(parse("a (b OR c) -d "))) == [("'a' & ( 'b' | 'c' ) & !'d'", [], None)]
    [(q, pats, rest)] = rows(db, plan, as_json(parse('a ("b c" OR d) -"e f" ')))
    assert (q, pats) == ("'a' & ( 'b' & 'c' | 'd' )", [])
    assert "e f" in str(rest)
