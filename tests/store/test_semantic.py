"""Search by meaning on a real server: what is embedded, when, and what is found by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from steps import NOON, begin, fill, people, rows, value

from chattui.domain.errors import DatabaseError
from chattui.domain.language import parse
from chattui.domain.search import FoundBy, Hit
from chattui.semantic import MODEL
from chattui.semantic.model import Model
from chattui.store import chats, embeddings, meaning
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.embeddings import Batches, Piece, Unembedded
from chattui.store.startup import prepare
from chattui.sync import embedding
from chattui.sync.embedding import embed_missing

SAID = (
    "FATAL: sorry, too many clients already. The connection pool is exhausted: nothing gives its database session back.",
    "How long should sourdough bread stay in the oven, and at which temperature do I bake it?",
    "On a phone the CSS grid overflows to the right: the layout is too wide for mobile screens.",
    "The kubernetes pod is killed again and again: OOMKilled, the container is over its memory limit.",
    "Write a regular expression that checks whether an e-mail address is valid.",
    "Rename the variable user_id to account_id in the whole code base.",
    "The SQL query is slow because it reads the whole table. An index on created_at makes it fast.",
    "git rebase stops with a conflict in package-lock.json; how do I resolve the merge?",
    "Translate this letter into French, politely.",
    "The unit tests hang for ever on the CI server; locally they pass in a second.",
)
MEANT = (
    "no more database sessions are available",
    "baking a loaf in my kitchen",
    "page looks broken on small displays",
    "app crashes because it needs too much RAM in the cluster",
    "validate mail addresses",
    "call an identifier something else everywhere in the source",
    "speed up a lookup that scans all rows",
    "version control trouble when combining branches",
    "put a text into another language",
    "continuous integration never finishes",
)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture
def near(model: Model) -> Callable[..., list[Hit]]:
    """Hits by meaning alone for what is typed."""

    def find(db: Database, typed: str, **options: Any) -> list[Hit]:
        query = parse(typed + " ")
        [vector] = model.embed([meaning.said(query)])
        assert vector is not None
        return meaning.near(db, query, vector, **options)

    return find


@pytest.fixture
def told(db: Database) -> Database:
    """Ten messages, embedded."""
    embeddings.switch_on(db, MODEL)
    begin(db, *SAID)
    embed_missing(db)
    return db


def tables(db: Database | str) -> set[str]:
    """The tables that only search by meaning needs."""
    found = rows(db, "SELECT tablename FROM pg_tables WHERE schemaname = 'chattui' AND tablename ~ 'embed|semantic'")
    return {name for (name,) in found}


def count(db: Database) -> int:
    return int(value(db, "SELECT count(*) FROM chattui.embeddings"))


def test_a_paraphrase_finds_its_message_of_ten(told: Database, near: Callable[..., list[Hit]]) -> None:
    firsts = [next((hit.seq for hit in near(told, meant)), None) for meant in MEANT]
    right = [first == seq for seq, first in enumerate(firsts, 1)]
    assert sum(right) >= 9, [m for m, is_right in zip(MEANT, right, strict=True) if not is_right]
    assert not [hit for hit in near(told, MEANT[0]) if hit.found_by is not FoundBy.MEANING]


def test_off_there_is_no_table_and_nothing_is_found_or_done(db: Database, near: Callable[..., list[Hit]]) -> None:
    begin(db, *SAID)
    assert tables(db) == set()
    assert near(db, MEANT[0]) == []
    assert embed_missing(db) is None
    assert not embeddings.is_on(db)
    embeddings.switch_off(db)
    embeddings.switch_on(db, MODEL)
    embed_missing(db)
    assert near(db, MEANT[0])
    embeddings.switch_off(db)
    assert tables(db) == set()
    assert near(db, MEANT[0]) == []
    assert not embeddings.status(db, installed=True).on


def test_prompts_replies_and_thinking_are_embedded_and_what_tools_say_is_not(db: Database) -> None:
    embeddings.switch_on(db, MODEL)
    chat = begin(db, "a prompt of some words")
    for seq, role, kind in ((2, "assistant", "thinking"), (3, "assistant", "tool_call"), (4, "tool", "tool_result")):
        rows(
            db,
            "INSERT INTO chattui.messages (chat_id, seq, role, kind, content) VALUES "
            "(%s, %s, %s::text::chattui.message_role, %s::text::chattui.message_kind, 'words of some kind')",
            *(chat, seq, role, kind),
        )
    embed_missing(db)
    assert rows(db, "SELECT DISTINCT seq FROM chattui.embeddings ORDER BY 1") == [(1,), (2,)]
    found = embeddings.status(db, installed=True)
    assert (found.embedded, found.waiting, found.chunks) == (2, 0, 2)


def test_the_newest_chat_is_embedded_first_and_what_is_stopped_goes_on(db: Database) -> None:
    embeddings.switch_on(db, MODEL)
    old, new = begin(db, title="old"), begin(db, title="new")
    for chat, year in ((new, 2026), (old, 2025)):
        fill(db, chat, [(f"something of {year}, number {n}", NOON.replace(year=year)) for n in range(300)])
    stops = iter([False, True])
    first = embed_missing(db, stopped=lambda: next(stops))
    assert first is not None
    assert (first.done, first.total) == (256, 600)
    assert rows(db, "SELECT chat_id, min(seq), max(seq) FROM chattui.embeddings GROUP BY 1") == [(new, 45, 300)]
    told: list[embedding.EmbeddingProgress] = []
    rest = embed_missing(db, told.append)
    assert rest is not None
    assert rest.done == 344
    assert [t.done for t in told] == sorted(t.done for t in told)
    assert count(db) == 600


def test_with_nothing_to_do_the_model_is_not_loaded(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    import chattui.semantic.model

    monkeypatch.setattr(chattui.semantic.model, "Model", None)
    assert embed_missing(told) is None
    begin(told, "1234 --- !")
    with pytest.raises(TypeError):
        embed_missing(told)


def test_what_has_no_word_is_looked_at_once(told: Database) -> None:
    begin(told, "1234 --- !")
    done = embed_missing(told)
    assert done is not None
    assert done.done == 1
    assert value(told, "SELECT count(*) FROM chattui.embeddings WHERE vector IS NULL") == 1
    assert embed_missing(told) is None


def test_what_is_written_anew_is_embedded_anew(told: Database, near: Callable[..., list[Hit]]) -> None:
    [chat] = {hit.chat_id for hit in near(told, MEANT[1])}
    rows(told, "DELETE FROM chattui.messages WHERE seq = 2")
    assert 2 not in {hit.seq for hit in near(told, MEANT[1])}
    fill(told, chat, [("The train to Zurich leaves at noon from platform four.", NOON)], first=2)
    embed_missing(told)
    assert near(told, "railway timetable of Switzerland")[0].seq == 2
    rows(told, "UPDATE chattui.messages SET seq = seq + 1000 WHERE seq = 2")
    assert near(told, "railway timetable of Switzerland")[0].seq == 1002


def test_vectors_of_a_message_that_changed_meanwhile_are_not_stored(
    told: Database, near: Callable[..., list[Hit]], model: Model
) -> None:
    chat = begin(told, "Bread, flour, and an oven that is hot.")

    def embed(messages: list[Unembedded]) -> list[Piece]:
        rows(told, "DELETE FROM chattui.messages WHERE chat_id = %s", chat)
        fill(told, chat, [("The train to Zurich leaves at noon from platform four.", NOON)])
        return [Piece(m, 0, v) for m, v in zip(messages, model.embed([m.content for m in messages]), strict=True)]

    assert Batches(told, MODEL).next(embed) == 1
    assert value(told, "SELECT count(*) FROM chattui.embeddings WHERE chat_id = %s", chat) == 0
    embed_missing(told)
    assert near(told, "railway timetable of Switzerland")[0].chat_id == chat
    assert chat not in {hit.chat_id for hit in near(told, MEANT[1])}


def test_a_chat_that_is_being_written_is_left_for_later_and_holds_up_nobody(told: Database) -> None:
    chat = begin(told, "a message in a chat that is being written")
    with connect(told.conninfo) as writer:
        writer.execute("UPDATE chattui.chats SET title = 'x' WHERE id = %s", (chat,))
        embed_missing(told)
        assert value(told, "SELECT count(*) FROM chattui.embeddings WHERE chat_id = %s", chat) == 0
    embed_missing(told)
    assert value(told, "SELECT count(*) FROM chattui.embeddings WHERE chat_id = %s", chat) == 1


def test_one_program_at_a_time_embeds_for_a_person(told: Database) -> None:
    begin(told, "one more")
    with connect(told.conninfo) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({embeddings._LOCK})")
        assert Batches(told, MODEL).next(lambda _: []) is None
    done = embed_missing(told)
    assert done is not None
    assert done.done == 1


def test_another_model_begins_anew(told: Database) -> None:
    embeddings.switch_on(told, MODEL)
    assert count(told) == 10
    embeddings.switch_on(told, "another")
    assert count(told) == 0
    assert Batches(told, MODEL).next(lambda _: []) is None, "it is switched on with another one"


@pytest.mark.parametrize(
    ("bound", "found"),
    [
        ("role:user", True),
        ("role:assistant", False),
        ("project:kitchen", True),
        ("project:office", False),
        ("before:2020", False),
        ("after:2020", True),
        ("last:1d", True),
        ("-oven", False),
        ("-zebra", True),
        ('-"in the oven"', False),
        ("-role:user", False),
        ("chat:999", False),
        ("kind:thinking", False),
        ("(role:user OR role:tool)", True),
        ("-is:pinned", True),
    ],
)
def test_fields_and_what_must_not_be_bound_the_hits(
    told: Database, near: Callable[..., list[Hit]], bound: str, found: bool
) -> None:
    rows(told, "UPDATE chattui.chats SET project = '/srv/kitchen'")
    assert (2 in {hit.seq for hit in near(told, f"{bound} {MEANT[1]}")}) is found


def test_what_is_deleted_is_not_found(told: Database, near: Callable[..., list[Hit]]) -> None:
    [chat] = {hit.chat_id for hit in near(told, MEANT[1])}
    chats.delete(told, chat)
    assert near(told, MEANT[1]) == []


def test_the_index_finds_what_reading_all_finds(
    told: Database, near: Callable[..., list[Hit]], model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = begin(told)
    fill(told, chat, [(f"{SAID[n % 10]} And a number: {n} {n * n}", NOON) for n in range(2_000)])
    embed_missing(told)
    exactly = [[(h.chat_id, h.seq) for h in near(told, meant, limit=5)] for meant in MEANT]
    assert not embeddings.build_index(told), "there are few"
    monkeypatch.setattr(embeddings, "INDEX_FROM", 1_000)
    assert embeddings.build_index(told)
    assert not embeddings.build_index(told), "it is there"
    rows(told, "UPDATE chattui.semantic_settings SET chunks = 3000000")
    found = [[(h.chat_id, h.seq) for h in near(told, meant, limit=5)] for meant in MEANT]
    shared = sum(len(set(a) & set(b)) for a, b in zip(exactly, found, strict=True))
    assert shared >= 40, "of 50"
    with connect(told.conninfo) as conn:
        [vector] = model.embed([MEANT[0]])
        conn.execute("SELECT * FROM chattui.search_meaning('{}', %s)", (vector,))
        used = conn.execute("SELECT pg_stat_get_xact_numscans('chattui.embeddings_near'::regclass)").fetchone()
    assert used == (1,)
    assert embeddings.build_index(told), "there are many more than it was made for"


def test_each_person_has_their_own_and_nobody_makes_room_but_the_owner_of_the_tables(
    server: str, conninfo: str, near: Callable[..., list[Hit]]
) -> None:
    with people(server, conninfo, "ann", "bob") as made:
        ann, bob = (Database(info) for info in made)
        with pytest.raises(DatabaseError, match="only the owner of the tables"):
            embeddings.switch_on(ann, MODEL)
        owner = Database(conninfo)
        embeddings.switch_on(owner, MODEL)
        for who in (ann, bob):
            embeddings.switch_on(who, MODEL)
        begin(ann, *SAID)
        begin(bob, "Nothing but a greeting to everybody.")
        embed_missing(ann)
        embed_missing(bob)
        assert len(near(ann, MEANT[0])) > 0
        assert near(bob, MEANT[0]) == []
        assert rows(bob, "SELECT DISTINCT owner = CURRENT_USER::text FROM chattui.embeddings") == [(True,)]
        embeddings.switch_off(owner)
        assert near(ann, MEANT[0]), "the tables stay while somebody needs them"
        embeddings.switch_off(ann)
        assert (count(ann), count(bob)) == (0, 1)
        embeddings.switch_off(bob)
        assert tables(conninfo)
        embeddings.switch_off(owner)
        assert tables(conninfo) == set()
        for who in (ann, bob, owner):
            who.close()


@pytest.fixture
def plain(server: str, empty_database: str) -> Iterator[Database]:
    """A database of an ordinary role, which owns the tables and is no superuser."""
    name = f"plain_{conninfo_to_dict(empty_database)['dbname']}"
    with connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {name} LOGIN")
        conn.execute(f"ALTER DATABASE {conninfo_to_dict(empty_database)['dbname']} OWNER TO {name}")
    with connect(make_conninfo(empty_database, user=name), autocommit=True) as conn:
        prepare(conn)
    made = Database(make_conninfo(empty_database, user=name))
    yield made
    made.close()
    with connect(empty_database, autocommit=True) as conn:
        conn.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER")
        conn.execute(f"DROP OWNED BY {name}")
        conn.execute(f"DROP ROLE {name}")


def test_a_role_that_may_not_create_the_extension_is_told_what_to_do(
    plain: Database, empty_database: str, near: Callable[..., list[Hit]]
) -> None:
    with pytest.raises(DatabaseError, match="have a superuser run CREATE EXTENSION vector"):
        embeddings.switch_on(plain, MODEL)
    assert tables(plain) == set()
    rows(empty_database, "CREATE SCHEMA elsewhere; CREATE EXTENSION vector SCHEMA elsewhere")
    rows(empty_database, f"GRANT USAGE ON SCHEMA elsewhere TO {conninfo_to_dict(plain.conninfo)['user']}")
    embeddings.switch_on(plain, MODEL)
    begin(plain, *SAID)
    embed_missing(plain)
    assert near(plain, MEANT[1])[0].seq == 2, "wherever the extension is"


def test_a_server_without_pgvector_is_said_so(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "server_version", lambda _: None)
    with pytest.raises(DatabaseError, match=r"needs pgvector 0\.8 or newer, which this PostgreSQL does not have"):
        embeddings.switch_on(db, MODEL)
    assert tables(db) == set()
    assert embeddings.status(db, installed=True).server is None
