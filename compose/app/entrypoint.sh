#!/bin/sh
# chattui with the password that a secret holds: PGPASSWORD_FILE names its file.
set -eu
if [ -n "${PGPASSWORD_FILE:-}" ]; then
  if [ ! -r "$PGPASSWORD_FILE" ] || [ ! -s "$PGPASSWORD_FILE" ]; then
    echo "chattui: The file $PGPASSWORD_FILE, which should hold the password, is missing or empty. Run compose/prepare.sh." >&2
    exit 2
  fi
  PGPASSWORD=$(cat "$PGPASSWORD_FILE")
  export PGPASSWORD
fi
exec chattui "$@"
