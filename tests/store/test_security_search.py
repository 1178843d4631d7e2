"""Search under row-level security: no function tells anything of another's, and every path of a search uses an index."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, text
from steps import NOON, begin, fill, people, rows, value

from chattui.domain.language import parse
from chattui.domain.needle import Needle
from chattui.semantic import MODEL
from chattui.semantic.model import Model
from chattui.store import chats, embeddings, find, levels, marks, search, search_index
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.search_query import as_json
from chattui.sync.embedding import embed_missing

ANNS_CHAT = 424242
SECRET = "zyxquartz"
ALL, FEW = 3_060, 60
"""Rows that are read at most, for what all of Bob's 1,500 messages hold and for what hardly any does. Ann has 2,700."""
QUERIES = (
    *(
        SECRET,
        "zyx",
        f'"{SECRET} of the mat"',
        f"{SECRET} mat ",
        "qwertynote ",
        "秘密 ",
        "byid ",
        f"mat OR {SECRET} ",
        "mat -interest ",
    ),
    *(
        "project:secret",
        "tag:qwertytag",
        f"title:{SECRET}",
        f"chat:{ANNS_CHAT}",
        "role:user",
        "has:note",
        "is:unread",
        "on:today",
    ),
    *("mat -interest ", "/zyx[a-z]+/", "sub:yxqua", f"-{SECRET} mat ", f"project:secret {SECRET} "),
)
CALLS = 60  # of each function, with arguments of all kinds

FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.proname, p.pronargs,
       coalesce((p.proargnames)[1:p.pronargs], array_fill(''::text, ARRAY[p.pronargs])),
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY a (t, nr) ORDER BY nr)
  FROM pg_proc p WHERE p.pronamespace = 'chattui'::regnamespace AND p.prorettype <> 'trigger'::regtype
   AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1
"""


def arguments(name: str, kind: str, ann: str) -> list[Any]:
    """What somebody would try who looks for Ann's data. Limits and budgets are such that two answers can be equal."""
    if "vector" in name:
        return Model().embed(["the secret of the mat", ann])
    if "budget" in name or "ms" in name.split("_"):
        return [60_000]
    if kind in ("integer", "bigint", "smallint"):
        return [ANNS_CHAT] if "chat" in name else [20] if "limit" in name else [1, 0, ANNS_CHAT]
    if kind.startswith("timestamp"):
        return ["infinity", NOON.isoformat()]
    if kind == "text[]":
        return [["%"], [f"%{SECRET}%"], [], [ann]]
    if kind == "tsquery":
        return [SECRET]
    if kind == "boolean":
        return [True, False]
    if kind in ("jsonb", "json"):
        return ["{}", f'{{"owner": "{ann}", "text": "{SECRET}"}}', *(as_json(parse(text)) for text in QUERIES)]
    if kind.startswith("double") or kind == "numeric":
        return [0, 1]
    if kind.startswith("chattui."):
        return [None]
    return [
        SECRET,
        "zyx",
        "zyxqartz",
        f'"{SECRET} of the mat"',
        f"{SECRET} mat",
        "qwertynote",
        "qwertytag",
        "mat ",
        ann,
        "",
        "秘密",
        "r1",
    ]


def answers(info: str, ann: str) -> dict[str, str]:
    """Of every function that this person may call, what it says to every kind of argument: rows, or the error."""
    found: dict[str, str] = {}
    with connect(info, autocommit=True) as conn:
        conn.execute("SELECT chattui.refresh_words()")
        for signature, name, _, names, kinds in conn.execute(FUNCTIONS).fetchall():
            pools = [arguments(n, k, ann) for n, k in zip(names, kinds, strict=True)]
            combinations = list(itertools.product(*pools))
            for values in random.Random(1).sample(combinations, min(CALLS, len(combinations))):
                casts = sql.SQL(", ").join(sql.SQL("%s::" + k) for k in kinds)
                call = sql.SQL("SELECT * FROM chattui.{}({})").format(sql.Identifier(name), casts)
                try:
                    said = repr(conn.execute(call, values).fetchall())
                except psycopg.Error as error:
                    said = f"{type(error).__name__}: {error}"
                found[f"{signature} {values!r}"] = said
    return found


