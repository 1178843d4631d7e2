#!/bin/sh
# The schema, all of it or nothing. Later versions are applied by chattui itself.
set -eu
set -- --single-transaction
for file in /chattui/schema/[0-9]*.sql; do set -- "$@" -f "$file"; done
psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" "$@"
