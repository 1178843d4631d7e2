"""``chattui db status``, ``health``, ``stats``, ``env``, ``schema``, ``migrate`` and ``upkeep`` as a person runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from program import Program
from steps import NOON, begin, fill, rows, value

from chattui.cli import scheduled
from chattui.config import load_settings
from chattui.domain.state import Held, Level, worst
from chattui.store import chats, health
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.distributed import distributed_schema
from chattui.store.migration_files import latest_version
from chattui.store.migrations import available, migrate
from chattui.store.partitioned import partitioned_schema
from chattui.store.verdict import verdict

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def filled(db: Database) -> Database:
    chat = begin(db, title="The parrot")
    fill(db, chat, [(f"parrot number {n}", NOON - timedelta(days=n % 3)) for n in range(30)])
    chats.archive(db, begin(db, "archived", title="x"))
    chats.delete(db, begin(db, "deleted", title="x"))
    return db


def test_status_tells_what_is_there_to_people_and_programs(chattui: Program, filled: Database) -> None:
    done = chattui("db", "status")
    assert (done.code, done.err) == (0, "")
    assert "chats      1 (1 archived, 1 deleted)" in done.out
    assert "messages   32 (" in done.out
    found = chattui("db", "status", "--json").json
    counted = health.counts(filled)
    assert (found["chats"], found["messages"], found["text_bytes"]) == (counted.chats, counted.messages, counted.bytes)
    assert (found["archived"], found["deleted"], found["kind"]) == (1, 1, "url")
    assert (found["schema_version"], found["index_ready"], found["read_only"]) == (latest_version(), True, False)


def test_what_psql_answers_the_driver_answers_too(chattui: Program, filled: Database) -> None:
    quick = chattui("db", "status", "--json").json
    slow = chattui("db", "status", "--json", database=filled.conninfo + " gssencmode=disable").json
    changing = ("target", "uptime_seconds", "clients", "bytes_on_disk")
    assert {k: v for k, v in quick.items() if k not in changing} == {k: v for k, v in slow.items() if k not in changing}


def test_an_older_schema_has_a_status_too(chattui: Program, empty_database: str) -> None:
    with connect(empty_database, autocommit=True) as conn:
        migrate(conn, [m for m in available() if m.version <= 10])
    for address in (empty_database, empty_database + " gssencmode=disable"):
        found = chattui("db", "status", "--json", database=address).json
        assert (found["schema_version"], found["chats"], found["last_backup"]) == (10, 0, None)


def test_status_and_health_import_neither_driver_nor_sqlalchemy(chattui: Program, filled: Database) -> None:
    """Which alone takes longer than the tenth of a second that they have."""
    code = "import sys; from chattui.cli.main import main; print(main(sys.argv[1:])); print(*sys.modules)"
    for verb in ("status", "health"):
        command = [sys.executable, "-c", code, "--database", filled.conninfo, "db", verb, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=chattui.env)
        *_, result, loaded = done.stdout.splitlines()
        assert result == "0"
        assert "chattui.cli.db_state" in loaded.split()
        assert not set(loaded.split()) & {
            "psycopg",
            "sqlalchemy",
            "asyncio",
            "chattui.cli.importing",
            "chattui.cli.semantic",
        }


def test_health_is_an_exit_code_and_sentences(chattui: Program, filled: Database, empty_database: str) -> None:
    done = chattui("db", "health", "--json")
    assert (done.code, done.json["healthy"], done.json["level"]) == (0, True, "good")
    assert chattui("db", "health", "--quiet").out == ""
    rows(filled, "DROP INDEX chattui.messages_search")
    done = chattui("db", "health", "--quiet")
    assert done.code == 0, "searches work without it"
    assert done.out.startswith("look     index: The search index is not complete")
    rows(filled, "INSERT INTO chattui.schema_versions (version, name) VALUES (999, 'future')")
    done = chattui("db", "health", "--quiet")
    assert done.code == 1
    assert "WRONG    schema: Schema version 999" in done.out
    done = chattui("db", "health", "--json", database=empty_database)
    assert (done.code, done.json["checks"][1]["said"]) == (1, "The database has no chattui tables.")
    for nowhere in ("postgresql://me@127.0.0.1:1/x", "embedded"):
        done = chattui("db", "health", "--json", database=nowhere)
        assert (done.code, done.json["healthy"], done.json["level"]) == (3, False, "bad")
    assert not (chattui.home / "c" / "data" / "server").exists(), "it starts nothing"


@pytest.mark.parametrize(
    ("change", "name", "level"),
    [
        ({"read_only": True}, "writable", Level.BAD),
        ({"connections": 48}, "connections", Level.BAD),
        ({"connections": 41}, "connections", Level.WARNING),
        ({"schema_version": 3}, "schema", Level.WARNING),
    ],
)
def test_what_is_bad_is_told_with_what_to_do(change: dict[str, int], name: str, level: Level) -> None:
    good = {"schema_version": 16, "index_ready": True, "read_only": False, "connections": 1, "max_connections": 50}
    zero = dict.fromkeys(("chats", "archived", "deleted", "messages", "text_bytes", "database_bytes"), 0)
    assert worst(verdict(Held(**good | zero), latest=16, free_bytes=1 << 40)) is Level.GOOD  # type: ignore[arg-type]
    checks = {c.name: c for c in verdict(Held(**good | zero | change), latest=16, free_bytes=1 << 40)}  # type: ignore[arg-type]
    assert checks[name].level is level
    assert checks[name].advice
    assert worst([*checks.values()]) is level
    assert {c.name: c.level for c in verdict(Held(**good | zero), latest=16, free_bytes=1 << 20)}["disk"] is Level.BAD  # type: ignore[arg-type]


def test_stats_tell_sizes_growth_and_what_is_slow(chattui: Program, filled: Database) -> None:
    log = chattui.home / "c" / "log" / "chattui.log"
    log.parent.mkdir(parents=True)
    log.write_text("2026-01-01 1 INFO chattui.store: slow statement, 2500 ms: SELECT chattui.x\n" * 2)
    rows(filled, "CREATE INDEX half_ccnew ON chattui.marks (note)")
    rows(filled, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'chattui.half_ccnew'::regclass")
    rows(filled, "INSERT INTO chattui.upkeep_runs (kind, finished_at) VALUES ('backup', now() - interval '20 days')")
    with filled.raw() as conn:
        conn.execute("SELECT pg_stat_force_next_flush()")
    found = chattui("db", "stats", "--json").json
    sizes = {one["name"]: one for one in found["relations"]}
    assert sizes["messages"]["rows"] == 32, "though it was never analyzed"
    assert sizes["messages"]["bytes"] == value(filled, "SELECT pg_table_size('chattui.messages')")
    assert sizes["messages_pkey"]["bytes"] == value(filled, "SELECT pg_relation_size('chattui.messages_pkey')")
    assert (sizes["half_ccnew"]["is_valid"], sizes["half_ccnew"]["table"]) == (False, "marks")
    assert sum(n for _, n in found["days"]) == 32
    assert found["slow"] == [{"text": "SELECT chattui.x", "calls": 2, "mean_ms": 2500.0, "max_ms": 2500.0}]
    checks = {c["name"]: c for c in found["checks"]}
    assert {n for n, c in checks.items() if c["level"] != "good"} == {"indexes", "statements", "backup"}
    assert "half_ccnew" in checks["indexes"]["said"]
    assert "20 days" in checks["backup"]["said"]
    assert chattui("db", "backup").code == 0
    done = chattui("db", "stats")
    assert done.code == 0
    assert "right    backup: The last backup is 0 seconds old." in re.sub(
        r"[1-9]\d* seconds? old", "0 seconds old", done.out
    )
    assert re.search(r"2026-03-01 +10 ▪", done.out)
    assert "2,500 ms       2 times  SELECT chattui.x" in done.out


def test_a_slow_statement_is_logged_without_its_values(
    chattui: Program, filled: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("chattui.store.database.SLOW_MS", 0.0)
    caplog.set_level("INFO", "chattui")
    chats.find(filled, "a secret reference")
    slow = [r.getMessage() for r in caplog.records if r.getMessage().startswith("slow statement, ")]
    assert any("SELECT chattui.chats.id" in line for line in slow)
    assert "secret" not in caplog.text


def test_env_is_what_another_program_connects_with(chattui: Program, filled: Database) -> None:
    found = chattui("db", "env", "--json").json
    assert found["PGDATABASE"] in filled.conninfo
    again = chattui.bare("db", "status", "--json", **{k: v for k, v in found.items() if k.startswith("PG")})
    assert again.json["messages"] == 32
    again = chattui.bare("db", "status", "--json", CHATTUI_DATABASE_URL=found["CHATTUI_DATABASE_URL"])
    assert again.json["messages"] == 32
    assert f"export PGDATABASE={found['PGDATABASE']}\n" in chattui("db", "env").out


def test_the_template_names_every_variable_that_is_read(chattui: Program) -> None:
    template = chattui("db", "env", "--template").out
    read = set()
    for path in (REPOSITORY / "chattui").rglob("*.py"):
        read |= set(re.findall(r"\benv(?:iron)?(?:\.get\(|, )\"(CHATTUI_[A-Z_]+)\"", path.read_text()))
    assert read >= {"CHATTUI_HOME", "CHATTUI_CONFIG", "CHATTUI_LINGER", "CHATTUI_LOG"}
    assert sorted(name for name in read if f"\n#{name}=" not in template) == []


def test_the_live_schema_is_what_the_migrations_make_or_it_is_told(chattui: Program, filled: Database) -> None:
    assert chattui("db", "schema", "--diff").out == "The schema is as the migrations make it.\n"
    rows(filled, "ALTER TABLE chattui.chats ALTER title DROP NOT NULL, ADD mine integer")
    rows(filled, "DROP INDEX chattui.searches_recent")
    rows(filled, "DROP POLICY own ON chattui.marks")
    rows(filled, "GRANT SELECT ON chattui.chats TO public")
    rows(filled, "CREATE TABLE chattui.strange (x integer)")
    before = rows(filled, "SELECT nspname FROM pg_namespace ORDER BY 1")
    done = chattui("db", "schema", "--diff", "--json")
    assert done.code == 1
    found = {(d["kind"], d["name"]): (d["wanted"], d["live"]) for d in done.json["differences"]}
    assert {k for k, (wanted, _) in found.items() if wanted is None} >= {("table", "strange"), ("column", "chats.mine")}
    assert {k for k, (_, live) in found.items() if live is None} == {
        ("index", "searches_recent"),
        ("policy", "marks.own"),
    }
    assert ("column", "chats.title") in found
    assert ("column", "strange.x") not in found
    assert any(kind == "rights" and name.startswith("chats ") for kind, name in found)
    assert rows(filled, "SELECT nspname FROM pg_namespace ORDER BY 1") == before
    assert chattui("list").out.count("The parrot") == 1


def test_the_schemas_for_a_large_team_are_printed_without_any_database(chattui: Program) -> None:
    nowhere = "postgresql://127.0.0.1:1/nothing"
    done = chattui("db", "schema", "--partitions", "3", database=nowhere)
    assert (done.code, done.out) == (0, partitioned_schema(3)), done.err
    done = chattui("db", "schema", "--distributed", database=nowhere)
    assert (done.code, done.out) == (0, distributed_schema()), done.err
    done = chattui("db", "schema", "--distributed", "--no-triggers", database=nowhere)
    assert (done.code, done.out) == (0, distributed_schema(triggers=False)), done.err
    for wrong in (
        ["--partitions", "1"],
        ["--partitions", "3", "--diff"],
        ["--no-triggers"],
        ["--distributed", "--json"],
    ):
        done = chattui("db", "schema", *wrong)
        assert (done.code, done.out) == (2, ""), wrong


def test_the_dump_of_the_schema_makes_the_same_one_elsewhere(
    chattui: Program, filled: Database, empty_database: str
) -> None:
    dump = chattui("db", "schema").out
    assert "COPY" not in dump
    assert dump == chattui("db", "schema").out, "no line of it is by chance"
    rows(empty_database, "CREATE EXTENSION btree_gin; CREATE EXTENSION pg_trgm")
    rows(empty_database, dump)
    rows(empty_database, "INSERT INTO chattui.schema_versions (version, name) VALUES (%s, 'dumped')", latest_version())
    assert chattui("db", "schema", "--diff", database=empty_database).code == 0


def test_migrate_plans_tries_and_goes_there_and_back(chattui: Program, empty_database: str) -> None:
    def run(*options: str) -> tuple[int, dict]:
        done = chattui("db", "migrate", *options, "--json", database=empty_database)
        return done.code, done.json if done.out else {}

    latest = latest_version()
    code, plan = run("--plan")
    assert (code, plan["from"], plan["to"], len(plan["migrations"])) == (0, None, latest, latest)
    assert run("--dry-run")[1]["to"] == latest
    assert run("--plan")[1] == plan, "a try changes nothing"
    assert run()[1]["to"] == latest
    assert run("--plan")[1]["migrations"] == []
    rows(empty_database, "INSERT INTO chattui.upkeep_runs DEFAULT VALUES")
    assert chattui("db", "migrate", "--down", database=empty_database).code == 2, "nobody is there to be asked"
    code, back = run("--down", "--dry-run")
    assert code == 0
    assert run("--plan")[1]["from"] == latest
    done = chattui("db", "migrate", "--down", "--yes", database=empty_database)
    assert done.code == 0
    assert all(f"{one['what']} ({one['rows']} row" in done.err for one in back["lost"])
    assert run("--plan")[1]["from"] == latest - 1
    assert chattui("db", "schema", "--diff", database=empty_database).code == 0, "nothing of it is left"
    assert run()[1]["from"] == latest - 1
    assert chattui("db", "schema", "--diff", database=empty_database).code == 0


def aged(db: Database, days: int, *, deleted: bool) -> int:
    chat = begin(db, "an old one", title="An old one")
    if deleted:
        chats.delete(db, chat)
    rows(
        db,
        "UPDATE chattui.chats SET updated_at = now() - %s * interval '1 day', last_message_at = now() - %s * interval '1 day', "
        "deleted_at = deleted_at - %s * interval '1 day' WHERE id = %s",
        days,
        days,
        days,
        chat,
    )
    return chat


def test_upkeep_does_what_the_options_say_and_asks_before_it_forgets(chattui: Program, db: Database) -> None:
    aged(db, 400, deleted=False)
    gone = aged(db, 400, deleted=True)
    done = chattui("db", "upkeep")
    assert done.code == 0
    assert "archived" not in done.out
    dry = chattui("db", "upkeep", "--archive-after", "1y", "--purge-after", "30d", "--dry-run")
    assert "would    chats archived: 1\n" in dry.out
    assert "would    deleted chats forgotten: 1\n" in dry.out
    done = chattui("db", "upkeep", "--purge-after", "30d")
    assert done.code == 2
    assert "Forgotten for good: 1 chat with 1 message (" in done.err
    assert "give --yes" in done.err
    assert chats.get(db, gone) is not None
    done = chattui("db", "upkeep", "--archive-after", "1y", "--purge-after", "30d", "--yes", "--json")
    assert done.code == 0
    assert {s["step"]: s["done"] for s in done.json["steps"]}["purge"] == 1
    assert chats.get(db, gone) is None
    assert chattui("list").out == ""
    assert chattui("db", "upkeep", "--unarchive").out == "1 chat brought back.\n"
    assert "An old one" in chattui("list").out
    assert chattui("db", "upkeep", "--archive-after", "soon").code == 2


def test_upkeep_by_the_config_file_and_its_logs(chattui: Program, db: Database) -> None:
    config = chattui.home / "c" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[upkeep]\narchive_after = "1y"\npurge_after = "30d"\nkeep_logs = "7d"\n')
    aged(db, 400, deleted=False)
    gone = aged(db, 31, deleted=True)
    logs = chattui.home / "c" / "log"
    logs.mkdir(parents=True)
    for name, days in (("chattui.log.2", 8), ("chattui.log.1", 6)):
        (logs / name).write_text("x")
        os.utime(logs / name, (time.time() - days * 86400,) * 2)
    steps = {s["step"]: s for s in chattui("db", "upkeep", "--json").json["steps"]}
    assert (steps["archive"]["done"], steps["purge"]["done"], steps["logs"]["names"]) == (1, 1, ["chattui.log.2"])
    assert chats.get(db, gone) is None
    assert sorted(p.name for p in logs.iterdir() if p.name != "chattui.log") == ["chattui.log.1"]
    config.write_text('[upkeep]\npurge_after = "a while"\n')
    done = chattui("db", "upkeep")
    assert done.code == 2
    assert "line 2, 'upkeep.purge_after' is 'a while'" in done.err


def test_the_schedule_does_it_when_it_is_due_and_starts_no_server(
    chattui: Program, db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHATTUI_HOME", str(chattui.home / "c"))
    assert scheduled.run(tmp_path / "nothing") == []
    assert not (tmp_path / "nothing").exists()
    monkeypatch.setattr("chattui.server.ping_socket", lambda _settings: True)
    monkeypatch.setattr("chattui.server.conninfo", lambda _settings: db.conninfo)
    assert [step.step for step in scheduled.run(tmp_path)] == ["snapshots", "orphans", "tables", "indexes"]
    assert scheduled.run(tmp_path) == [], "a day has not gone by"
    rows(db, "UPDATE chattui.upkeep_runs SET finished_at = now() - interval '25 hours'")
    assert scheduled.run(tmp_path)
    assert value(db, "SELECT max(finished_at) FROM chattui.upkeep_runs") > datetime.now(UTC) - timedelta(minutes=1)
    config = load_settings(os.environ).config_file
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('[upkeep]\nevery = "never"\n')
    rows(db, "TRUNCATE chattui.upkeep_runs")
    assert scheduled.run(tmp_path) == []
