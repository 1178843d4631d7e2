"""What counts as a word: names in code, parts of paths, scripts of all kinds; and texts that would break an index."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from steps import begin, rows

from chattui.store import search, search_index
from chattui.store.connection import connect
from chattui.store.database import Database

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=300)
anything = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def plain(server: str) -> Iterator[psycopg.Connection]:
    """A connection to a migrated database without chats, for all tests of this file."""
    name = f"t_words_{os.getpid()}"
    rows(server, f"CREATE DATABASE {name} TEMPLATE chattui_template")
    with connect(psycopg.conninfo.make_conninfo(server, dbname=name), autocommit=True) as conn:
        yield conn
    rows(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def search_in(plain: psycopg.Connection, server: str) -> Iterator[Database]:
    """The same database, for searches."""
    db = Database(psycopg.conninfo.make_conninfo(server, dbname=plain.info.dbname))
    yield db
    db.close()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("path.join", "p = os.path.join(a, b)"),
        ("os.path.join", "p = os.path.join(a, b)"),
        ("join", "p = os.path.join(a, b)"),
        ("user", "def getUserById(id):"),
        ("getUserById", "def getUserById(id):"),
        ("getuserbyid ", "def getUserById(id):"),
        ("byid", "byId"),
        ("lib", "/usr/lib/python3/x.py"),
        ("x.py", "/usr/lib/python3/x.py"),
        ("/usr/lib", "/usr/lib/python3/x.py"),
        ("ann", "mail ann@example.org"),
        ("example", "mail ann@example.org"),
        ("div", "<div class='x'>"),
        ("class", "<div class='x'>"),
        ("foo_bar", "call foo_bar now"),
        ("bar ", "call foo_bar now"),
        ("--force", "git push --force"),
        ("v1.2.3", "release v1.2.3 is out"),
        ("404", "HTTP 404"),
        ("c++", "written in C++ and Rust"),
        ("a&&b", "if (a&&b)"),
        ("Ärger", "viel ärger damit"),
        ("straße ", "die Straße"),
        ("ПРИВЕТ", "привет, мир"),
        ("ΣΟΦΙΑ", "σοφια"),
        ("東京", "昨日は東京タワーへ行った"),
        ("東京タワー", "昨日は東京タワーへ行った"),
        ("京", "昨日は東京タワーへ行った"),
        ("数据库", "连接数据库失败"),
        ("데이터", "데이터베이스 연결"),
        ("हिन्दी", "यह हिन्दी है"),
        ("หัวข้อ", "หัวข้อ นี้"),
        ("שלום ", "שלום עולם"),
        ("cafe\u0301 ", "un cafe\u0301 noir"),
        ("error 🙂 here", "an error 🙂 here"),
        ("naïve ", "a naïve idea"),
        ("zurich ", "von Zürich nach Genf"),
        ("Zürich ", "from zurich to geneva"),
        ("zür", "from zurich to geneva"),
        ('"zurich nach"', "von Zürich nach Genf"),
        ("zu\u0308rich ", "von Zürich nach Genf"),
        ("ελλαδα ", "στην Ελλάδα"),
        ("ЁЛКА ", "новогодняя елка"),
        ("🚀", "to the 🚀 moon"),
        ("1,000,000 ", "1,000,000 rows"),
        ("9f86d08", "commit 9f86d081884c"),
        ("E0277 ", "error[E0277]: no"),
        ("https://example.org/a?b=c ", "see https://example.org/a?b=c"),
        ("ann@example.org ", "mail ann@example.org"),
        ("sub:erById ", "def getUserById(id):"),
        ("/get\\w+ById/ ", "def getUserById(id):"),
    ],
)
def test_words_are_found_in_whole_and_in_parts(search_in: Database, query: str, text: str) -> None:
    chat = begin(search_in, "something else altogether", text)
    for _ in ("without a vocabulary", "with one"):
        hits = search.search(search_in, query, limit=1_000).hits
        assert [h.seq for h in hits if h.chat_id == chat] == [2]
        search_index.refresh_words(search_in)
    rows(search_in, "DELETE FROM chattui.chats")
    rows(search_in, "DELETE FROM chattui.words")


def test_separators_must_be_there_when_they_are_asked_for(db: Database) -> None:
    begin(db, "the path to join")
    assert search.search(db, "path.join ").hits == ()
    begin(db, "100% done", "100 pct")
    assert [h.snippet for h in search.search(db, '"100% done"').hits] == ["100% done"]


def test_words_far_behind_in_a_long_text_are_not_lost_to_an_error(db: Database) -> None:
    begin(db, "needle " + "x" * 300_000)
    assert len(search.search(db, "needle ").hits) == 1


def some(alphabet: str | range, length: int, seed: int = 1) -> str:
    chosen = random.Random(seed).choices(alphabet, k=length)
    return "".join(chr(c) if isinstance(c, int) else c for c in chosen)


WORST = {
    "300,000 Han": lambda: some(range(0x4E00, 0x9FFF), 300_000),
    "300,000 Hangul": lambda: some(range(0xAC00, 0xD7A3), 300_000),
    "Han, then rare letters": lambda: (
        some(range(0x4E00, 0x9FFF), 40_000) + " ".join(some(range(0x20000, 0x2A000), 2, n) for n in range(55_000))
    ),
    "camel case": lambda: " ".join(
        some(string.ascii_lowercase, 4, n) + some(string.ascii_uppercase, 1, n) + some(string.ascii_lowercase, 4, n)
        for n in range(30_000)
    ),
    "one camel": lambda: "aB" * 150_000,
    "three letters each": lambda: "".join(
        some(string.ascii_lowercase, 3, n) + some("ABCDEFGH", 1, n) for n in range(75_000)
    ),
    "emoji": lambda: "🙂👩‍👩‍👧 " * 60_000,
    "a word of 1 MB": lambda: "w" * (1 << 20),
    "a line of 2,000-letter words": lambda: " ".join(some(string.ascii_letters, 2000, n) for n in range(150)),
    "capitals that grow": lambda: "İȺ " * 70_000,
    "marks": lambda: "e\u0301" * 200_000,
    "quotes": lambda: "'\\\"" * 100_000,
    "tags": lambda: "<a href='b'>" * 30_000,
}


@pytest.mark.parametrize("name", WORST)
def test_no_text_is_too_much_for_the_index(plain: psycopg.Connection, name: str) -> None:
    found = plain.execute("SELECT length(chattui.tsv(%s))", (WORST[name](),)).fetchone()
    assert found is not None


@anything
@given(text=TEXTS)
def test_any_text_can_be_indexed(plain: psycopg.Connection, text: str) -> None:
    plain.execute("SELECT chattui.tsv(%s)", (text,))


@anything
@given(text=st.text(max_size=120), typed=st.sampled_from(["", " ", '"']))
def test_any_text_can_be_searched_for(search_in: Database, text: str, typed: str) -> None:
    search.search(search_in, text + typed)
    search.suggest(search_in, text)
    search.matching_seqs(search_in, 1, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "'",
        '"',
        '""',
        '"unclosed',
        "''; DROP TABLE chattui.messages; --",
        "\\",
        "\\'",
        "%",
        "_",
        "%_%",
        "a & b | !c",
        "a <-> b",
        "(((",
        ":*",
        "a:*",
        "foo:bar",
        "!!",
        "*",
        "a" * 10_000,
        "a " * 5_000,
        '"' + "b " * 5_000 + '"',
        "漢" * 10_000,
        "漢 " * 5_000,
        "🙂" * 10_000,
        "\n\t\r",
        "\u202e\x1b[31m",
        "a\u0301" * 500,
        "\\x41 \\123",
    ],
    ids=lambda t: ascii(t[:20]),
)
def test_what_is_typed_is_never_an_error_and_never_an_operator(search_in: Database, text: str) -> None:
    db = search_in
    begin(db, "hay")
    search_index.refresh_words(db)
    assert search.search(db, text).hits == ()
    assert search.search(db, text + " hay").hits in ((), search.search(db, "hay").hits)
    assert rows(db, "SELECT count(*) FROM chattui.messages") == [(1,)]
    rows(db, "DELETE FROM chattui.chats")


def test_random_inputs_give_no_error(search_in: Database) -> None:
    chance = random.Random(42)
    pieces = [
        *string.printable,
        *"'\"\\%_:*&|!()<->äß漢字한글🙂\u202e\u0301",
        "foo",
        "getUser",
        "os.path",
        " ",
        "  ",
        '"a b"',
    ]
    for _ in range(300):
        search.search(search_in, "".join(chance.choices(pieces, k=chance.randrange(1, 40))))
