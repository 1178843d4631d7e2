#!/bin/sh
# What PgBouncer asks for the secrets of those who log in through it. Its role can do nothing else. The superuser comes in through
# it only where it is the only user there is: in profile dev, which has no secret for PgBouncer.
set -eu
if [ -s /run/secrets/pool_password ]; then secret=/run/secrets/pool_password super=''; else secret='' super='OR rolsuper'; fi
secret=$secret psql -q -v ON_ERROR_STOP=1 -v super="$super" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
\set password `if [ -n "$secret" ]; then cat "$secret"; else printf %s "$POSTGRES_PASSWORD"; fi`
CREATE ROLE chattui_pool LOGIN PASSWORD :'password' CONNECTION LIMIT 10;
CREATE SCHEMA chattui_pool;
CREATE FUNCTION chattui_pool.secret_of(p_name text) RETURNS TABLE (name text, secret text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT rolname::text, rolpassword FROM pg_authid
   WHERE rolname = p_name AND rolcanlogin AND (NOT rolsuper :super) AND coalesce(rolvaliduntil > now(), true);
END;
REVOKE ALL ON SCHEMA chattui_pool FROM PUBLIC;
REVOKE ALL ON FUNCTION chattui_pool.secret_of(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA chattui_pool TO chattui_pool;
GRANT EXECUTE ON FUNCTION chattui_pool.secret_of(text) TO chattui_pool;
SQL
