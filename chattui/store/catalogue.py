"""The live catalogue against the migrations: what is missing, what is there besides, what is different.

What the migrations make is found by running them, in the same database, in a transaction that is rolled back: the live
schema has another name meanwhile, which nobody else sees, so no table is locked or copied.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import errors as pg

from chattui.domain.errors import DatabaseError
from chattui.domain.upkeep import Difference
from chattui.store.failures import translate
from chattui.store.migrations import available, current_version

_PARTS: tuple[tuple[str, LiteralString], ...] = (
    (
        "table",
        "SELECT c.relname, concat_ws(' ', CASE WHEN c.relrowsecurity THEN 'row security' END, array_to_string(c.reloptions, ',')) "
        "FROM pg_class c WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind IN ('r', 'p')",
    ),
    (
        "column",
        "SELECT c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), "
        "CASE WHEN a.attnotnull THEN 'NOT NULL' END, CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END, "
        "CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END, pg_get_expr(d.adbin, d.adrelid), 'storage ' || a.attstorage::text) "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
        "WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
    ),
    (
        "constraint",
        "SELECT c.relname || '.' || k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k "
        "JOIN pg_class c ON c.oid = k.conrelid WHERE k.connamespace = 'chattui'::regnamespace AND k.contype <> 'n'",
    ),
    (
        "index",
        "SELECT c.relname, pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' (not valid)' END "
        "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'chattui'::regnamespace",
    ),
    (
        "function",
        "SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p "
        "WHERE p.pronamespace = 'chattui'::regnamespace AND p.prokind IN ('f', 'p')",
    ),
    (
        "trigger",
        "SELECT c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'chattui'::regnamespace AND NOT t.tgisinternal",
    ),
    (
        "policy",
        "SELECT tablename || '.' || policyname, concat_ws(' ', permissive, roles::text, cmd, qual, with_check) "
        "FROM pg_policies WHERE schemaname = 'chattui'",
    ),
    (
        "type",
        "SELECT t.typname, coalesce((SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_enum e "
        "WHERE e.enumtypid = t.oid), (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' "
        "ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)) "
        "FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typnamespace = 'chattui'::regnamespace "
        "AND (t.typtype = 'e' OR (t.typtype = 'c' AND c.relkind = 'c'))",
    ),
    (
        "rights",
        "SELECT x.what || ' ' || x.grantee::regrole, string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) FROM ("
        "SELECT c.relname::text AS what, e.grantee, e.privilege_type FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) e "
        "WHERE c.relnamespace = 'chattui'::regnamespace AND e.grantee <> c.relowner UNION ALL "
        "SELECT p.oid::regprocedure::text, e.grantee, e.privilege_type FROM pg_proc p "
        "CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) e "
        "WHERE p.pronamespace = 'chattui'::regnamespace AND e.grantee <> p.proowner) x GROUP BY 1",
    ),
)
_MADE_LATER = frozenset({("index", "embeddings_near"), ("index", "embeddings_near_ccnew")})
"""What the program makes when there is enough of it, and no migration does."""

Catalogue = dict[tuple[str, str], str]


def differences(conn: psycopg.Connection[Any]) -> list[Difference]:
    """How the live schema differs from what the migrations up to its version make. Changes nothing.

    Raises ``DatabaseError`` where there is no schema, or where this user may not make one.
    """
    version = current_version(conn)
    if version is None:
        raise DatabaseError("The database has no chattui tables. `chattui db migrate` makes them.")
    try:
        with conn.transaction(force_rollback=True):
            conn.execute("SET LOCAL lock_timeout = '5s'")
            conn.execute("SET LOCAL client_min_messages = warning")
            live = _catalogue(conn)
            wanted = _wanted(conn, version, semantic=("table", "semantic_settings") in live)
    except pg.InsufficientPrivilege as error:
        raise DatabaseError(
            "Only the owner of the tables, who may also create a schema in this database, can compare them with the migrations."
        ) from error
    except pg.ReadOnlySqlTransaction as error:
        raise DatabaseError(
            "A standby cannot be compared: the migrations are run for a try. Ask the primary, which has the same schema."
        ) from error
    except psycopg.Error as error:
        raise translate(error) from error
    found = []
    for key in sorted({*live, *wanted} - _MADE_LATER):
        if key[0] == "column" and ("table", key[1].partition(".")[0]) not in wanted:
            continue  # its table is told
        if live.get(key) != wanted.get(key):
            found.append(Difference(key[0], key[1], wanted.get(key), live.get(key)))
    return found


def _wanted(conn: psycopg.Connection[Any], version: int, *, semantic: bool) -> Catalogue:
    conn.execute("ALTER SCHEMA chattui RENAME TO chattui_live")
    for migration in available():
        if migration.version <= version:
            conn.execute(migration.path.read_text(encoding="utf-8").encode(), prepare=False)
    if semantic:
        conn.execute("SELECT chattui.prepare_semantic()")
    return _catalogue(conn)


def _catalogue(conn: psycopg.Connection[Any]) -> Catalogue:
    found: Catalogue = {}
    before = conn.execute(
        "SELECT current_setting('search_path'), set_config('search_path', 'pg_catalog', true)"
    ).fetchone()
    assert before is not None  # and now every name is told with its schema
    for kind, statement in _PARTS:
        for name, definition in conn.execute(statement):
            found[kind, name] = definition or ""
    conn.execute("SELECT set_config('search_path', %s, true)", (before[0],))
    return found