@contextmanager
def ann_and_bob(server: str, conninfo: str) -> Iterator[list[str]]:
    """Ann and Bob, as ordinary people; Bob has a chat."""
    with people(server, conninfo, "ann", "bob") as made:
        tables = Database(conninfo)
        embeddings.switch_on(tables, MODEL)
        tables.close()
        bob = Database(made[1])
        embeddings.switch_on(bob, MODEL)
        fill(bob, begin(bob, title="Bob's chat"), [(f"nothing of interest {n} on my mat", NOON) for n in range(230)])
        embed_missing(bob)
        bob.close()
        yield made


@pytest.fixture
def infos(server: str, conninfo: str) -> Iterator[list[str]]:
    """Ann and Bob in the test's own database."""
    with ann_and_bob(server, conninfo) as made:
        yield made


def secrets_of(ann: Database) -> None:
    """Everything that a person can have, with words that nobody else has."""
    rows(ann, "INSERT INTO chattui.chats (id, title, project) VALUES (%s, %s, '/secret')", ANNS_CHAT, f"About {SECRET}")
    said = [(f"the {SECRET} of the mat, 秘密 getZyxquartzById {n}", NOON - timedelta(days=n)) for n in range(230)]
    fill(ann, ANNS_CHAT, said)
    marks.bookmark(ann, ANNS_CHAT, 1)
    marks.note(ann, ANNS_CHAT, 1, "a qwertynote on the mat")
    chats.tag(ann, ANNS_CHAT, ["qwertytag"])
    search_index.refresh_words(ann)
    embeddings.switch_on(ann, MODEL)
    embed_missing(ann)


def test_no_function_says_anything_else_because_of_what_another_has(infos: list[str]) -> None:
    """Every function of the schema that a person may call, found in the catalogue, so that a new one is covered too."""
    name = str(psycopg.conninfo.conninfo_to_dict(infos[0])["user"])
    before = answers(infos[1], name)
    ann = Database(infos[0])
    secrets_of(ann)
    ann.close()
    after = answers(infos[1], name)
    assert after.keys() == before.keys()
    assert {call: said for call, said in after.items() if said != before[call]} == {}
    own = answers(infos[0], name)
    telling = {call.split("(")[0] for call, said in own.items() if said != after.get(call)}
    assert telling >= {"chattui.search_messages", "chattui.search_beside", "chattui.suggest_words", "chattui.seq_of"}
    assert "chattui.search_meaning" in telling
    for signature in ("search_meaning", "search_messages", "search_beside", "suggest_words", "refresh_words", "seq_of"):
        assert any(call.startswith(f"chattui.{signature}(") for call in before)


def test_a_function_that_leaks_a_count_would_be_noticed(infos: list[str], conninfo: str) -> None:
    rows(
        conninfo,
        "CREATE FUNCTION chattui.leaks(p_word text) RETURNS bigint LANGUAGE sql SECURITY DEFINER "
        "AS $$ SELECT count(*) FROM chattui.messages WHERE strpos(content, p_word) > 0 $$",
    )
    before = answers(infos[1], "ann")
    ann = Database(infos[0])
    secrets_of(ann)
    ann.close()
    after = answers(infos[1], "ann")
    assert {call.split("(")[0] for call, said in after.items() if said != before[call]} == {"chattui.leaks"}


def test_what_finds_and_counts_in_a_chat_says_nothing_of_anothers(infos: list[str]) -> None:
    ann, bob = (Database(info) for info in infos)
    secrets_of(ann)
    literal, expression = Needle(SECRET), Needle(SECRET, regex=True)
    for who, found in ((ann, True), (bob, False)):
        assert bool(find.seqs_in(who, ANNS_CHAT, literal, 1, 300)[0]) is found
        assert bool(find.seqs_in(who, ANNS_CHAT, expression, 1, 300)[0]) is found
        assert bool(find.seqs_among(who, ANNS_CHAT, literal, [1, 2])[0]) is found
        assert bool(levels.codes(who, ANNS_CHAT, 1, 300)) is found
        assert bool(search.matching_seqs(who, ANNS_CHAT, SECRET)) is found
        assert bool(chats.recents(who, needle=SECRET)) is found
        assert bool(chats.recents(who, needle="/secret")) is found
        assert bool(chats.recents(who, needle="tag:qwertytag")) is found
    ann.close()
    bob.close()


