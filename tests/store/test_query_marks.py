"""What is marked in a text for a query, and values on their way into the database, for any text."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chattui.domain.history import NewMessage
from chattui.domain.kinds import Kind, Role
from chattui.domain.query import match_pattern, match_ranges
from chattui.store.connection import connect
from chattui.store.copying import MESSAGE_COLUMNS, message_body, message_head
from chattui.store.storable import storable, storable_json

anything = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORD = st.text("abcdefghij", min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("needle ", "a Needle, needles", ["Needle"]),
        ("needle", "a Needle, needles", ["Needle", "needle"]),
        ("user ", "getUserById user_name users", ["User", "user"]),
        ("path.join", "os.path.join path join", ["path.join"]),
        ('"two  words"', "two\nwords, two other words", ["two\nwords"]),
        ("pool exhausted ", "pool exhausted; exhausted pool", ["pool exhausted", "exhausted", "pool"]),
        ("京 ", "東京タワー", ["京"]),
        ("c++", "in c++ and c", ["c++", "c"]),
        ("a.b(c)[d]*", "x a.b(c)[d]* y", ["a.b(c)[d]*"]),
        ("zurich ", "Zürich, zu\u0308rich, zurichs", ["Zürich", "zu\u0308rich"]),
        ("ZÜRICH ", "zurich", ["zurich"]),
        ("a -b (c OR d) role:user ", "a b c d role user", ["a", "c", "d"]),
        ("sub:eed ", "a needle", ["eed"]),
        ("/ne+dle?/ ", "a needle", []),
        ("/ne{2}dle?/ hay ", "a needle in hay", ["needle", "hay"]),
    ],
)
def test_what_is_marked(query: str, text: str, marked: list[str]) -> None:
    assert [text[a:b] for a, b in match_ranges(text, match_pattern(query))] == marked


@pytest.mark.parametrize("query", ["", " ", '"', '""', "...", "(*&", "\x00"])
def test_a_query_without_a_word_marks_nothing(query: str) -> None:
    assert match_ranges("some (*& ... text", match_pattern(query)) == ()


@anything
@given(query=st.text(max_size=80), text=st.text(max_size=200))
def test_marks_are_in_order_inside_the_text_and_never_empty(query: str, text: str) -> None:
    at = 0
    for start, end in match_ranges(text, match_pattern(query)):
        assert at <= start < end <= len(text)
        at = end


@anything
@given(words=st.lists(WORD, min_size=1, max_size=4), before=WORD, after=WORD)
def test_every_word_that_was_searched_for_is_marked(words: list[str], before: str, after: str) -> None:
    for word in words:
        text = f"{before} {word} {after}"
        start = len(before) + 1
        marks = match_ranges(text, match_pattern(" ".join(words) + " "))
        assert any(a < start + len(word) and start < b for a, b in marks)


@anything
@given(text=st.text(st.characters(), max_size=200))
def test_any_text_travels_through_copy_unchanged_but_for_what_cannot_be_stored(
    conn: psycopg.Connection, text: str
) -> None:
    said = NewMessage(
        Role.USER, Kind.TEXT, text, source_id=text or "x", thread=text, metadata={"k": [text, {"n": text}]}
    )
    with conn.transaction(force_rollback=True):
        conn.execute("INSERT INTO chattui.chats (id) VALUES (1)")
        with conn.cursor().copy(f"COPY chattui.messages ({MESSAGE_COLUMNS}) FROM STDIN") as copy:  # type: ignore[arg-type]
            copy.write(message_head(1, 1, datetime(2026, 1, 1, tzinfo=UTC), None) + message_body(said))
        [(content, thread, metadata)] = conn.execute(
            "SELECT content, thread, metadata FROM chattui.messages"
        ).fetchall()
    assert content == thread == storable(text)
    assert metadata == {"k": [storable(text), {"n": storable(text)}]}


@anything
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_value_becomes_json_that_the_database_takes(conn: psycopg.Connection, value: object) -> None:
    text = storable_json(value)
    json.loads(text)
    conn.execute("SELECT %s::jsonb", (text,))


@pytest.fixture
def conn(conninfo: str):
    with connect(conninfo, autocommit=True) as made:
        yield made
