"""The schema for Citus and the one in partitions: loaded into a real server, and held against what Citus takes.

There is no Citus here. Its three functions are stood in for by ones that write down what they were called with, and its rules are
asked of the catalogue that the script leaves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from steps import begin, people, rows, value

from chattui.store import chats, search, search_index
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.ddl import schema_statements, statements, table_of
from chattui.store.distributed import distributed_schema
from chattui.store.migrations import available, latest_version
from chattui.store.partitioned import partitioned_schema
from chattui.store.startup import prepare

CITUS = """
CREATE TABLE public.placed (name text PRIMARY KEY, key text, beside text);
CREATE FUNCTION public.create_distributed_table(name text, key text, colocate_with text DEFAULT 'default') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name::regclass AND NOT tgisinternal) THEN
    RAISE 'triggers are not supported on distributed tables';
  ELSIF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND name::regclass IN (conrelid, confrelid)) THEN
    RAISE 'a foreign key leads to or from a table that is not distributed';
  END IF;
  INSERT INTO public.placed VALUES (name, key, colocate_with);
END $$;
CREATE FUNCTION public.create_reference_table(name text) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.placed VALUES (name) $$;
"""

UNPLACED = """
SELECT 'chattui.' || c.relname FROM pg_class c WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind IN ('r', 'p')
   AND NOT c.relispartition AND NOT EXISTS (SELECT FROM public.placed p WHERE p.name = 'chattui.' || c.relname)
"""

# of distributed tables: unique indexes and exclusions without the owner; foreign keys without it on both sides, or with an action
# that Citus refuses; identity columns that are no bigint
REFUSED = """
WITH placed AS (SELECT p.name::regclass AS oid FROM public.placed p WHERE p.key IS NOT NULL),
     owners AS (SELECT a.attrelid, a.attnum FROM pg_attribute a JOIN placed p ON p.oid = a.attrelid WHERE a.attname = 'owner')
SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN owners o ON o.attrelid = i.indrelid
 WHERE (i.indisunique OR i.indisexclusion) AND NOT o.attnum = ANY (i.indkey::int2[])
UNION ALL
SELECT k.conname FROM pg_constraint k JOIN owners o ON o.attrelid = k.conrelid LEFT JOIN owners f ON f.attrelid = k.confrelid
 WHERE k.contype = 'f' AND (f.attnum IS NULL OR NOT o.attnum = ANY (k.conkey)
    OR array_position(k.conkey, o.attnum) IS DISTINCT FROM array_position(k.confkey, f.attnum)
    OR k.confdeltype IN ('n', 'd') OR k.confupdtype <> 'a')
UNION ALL
SELECT a.attname FROM pg_attribute a JOIN placed p ON p.oid = a.attrelid
 WHERE a.attidentity <> '' AND a.atttypid <> 'bigint'::regtype
"""

SHAPE = """
SELECT 'column', table_name || '.' || column_name, concat_ws(' ', ordinal_position, udt_name, collation_name, is_nullable,
       column_default, is_identity, generation_expression) FROM information_schema.columns WHERE table_schema = 'chattui'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'chattui'
UNION ALL SELECT 'policy', tablename || '.' || policyname, concat_ws(' ', roles, cmd, qual, with_check) FROM pg_policies
           WHERE schemaname = 'chattui'
UNION ALL SELECT 'function', p.oid::regprocedure::text, md5(p.prosrc || coalesce(p.proacl::text, '')) FROM pg_proc p
           WHERE p.pronamespace = 'chattui'::regnamespace
UNION ALL SELECT 'check', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE connamespace = 'chattui'::regnamespace AND contype IN ('c', 'p', 'u')
UNION ALL SELECT 'table', oid::regclass::text, concat_ws(' ', relacl, relrowsecurity, reloptions) FROM pg_class
           WHERE relnamespace = 'chattui'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""


@pytest.fixture
def distributed(empty_database: str) -> str:
    """A database with the schema for Citus; its conninfo."""
    with connect(empty_database) as conn:
        conn.execute(CITUS)
        conn.execute(distributed_schema(), prepare=False)
    return empty_database


