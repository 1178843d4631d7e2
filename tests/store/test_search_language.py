"""The whole search language against reading every message: random queries, paging to the end, random text."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Iterator

import psycopg
import pytest
from scanning import NOW, Said, expected, make, question
from steps import rows

from chattui.domain.language import parse
from chattui.domain.search import Hit
from chattui.store import search, search_index
from chattui.store.database import Database

QUERIES = int(os.environ.get("CHATTUI_TEST_QUERIES", "2000"))
FUZZ = int(os.environ.get("CHATTUI_TEST_FUZZ", "10000"))
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
    """A database with 2,500 messages of all kinds, for the tests of this file that only read."""
    name = f"t_language_{os.getpid()}"
    rows(server, f"CREATE DATABASE {name} TEMPLATE chattui_template")
    db = Database(psycopg.conninfo.make_conninfo(server, dbname=name))
    said = make(db, 2_500)
    search_index.refresh_words(db)
    yield db, said
    db.close()
    rows(server, f"DROP DATABASE {name} WITH (FORCE)")


def places(hits: list[Hit] | tuple[Hit, ...]) -> list[tuple[int, int]]:
    return [(h.chat_id, h.seq) for h in hits if not h.is_note]


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


def test_random_text_is_never_an_error(history: tuple[Database, list[Said]]) -> None:
    db, _ = history
    chance = random.Random(5)
    for _ in range(FUZZ):
        search.search(db, "".join(chance.choices(PIECES, k=chance.randrange(1, 24))), budget_ms=20)
