"""Search finds what is there: held against reading every message, with and without a vocabulary, indexed or not."""

from __future__ import annotations

import random
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from steps import NOON, begin, fill, rows

from chattui.domain.language import parse
from chattui.domain.search import Hit
from chattui.store import chats, search, search_index
from chattui.store.database import Database
from chattui.store.search_query import as_json

WORDS = [f"{head}{tail}" for head in ("ka", "lo", "mi", "tu", "re") for tail in ("", "b", "dra", "st", "vel")]
COMMON = ["the", "a", "of"]
SHAPES = [
    "kadra ",
    "the ",
    "kadra lob ",
    "the of lost ",
    "kad",
    "the mi",
    '"lob kadra"',
    '"of the" tust',
    "zzzz ",
    "kadra zzzz ",
]


@pytest.fixture
def corpus(db: Database) -> tuple[Database, list[tuple[int, int, str]]]:
    """2,400 messages of invented words over 90 days, as (chat, seq, content), newest first."""
    chance = random.Random(7)
    said = []
    for _ in range(6):
        chat = begin(db)
        texts = []
        for seq in range(1, 401):
            words = chance.choices(WORDS + COMMON * 6, k=chance.randrange(3, 14))
            when = NOON + timedelta(hours=chance.randrange(90 * 24))
            texts.append((" ".join(words), when))
            said.append((when, chat, seq, " ".join(words)))
        fill(db, chat, texts)
    return db, [(chat, seq, text) for _, chat, seq, text in sorted(said, reverse=True)]


def expected(said: list[tuple[int, int, str]], query: str) -> list[tuple[int, int]]:
    """The hits of a query by reading everything: phrase first, then all words; newest first in each."""
    terms = [(m[1] or m[2], m[1] is not None) for m in re.finditer(r'"([^"]+)"|([^\s"]+)', query)]
    is_open = query[-1] not in ' "'
    tiers: tuple[list, list] = ([], [])
    for chat, seq, text in said:
        words = text.split()
        bare = [t for t, quoted in terms if not quoted]
        has_all = all(
            f" {t} " in f" {text} "
            if quoted
            else t in words or (is_open and t == bare[-1] and any(w.startswith(t) for w in words))
            for t, quoted in terms
        )
        if has_all:
            is_phrase = len(bare) == len(terms) > 1 and " ".join(bare) in text
            tiers[0 if is_phrase else 1].append((chat, seq))
    return [*tiers[0], *tiers[1]]


def places(hits: tuple[Hit, ...] | list[Hit]) -> list[tuple[int, int]]:
    return [(h.chat_id, h.seq) for h in hits]


def everything(db: Database, query: str, **options: int) -> list[Hit]:
    """All pages of a search, one after the other."""
    found, cursor = [], None
    for _ in range(2_000):
        page = search.search(db, query, after=cursor, **options)
        found += page.hits
        cursor = page.more
        if cursor is None:
            return found
    raise AssertionError("a search without an end")


def planned(db: Database, columns: str, typed: str) -> list:
    """What the database makes of a query."""
    total = "(SELECT sum(n) FROM chattui.day_counts)::float8"
    return rows(
        db,
        f"SELECT {columns} FROM chattui.plan(CURRENT_USER::text, %s::jsonb->'node', false, true, {total}, true)",
        as_json(parse(typed)),
    )


@pytest.mark.parametrize("with_words", [True, False], ids=["vocabulary", "no vocabulary"])
def test_search_finds_what_reading_everything_finds(
    corpus: tuple[Database, list[tuple[int, int, str]]], with_words: bool
) -> None:
    db, said = corpus
    if with_words:
        assert search_index.refresh_words(db) > 20
    for query in SHAPES:
        wanted = expected(said, query)
        page = search.search(db, query, limit=5_000)
        assert places(page.hits) == wanted, query
        assert page.complete
        assert page.more is None
        assert places(search.search(db, query, limit=20).hits) == wanted[:20], query
        assert places(everything(db, query, limit=50)) == wanted, query


def test_the_end_of_an_identifier_is_tested_even_where_every_message_has_such_a_word(db: Database) -> None:
    said = [
        f"{name} of the house holds here and there {n}" for n, name in enumerate(("parse house", "parse_http") * 200)
    ]
    fill(db, begin(db), [(text, NOON + timedelta(minutes=n)) for n, text in enumerate(said)])
    assert search_index.refresh_words(db) > 5
    looked_for = planned(db, "q::text, pats", "parse_h")
    assert looked_for == [("'parse'", ["%parse\\_h%"])], "40 words with an h in every message make no search quicker"
    hits = search.search(db, "parse_h", limit=500).hits
    assert len(hits) == 200
    assert all("parse_http" in h.snippet for h in hits)
    assert not search.search(db, "parse_x").hits


def test_a_prefix_of_many_words_beside_others_is_not_counted_first(db: Database) -> None:
    fill(db, begin(db), [(f"reset by peer {n}", NOON + timedelta(minutes=n)) for n in range(500)])
    search_index.refresh_words(db)
    count = "INSERT INTO chattui.words SELECT CURRENT_USER::text, 'pe' || n, 400 FROM generate_series(1, 60) n"
    rows(db, count)
    assert planned(db, "looks > 10000", "reset pe") == [(True,)]
    assert planned(db, "looks > 10000", "reset peer ") == [(False,)]
    assert len(search.search(db, "reset pe", limit=1_000).hits) == 500


def test_the_number_of_hits_is_exact_when_it_says_so_and_near_otherwise(
    corpus: tuple[Database, list[tuple[int, int, str]]],
) -> None:
    db, said = corpus
    search_index.refresh_words(db)
    for query in ("kadra ", "the ", "zzzz ", "the of "):
        page = search.search(db, query)
        wanted = len(expected(said, query))
        assert page.about == wanted if page.exact else wanted / 3 <= page.about <= wanted * 3


