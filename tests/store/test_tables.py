"""The SQLAlchemy tables are what the database has: columns, types, keys."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from steps import rows

from chattui.domain.kinds import ChatStatus, ContentType, Kind, Role, ToolStatus
from chattui.store.tables import metadata

TABLES = list(metadata.tables.values())
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)

COLUMNS = """
SELECT a.attname, lower(format_type(a.atttypid, a.atttypmod)), a.attnotnull, a.attgenerated <> '', a.attidentity <> ''
  FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
CONSTRAINTS = """
SELECT c.contype::text,
       (SELECT array_agg(a.attname::text ORDER BY k.nr) FROM unnest(c.conkey) WITH ORDINALITY k (num, nr)
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num),
       (SELECT array_agg(c.confrelid::regclass || '.' || a.attname ORDER BY k.nr)
          FROM unnest(c.confkey) WITH ORDINALITY k (num, nr)
          JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num)
  FROM pg_constraint c WHERE c.conrelid = %s::regclass AND c.contype IN ('p', 'u', 'f')
"""


@pytest.fixture
def catalogue(conninfo: str) -> str:
    """The database, telling every name with its schema."""
    return psycopg.conninfo.make_conninfo(conninfo, options="-c search_path=pg_catalog")


LONG_NAMES = {"timestamp with time zone": "timestamptz"}


def name_of(kind: object) -> str:
    compiled = kind.compile(dialect=postgresql.dialect()).lower()  # type: ignore[attr-defined]
    return LONG_NAMES.get(compiled, compiled).replace(", ", ",")


def test_every_table_of_the_database_is_known(conninfo: str) -> None:
    live = {r[0] for r in rows(conninfo, "SELECT tablename FROM pg_tables WHERE schemaname = 'chattui'")}
    assert {t.name for t in TABLES} == live


@each_table
def test_columns_have_the_live_order_type_and_nullability(catalogue: str, table: Table) -> None:
    live = [
        (name, LONG_NAMES.get(kind, kind), required, generated, identity)
        for name, kind, required, generated, identity in rows(catalogue, COLUMNS, table.fullname)
    ]
    ours = [(c.name, name_of(c.type), not c.nullable, c.computed is not None, c.identity is not None) for c in table.c]
    computed = {c.name for c in table.c if c.computed is not None}  # nobody says whether those may be NULL
    assert [o[:2] for o in ours] == [entry[:2] for entry in live]
    assert [o for o in ours if o[0] not in computed] == [entry for entry in live if entry[0] not in computed]
    assert [o[3:] for o in ours] == [entry[3:] for entry in live]


@each_table
def test_keys_are_the_live_keys(catalogue: str, table: Table) -> None:
    live = {
        (kind, tuple(columns), tuple(target or ()))
        for kind, columns, target in rows(catalogue, CONSTRAINTS, table.fullname)
    }
    ours = {("p", tuple(c.name for c in table.primary_key.columns), ())}
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            ours.add(("u", tuple(c.name for c in constraint.columns), ()))
        elif isinstance(constraint, ForeignKeyConstraint):
            target = tuple(e.target_fullname for e in constraint.elements)
            ours.add(("f", tuple(constraint.column_keys), target))
    assert ours == live


@each_table
def test_everything_of_a_person_is_keyed_by_owner_first(table: Table) -> None:
    if table.name == "schema_versions":
        return
    assert next(iter(table.primary_key.columns)).name == "owner"
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            assert constraint.column_keys[0] == "owner"
            assert constraint.elements[0].target_fullname.endswith(".owner")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chat_status", ChatStatus),
        ("message_role", Role),
        ("message_kind", Kind),
        ("content_type", ContentType),
        ("tool_status", ToolStatus),
    ],
)
def test_the_closed_vocabularies_are_the_databases(conninfo: str, name: str, words: type[Role]) -> None:
    live = rows(conninfo, "SELECT unnest(enum_range(NULL::chattui." + name + "))::text")
    assert [r[0] for r in live] == [w.value for w in words]