def test_the_planners_samples_of_texts_and_words_are_not_to_be_read(infos: list[str], conninfo: str) -> None:
    ann = Database(infos[0])
    secrets_of(ann)
    ann.close()
    rows(conninfo, "ANALYZE")
    assert value(conninfo, "SELECT count(*) FROM pg_stats WHERE schemaname = 'chattui' AND tablename = 'words'") > 0
    assert (
        rows(
            infos[1],
            "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'chattui' AND tablename <> 'schema_versions'",
        )
        == []
    )


TABLES = "SELECT relname, seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE schemaname = 'chattui'"
INDEXES = (
    "SELECT relname, pg_stat_get_xact_numscans(oid) FROM pg_class "
    "WHERE relkind = 'i' AND relnamespace = 'chattui'::regnamespace"
)


class Counting(Database):
    """A database that remembers, of the last reading transaction, which indexes and how many rows were read."""

    indexes: set[str]
    read_in_sequence: set[str]
    fetched: dict[str, int]

    def read(self, work: Callable[[Connection], Any], **options: Any) -> Any:
        def counted(conn: Connection) -> Any:
            before = self._counters(conn)  # what the connection did before may not be flushed yet
            result = work(conn)
            indexes, sequences, fetched = (
                {name: n - old.get(name, 0) for name, n in new.items()}
                for new, old in zip(self._counters(conn), before, strict=True)
            )
            self.indexes = {name for name, n in indexes.items() if n}
            self.read_in_sequence = {name for name, n in sequences.items() if n}
            self.fetched = fetched
            return result

        return super().read(counted, **options)

    @staticmethod
    def _counters(conn: Connection) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
        tables = conn.execute(text(TABLES)).all()
        indexes = {r[0]: r[1] for r in conn.execute(text(INDEXES)).all()}
        return indexes, {r[0]: r[1] for r in tables}, {r[0]: r[2] or 0 for r in tables}


@pytest.fixture(scope="module")
def crowded(server: str) -> Iterator[str]:
    """As Bob, a database in which most of what there is, also of the same words, is Ann's; for tests that only read."""
    name = f"t_crowd_{os.getpid()}"
    rows(server, f"CREATE DATABASE {name} TEMPLATE chattui_template STRATEGY file_copy")
    conninfo = psycopg.conninfo.make_conninfo(server, dbname=name)
    with ann_and_bob(server, conninfo) as infos:
        ann, bob = Database(infos[0]), Database(infos[1])
        secrets_of(ann)
        said = "common word {0} getUserById 東京タワー rare{0}"
        many = [(said.format(n), NOON - timedelta(hours=n)) for n in range(2_500)]
        fill(ann, begin(ann), many)
        chat = begin(bob, title="A chat of Bob's")
        fill(bob, chat, many[:1_500])
        rows(ann, "INSERT INTO chattui.chats (title) SELECT 'chat number ' || n FROM generate_series(1, 3000) n")
        marks.note(bob, 1, 1, "a common note")
        rare_values(bob, chat)
        for who in (ann, bob):
            search_index.refresh_words(who)
            who.close()
        words = "SELECT DISTINCT owner, 'z' || md5(g::text), 3 FROM chattui.words, generate_series(1, 4000) g"
        rows(conninfo, f"INSERT INTO chattui.words {words}")
        rows(conninfo, "VACUUM ANALYZE")
        yield infos[1]
    rows(server, f"DROP DATABASE {name} WITH (FORCE)")