def test_without_the_index_the_newest_are_found_by_looking(
    corpus: tuple[Database, list[tuple[int, int, str]]],
) -> None:
    db, said = corpus
    rows(db, "DROP INDEX chattui.messages_search")
    for query in ("kadra ", '"lob kadra"'):
        literal = [(c, s) for c, s, t in said if query.strip(' "') in t]
        assert places(everything(db, query, limit=40)) == literal
    assert search.search(db, "zzzz ").hits == ()


def test_messages_of_one_moment_are_neither_lost_nor_repeated_between_pages(db: Database) -> None:
    made = [begin(db) for _ in range(3)]
    for chat in made:
        fill(db, chat, [("needle in hay", NOON)] * 60)
    found = places(everything(db, "needle ", limit=7))
    assert found == sorted(((c, s) for c in made for s in range(1, 61)), reverse=True)
    assert places(everything(db, "needle hay", limit=7)) == found


@pytest.mark.parametrize("query", ["the ", "the of ", "kadra the", '"the kadra"', "the of a kadra lost "])
def test_a_search_that_runs_out_of_time_goes_on_and_loses_nothing(
    corpus: tuple[Database, list[tuple[int, int, str]]], query: str
) -> None:
    db, said = corpus
    found = places(everything(db, query, limit=50, budget_ms=1))
    wanted = expected(said, query)
    assert set(found) == set(wanted)


def test_a_page_that_ran_out_of_time_says_so(corpus: tuple[Database, list[tuple[int, int, str]]]) -> None:
    db, _ = corpus
    page = search.search(db, '"the a of the kadra lost"', budget_ms=1)
    assert not page.complete
    assert page.more is not None


def test_the_phrase_comes_before_newer_messages_that_only_hold_the_words(db: Database) -> None:
    chat = begin(db)
    fill(
        db,
        chat,
        [
            ("the connection pool exhausted error", NOON),
            ("exhausted the pool of every connection", NOON + timedelta(days=40)),
            ("connection-pool exhausted", NOON + timedelta(days=1)),
        ],
    )
    assert [h.seq for h in search.search(db, "connection pool exhausted").hits] == [3, 1, 2]
    assert [h.seq for h in search.search(db, '"connection pool exhausted"').hits] == [1]


def test_messages_of_a_deleted_chat_are_not_found_until_it_is_restored(db: Database) -> None:
    chat = begin(db, "a needle")
    chats.delete(db, chat)
    assert search.search(db, "needle ").hits == ()
    rows(db, "DROP INDEX chattui.messages_search")
    assert search.search(db, "needle ").hits == ()
    search_index.build(db)
    chats.restore(db, chat)
    assert places(search.search(db, "needle ").hits) == [(chat, 1)]


@pytest.mark.parametrize("is_indexed", [True, False])
def test_messages_of_a_deleted_chats_subagents_are_not_found_either(db: Database, is_indexed: bool) -> None:
    chat, agent = begin(db, "a task"), begin(db, "a needle")
    rows(db, "UPDATE chattui.chats SET parent_id = %s WHERE id = %s", chat, agent)
    if not is_indexed:
        rows(db, "DROP INDEX chattui.messages_search")
    assert places(search.search(db, "needle ").hits) == [(agent, 1)]
    chats.delete(db, chat)
    assert search.search(db, "needle ").hits == ()


def test_an_archived_chat_is_found(db: Database) -> None:
    chat = begin(db, "a needle")
    chats.archive(db, chat)
    assert places(search.search(db, "needle ").hits) == [(chat, 1)]


def test_a_hit_tells_where_it_is_and_what_matches(db: Database) -> None:
    chat = begin(db, "x " * 2000 + "the Needle is here " + "y " * 2000, title="A title", project="/work")
    [hit] = search.search(db, "needle").hits
    assert (hit.chat_id, hit.seq, hit.title, hit.source, hit.project) == (chat, 1, "A title", "chattui", "/work")
    assert len(hit.snippet) <= 240
    assert [hit.snippet[a:b] for a, b in hit.ranges] == ["Needle"]


def test_a_chat_tells_which_of_its_messages_match(db: Database) -> None:
    chat = begin(db, "one needle", "hay", "needles and 100% more", "Needle")
    assert search.matching_seqs(db, chat, "needle") == [1, 3, 4]
    assert search.matching_seqs(db, chat, "100% needle") == [3]
    assert search.matching_seqs(db, chat, '"one needle"') == [1]
    assert search.matching_seqs(db, chat, "  ") == []


def test_a_mistyped_word_brings_the_likely_ones(corpus: tuple[Database, list[tuple[int, int, str]]]) -> None:
    db, _ = corpus
    search_index.refresh_words(db)
    assert "kadra" in search.suggest(db, "kadrra")
    assert search.suggest(db, "qqqqqqqq") == []
    assert search.suggest(db, "") == []


def test_what_stands_beside_messages_is_paid_from_the_same_budget(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(db, "a needle")
    given: list[int] = []
    find, rows_of = search.beside.find, search._rows
    slow = iter((0.1, 0.4))

    def found(*args: Any, **options: Any) -> Any:
        time.sleep(next(slow))
        return find(*args, **options)

    def asked(*args: Any) -> Any:
        given.append(args[-1])
        return rows_of(*args)

    monkeypatch.setattr(search.beside, "find", found)
    monkeypatch.setattr(search, "_rows", asked)
    for _ in range(2):
        assert search.search(db, "needle", budget_ms=400).hits
    assert 200 < given[0] <= 300
    assert given[1] == 200, "half of it is kept for the messages"
