#!/bin/sh
# The roles of the app's own services, for each that has a secret: who owns the chats, who makes backups.
set -eu

role() { # name, file with its password, what it may
  if [ -s "$2" ]; then
    secret=$2 psql -q -v ON_ERROR_STOP=1 -v role="$1" -v may="$3" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
\set password `cat "$secret"`
CREATE ROLE :"role" LOGIN PASSWORD :'password' :may;
SQL
  fi
}

role "${CHATTUI_OWNER:-me}" /run/secrets/owner_password 'CONNECTION LIMIT 30 IN ROLE chattui_user'
role chattui_backup /run/secrets/backup_password 'CONNECTION LIMIT 3 BYPASSRLS IN ROLE pg_read_all_data'
if [ -s /run/secrets/backup_password ]; then  # so that everybody sees when the last backup was made
  psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
GRANT INSERT, DELETE ON chattui.upkeep_runs TO chattui_backup;
GRANT USAGE ON SEQUENCE chattui.upkeep_runs_id_seq TO chattui_backup;
SQL
fi
