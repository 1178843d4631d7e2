"""What roles of the operator's own may do in the schema, kept when another schema takes its place.

The migrations grant to ``chattui_user``. Who makes backups, reads for a report or watches the server was granted the rest by
hand, on tables that a restore or a reset drops.
"""

from __future__ import annotations

from typing import Any

import psycopg

_GRANT_AGAIN = """\
DO $$
DECLARE granted record;
BEGIN
  FOR granted IN
    SELECT privilege_type, kind, what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role, is_grantable
    FROM (
      SELECT g.*, 'SCHEMA' AS kind, 'chattui' AS what, true AS still
      FROM pg_namespace n, aclexplode(n.nspacl) g WHERE n.nspname = 'chattui_replaced' AND g.grantee <> n.nspowner
      UNION ALL
      SELECT g.*, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('chattui.%I', c.relname),
             to_regclass(format('chattui.%I', c.relname)) IS NOT NULL
      FROM pg_class c, aclexplode(c.relacl) g
      WHERE c.relnamespace = 'chattui_replaced'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND g.grantee <> c.relowner
      UNION ALL
      SELECT g.*, 'FUNCTION', f.signature, to_regprocedure(f.signature) IS NOT NULL
      FROM pg_proc p, aclexplode(p.proacl) g, format('chattui.%I(%s)', p.proname, oidvectortypes(p.proargtypes)) AS f(signature)
      WHERE p.pronamespace = 'chattui_replaced'::regnamespace AND p.prokind = 'f' AND g.grantee <> p.proowner
    ) AS old
    WHERE still AND grantee IS DISTINCT FROM to_regrole('chattui_user')::oid  -- to whom the migrations grant by themselves
  LOOP
    EXECUTE format('GRANT %s ON %s %s TO %s%s', granted.privilege_type, granted.kind, granted.what, granted.role,
                   CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
END $$
"""


def grant_again(conn: psycopg.Connection[Any]) -> None:
    """Give on the schema ``chattui`` what was granted on ``chattui_replaced``, where it still has the table, sequence or
    function."""
    conn.execute(_GRANT_AGAIN)
