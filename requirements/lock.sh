#!/bin/sh
# Writes the lock files again from pyproject.toml (needs uv): sh requirements/lock.sh
set -eu
cd "$(dirname "$0")/.."
lock() {
  uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
    --no-header --no-annotate --no-emit-index-url "$@"
}
lock --upgrade --output-file requirements/run.lock
lock --group build --constraint requirements/run.lock --output-file requirements/build.lock
lock --extra semantic --constraint requirements/build.lock --output-file requirements/semantic.lock
lock --extra replies --group build --constraint requirements/build.lock --output-file requirements/replies.lock
lock --group dev --extra semantic --extra replies --constraint requirements/build.lock --constraint requirements/semantic.lock \
  --constraint requirements/replies.lock --output-file requirements/dev.lock
