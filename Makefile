# chattui: two commands on a fresh machine (Python >= 3.11 and make):  make run   make test
# With uv they use it; without, plain venv and pip. Once installed nothing here needs a network.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
ifdef UV
NEW    = $(UV) venv --quiet --python '>=3.11' $(VENV)
GET    = $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r
SELF   = $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
NEW    = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chattui needs Python 3.11 or newer: make PYTHON=python3.12 …")' \
         && $(PYTHON) -m venv $(VENV)
GET    = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r
SELF   = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif

.PHONY: run install test check bench capacity screenshots docs lock dev-db dev-db-reset db-backup db-restore dev-db-container prod-db prod-db-full prod-db-stop clean help
.PHONY: status dev-db-connect dev-db-logs dev-db-stop db-schema-dump env-template

run: install  ## open the app: sets up what is missing, starts the database, imports what it finds
	@$(BIN)/chattui

install: $(VENV)/installed  ## set up .venv from the lock file

test: $(VENV)/installed-dev  ## lint, types, doors between the rooms, and the whole suite
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m compileall -q chattui  # hundreds of tests start the program
	$(BIN)/python -m pytest -n 4 --dist worksteal

check: $(VENV)/installed-dev  ## only lint, types and doors
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: $(VENV)/installed-dev  ## measure what is promised (docs/benchmarks.md); takes a while
	$(BIN)/python -m tests.bench

capacity: $(VENV)/installed-dev  ## compute docs/capacity.md from a database: make capacity DB="host=… dbname=…"
	@$(BIN)/python -m tests.bench.capacity "$(DB)" > docs/capacity.new && mv docs/capacity.new docs/capacity.md

screenshots: $(VENV)/installed-dev  ## make the pictures of the README again, from the real app
	$(BIN)/python screenshots/make.py

status: install  ## how the database is
	@$(BIN)/chattui db status

dev-db: install  ## start the database
	@$(BIN)/chattui db start

dev-db-connect: install  ## psql on the database
	@$(BIN)/chattui db shell

dev-db-logs: install  ## what the database's log says
	@$(BIN)/chattui db logs

dev-db-stop: install  ## stop the database
	@$(BIN)/chattui db stop

db-schema-dump: install  ## the schema as SQL
	@$(BIN)/chattui db schema

env-template: install  ## every variable that chattui reads, for a .env file
	@$(BIN)/chattui db env --template

dev-db-reset: $(VENV)/installed  ## an empty database; asks first (YES=--yes does not)
	@$(BIN)/chattui db reset $(YES)

db-backup: $(VENV)/installed  ## everything into one file (ARGS=…: options)
	@$(BIN)/chattui db backup $(ARGS)

db-restore: $(VENV)/installed  ## bring a backup back: make db-restore FILE=… (ARGS=--replace)
	@$(BIN)/chattui db restore "$(FILE)" $(ARGS)

docs: $(VENV)/installed  ## write the documents again that are made from declarations
	$(BIN)/python -m chattui.cli.documents .

lock:  ## write the lock files again (needs uv)
	sh requirements/lock.sh

COMPOSE = docker compose
PROD    = $(COMPOSE) --profile prod

dev-db-container:  ## a PostgreSQL in a container, for this machine (docs/compose.md)
	$(COMPOSE) --profile dev up -d

prod-db:  ## a server with TLS, an importer and daily backups
	compose/prepare.sh
	$(PROD) up -d --build

prod-db-full:  ## … with PgBouncer and pgAdmin
	compose/prepare.sh
	$(PROD) --profile pool --profile tools up -d --build

prod-db-stop:  ## stop all of these; the data stays
	$(PROD) --profile pool --profile tools down

clean:  ## remove the environment and what was built
	rm -rf $(VENV) build dist

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 17

$(BIN)/python:
	@$(NEW)

$(VENV)/installed: requirements/replies.lock pyproject.toml | $(BIN)/python
	@echo 'Setting up $(VENV) …'
	@$(GET) requirements/replies.lock
	@$(SELF)
	@$(BIN)/python -m compileall -q chattui
	@touch $@

$(VENV)/installed-dev: requirements/dev.lock $(VENV)/installed
	@echo 'Setting up the tools for tests …'
	@$(GET) requirements/dev.lock
	@touch $@
