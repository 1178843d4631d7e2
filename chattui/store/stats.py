"""The state of a database in full: sizes, growth, cache, connections, slow statements, replicas. Reads only, by the driver."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import errors as pg
from psycopg import sql

from chattui.domain.state import DatabaseState, Relation, Replica, SlowStatement
from chattui.store import held
from chattui.store.connection import connect
from chattui.store.failures import translate

_DAYS, _SLOW = 30, 10
_SLOW_MS = 50.0

RELATIONS: LiteralString = """
WITH widths AS (
  SELECT i.indexrelid, bool_and(k.num > 0 AND s.avg_width IS NOT NULL) AS known, coalesce(sum(s.avg_width), 0) AS width
    FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::smallint[]) AS k (num)
    JOIN pg_class t ON t.oid = i.indrelid
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num
    LEFT JOIN pg_stats s ON s.schemaname = 'chattui' AND s.tablename = t.relname AND s.attname = a.attname
   WHERE t.relnamespace = 'chattui'::regnamespace GROUP BY 1
)
SELECT c.relname, coalesce(t.relname, c.relname), i.indexrelid IS NOT NULL,
       CASE WHEN i.indexrelid IS NULL THEN pg_table_size(c.oid) ELSE pg_relation_size(c.oid) END,
       CASE WHEN c.reltuples < 0 THEN coalesce(s.n_live_tup, 0) ELSE c.reltuples END::bigint,
       coalesce(s.n_dead_tup, 0), coalesce(s.n_mod_since_analyze, 0),
       coalesce(x.idx_scan, s.seq_scan + coalesce(s.idx_scan, 0), 0),
       CASE WHEN m.amname = 'btree' AND w.known AND c.reltuples > 0
            THEN greatest(0, pg_relation_size(c.oid)
                             - 8192 * (2 + ceil(c.reltuples * (12 + 8 * ceil(w.width / 8.0)) / 7300)))::bigint
            ELSE 0 END,
       coalesce(i.indisvalid AND i.indisready, true), greatest(s.last_vacuum, s.last_autovacuum),
       greatest(s.last_analyze, s.last_autoanalyze)
  FROM pg_class c
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_class t ON t.oid = i.indrelid
  LEFT JOIN pg_am m ON m.oid = c.relam
  LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
  LEFT JOIN pg_stat_user_indexes x ON x.indexrelid = c.oid
  LEFT JOIN widths w ON w.indexrelid = c.oid
 WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind IN ('r', 'i', 'm', 'p')
 ORDER BY 4 DESC, 1
"""
"""Tables (with what is stored out of line) and indexes, the largest first. The rows of a table that was never analyzed
are those that the statistics counted.

What a rebuild of a B-tree would give back is its size less that of its entries, packed as full as a new one is: 12 bytes
and the columns, in steps of eight, on pages that are filled to nine tenths. Where the statistics of a column cannot be
read, nothing is estimated.
"""
_SERVER: LiteralString = """
SELECT current_setting('server_version'), pg_postmaster_start_time(),
       (SELECT blks_hit::float8 / nullif(blks_hit + blks_read, 0) FROM pg_stat_database WHERE datname = current_database()),
       CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END,
       (SELECT extract(epoch FROM max(now() - xact_start))::float8 FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
           AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)),
       (SELECT age(datfrozenxid)::float8 / current_setting('autovacuum_freeze_max_age')::float8
          FROM pg_database WHERE datname = current_database())
"""
"""A transaction without a snapshot or an id of its own holds nothing up: such a one says whose turn it is (``turns``)."""
_GROWTH: LiteralString = """
SELECT to_char(date '1970-01-01' + day, 'YYYY-MM-DD'), n FROM chattui.day_counts
 WHERE owner = CURRENT_USER::text AND n > 0 ORDER BY day DESC LIMIT %s
"""
_CONNECTIONS: LiteralString = """
SELECT coalesce(state, 'hidden'), count(*)::integer FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1 ORDER BY 2 DESC
"""
_REPLICAS: LiteralString = """
SELECT coalesce(nullif(application_name, ''), host(client_addr), 'unnamed'), coalesce(state, 'hidden'),
       extract(epoch FROM replay_lag)::float8 FROM pg_stat_replication ORDER BY 1
"""
_WHERE_STATEMENTS: LiteralString = """
SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
"""
_STATEMENTS: LiteralString = """
SELECT query, calls, mean_exec_time, max_exec_time FROM {}.pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '<%%'
   AND mean_exec_time >= %s ORDER BY mean_exec_time DESC LIMIT %s
"""
_RUNS: LiteralString = """
SELECT max(finished_at) FILTER (WHERE kind = 'upkeep'), max(finished_at) FILTER (WHERE kind = 'backup')
  FROM chattui.upkeep_runs WHERE owner = CURRENT_USER::text
"""


def state(conninfo: str) -> DatabaseState:
    """Read it all, on a connection of its own. Raises ``DatabaseError``, also where there is no schema yet."""
    try:
        with connect(conninfo, autocommit=True) as conn:
            conn.execute("SET default_transaction_read_only = on")
            conn.execute("SET statement_timeout = '15s'")
            row = conn.execute(held.HELD).fetchone()
            server = conn.execute(_SERVER).fetchone()
            assert row is not None
            assert server is not None
            slow, slow_from = _slow(conn)
            upkeep, backup = _runs(conn)
            return DatabaseState(
                version=server[0],
                started_at=server[1],
                held=held.parse(row[0]),
                relations=tuple(Relation(*r) for r in conn.execute(RELATIONS)),
                days=tuple((day, int(n)) for day, n in conn.execute(_GROWTH, (_DAYS,))),
                cache_hits=server[2],
                connections=dict(conn.execute(_CONNECTIONS).fetchall()),
                slow=slow,
                slow_from=slow_from,
                last_upkeep=upkeep,
                last_backup=backup,
                replicas=tuple(Replica(*r) for r in conn.execute(_REPLICAS)),
                standby_lag=server[3],
                longest_transaction=server[4],
                oldest_xid_share=float(server[5] or 0),
            )
    except psycopg.Error as error:
        raise translate(error) from error


def _slow(conn: psycopg.Connection[Any]) -> tuple[tuple[SlowStatement, ...], str]:
    """The slowest statements of pg_stat_statements, where it is there, loaded, and may be read."""
    where = conn.execute(_WHERE_STATEMENTS).fetchone()
    if where is None:
        return (), "log"
    statement = sql.SQL(_STATEMENTS).format(sql.Identifier(where[0]))
    try:
        with conn.transaction():
            found = conn.execute(statement, (_SLOW_MS, _SLOW)).fetchall()
    except (pg.ObjectNotInPrerequisiteState, pg.InsufficientPrivilege):
        return (), "log"
    return tuple(
        SlowStatement(" ".join(text.split())[:200], calls, mean, most) for text, calls, mean, most in found
    ), "pg_stat_statements"


def _runs(conn: psycopg.Connection[Any]) -> tuple[Any, Any]:
    """When upkeep and backup were done last; a schema that is older than their record knows of none."""
    try:
        with conn.transaction():
            row = conn.execute(_RUNS).fetchone()
    except (pg.UndefinedTable, pg.InsufficientPrivilege):
        return None, None
    return row if row is not None else (None, None)