def rare_values(bob: Database, chat: int) -> None:
    """Fields with values that hardly anything of Bob's has."""
    marks.note(bob, chat, 699, "of use")
    rows(
        bob,
        "INSERT INTO chattui.tool_calls (chat_id, call_id, name, target) VALUES (%s, 'c1', 'Xylograph', 'src/thingummy.py')",
        chat,
    )
    rows(bob, "UPDATE chattui.messages SET call_id = 'c1' WHERE seq IN (700, 701)")
    rows(bob, "UPDATE chattui.messages SET error = true WHERE seq = 702")
    rows(
        bob,
        "INSERT INTO chattui.chats (id, source, source_id, title, project, pinned) "
        "VALUES (9001, 'elsewhere', 'wombat-1', 'The wombat', '/home/qzone', true)",
    )
    fill(bob, 9001, [(f"common word {n}", NOON - timedelta(days=30, hours=n)) for n in range(3)])


@pytest.fixture
def crowd(crowded: str) -> Iterator[Counting]:
    """Bob, on connections of his own."""
    bob = Counting(crowded)
    yield bob
    bob.close()


@pytest.mark.parametrize(
    ("typed", "found", "most"),
    [
        ("rare77 ", 1, FEW),
        ("common ", 20, ALL),
        ("common word", 20, ALL),
        ("comm", 20, ALL),
        ("rare7", 20, ALL),
        ("common rare77 ", 1, FEW),
        ('"word 77 getUserById"', 1, FEW),
        ("getUserById", 20, ALL),
        ("東京", 20, ALL),
        ("東京タワー", 20, ALL),
        ("京", 20, ALL),
        ("nowhere ", 0, 0),
    ],
)
def test_every_kind_of_search_uses_the_index_beside_anothers_messages(
    crowd: Counting, typed: str, found: int, most: int
) -> None:
    assert len([h for h in search.search(crowd, typed).hits if h.is_message]) >= min(found, 19)
    assert "messages_search" in crowd.indexes
    assert "messages" not in crowd.read_in_sequence
    assert crowd.fetched.get("messages", 0) <= most, "counting first, where it is done, reads a hit twice"


def test_notes_words_chats_and_a_chats_messages_are_found_by_their_indexes(crowd: Counting) -> None:
    search.search(crowd, "note ")
    assert "messages_search" in crowd.indexes
    assert not {"marks", "chats", "messages"} & crowd.read_in_sequence
    assert crowd.fetched["marks"] + crowd.fetched["chats"] < 100
    search.suggest(crowd, "comon")
    assert "words_similar" in crowd.indexes
    assert "words" not in crowd.read_in_sequence
    [chat] = [c.id for c in chats.recents(crowd, needle="A chat of")]
    assert "chats" not in crowd.read_in_sequence
    assert crowd.fetched["chats"] < 100, "3,000 chats are Ann's"
    assert find.seqs_in(crowd, chat, Needle("rare77"), 1, 200)[0]
    assert crowd.read_in_sequence == set()
    assert crowd.fetched["messages"] <= 200
    assert search.matching_seqs(crowd, chat, "rare77")
    assert crowd.read_in_sequence == set()
    assert crowd.fetched["messages"] <= 1_500
    levels.codes(crowd, chat, 1, 100)
    assert crowd.fetched["messages"] <= 100


@pytest.mark.parametrize(
    ("typed", "found", "most"),
    [
        ("tool:Xylograph ", 2, 10),
        ("tool:xylo* common ", 2, 10),
        ("tool:nowhere ", 0, 0),
        ("file:thingummy ", 2, 10),
        ("has:error ", 1, 10),
        ("has:error common ", 1, 10),
        ("has:note common ", 1, 10),
        ("project:qz common ", 3, 20),
        ("project:qzone ", 3, 20),
        ("title:wombat common ", 3, 20),
        ("is:pinned common ", 3, 20),
        ("chat:wombat-1 ", 3, 20),
        ("source:elsewhere common ", 3, 20),
        ("source:nowhere common ", 0, 0),
    ],
)
def test_rare_values_of_fields_are_found_without_a_walk_through_the_history(
    crowd: Counting, typed: str, found: int, most: int
) -> None:
    search.search(crowd, typed)  # plans of this connection
    hits = [h for h in search.search(crowd, typed, budget_ms=5_000).hits if h.is_message]
    assert len(hits) == found
    assert crowd.fetched.get("messages", 0) <= most
    assert "messages" not in crowd.read_in_sequence
