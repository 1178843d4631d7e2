"""Index and text, counters and rows: each is damaged for real, found by a check, and mended by a repair."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from steps import NOON, begin, fill, people, rows, value

from chattui.domain.search import FoundIn
from chattui.domain.upkeep import Finding
from chattui.store import chats, marks, search, search_index
from chattui.store.check import (
    CHAT_COUNTERS,
    CHAT_TIMES,
    DAY_COUNTS,
    INDEX,
    INDEX_NOTES,
    INDEX_TEXT,
    NUMBERS,
    VOCABULARY,
    check,
)
from chattui.store.check_statements import BLOBS
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.repair import repair

BOTH = pytest.mark.parametrize("everything", [False, True], ids=["sample", "all"])
READY = "UPDATE pg_index SET indisready = %s WHERE indexrelid = 'chattui.messages_search'::regclass"


@pytest.fixture(scope="module")
def begun_with(template_of: Callable[..., str]) -> str:
    return template_of(furnish)


@pytest.fixture
def filled(db: Database) -> Database:
    return db


def furnish(db: Database) -> None:
    """A chat with 300 messages and one with two, and what belongs to them."""
    chat = begin(db, title="A chat")
    words = "needle number {} of getUserById 東京タワー it's C:\\dir a'b {}"
    said = [words.format(n, "even" if n % 2 == 0 else "odd") for n in range(300)]
    fill(db, chat, [(text, NOON - timedelta(hours=n)) for n, text in enumerate(said)])
    begin(db, "one", "two")
    rows(db, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('x'), 1, 'x')")
    rows(db, "INSERT INTO chattui.files (chat_id, path, sha256, size) VALUES (%s, 'x', sha256('x'), 1)", chat)
    rows(db, "INSERT INTO chattui.tool_calls (chat_id, call_id, name, call_seq) VALUES (%s, 'c1', 'Bash', 7)", chat)
    search_index.refresh_words(db)


def wrong(db: Database, *, everything: bool = True) -> dict[str, Finding]:
    return {f.check: f for f in check(db, everything=everything) if f.wrong}


def mended(db: Database, *, everything: bool = True) -> None:
    done = repair(db, check(db, everything=everything))
    assert done
    assert all(r.fault is None for r in done)
    assert wrong(db) == {}


def not_fed(db: Database, work: Callable[[], object]) -> None:
    """Do ``work`` while the index is not told of changes, as a broken one would not be."""
    rows(db, READY, False)
    try:
        work()
    finally:
        rows(db, READY, True)


def without_triggers(db: Database, *statements: str) -> None:
    """Change rows behind the back of counters and foreign keys."""
    with connect(db.conninfo) as conn:
        conn.execute("SET session_replication_role = replica")
        for statement in statements:
            conn.execute(statement)  # type: ignore[arg-type]


@BOTH
def test_a_sound_database_is_found_right_and_everything_was_looked_at(filled: Database, everything: bool) -> None:
    found = {f.check: f for f in check(filled, everything=everything)}
    assert not any(f.wrong or f.skipped for f in found.values())
    assert found[CHAT_COUNTERS].looked_at == 2
    assert found["messages"].looked_at == 302
    assert found[BLOBS].looked_at == found["tool calls"].looked_at == found["files"].looked_at == 1
    assert found[DAY_COUNTS].looked_at > 10
    assert found[VOCABULARY].looked_at > 3
    assert found[INDEX_TEXT].looked_at == 302 if everything else 50 < found[INDEX_TEXT].looked_at <= 302


def test_an_empty_database_is_right(other_db: Database) -> None:
    assert wrong(other_db) == wrong(other_db, everything=False) == {}


@BOTH
def test_messages_that_the_index_does_not_know_are_found(filled: Database, everything: bool) -> None:
    chat = begin(filled)
    lost = [("a lost needle", NOON - timedelta(hours=n)) for n in range(300)]
    not_fed(filled, lambda: fill(filled, chat, lost))
    bad = wrong(filled, everything=everything)
    assert set(bad) == {INDEX_TEXT}
    assert bad[INDEX_TEXT].wrong == 300 if everything else bad[INDEX_TEXT].wrong > 10
    assert all(example.startswith(f"{chat}:") for example in bad[INDEX_TEXT].examples)
    mended(filled)
    assert len(search.search(filled, "lost ", limit=1_000).hits) == 300


@BOTH
@pytest.mark.parametrize("word", ["even", "elsewhere"], ids=["of the same days", "of the vocabulary"])
def test_words_that_lead_to_messages_without_them_are_found(filled: Database, word: str, everything: bool) -> None:
    """The index is made by another tokenizer than the one that is there now: the likeliest damage of all."""
    begin(filled, *["elsewhere"] * 3)
    search_index.refresh_words(filled)
    source = value(filled, "SELECT pg_get_functiondef('chattui.tsv(text)'::regprocedure)")
    other = source.replace("simple', words)", f"simple', words || ' {word}')")
    assert other != source
    with connect(filled.conninfo, autocommit=True) as conn:
        conn.execute(other)
        conn.execute("REINDEX INDEX chattui.messages_search")
        conn.execute(source)
    bad = wrong(filled, everything=everything)
    assert set(bad) == {INDEX_TEXT}
    mended(filled)
    assert len(search.search(filled, "needle ", limit=1_000).hits) == 300


@pytest.mark.parametrize(
    "damage",
    [
        "DROP INDEX chattui.messages_search",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'chattui.messages_search'::regclass",
    ],
    ids=["missing", "half-built"],
)
def test_an_index_that_is_not_there_is_found_and_built(filled: Database, damage: str) -> None:
    rows(filled, damage)
    assert set(wrong(filled)) == {INDEX}
    skipped = {f.check for f in check(filled) if f.skipped}
    assert skipped == {INDEX_TEXT, VOCABULARY}
    mended(filled)
    assert search_index.is_ready(filled)


@pytest.mark.parametrize(
    ("statement", "everything"),
    [
        ("UPDATE chattui.day_counts SET n = n + 1", False),
        ("UPDATE chattui.day_counts SET n = n + 1 WHERE day = (SELECT max(day) FROM chattui.day_counts)", False),
        ("DELETE FROM chattui.day_counts WHERE day = (SELECT max(day) FROM chattui.day_counts)", False),
        ("INSERT INTO chattui.day_counts SELECT owner, 99999, 5 FROM chattui.chats LIMIT 1", True),
    ],
)
def test_counts_of_days_that_are_wrong_are_found_and_counted_again(
    filled: Database, statement: str, everything: bool
) -> None:
    before = rows(filled, "SELECT * FROM chattui.day_counts WHERE n > 0 ORDER BY 1, 2")
    rows(filled, statement)
    assert set(wrong(filled, everything=everything)) == {DAY_COUNTS}
    mended(filled)
    assert rows(filled, "SELECT * FROM chattui.day_counts WHERE n > 0 ORDER BY 1, 2") == before


@BOTH
@pytest.mark.parametrize(
    "column", ["message_count", "prompt_count", "byte_count", "tokens_in", "tokens_out", "tokens_cached"]
)
def test_counters_of_chats_that_are_wrong_are_found_and_counted_again(
    filled: Database, column: str, everything: bool
) -> None:
    before = rows(filled, f"SELECT id, {column} FROM chattui.chats ORDER BY 1")
    rows(filled, f"UPDATE chattui.chats SET {column} = {column} + 1 WHERE title = 'A chat'")
    bad = wrong(filled, everything=everything)
    assert bad[CHAT_COUNTERS].wrong == 1
    mended(filled, everything=everything)
    assert rows(filled, f"SELECT id, {column} FROM chattui.chats ORDER BY 1") == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM chattui.words",
        "UPDATE chattui.words SET word = word || 'zyx'",
        "UPDATE chattui.words SET n = 1000000",
    ],
)
def test_a_vocabulary_that_fits_no_message_is_found_and_sampled_again(filled: Database, statement: str) -> None:
    rows(filled, statement)
    assert set(wrong(filled, everything=False)) == {VOCABULARY}
    mended(filled)
    assert "needle" in search.suggest(filled, "neeedle")


def test_bytes_that_no_file_uses_are_found_and_removed(filled: Database) -> None:
    rows(filled, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('y'), 1, 'y')")
    assert wrong(filled)[BLOBS].wrong == 1
    mended(filled)
    assert value(filled, "SELECT count(*) FROM chattui.blobs") == 1


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("DELETE FROM chattui.chats WHERE title = 'A chat'", "messages"),
        ("DELETE FROM chattui.chats WHERE title = 'A chat'", "tool calls"),
        ("DELETE FROM chattui.chats WHERE title = 'A chat'", "files"),
        ("UPDATE chattui.tool_calls SET result_seq = 4000", "tool calls"),
        ("UPDATE chattui.tool_calls SET call_seq = 4000", "tool calls"),
        ("DELETE FROM chattui.blobs", "files"),
        ("INSERT INTO chattui.marks (chat_id, source_id, seq, note) VALUES (99, 'x', 1, 'x')", "marks"),
    ],
)
def test_rows_without_what_they_belong_to_are_found_and_left_to_people(
    filled: Database, statement: str, name: str
) -> None:
    without_triggers(filled, statement)
    found = wrong(filled)[name]
    assert found.wrong >= 1
    assert found.examples
    assert not found.can_repair
    counted = value(filled, f"SELECT count(*) FROM chattui.{name.replace(' ', '_')}")
    repair(filled, check(filled))
    assert value(filled, f"SELECT count(*) FROM chattui.{name.replace(' ', '_')}") == counted, "nothing is thrown away"


def test_a_person_checks_and_mends_what_is_ones_own(server: str, filled: Database) -> None:
    with people(server, filled.conninfo, "ann") as (info,):
        ann = Database(info)
        fill(ann, begin(ann), [(f"of my own {n}", NOON) for n in range(250)])
        rows(filled, "UPDATE chattui.chats SET prompt_count = prompt_count + 1")
        rows(filled, "UPDATE chattui.day_counts SET n = n + 1")
        found = {f.check: f for f in check(ann)}
        assert found["messages"].looked_at == 250
        assert (found[CHAT_COUNTERS].looked_at, found[CHAT_COUNTERS].wrong) == (1, 1)
        assert found[INDEX_TEXT].skipped == "only the owner of the tables can look into the index"
        assert found[VOCABULARY].wrong == 1
        assert not found[DAY_COUNTS].can_repair
        assert {r.check for r in repair(ann, list(found.values())) if r.fault is None} == {CHAT_COUNTERS, VOCABULARY}
        assert {f.check for f in check(ann) if f.wrong} == {DAY_COUNTS}
        ann.close()
    assert wrong(filled)[CHAT_COUNTERS].wrong == 2, "the others' counters are theirs to mend"


@BOTH
def test_an_entry_of_the_index_under_a_wrong_day_is_found(filled: Database, everything: bool) -> None:
    """The index is made with other days than the ones that searches ask for."""
    source = value(filled, "SELECT pg_get_functiondef('chattui.day_of(timestamptz)'::regprocedure)")
    other = source.replace("86400", "43200")
    assert other != source
    with connect(filled.conninfo, autocommit=True) as conn:
        conn.execute(other)
        conn.execute("REINDEX INDEX chattui.messages_search")
        conn.execute(source)
    bad = wrong(filled, everything=everything)
    assert INDEX_TEXT in bad
    mended(filled, everything=everything)


@pytest.mark.parametrize("name", ["marks_search", "chats_noted"])
def test_notes_that_the_index_does_not_know_are_found(filled: Database, name: str) -> None:
    chat = begin(filled, "x")
    ready = f"UPDATE pg_index SET indisready = %s WHERE indexrelid = 'chattui.{name}'::regclass"
    rows(filled, ready, False)
    marks.note(filled, chat, 1, "a remark on it's message")
    chats.tag(filled, chat, ["sometag"])
    rows(filled, ready, True)
    bad = wrong(filled, everything=False)
    assert set(bad) == {INDEX_NOTES}
    assert bad[INDEX_NOTES].wrong == 1
    assert bad[INDEX_NOTES].examples == ((f"{chat}:1",) if name == "marks_search" else (str(chat),))
    mended(filled)
    assert search.search(filled, "remark ").hits[0].found_in is FoundIn.NOTE


def test_notes_and_tags_are_looked_at(filled: Database) -> None:
    chat = begin(filled, "x")
    marks.note(filled, chat, 1, "C:\\dir it's a note 東京")
    chats.tag(filled, chat, ["a'b", "two words"])
    found = {f.check: f for f in check(filled)}[INDEX_NOTES]
    assert (found.looked_at, found.wrong) == (2, 0)


@BOTH
@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (
            "UPDATE chattui.chats SET last_message_at = last_message_at - interval '1 s' WHERE title = 'A chat'",
            CHAT_TIMES,
        ),
        ("UPDATE chattui.chats SET created_at = '2030-01-01', last_message_at = '2031-01-01'", CHAT_TIMES),
        ("DELETE FROM chattui.messages WHERE seq = 7", NUMBERS),
        ("UPDATE chattui.messages SET seq = seq + 1000 WHERE seq = 300", NUMBERS),
    ],
)
def test_times_and_numbers_that_do_not_fit_the_messages_are_found(
    filled: Database, damage: str, name: str, everything: bool
) -> None:
    rows(filled, "DELETE FROM chattui.tool_calls")
    rows(filled, damage)
    bad = wrong(filled, everything=everything)
    assert set(bad) == {name}
    assert bad[name].examples
    assert bad[name].can_repair is (name == CHAT_TIMES)
    if name == CHAT_TIMES:
        mended(filled, everything=everything)


def test_a_sample_of_many_rows_is_looked_at(filled: Database) -> None:
    chat = begin(filled)
    fill(filled, chat, [(f"{n} " + "long " * 300, NOON) for n in range(8_000)])
    found = {f.check: f for f in check(filled, everything=False)}
    assert 1_000 < found["messages"].looked_at < 8_000
    assert {f.check: f for f in check(filled, everything=True)}["messages"].looked_at == 8_302
