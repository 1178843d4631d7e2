#!/bin/sh
# What somebody else has put into compose/custom: *.sql and *.sh, in the order of their names, after everything of ours.
set -eu
for file in /chattui/custom/*; do
  case $file in
    *.sql) echo "chattui: $file" && psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$file" ;;
    *.sh) echo "chattui: $file" && sh "$file" ;;
  esac
done