@pytest.fixture(scope="module")
def partitioned(server: str) -> Iterator[Database]:
    """A database whose messages lie in four partitions."""
    name = f"parts_{os.getpid()}"
    with connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template1")
    made = psycopg.conninfo.make_conninfo(server, dbname=name)
    with connect(made) as conn:
        conn.execute(partitioned_schema(4), prepare=False)
    db = Database(made)
    yield db
    db.close()
    with connect(server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def shape(conninfo: str) -> set[tuple[str, ...]]:
    return set(rows(conninfo, SHAPE))


def test_the_migrations_are_taken_apart_without_losing_a_character_that_counts() -> None:
    for migration in available():
        text = migration.path.read_text()
        parts = [each.text for each in statements(text)]
        assert "".join("".join(parts).split()) == "".join(text.split()), migration.name
        assert all(part.endswith(";") for part in parts)
    tables = {table.name for table in map(table_of, schema_statements()) if table is not None}
    assert len(tables) == sum(m.path.read_text().count("\nCREATE TABLE chattui.") for m in available())


def test_citus_has_nothing_to_refuse_and_every_table_has_its_place(distributed: str) -> None:
    assert rows(distributed, UNPLACED) == []
    assert rows(distributed, REFUSED) == []
    placed = rows(distributed, "SELECT name, key, beside FROM public.placed")
    assert placed.count(("chattui.chats", "owner", "default")) == 1
    assert ("chattui.schema_versions", None, None) in placed
    others = [row for row in placed if row[0] not in {"chattui.chats", "chattui.schema_versions"}]
    assert len(others) >= 11
    assert all(row[1:] == ("owner", "chattui.chats") for row in others)


def test_the_rules_find_what_citus_would_refuse(distributed: str) -> None:
    rows(distributed, "CREATE TABLE chattui.forgotten (owner text, id integer GENERATED ALWAYS AS IDENTITY)")
    assert rows(distributed, UNPLACED) == [("chattui.forgotten",)]
    rows(distributed, "INSERT INTO public.placed VALUES ('chattui.forgotten', 'owner')")
    rows(distributed, "CREATE UNIQUE INDEX one ON chattui.forgotten (id)")
    rows(
        distributed,
        "ALTER TABLE chattui.forgotten ADD CONSTRAINT two FOREIGN KEY (owner, id) "
        "REFERENCES chattui.chats (owner, id) ON DELETE SET NULL (id)",
    )
    assert {name for (name,) in rows(distributed, REFUSED)} == {"one", "two", "id"}


def test_but_for_foreign_keys_it_is_the_schema_and_the_app_works_with_it(distributed: str, conninfo: str) -> None:
    usual, made = shape(conninfo), shape(distributed)
    assert {each[:2] for each in usual ^ made} == {("function", "prepare_semantic()")}
    keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'chattui'::regnamespace"
    assert value(distributed, keys) == value(conninfo, keys)
    db = Database(distributed)
    chat = begin(db, "a needle in a shard", "and another needle")
    assert [hit.seq for hit in search.search(db, "needle").hits] == [2, 1]
    with connect(distributed, autocommit=True) as conn:
        assert not prepare(conn)
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="not there in a distributed database"):
            conn.execute("SELECT chattui.prepare_semantic()")
    found = chats.get(db, chat)
    assert found is not None
    assert found.message_count == 2
    db.close()


def test_without_triggers_it_sets_nothing_that_citus_calls_unsafe() -> None:
    assert "citus.enable_unsafe_triggers" in distributed_schema()
    text = distributed_schema(triggers=False)
    assert "CREATE TRIGGER" not in text
    assert "citus.enable_unsafe_triggers" not in text


def test_messages_in_partitions_are_counted_searched_and_kept_apart_by_person(
    partitioned: Database, server: str
) -> None:
    assert value(partitioned, "SELECT max(version) FROM chattui.schema_versions") == latest_version()
    with people(server, partitioned.conninfo, "ann", "ben") as (ann, ben):
        for address, word, other in ((ann, "harbour", "meadow"), (ben, "meadow", "harbour")):
            db = Database(address)
            chat = begin(db, *[f"needle {n} in a {word}" for n in range(30)])
            assert len(search.search(db, "needle", limit=100).hits) == 30
            assert len(search.search(db, f"needle {other}", limit=100).hits) == 0
            found = chats.get(db, chat)
            assert found is not None
            assert found.message_count == 30
            db.close()
        owners = rows(
            partitioned, "SELECT tableoid::regclass::text, owner, count(*) FROM chattui.messages GROUP BY 1, 2"
        )
        assert len(owners) == 2
        plan = rows(partitioned, "EXPLAIN SELECT * FROM chattui.messages WHERE owner = 'ann' AND chat_id = 1")
        assert sum("messages_0" in line for (line,) in plan) <= 2
    assert not search_index.set_aside(partitioned, 1 << 40)
    assert search_index.NAME in search_index.rebuild(partitioned).indexes
    assert search_index.is_ready(partitioned)
    limits = (
        "SELECT count(*) FROM pg_class WHERE relname ~ '^messages_0\\d+$' AND reloptions @> '{toast_tuple_target=128}'"
    )
    assert value(partitioned, limits) == 4


def test_a_number_of_partitions_that_makes_no_sense_is_refused() -> None:
    for number in (0, 1, 1025):
        with pytest.raises(ValueError, match="2 … 1024"):
            partitioned_schema(number)
