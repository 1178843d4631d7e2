#!/bin/sh
# Starts the server of the image with the settings that chattui wants. With CHATTUI_TLS=required it first looks whether the
# secrets are there, and gives the server a copy of its key: PostgreSQL wants to own it, and secrets belong to somebody else.
set -eu

fail() {
  echo "chattui: $1" >&2
  exit 1
}

# The text of a chat has no place in the log: hence the last two.
set -- postgres \
  -c jit=off \
  -c maintenance_work_mem=256MB \
  -c max_parallel_maintenance_workers=2 \
  -c random_page_cost=1.1 \
  -c wal_compression=pglz \
  -c max_wal_size=2GB \
  -c log_error_verbosity=terse \
  -c log_min_error_statement=panic \
  "$@"

if [ "${CHATTUI_TLS:-off}" = required ]; then
  for name in postgres_password owner_password backup_password pool_password server.key server.crt; do
    [ -s "/run/secrets/$name" ] || fail "The secret $name is missing or empty. Run compose/prepare.sh, then start again."
  done
  mkdir -p /run/chattui
  for name in server.key server.crt; do install -o postgres -g postgres -m 600 "/run/secrets/$name" "/run/chattui/$name"; done
  set -- "$@" \
    -c ssl=on \
    -c ssl_cert_file=/run/chattui/server.crt \
    -c ssl_key_file=/run/chattui/server.key \
    -c ssl_min_protocol_version=TLSv1.2 \
    -c hba_file=/chattui/postgres/pg_hba.conf
fi
exec docker-entrypoint.sh "$@"
